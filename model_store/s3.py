"""A store of releases in an S3 bucket, and the translation of boto3's errors into messages for operators.

Credentials, region and endpoint come from boto3's own settings (AWS_*, AWS_ENDPOINT_URL_S3). boto3 adds a
CRC32 to each object; AWS_REQUEST_CHECKSUM_CALCULATION=when_required is for servers that refuse it. If the
server sends a checksum, an object that was damaged on its way is fetched again, and one that is damaged in
the store gives an error.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as boto_errors
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError as BrokenInside

from model_store.deadlines import check_deadline
from model_store.entries import MAX_RECORD_BYTES, StoreEntry
from model_store.errors import (
    AlreadyExists,
    BadAddress,
    NotFound,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)
from model_store.release_files import CHUNK_BYTES, limit_chunks, write_chunks

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

CONNECT_SECONDS: Final = 3
"""Seconds after which an attempt to connect to the server is given up."""

READ_SECONDS: Final = 10
"""Seconds without any byte from the server after which a connection is given up."""

PAGE_KEYS: Final = 1000
"""Number of keys in one page of a listing. It is the largest that S3 allows."""

MAX_ATTEMPTS: Final = 3
"""Largest number of attempts for one request, with boto3's standard backoff between them (up to 2 s here)."""

CREDENTIAL_ERRORS: Final = (
    boto_errors.NoCredentialsError,
    boto_errors.PartialCredentialsError,
    boto_errors.CredentialRetrievalError,
    boto_errors.TokenRetrievalError,
    boto_errors.UnauthorizedSSOTokenError,
)
"""boto3's exceptions for credentials that are missing or unusable."""

DAMAGE_ERRORS: Final = (boto_errors.ChecksumError, boto_errors.FlexibleChecksumError)
"""boto3's exceptions for a body whose checksum is wrong."""

# botocore passes on urllib3's errors for bodies that it reads itself: listings, and answers with errors.
BROKEN_BODY_ERRORS: Final = (ResponseStreamingError, boto_errors.IncompleteReadError, BrokenInside)
"""Exceptions for a connection that breaks while a body arrives."""

NO_ANSWER_ERRORS: Final = (boto_errors.HTTPClientError, boto_errors.ConnectionError, *BROKEN_BODY_ERRORS)
"""Exceptions for a server that gives no answer, or only a part of one."""

CUT_SHORT_MESSAGE: Final = "The answer ended before its headers did. Look at the network and the server."
"""Error message for an answer that ends within its headers. Python's http.client takes such an answer for a
complete one with little content, such as an empty listing."""

# The error codes of S3 ("Error responses" in its API reference); Swift, MinIO and R2 send the same ones.
NOT_FOUND_CODES: Final = {"NoSuchKey", "404"}
"""S3 error codes for a missing key or bucket."""

EXISTS_CODES: Final = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
"""S3 error codes for a key that already exists, when an object is to be created."""

DENIED_CODES: Final = {"AccessDenied", "Forbidden", "403"}
"""S3 error codes for a missing permission."""

BUSY_CODES: Final = {
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "RequestTimeout",
    "500",
    "502",
    "503",
    "504",
}
"""S3 error codes of a server that could not answer this time, after boto3 has repeated the request."""

PERMISSIONS: Final = {
    "GetObject": "s3:GetObject under this prefix, and s3:ListBucket on the bucket "
    "(without it, S3 answers so for a key that is not there)",
    "PutObject": "s3:PutObject under this prefix",
    "ListObjectsV2": "s3:ListBucket on the bucket",
    "DeleteObject": "s3:DeleteObject under this prefix",
}
"""The permissions that each S3 operation needs, as a phrase for error messages."""

KEY_OPERATIONS: Final = {"GetObject", "DeleteObject"}
"""S3 operations for which NOT_FOUND_CODES mean a missing key. For other operations they mean a missing
bucket."""

MISSING_BUCKET_ADVICE: Final = (
    "There is no such bucket. Create it, or correct the address or AWS_ENDPOINT_URL_S3."
)
"""Advice for the operator if the server has no such bucket."""

