"""What an S3 server's code means, by exact code."""

import pytest

from model_store.errors import (
    AlreadyExists,
    NotFound,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)
from model_store.s3 import meaning

WHERE = "s3://shop-models/wardrobe/promotions/00000042.json"


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("NoSuchKey", NotFound, "nothing under this key"),
        ("404", NotFound, "nothing under this key"),
        ("PreconditionFailed", AlreadyExists, "already there"),
        ("ConditionalRequestConflict", AlreadyExists, "already there"),
        ("AccessDenied", StoreRefused, "s3:GetObject under this prefix, and s3:ListBucket"),
        ("403", StoreRefused, "s3:GetObject under this prefix, and s3:ListBucket"),
        ("NoSuchBucket", StoreRefused, "no such bucket"),
        ("InvalidAccessKeyId", StoreRefused, "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", StoreRefused, "AWS_SECRET_ACCESS_KEY"),
        ("ExpiredToken", StoreRefused, "Get new ones"),
        ("RequestTimeTooSkewed", StoreRefused, "clock"),
        ("SlowDown", StoreUnreachable, "short and stout"),
        ("503", StoreUnreachable, "short and stout"),
        ("TeapotOverflow", StoreBroken, "short and stout"),
        ("", StoreBroken, "short and stout"),
    ],
)
def test_each_known_code_has_its_error_and_remedy(code: str, error: type[StoreError], words: str) -> None:
    found = meaning(code, "short and stout", WHERE, "GetObject")

    assert type(found) is error
    assert str(found).startswith(f"{WHERE}: {code} on GetObject. ")
    assert words in str(found)


def test_a_denied_listing_names_its_permission() -> None:
    assert "s3:ListBucket on the bucket" in str(meaning("AccessDenied", "", WHERE, "ListObjectsV2"))
