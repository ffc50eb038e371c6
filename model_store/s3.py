"""A store under an S3 prefix; the only file that knows boto3.

Credentials, region and endpoint are boto3's own settings (AWS_*, AWS_ENDPOINT_URL_S3). Each object travels
with the CRC32 that boto3 adds; AWS_REQUEST_CHECKSUM_CALCULATION=when_required is for servers that refuse it.
Checksums separate damage on the way, which is tried again, from damage in the store, which stays.
What a server's error codes mean here: s3_answers.py. The same promises in a folder: folder.py.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import boto3
from botocore import exceptions as boto_errors
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from urllib3.exceptions import HTTPError as BrokenInside

from model_store.errors import BadAddress, StoreBroken, StoreRefused, StoreUnreachable
from model_store.files import CHUNK_BYTES, receive, within
from model_store.s3_answers import meaning, promised_md5
from model_store.s3_deadline import Deadline, deadline, limit_transfers
from model_store.store import RECORD_BYTES, Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
"""Silence after which a connection is given up."""
REQUEST_SECONDS: Final = 25
"""The most that one request takes in all, attempts and pauses between them included."""
SLOWEST_BYTES: Final = 50_000
"""Bytes a second that a transfer has to manage beyond that: a file of 3 MB gets a minute more."""
PAGE_KEYS: Final = 1000
"""S3's own limit."""
ATTEMPTS: Final = 3
"""How often one request is made in all, with boto3's standard backoff (up to 2 s here) between."""

UNUSABLE_CREDENTIALS: Final = (
    boto_errors.NoCredentialsError,
    boto_errors.PartialCredentialsError,
    boto_errors.CredentialRetrievalError,
    boto_errors.TokenRetrievalError,
    boto_errors.UnauthorizedSSOTokenError,
)
DAMAGED: Final = (boto_errors.ChecksumError, boto_errors.FlexibleChecksumError)
# botocore passes on what urllib3 raises inside a body that it reads itself: listings, and answers of errors.
BROKEN_BODY: Final = (ResponseStreamingError, boto_errors.IncompleteReadError, BrokenInside, *DAMAGED)
NO_ANSWER: Final = (
    boto_errors.HTTPClientError,
    boto_errors.ConnectionError,
    ResponseStreamingError,
    boto_errors.IncompleteReadError,
    BrokenInside,
)

CUT_SHORT: Final = "The answer ended before its headers did. Look at the network and the server."
"""Python's http.client takes such an answer for a whole one with little to say: an empty listing, say."""

Result = TypeVar("Result")


