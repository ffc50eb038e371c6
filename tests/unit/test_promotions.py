"""The log of promotions: numbers, records, what may be served, and where rolling back leads."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_store.errors import NothingPromoted, PromotionConflict, StoreBroken, StoreError
from model_store.promotions import (
    append_promotion,
    read_current_promotion,
    read_newer_promotion,
    read_newest_promotion,
    read_promotions,
    require_conditional_writes,
    roll_back_release,
)
from model_store.publish import list_prunable_releases
from model_store.records import (
    MAX_CANDIDATES,
    Promotion,
    PromotionReason,
    parse_promotion,
    serialize_promotion,
)
from model_store.store import FolderStore
from model_store.store_keys import make_manifest_key, make_promotion_key
from tests.logs import write_log
from tests.places import Place, a_place

A, B, C, D = (f"20261120T10150{digit}Z-0000000{digit}" for digit in range(4))


def a_promotion(
    number: int, version: str, reason: PromotionReason = "promote", of: tuple[str, ...] | None = None
) -> Promotion:
    return Promotion.model_construct(
        number=number,
        version=version,
        previous=None,
        reason=reason,
        by="ann",
        at=datetime(2026, 11, 20, tzinfo=UTC),
        nonce="n",
        candidates=(version,) if of is None else of,
    )


NAMES = {"A": A, "B": B, "C": C, "D": D}


def a_log(folder: Path, steps: str) -> FolderStore:
    """A store with a log; see `write_log`."""
    store = FolderStore(folder)
    for version in NAMES.values():
        store.create(make_manifest_key(version), b"{}")
    write_log(store, steps, NAMES)
    return store


class AnsweredTwice(FolderStore):
    """A store whose first answer to a create gets lost, so that the client asks again."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        super().create(key, data)