REFUSAL_ADVICE: Final = {
    **dict.fromkeys(("NoSuchBucket", *NOT_FOUND_CODES), MISSING_BUCKET_ADVICE),
    "InvalidBucketName": "That is no bucket name. Correct the address.",
    "InvalidAccessKeyId": "The server knows no such access key. Correct AWS_ACCESS_KEY_ID or the endpoint.",
    "SignatureDoesNotMatch": "The secret does not belong to the access key. Correct AWS_SECRET_ACCESS_KEY.",
    "ExpiredToken": "The session's credentials have expired. Get new ones.",
    "InvalidToken": "The session's token is not valid. Correct AWS_SESSION_TOKEN.",
    "RequestTimeTooSkewed": "This machine's clock is too far from the server's. Set it right.",
    "AuthorizationHeaderMalformed": "It is signed for another region. Set AWS_DEFAULT_REGION "
    "to the bucket's.",
    **dict.fromkeys(
        ("PermanentRedirect", "301"),
        "The bucket is in another region. Set AWS_DEFAULT_REGION to the bucket's.",
    ),
    "InvalidObjectState": "The object is archived. Restore it first, as with `aws s3api restore-object`.",
    "BadDigest": "What arrived differs from what was sent. Try again.",
    "XAmzContentSHA256Mismatch": "What arrived differs from what was sent. Try again.",
    "NotImplemented": "The server lacks something that was asked of it. If that is checksums, "
    "set AWS_REQUEST_CHECKSUM_CALCULATION=when_required.",
}
"""Advice for the operator, by S3 error code, for requests that the server refuses."""

CERTIFICATE_ADVICE: Final = (
    "If its certificate is of an authority of your own, set AWS_CA_BUNDLE to the file with that authority's "
    "certificate (PEM)."
)
"""Advice for the operator if the server's certificate is not trusted."""

NO_S3_ADVICE: Final = (
    "What answers there is not S3 but a web page, say of a console, a login or a proxy. If it stays so, set "
    "AWS_ENDPOINT_URL_S3 to the address of the S3 API."
)
"""Advice for the operator if a web page answers at the address in place of S3."""

BUCKET_IN_ENDPOINT_ADVICE: Final = "AWS_ENDPOINT_URL_S3 ends in the bucket's name. Leave it out."
"""Advice for the operator if a bucket is missing and its name is the end of the endpoint, as consoles show
it. The server then looks for a bucket's content inside the bucket."""