class S3Store:
    """See `Store` for what each method promises."""

    def __init__(
        self,
        address: str,
        *,
        read_seconds: float = READ_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        page_keys: int = PAGE_KEYS,
    ) -> None:
        """Prepare a client; nothing is contacted.

        Args:
            address: `s3://bucket` or `s3://bucket/prefix`.
            read_seconds: silence after which a connection is given up.
            request_seconds: the most that one request takes in all; files get more, see SLOWEST_BYTES.
            page_keys: how many keys one listing request asks for.

        Raises:
            BadAddress: it is no such address.
            StoreRefused: boto3's own settings (AWS_PROFILE, AWS_ENDPOINT_URL_S3) are unusable.
        """
        match = re.fullmatch(r"s3://([A-Za-z0-9._-]{3,255})(?:/(.*))?", address)
        if match is None:
            raise BadAddress(f"{address!r} is no S3 address. One looks like s3://bucket/prefix.")
        self._bucket, prefix = match[1], (match[2] or "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._page_keys = page_keys
        self._request_seconds = request_seconds
        self._client = _new_client(self.address, read_seconds)

    @property
    def address(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def read(self, key: str) -> bytes:
        return self._attempted(
            key, lambda: b"".join(within(self._chunks(key), RECORD_BYTES, self._named(key)))
        )

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self._attempted(
            key, lambda: receive(self._chunks(key), to, limit=limit, where=self._named(key)), limit or 0
        )

    def upload(self, key: str, source: Path) -> None:
        with self._translated(key, "PutObject", source.stat().st_size), source.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=file)

    def create(self, key: str, data: bytes) -> None:
        with self._translated(key, "PutObject", len(data)):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, IfNoneMatch="*")

    def entries(self, prefix: str) -> list[Entry]:
        return sorted(self.listing(prefix), key=lambda entry: entry.key)

    def listing(self, prefix: str) -> Iterator[Entry]:
        """What `entries` lists, a page at a time, in S3's own order: that of the keys' bytes.

        For listings that are too long to hold whole, such as a million pictures.
        """
        for page in self._pages(prefix):
            for item in page.get("Contents", []):
                key = item["Key"].removeprefix(self._prefix)
                # Consoles put empty objects with a slash at the end where a folder should show.
                if key and not key.endswith("/"):
                    yield Entry(key, item["Size"], item["LastModified"])

    def delete(self, key: str) -> None:
        with self._translated(key, "DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _pages(self, prefix: str) -> "Iterator[ListObjectsV2OutputTypeDef]":
        """Each page has the time limit of one request."""
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket,
                Prefix=self._prefix + prefix,
                PaginationConfig={"PageSize": self._page_keys},
            )
        )
        while True:
            with self._translated(prefix, "ListObjectsV2"):
                page = next(pages, None)
            if page is None:
                return
            if "Name" not in page:
                raise StoreUnreachable(f"{self._named(prefix)}: ListObjectsV2: {CUT_SHORT}")
            yield page

    def _chunks(self, key: str) -> Iterator[bytes]:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        if "ContentLength" not in answer:
            answer["Body"].close()
            raise ResponseStreamingError(error=CUT_SHORT)
        digest = hashlib.md5(usedforsecurity=False)
        with closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                digest.update(chunk)
                yield chunk
        expected = promised_md5(answer)
        if expected not in (None, digest.hexdigest()):
            raise boto_errors.ChecksumError(
                checksum_type="MD5", expected_checksum=expected, actual_checksum=digest.hexdigest()
            )

    def _attempted(self, key: str, fetch: Callable[[], Result], size: int = 0) -> Result:
        """Fetch again when the connection breaks inside the body: boto3's own retries end at the headers."""
        with self._translated(key, "GetObject", size) as limited:
            for _ in range(ATTEMPTS - 1):
                with suppress(*BROKEN_BODY):
                    return fetch()
                if limited.passed:
                    break
            return fetch()

    def _named(self, key: str) -> str:
        return f"{self.address}/{key}"

    @contextmanager
    def _translated(self, key: str, operation: str, size: int = 0) -> Iterator[Deadline]:
        """Limit the time of the block to what `size` bytes may take, and translate its errors."""
        where = self._named(key)
        try:
            with deadline(self._request_seconds + size / SLOWEST_BYTES) as limited:
                yield limited
            if limited.passed:  # what was cut may look like a short answer
                raise ResponseStreamingError(error=CUT_SHORT)
        except ClientError as error:
            if limited.passed:  # of what was cut, the status may have arrived
                raise _too_late(where, operation, limited) from error
            answer = error.response.get("Error", {})
            raise meaning(
                answer.get("Code", "no code"), answer.get("Message", ""), where, operation
            ) from error
        except UNUSABLE_CREDENTIALS as error:
            raise StoreRefused(
                f"{where}: {error} on {operation}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or give this machine a role."
            ) from error
        except NO_ANSWER as error:
            if limited.passed:
                raise _too_late(where, operation, limited) from error
            raise StoreUnreachable(
                f"{where}: {type(error).__name__} on {operation}: {error} "
                "Look at AWS_ENDPOINT_URL_S3, the network and the server."
            ) from error
        except DAMAGED as error:
            raise StoreUnreachable(
                f"{where}: {error}. What arrived on {operation} is not what the server has, "
                f"{ATTEMPTS} times in a row. Look at the network, and at what is between here and the server."
            ) from error
        except BotoCoreError as error:
            raise StoreBroken(f"{where}: {type(error).__name__} on {operation}: {error}") from error


def _too_late(where: str, operation: str, limited: Deadline) -> StoreUnreachable:
    return StoreUnreachable(
        f"{where}: {operation} was not done after {limited.seconds:.0f} s, and given up. "
        "Look at AWS_ENDPOINT_URL_S3, the network and the server."
    )


def _new_client(address: str, read_seconds: float) -> "S3Client":
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    try:
        client = boto3.Session().client("s3", config=config)
    except (
        BotoCoreError,
        ValueError,
    ) as error:  # a ValueError is how botocore refuses an endpoint's spelling
        raise StoreRefused(f"{address}: {error}. Correct boto3's settings (AWS_*).") from error
    limit_transfers(client)
    return client
