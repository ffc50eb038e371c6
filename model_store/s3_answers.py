"""What the error codes of S3 servers mean here, and what an operator can do about each.

Pure; called by s3.py: from a code to one of our errors, from an answer to the checksum in its headers.
The codes are AWS S3's ("Error responses" in its API reference); Swift, MinIO and R2 send the same ones.
"""

import re
from collections.abc import Mapping
from typing import Final

from model_store.errors import (
    AlreadyExists,
    NotFound,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)

NOT_FOUND: Final = {"NoSuchKey", "404"}
EXISTS: Final = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
DENIED: Final = {"AccessDenied", "Forbidden", "403"}
BUSY: Final = {
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "RequestTimeout",
    "500",
    "502",
    "503",
    "504",
}
"""Sent when the server could not, this time; boto3 has tried again before such a code comes here."""

PERMISSIONS: Final = {
    "GetObject": "s3:GetObject under this prefix, and s3:ListBucket on the bucket "
    "(without it, S3 answers so for a key that is not there)",
    "PutObject": "s3:PutObject under this prefix",
    "ListObjectsV2": "s3:ListBucket on the bucket",
    "DeleteObject": "s3:DeleteObject under this prefix",
}

REFUSALS: Final = {
    "NoSuchBucket": "There is no such bucket. Create it, or correct the address or AWS_ENDPOINT_URL_S3.",
    "InvalidBucketName": "That is no bucket name. Correct the address.",
    "InvalidAccessKeyId": "The server knows no such access key. Correct AWS_ACCESS_KEY_ID or the endpoint.",
    "SignatureDoesNotMatch": "The secret does not belong to the access key. Correct AWS_SECRET_ACCESS_KEY.",
    "ExpiredToken": "The session's credentials have expired. Get new ones.",
    "InvalidToken": "The session's token is not valid. Correct AWS_SESSION_TOKEN.",
    "RequestTimeTooSkewed": "This machine's clock is too far from the server's. Set it right.",
    "AuthorizationHeaderMalformed": "It is signed for another region. Set AWS_REGION to the bucket's.",
    "PermanentRedirect": "The bucket is in another region. Set AWS_REGION to the bucket's.",
    "BadDigest": "What arrived differs from what was sent. Try again.",
    "XAmzContentSHA256Mismatch": "What arrived differs from what was sent. Try again.",
    "NotImplemented": "The server lacks something that was asked of it. If that is checksums, "
    "set AWS_REQUEST_CHECKSUM_CALCULATION=when_required.",
}


def meaning(code: str, said: str, where: str, operation: str) -> StoreError:
    """Choose our error for an S3 server's.

    Args:
        code: the server's error code, or the HTTP status where it sent none.
        said: the server's own message.
        where: bucket and key, `s3://bucket/key`.
        operation: what was asked, in S3's words: GetObject.

    Returns:
        The error to raise; its message names bucket, key, code and what would do.
    """
    answer = f"{where}: {code} on {operation}."
    if code in NOT_FOUND:
        return NotFound(f"{answer} There is nothing under this key.")
    if code in EXISTS:
        return AlreadyExists(f"{answer} Something is already there.")
    if code in DENIED:
        return StoreRefused(f"{answer} The service needs {PERMISSIONS.get(operation, f's3:{operation}')}.")
    if code in REFUSALS:
        return StoreRefused(f"{answer} {REFUSALS[code]}")
    if code in BUSY:
        return StoreUnreachable(f"{answer} The server could not answer now ({said}). Try again later.")
    return StoreBroken(f"{answer} The server says: {said}")


def promised_md5(answer: Mapping[str, object]) -> str | None:
    """The MD5 of a body, where the server's headers hold it and no better checksum.

    The ETag of an object that was put in one piece is its MD5 (S3's API reference, "Object"), unless it is
    encrypted with keys of KMS or the customer. Servers that keep checksums send those, and boto3 checks them.

    Args:
        answer: of GetObject.

    Returns:
        32 hex digits; None where the ETag is something else, or a checksum is there.
    """
    tag = str(answer.get("ETag", "")).strip('"')
    encrypted = "kms" in str(answer.get("ServerSideEncryption", "")) or "SSECustomerAlgorithm" in answer
    if encrypted or any(name.startswith("Checksum") for name in answer):
        return None
    return tag if re.fullmatch(r"[0-9a-f]{32}", tag) else None
