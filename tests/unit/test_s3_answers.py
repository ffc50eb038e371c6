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
from model_store.s3_answers import meaning

WHERE = "s3://shop-models/wardrobe/promotions/00000042.json"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NoSuchKey", NotFound),
        ("404", NotFound),
        ("PreconditionFailed", AlreadyExists),
        ("ConditionalRequestConflict", AlreadyExists),
        ("AccessDenied", StoreRefused),
        ("403", StoreRefused),
        ("NoSuchBucket", StoreRefused),
        ("InvalidAccessKeyId", StoreRefused),
        ("SignatureDoesNotMatch", StoreRefused),
        ("ExpiredToken", StoreRefused),
        ("RequestTimeTooSkewed", StoreRefused),
        ("SlowDown", StoreUnreachable),
        ("503", StoreUnreachable),
        ("TeapotOverflow", StoreBroken),
        ("", StoreBroken),
    ],
)
def test_each_known_code_has_its_error_and_an_unknown_one_keeps_its_name(
    code: str, error: type[StoreError]
) -> None:
    found = meaning(code, "words of the server", WHERE, "GetObject")

    assert type(found) is error
    assert str(found).startswith(f"{WHERE}: {code} on GetObject. ")


def test_a_denied_read_names_both_permissions_that_may_be_missing() -> None:
    told = str(meaning("AccessDenied", "", WHERE, "GetObject"))

    assert "needs s3:GetObject under this prefix" in told
    assert "s3:ListBucket" in told


def test_a_denied_listing_names_its_permission() -> None:
    assert "s3:ListBucket on the bucket" in str(meaning("AccessDenied", "", WHERE, "ListObjectsV2"))


def test_an_unknown_code_comes_with_the_servers_own_words() -> None:
    assert "short and stout" in str(meaning("TeapotOverflow", "short and stout", WHERE, "PutObject"))