class Overwriting(FolderStore):
    """A store that lets a later writer replace what was created, as Swift does when two come at once."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        theirs = json.loads(data) | {"by": "bob", "version": B, "candidates": [B], "nonce": "theirs"}
        (Path(self.address) / key).write_text(json.dumps(theirs), "utf-8")


class ListingLate(FolderStore):
    """A store whose listing does not show the newest key yet."""

    def list_entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        return super().list_entries(prefix)[:-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The place of a store."""
    return tmp_path / "store"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Releases in a store, which tests must not change."""
    return a_place(tmp_path_factory.mktemp("shelf"))


def test_the_highest_number_holds_beyond_nine_and_beside_other_files(folder: Path) -> None:
    store = FolderStore(folder)
    for number in range(1, 12):
        store.create(make_promotion_key(number), serialize_promotion(a_promotion(number, A)))
    store.create("promotions/README.txt", b"not one of ours")
    store.create("promotions/99.json", b"nor this")

    assert read_current_promotion(store).number == len(read_promotions(store)) == 11


def test_a_promotion_that_the_listing_does_not_show_yet_is_found(folder: Path) -> None:
    first = append_promotion(FolderStore(folder), A, "promote", "ann", None)
    second = append_promotion(FolderStore(folder), B, "promote", "ann", first)

    assert read_newest_promotion(ListingLate(folder)) == second


def test_an_answer_that_was_lost_on_its_way_does_not_lose_the_race(folder: Path) -> None:
    mine = append_promotion(AnsweredTwice(folder), A, "promote", "ann", None)

    assert read_newest_promotion(FolderStore(folder)) == mine


def test_a_probe_whose_first_answer_is_lost_is_ours(folder: Path) -> None:
    store = AnsweredTwice(folder)

    require_conditional_writes(store)

    assert store.list_entries("") == []


def test_a_writer_whose_record_was_replaced_learns_it(folder: Path) -> None:
    with pytest.raises(PromotionConflict, match=f"bob promoted {B} first, so {A} is not current"):
        append_promotion(Overwriting(folder), A, "promote", "ann", None)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"", "the whole"),
        (b"{}", "version"),
        (serialize_promotion(a_promotion(1, A)).replace(b'"promote"', b'"because"'), "reason"),
        (serialize_promotion(a_promotion(1, A)).replace(A.encode(), b"../../etc"), "version"),
        (serialize_promotion(a_promotion(1, A, of=(B,))), "the whole: candidates"),
        (serialize_promotion(a_promotion(1, A, of=("../../etc",))), "candidates.0"),
    ],
)
def test_a_record_that_is_none_is_named_by_place_and_key(text: bytes, key: str) -> None:
    with pytest.raises(StoreBroken, match=f"s3://shop/1: not a promotion: {key}: "):
        parse_promotion(text, 1, "s3://shop/1")


def test_a_record_is_read_as_it_was_written_even_with_a_key_of_a_newer_writer() -> None:
    text = serialize_promotion(a_promotion(1, A)).replace(b'"by"', b'"ticket": "W-7", "by"')

    assert parse_promotion(text, 1, "here") == a_promotion(1, A)


@pytest.mark.parametrize(
    ("steps", "served"),
    [
        ("+A", "A"),
        ("+A +B +C -B", "BA"),
        ("+A +B -A +C", "CA"),
        ("+A +B +A", "AB"),
        ("+A -D", "D"),
        ("+a +b", "B"),  # records of 1.0.0
        ("+a -b +C", "CB"),
    ],
)
def test_the_newest_record_says_which_releases_may_be_served_in_turn(
    folder: Path, steps: str, served: str
) -> None:
    found = read_newest_promotion(a_log(folder, steps))

    assert found is not None
    assert found.candidates == tuple(NAMES[name] for name in served)
    assert found.version == found.candidates[0]


@pytest.mark.parametrize("known", [1, 2])
def test_a_record_beyond_one_that_cannot_be_read_is_found(folder: Path, known: int) -> None:
    store = a_log(folder, "+A +B +C")
    (folder / make_promotion_key(2)).write_bytes(b"{")

    assert (
        read_newer_promotion(store, known)
        == read_newest_promotion(store)
        == parse_promotion(store.read(make_promotion_key(3)), 3, "here")
    )


def test_no_more_than_ten_candidates_are_named(folder: Path) -> None:
    store = a_log(folder, "+A +B +C")
    for number in range(10, 22):
        append_promotion(
            store, f"20261120T1015{number}Z-000000{number}", "promote", "ann", read_newest_promotion(store)
        )

    assert len(read_current_promotion(store).candidates) == MAX_CANDIDATES
    assert read_current_promotion(store).candidates[:2] == (
        "20261120T101521Z-00000021",
        "20261120T101520Z-00000020",
    )


@pytest.mark.parametrize(
    ("steps", "back"),
    [
        ("+A +B +C", "BA"),
        ("+A +B +A", "B"),
        ("+A +B +C -B +C", "BA"),
        ("+A +B +X +C", "BA"),  # without the one that is not whole
        ("+a +b +C", "B"),
    ],
)
def test_rolling_back_goes_from_candidate_to_candidate_and_ends(
    folder: Path, shelf: Place, steps: str, back: str
) -> None:
    store = shelf.copied(folder).store
    write_log(store, steps, shelf.versions)

    walked = [roll_back_release(store, "eve").version for _ in back]

    assert walked == [shelf.versions[name] for name in back]
    with pytest.raises(NothingPromoted, match="no earlier release to go back to"):
        roll_back_release(store, "eve")


@pytest.mark.parametrize(
    ("steps", "keep", "kept"),
    [("+A +B +C +D", 2, "CD"), ("+A +B +C +D -B", 2, "ABD"), ("+a +b +c +d", 2, "CD")],
)
def test_prune_keeps_what_was_current_last_and_the_candidates(
    folder: Path, steps: str, keep: int, kept: str
) -> None:
    chosen = {release.version for release in list_prunable_releases(a_log(folder, steps), keep, timedelta(0))}

    assert set(NAMES.values()) - chosen == {NAMES[name] for name in kept}


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def another_text(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "a pipe": a_pipe,
    "empty": another_text(lambda record: b""),
    "cut short": another_text(lambda record: record[:40]),
    "of a later version": another_text(lambda record: record.replace(b'"promote"', b'"canary"')),
    "noise": another_text(lambda record: bytes(range(128, 256))),
    "far too long": another_text(lambda record: record + bytes(20_000_000)),
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_the_newest_record_is_named_where_it_cannot_be_read_and_nothing_is_appended(
    folder: Path, how: str
) -> None:
    store = a_log(folder, "+A +B +C")
    UNREADABLE[how](folder / make_promotion_key(3))

    for ask in (
        read_newest_promotion,
        read_promotions,
        lambda store: read_newer_promotion(store, 2),
        lambda store: roll_back_release(store, "eve"),
    ):
        with pytest.raises(StoreError, match=r"promotions/00000003\.json: "):
            ask(store)

    assert len(store.list_entries("promotions/")) <= 3
