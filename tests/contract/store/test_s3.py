"""What an operator reads when S3 says no, or says nothing."""

from collections.abc import Callable

import pytest

from model_store.errors import BadAddress, StoreRefused
from model_store.promotions import read_newer_promotion
from model_store.s3 import S3Store
from model_store.store import Store, open_store
from tests.s3_servers import S3Server


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "SignatureDoesNotMatch on GetObject.*AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", "nobody:atall", "AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY"),
        ("AWS_ENDPOINT_URL_S3", "nowhere at all", "nowhere at all.*AWS_"),
    ],
)
def test_a_wrong_setting_of_boto3_is_refused_and_named(
    swift_address: str, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(StoreRefused, match=f"{swift_address}.*({words})"):
        open_store(swift_address).read("promotions/00000001.json")


def test_without_credentials_they_are_asked_for(swift_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StoreRefused, match=r"Unable to locate credentials.*AWS_ACCESS_KEY_ID"):
        open_store(swift_address).read("key")


@pytest.mark.parametrize(
    "ask",
    [lambda store: store.create("key", b""), lambda store: read_newer_promotion(store, 41)],
    ids=["a write", "a poll, which must not take it for nothing new"],
)
@pytest.mark.usefixtures("swift_address")
def test_a_bucket_that_does_not_exist_is_refused_and_named(ask: Callable[[Store], object]) -> None:
    with pytest.raises(StoreRefused, match=r"s3://no-such-bucket-here/x/.*: NoSuchBucket on"):
        ask(open_store("s3://no-such-bucket-here/x"))


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///prefix", "s3://a b/c", "gs://bucket/x", "s3:/bucket", "", "  "]
)
def test_an_address_that_is_none_is_said_so(address: str) -> None:
    with pytest.raises(BadAddress, match="s3://bucket/prefix"):
        open_store(address)


def test_a_listing_of_several_pages_is_whole_and_comes_in_order_page_by_page(swift_address: str) -> None:
    store = S3Store(swift_address, page_keys=2)
    for name in ("b/2", "a", "b/10", "c", "b/1"):
        store.create(name, b"12345")

    listed = store.iterate_entries("")

    assert next(listed).key == "a"
    assert [(entry.key, entry.size) for entry in listed] == [("b/1", 5), ("b/10", 5), ("b/2", 5), ("c", 5)]
    assert [entry.key for entry in store.list_entries("b/")] == ["b/1", "b/10", "b/2"]


@pytest.mark.usefixtures("swift_address")
def test_a_prefix_is_optional(swift_server: S3Server) -> None:
    store = open_store(f"s3://{swift_server.new_bucket()}")

    store.create("promotions/00000001.json", b"{}")

    assert [entry.key for entry in store.list_entries("promotions/")] == ["promotions/00000001.json"]
