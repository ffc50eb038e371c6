"""What every store promises, whatever is behind it: see model_store/store.py."""

import re
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_store.errors import AlreadyExists, NotFound, ReleaseCorrupt
from model_store.store import FolderStore, Store, open_store
from tests.contract.store.conftest import on_every_kind

EVERY_BYTE = bytes(range(256))


def put(store: Store, key: str, data: bytes, scratch: Path) -> None:
    (scratch / "source").write_bytes(data)
    store.upload(key, scratch / "source")


@pytest.mark.parametrize(
    "content", [b"", EVERY_BYTE * 3, EVERY_BYTE * 50_000 + b"odd end"], ids=["empty", "small", "large"]
)
def test_an_upload_replaces_what_was_there_exactly(store: Store, tmp_path: Path, content: bytes) -> None:
    put(store, "releases/a/model.bin", b"what was there", tmp_path)

    put(store, "releases/a/model.bin", content, tmp_path)
    store.download("releases/a/model.bin", tmp_path / "copy", limit=len(content))

    assert store.read("releases/a/model.bin") == content
    assert (tmp_path / "copy").read_bytes() == content


def test_what_is_not_there_is_named_and_leaves_no_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"promotions/00000042\.json") as caught:
        store.read("promotions/00000042.json")
    with pytest.raises(NotFound):
        store.download("nothing", tmp_path / "copy")

    assert store.address in str(caught.value)
    assert list(tmp_path.glob("*copy*")) == []


def test_a_download_longer_than_promised_leaves_the_old_file(store: Store, tmp_path: Path) -> None:
    put(store, "key", b"x" * 1001, tmp_path)
    (tmp_path / "copy").write_bytes(b"old")

    with pytest.raises(ReleaseCorrupt, match="more than the expected 1000 bytes"):
        store.download("key", tmp_path / "copy", limit=1000)

    assert (tmp_path / "copy").read_bytes() == b"old"


KEYS = (
    "promotions/00000001.json",
    "with space",
    "plus+and&and%41",
    "trouser=hose;ä€😀",
    "a/b/c.d/e",
    "quote'\"<>",
    "~tilde(1)!*",
)


@on_every_kind
def test_creating_twice_is_refused_and_keeps_the_first_under_any_key(store: Store) -> None:
    for key in KEYS:
        store.create(key, key.encode())

    for key in KEYS:
        with pytest.raises(AlreadyExists):
            store.create(key, b"second")

    assert {entry.key: store.read(entry.key) for entry in store.list_entries("")} == {
        key: key.encode() for key in KEYS
    }


def test_a_listing_has_keys_sizes_and_times_under_the_prefix_alone(store: Store, tmp_path: Path) -> None:
    put(store, "releases/2027/two", b"22", tmp_path)
    put(store, "releases/2026/one", b"1", tmp_path)
    put(store, "promotions/00000001.json", b"{}", tmp_path)

    entries = store.list_entries("releases/")

    assert [(entry.key, entry.size) for entry in entries] == [
        ("releases/2026/one", 1),
        ("releases/2027/two", 2),
    ]
    assert all(abs(datetime.now(UTC) - entry.modified_at) < timedelta(minutes=5) for entry in entries)
    assert [entry.key for entry in store.list_entries("releases/2026")] == ["releases/2026/one"]


def test_what_was_deleted_is_neither_read_nor_listed(store: Store, tmp_path: Path) -> None:
    put(store, "releases/a/one", b"1", tmp_path)

    store.delete("releases/a/one")
    store.delete("releases/a/one")

    assert store.list_entries("releases/") == []
    with pytest.raises(NotFound):
        store.read("releases/a/one")


def test_two_prefixes_do_not_see_each_other_and_slashes_at_their_ends_mean_nothing(address: str) -> None:
    ours, others = open_store(f"{address}/ours/"), open_store(f"{address}/ours-not")
    ours.create("key", b"ours")

    assert open_store(f"{address}/ours").read("key") == b"ours"
    assert ours.address == f"{address}/ours"
    assert others.list_entries("") == []
    with pytest.raises(NotFound):
        others.read("key")


def test_a_download_that_finds_no_room_names_the_disk_it_goes_to(tmp_path: Path) -> None:
    store, here = FolderStore(tmp_path / "store"), tmp_path / "here"
    store.create("a/key", bytes(100))
    here.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))  # as on a full disk

    try:
        with pytest.raises(OSError, match=re.escape(f"{here}/")):
            store.download("a/key", here / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
