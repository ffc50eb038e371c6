"""What every store promises, whatever is behind it: see model_store/store.py."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_store.errors import AlreadyExists, NotFound, ReleaseCorrupt
from model_store.store import Store, open_store

MEGABYTE = 1 << 20


def put(store: Store, key: str, data: bytes, scratch: Path) -> None:
    (scratch / "source").write_bytes(data)
    store.upload(key, scratch / "source")


def test_what_was_uploaded_is_read_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    everything = bytes(range(256)) * 3

    put(store, "releases/a/model.bin", everything, tmp_path)

    assert store.read("releases/a/model.bin") == everything


def test_an_empty_file_stays_an_empty_file(store: Store, tmp_path: Path) -> None:
    put(store, "empty", b"", tmp_path)

    assert store.read("empty") == b""


def test_a_large_file_travels_whole(store: Store, tmp_path: Path) -> None:
    large = bytes(range(256)) * (12 * MEGABYTE // 256) + b"odd end"

    put(store, "large", large, tmp_path)
    store.download("large", tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes() == large


def test_uploading_again_replaces_what_was_there(store: Store, tmp_path: Path) -> None:
    put(store, "key", b"first and longer", tmp_path)

    put(store, "key", b"second", tmp_path)

    assert store.read("key") == b"second"


def test_reading_what_is_not_there_names_store_and_key(store: Store) -> None:
    with pytest.raises(NotFound, match=r"promotions/00000042\.json") as caught:
        store.read("promotions/00000042.json")

    assert store.address in str(caught.value)


def test_downloading_what_is_not_there_leaves_no_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        store.download("nothing", tmp_path / "copy")

    assert list(tmp_path.glob("*copy*")) == []


def test_a_download_that_is_longer_than_promised_stops_and_leaves_the_old_file(
    store: Store, tmp_path: Path
) -> None:
    put(store, "key", b"x" * 1001, tmp_path)
    (tmp_path / "copy").write_bytes(b"old")

    with pytest.raises(ReleaseCorrupt, match="more than the expected 1000 bytes"):
        store.download("key", tmp_path / "copy", limit=1000)

    assert (tmp_path / "copy").read_bytes() == b"old"


def test_a_download_of_exactly_the_promised_length_is_taken(store: Store, tmp_path: Path) -> None:
    put(store, "key", b"x" * 1000, tmp_path)

    store.download("key", tmp_path / "copy", limit=1000)

    assert (tmp_path / "copy").stat().st_size == 1000


def test_creating_makes_what_was_not_there(store: Store) -> None:
    store.create("promotions/00000001.json", b"{}")

    assert store.read("promotions/00000001.json") == b"{}"


def test_creating_twice_tells_the_second_and_keeps_the_first(store: Store) -> None:
    store.create("promotions/00000001.json", b"first")

    with pytest.raises(AlreadyExists, match=r"promotions/00000001\.json"):
        store.create("promotions/00000001.json", b"second")

    assert store.read("promotions/00000001.json") == b"first"


def test_a_listing_has_keys_sizes_and_times_under_the_prefix_alone(store: Store, tmp_path: Path) -> None:
    put(store, "releases/b/two", b"22", tmp_path)
    put(store, "releases/a/one", b"1", tmp_path)
    put(store, "promotions/00000001.json", b"{}", tmp_path)

    entries = store.entries("releases/")

    assert [(entry.key, entry.size) for entry in entries] == [("releases/a/one", 1), ("releases/b/two", 2)]
    assert all(abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=5) for entry in entries)


def test_a_listing_may_begin_inside_a_name(store: Store, tmp_path: Path) -> None:
    put(store, "releases/20261120/x", b"", tmp_path)
    put(store, "releases/20271120/x", b"", tmp_path)

    assert [entry.key for entry in store.entries("releases/2026")] == ["releases/20261120/x"]


def test_a_listing_of_nothing_is_empty(store: Store) -> None:
    assert store.entries("releases/") == []


def test_what_was_deleted_is_neither_read_nor_listed(store: Store, tmp_path: Path) -> None:
    put(store, "releases/a/one", b"1", tmp_path)

    store.delete("releases/a/one")

    assert store.entries("") == []
    with pytest.raises(NotFound):
        store.read("releases/a/one")


def test_deleting_what_is_not_there_is_no_error(store: Store) -> None:
    store.delete("releases/a/one")

    assert store.entries("") == []


@pytest.mark.parametrize(
    "key", ["with space", "plus+and&and%41", "trouser=hose;ä€😀", "a/b/c.d/e", "quote'\"<>", "~tilde(1)!*"]
)
def test_any_spelling_of_a_key_comes_back_as_it_was(store: Store, tmp_path: Path, key: str) -> None:
    put(store, key, b"odd", tmp_path)

    assert store.read(key) == b"odd"
    assert [entry.key for entry in store.entries("")] == [key]
    with pytest.raises(AlreadyExists):
        store.create(key, b"other")


def test_two_prefixes_do_not_see_each_other(address: str) -> None:
    ours, others = open_store(f"{address}/ours"), open_store(f"{address}/ours-not")
    ours.create("key", b"ours")

    assert others.entries("") == []
    with pytest.raises(NotFound):
        others.read("key")


def test_slashes_at_the_end_of_an_address_mean_nothing(address: str) -> None:
    open_store(f"{address}/").create("key", b"here")

    assert open_store(address).read("key") == b"here"
    assert open_store(f"{address}/").address == address