SECRET_PATTERNS: Final = (
    (re.compile(r"(Invalid header value ).*", re.DOTALL), r"\1***: a key may have a line break."),
    (re.compile(r"AWS4-[A-Z0-9-]+\s.*", re.DOTALL), "***"),
    (re.compile(r"\b(?:AWS [^\s:]+:\S+|Basic \S{8,}|Bearer \S{8,})"), "***"),
    (re.compile(r"((?:Signature|Credential|Security-Token)=)[^&\s'\",]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"//[^/@\s]+@"), "//***@"),
)
"""Patterns of secrets in the messages of libraries, each with the text that replaces them: headers with keys,
presigned addresses, and passwords in addresses."""

Result = TypeVar("Result")


class S3Store:
    """A store in an S3 bucket, below a prefix. It implements the protocol `Store`."""

    def __init__(
        self,
        address: str,
        *,
        read_seconds: float = READ_SECONDS,
        page_keys: int = PAGE_KEYS,
    ) -> None:
        """Create a client for the bucket without contacting the server.

        Args:
            address: `s3://bucket` or `s3://bucket/prefix`.
            read_seconds: the seconds of silence after which a connection is given up.
            page_keys: the number of keys in one page of a listing.

        Raises:
            BadAddress: the text is not such an address.
            StoreRefused: boto3's own settings (AWS_PROFILE, AWS_ENDPOINT_URL_S3) are unusable.
        """
        match = re.fullmatch(r"s3://([A-Za-z0-9._-]{3,255})(?:/(.*))?", address)
        if match is None:
            raise BadAddress(f"{address!r} is no S3 address. One looks like s3://bucket/prefix.")
        self._bucket = match[1]
        prefix = (match[2] or "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._page_keys = page_keys
        self._client = _make_client(self.address, read_seconds)

    @property
    def address(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def read(self, key: str) -> bytes:
        return self._fetch_with_retries(
            key,
            lambda: b"".join(
                limit_chunks(self._read_chunks(key), MAX_RECORD_BYTES, self._make_full_address(key))
            ),
        )

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        self._fetch_with_retries(
            key,
            lambda: write_chunks(
                self._read_chunks(key), target, limit=limit, address=self._make_full_address(key)
            ),
        )

    def upload(self, key: str, source: Path) -> None:
        with self._translate_errors(key, "PutObject"), source.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=file)

    def create(self, key: str, data: bytes) -> None:
        with self._translate_errors(key, "PutObject"):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, IfNoneMatch="*")

    def list_entries(self, prefix: str) -> list[StoreEntry]:
        return sorted(self.iterate_entries(prefix), key=lambda entry: entry.key)

    def iterate_entries(self, prefix: str) -> Iterator[StoreEntry]:
        """Yield the objects below a prefix in the byte order of their keys, and load one page at a time.

        Use it for listings that do not fit into memory, such as a million pictures.

        Args:
            prefix: the beginning of the keys, relative to the address of the store.
        """
        for page in self._iterate_pages(prefix):
            for item in page.get("Contents", []):
                key = item["Key"].removeprefix(self._prefix)
                # Consoles create empty objects with a slash at the end of their key to show a folder.
                if key and not key.endswith("/"):
                    yield StoreEntry(key, item["Size"], item["LastModified"], item.get("ETag", ""))

    def delete(self, key: str) -> None:
        with suppress(NotFound), self._translate_errors(key, "DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _iterate_pages(self, prefix: str) -> "Iterator[ListObjectsV2OutputTypeDef]":
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket,
                Prefix=self._prefix + prefix,
                PaginationConfig={"PageSize": self._page_keys},
            )
        )
        while True:
            with self._translate_errors(prefix, "ListObjectsV2"):
                page = next(pages, None)
            if page is None:
                return
            if "Name" not in page:
                # A page of another server in correct XML looks like an empty listing.
                cause = NO_S3_ADVICE if page["ResponseMetadata"]["HTTPHeaders"] else CUT_SHORT_MESSAGE
                raise StoreUnreachable(f"{self._make_full_address(prefix)}: ListObjectsV2: {cause}")
            yield page

    def _read_chunks(self, key: str) -> Iterator[bytes]:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        if "ContentLength" not in answer:  # see CUT_SHORT_MESSAGE
            answer["Body"].close()
            raise ResponseStreamingError(error=CUT_SHORT_MESSAGE)
        with closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                yield chunk
                check_deadline(self._make_full_address(key))

    def _fetch_with_retries(self, key: str, fetch: Callable[[], Result]) -> Result:
        """Fetch again if the connection breaks inside the body; boto3's own retries end at the headers."""
        with self._translate_errors(key, "GetObject"):
            for _ in range(MAX_ATTEMPTS - 1):
                try:
                    return fetch()
                # It is one of BROKEN_BODY_ERRORS too, but boto3 has already waited READ_SECONDS for each of
                # its own tries. Three more would make an operator wait for minutes.
                except boto_errors.ReadTimeoutError:
                    raise
                except (*BROKEN_BODY_ERRORS, *DAMAGE_ERRORS):
                    continue
            return fetch()

    def _is_bucket_in_endpoint(self) -> bool:
        return urlsplit(self._client.meta.endpoint_url).path.rstrip("/").endswith(f"/{self._bucket}")

    def _make_full_address(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextmanager
    def _translate_errors(self, key: str, operation: str) -> Iterator[None]:
        """Translate boto3's errors in the block into those of this package."""
        address = self._make_full_address(key)
        check_deadline(address)
        try:
            yield
        except ClientError as error:
            translated = translate_server_error(error, address, operation)
            if MISSING_BUCKET_ADVICE in str(translated) and self._is_bucket_in_endpoint():
                text = str(translated).replace(MISSING_BUCKET_ADVICE, BUCKET_IN_ENDPOINT_ADVICE)
                raise StoreRefused(text) from error
            raise translated from error
        except CREDENTIAL_ERRORS as error:
            raise StoreRefused(
                f"{address}: {mask_credentials(error)} on {operation}. Set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or give this machine a role."
            ) from error
        except boto_errors.SSLError as error:
            raise StoreUnreachable(
                f"{address}: {type(error).__name__} on {operation}: {mask_credentials(error)} "
                f"{CERTIFICATE_ADVICE}"
            ) from error
        except NO_ANSWER_ERRORS as error:
            raise StoreUnreachable(
                f"{address}: {type(error).__name__} on {operation}: {mask_credentials(error)} "
                "Look at AWS_ENDPOINT_URL_S3, the network and the server."
            ) from error
        except DAMAGE_ERRORS as error:
            raise StoreUnreachable(
                f"{address}: {mask_credentials(error)}. What arrived on {operation} is not what the server "
                f"has, {MAX_ATTEMPTS} times in a row. Look at the network, and at what is between here and "
                "the server."
            ) from error
        # boto3 follows a redirect by asking for the bucket's region, and that request may be redirected too.
        except RecursionError:
            raise StoreBroken(
                f"{address}: {operation} is redirected again and again. {NO_S3_ADVICE}"
            ) from None
        except ResponseParserError as error:
            raise StoreBroken(f"{address}: {type(error).__name__} on {operation}. {NO_S3_ADVICE}") from error
        except BotoCoreError as error:
            cause = f"{type(error).__name__} on {operation}: {mask_credentials(error)}"
            raise StoreBroken(f"{address}: {cause}") from error


def translate_server_error(error: ClientError, address: str, operation: str) -> StoreError:
    """Return our exception for an error that an S3 server sent.

    If a web page of a proxy or console answered in place of S3, the message says so.

    Args:
        error: boto3's exception.
        address: the bucket and key, as `s3://bucket/key`.
        operation: the requested operation, such as GetObject.
    """
    answer = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    code = answer.get("Code") or str(about.get("HTTPStatusCode", "no code"))
    headers = about.get("HTTPHeaders", {})
    words = mask_credentials(answer.get("Message", ""))
    if region := headers.get("x-amz-bucket-region") or answer.get("Region"):
        words = f"{words} (the bucket's region: {mask_credentials(region)})".strip()
    translated = make_s3_error(code, words, address, operation)
    if "html" in headers.get("content-type", ""):
        return type(translated)(f"{address}: {code} on {operation}. {NO_S3_ADVICE}")
    return translated


def _make_client(address: str, read_seconds: float) -> "S3Client":
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
    )
    try:
        session = boto3.Session()
        client = session.client("s3", config=config)
    except (BotoCoreError, ValueError) as error:  # a ValueError: an endpoint that is no URL
        raise StoreRefused(
            f"{address}: {mask_credentials(error)}. Correct boto3's settings (AWS_*)."
        ) from error
    return client


def mask_credentials(message: object) -> str:
    """Return the text of a library's error message, with keys and passwords masked."""
    text = str(message)
    for secret, mask in SECRET_PATTERNS:
        text = secret.sub(mask, text)
    return text


def make_s3_error(code: str, message: str, address: str, operation: str) -> StoreError:
    """Return our exception for an error code of an S3 server.

    Args:
        code: the error code of the server, or the HTTP status if it sent none.
        message: the message of the server.
        address: the bucket and key, as `s3://bucket/key`.
        operation: the requested operation, such as GetObject.

    Returns:
        The exception to raise. Its message has the bucket, the key, the code and advice.
    """
    answer = f"{address}: {code} on {operation}."
    words = f" The server says: {message}" if message else ""
    if code in NOT_FOUND_CODES and operation in KEY_OPERATIONS:
        return NotFound(f"{answer} There is nothing under this key.")
    if code in EXISTS_CODES:
        return AlreadyExists(f"{answer} Something is already there.")
    if code in DENIED_CODES:
        needed = PERMISSIONS.get(operation, f"s3:{operation}")
        return StoreRefused(f"{answer} The service needs {needed}.{words}")
    if code in REFUSAL_ADVICE:
        return StoreRefused(f"{answer} {REFUSAL_ADVICE[code]}{words}")
    if code in BUSY_CODES:
        return StoreUnreachable(f"{answer} The server could not answer now. Try again later.{words}")
    return StoreBroken(f"{answer}{words}")
