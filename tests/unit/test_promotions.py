"""The log of promotions: numbers, records, and where rolling back leads."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.catalogue import PROBES, number_in, promotion_key, stored, version_in
from model_store.errors import LostRace, StoreBroken, StoreRefused, UnconditionalStore
from model_store.folder import FolderStore
from model_store.promotions import (
    Promotion,
    Reason,
    append,
    history,
    lineage,
    newest,
    parse_promotion,
    promotion_bytes,
    require_conditional_writes,
    roll_back,
)
from model_store.publish import promote, publish
from tests.releases import a_release

A, B, C, D = (f"20261120T10150{digit}Z-0000000{digit}" for digit in range(4))


def a_promotion(number: int, version: str, reason: Reason = "promote") -> Promotion:
    return Promotion(
        number=number,
        version=version,
        previous=None,
        reason=reason,
        by="ann",
        at=datetime(2026, 11, 20, tzinfo=UTC),
        nonce="n",
    )


class AnsweredTwice(FolderStore):
    """A store whose first answer to a create gets lost, so that the client asks again."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        super().create(key, data)


class Overwriting(FolderStore):
    """A store that lets a later writer replace what was created, as Swift does when two come at once."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        theirs = json.loads(data) | {"by": "bob", "version": B, "nonce": "theirs"}
        (Path(self.address) / key).write_text(json.dumps(theirs), "utf-8")


class Unconditional(FolderStore):
    """A store that ignores create-if-absent, as rclone's S3 server does."""

    def create(self, key: str, data: bytes) -> None:
        self.delete(key)
        super().create(key, data)


class NeverDeleting(FolderStore):
    """A store whose policy lets a publisher delete nothing."""

    def delete(self, key: str) -> None:
        raise StoreRefused(f"{key}: AccessDenied on DeleteObject.")


class ListingLate(FolderStore):
    """A store whose listing does not show the newest key yet."""

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        return super().entries(prefix)[:-1]


def test_nothing_is_promoted_in_a_store_that_ignores_conditional_writes(tmp_path: Path) -> None:
    store = Unconditional(tmp_path / "store")
    version = publish(a_release(tmp_path / "1", seed=1), store, by="ann", promote=False).manifest.version

    with pytest.raises(UnconditionalStore, match=r"ignores conditional writes .*--unconditional"):
        publish(a_release(tmp_path / "2", seed=2), store, by="ann")
    with pytest.raises(UnconditionalStore):
        promote(version, store, by="ann")

    assert history(store) == []
    assert {release.version for release in stored(store)} == {version}
    assert [entry.key for entry in store.entries(PROBES)] == []


def test_a_store_that_ignores_conditional_writes_is_promoted_in_on_request(tmp_path: Path) -> None:
    store = Unconditional(tmp_path / "store")
    for seed in (1, 2):
        publish(a_release(tmp_path / str(seed), seed=seed), store, by="ann", unconditional=True)

    with pytest.raises(UnconditionalStore):
        roll_back(store, "ann")
    rolled = roll_back(store, "ann", unconditional=True)

    assert rolled.previous == history(store)[1].version


def test_the_probe_for_conditional_writes_leaves_nothing_behind(tmp_path: Path) -> None:
    require_conditional_writes(FolderStore(tmp_path))

    assert FolderStore(tmp_path).entries("") == []


def test_a_publisher_that_may_not_delete_still_promotes(tmp_path: Path) -> None:
    require_conditional_writes(NeverDeleting(tmp_path))


def test_numbers_count_from_one_without_gaps(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)

    first = append(store, A, "promote", "ann", None)
    second = append(store, B, "promote", "ann", first)

    assert [first.number, second.number] == [1, 2]
    assert sorted(path.name for path in (tmp_path / "promotions").iterdir()) == [
        "00000001.json",
        "00000002.json",
    ]


def test_a_record_has_exactly_the_keys_of_the_format(tmp_path: Path) -> None:
    append(FolderStore(tmp_path), A, "promote", "ann", None)

    record = json.loads((tmp_path / "promotions" / "00000001.json").read_bytes())

    assert set(record) == {"version", "previous", "reason", "by", "at", "nonce"}


def test_no_two_records_have_the_same_nonce(tmp_path: Path) -> None:
    first = append(FolderStore(tmp_path / "a"), A, "promote", "ann", None)
    second = append(FolderStore(tmp_path / "b"), A, "promote", "ann", None)

    assert first.nonce != second.nonce


def test_the_highest_number_holds_beyond_nine_and_beside_strangers(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for number in range(1, 12):
        store.create(promotion_key(number), promotion_bytes(a_promotion(number, A)))
    store.create("promotions/README.txt", b"not one of ours")
    store.create("promotions/99.json", b"nor this")

    found = newest(store)

    assert found is not None
    assert found.number == 11
    assert len(history(store)) == 11


def test_a_promotion_that_the_listing_does_not_show_yet_is_found(tmp_path: Path) -> None:
    first = append(FolderStore(tmp_path), A, "promote", "ann", None)
    second = append(FolderStore(tmp_path), B, "promote", "ann", first)

    assert newest(ListingLate(tmp_path)) == second


def test_an_answer_that_was_lost_on_its_way_does_not_lose_the_race(tmp_path: Path) -> None:
    mine = append(AnsweredTwice(tmp_path), A, "promote", "ann", None)

    assert newest(FolderStore(tmp_path)) == mine


def test_a_writer_whose_record_was_replaced_is_told(tmp_path: Path) -> None:
    with pytest.raises(LostRace, match=f"bob promoted {B} first, so {A} is not current"):
        append(Overwriting(tmp_path), A, "promote", "ann", None)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"", "the whole"),
        (b"{}", "version"),
        (promotion_bytes(a_promotion(1, A)).replace(b'"promote"', b'"because"'), "reason"),
        (promotion_bytes(a_promotion(1, A)).replace(A.encode(), b"../../etc"), "version"),
    ],
)
def test_a_record_that_is_none_is_named_by_place_and_key(text: bytes, key: str) -> None:
    with pytest.raises(StoreBroken, match=f"s3://shop/1: not a promotion: {key}: "):
        parse_promotion(text, 1, "s3://shop/1")


def test_a_key_that_a_newer_writer_added_does_not_stop_readers() -> None:
    text = promotion_bytes(a_promotion(1, A)).replace(b'"by"', b'"ticket": "W-7", "by"')

    assert parse_promotion(text, 1, "here") == a_promotion(1, A)


@settings(deadline=None, max_examples=40)
@given(
    st.builds(
        Promotion,
        number=st.integers(1, 99_999_999),
        version=st.sampled_from([A, B]),
        previous=st.none() | st.sampled_from([A, B]),
        reason=st.sampled_from(["promote", "rollback"]),
        by=st.text(),
        at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        nonce=st.text("0123456789abcdef", min_size=32, max_size=32),
    )
)
def test_any_record_survives_being_written_and_read(promotion: Promotion) -> None:
    assert parse_promotion(promotion_bytes(promotion), promotion.number, "here") == promotion


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 99_999_999))
def test_any_number_comes_back_from_its_key(number: int) -> None:
    assert number_in(promotion_key(number)) == number


@pytest.mark.parametrize("key", ["promotions/1.json", "promotions/00000001.json.tmp", "x/00000001.json"])
def test_a_strange_key_is_no_promotion(key: str) -> None:
    assert number_in(key) is None


@pytest.mark.parametrize("key", ["releases/README.md", "releases/latest/model.keras", f"other/{A}/x"])
def test_a_strange_key_is_no_release(key: str) -> None:
    assert version_in(key) is None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("", []),
        ("+A", [A]),
        ("+A +B +C", [A, B, C]),
        ("+A +A +B", [A, B]),
        ("+A +B +C -B", [A, B]),
        ("+A +B +C -B -A", [A]),
        ("+A +B -A +C", [A, C]),
        ("+A +B +A", [A, B, A]),
        ("+A +B +A -B", [A, B]),
        ("+A -D", [A, D]),
    ],
)
def test_rolling_back_walks_through_what_was_current(steps: str, expected: list[str]) -> None:
    names = {"A": A, "B": B, "C": C, "D": D}
    reasons: dict[str, Reason] = {"+": "promote", "-": "rollback"}
    log = [
        a_promotion(number, names[step[1]], reasons[step[0]]) for number, step in enumerate(steps.split(), 1)
    ]

    assert lineage(log) == expected
