"""The log of promotions: numbers, records, races, and where rolling back leads."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_store.catalogue import PROMOTIONS, RELEASES, manifest_key, promotion_key, release_prefix, stored
from model_store.errors import (
    LostRace,
    NotFound,
    NothingPromoted,
    RecordUnreadable,
    ReleaseCorrupt,
    ReleaseRemoved,
    StoreBroken,
    UnconditionalStore,
)
from model_store.promotions import (
    Promotion,
    Reason,
    Unread,
    append,
    current,
    fallbacks,
    history,
    lineage,
    newest,
    parse_promotion,
    promotion_bytes,
    roll_back,
    walk_back,
    was_left,
)
from model_store.publish import promote, prune, publish
from model_store.store import FolderStore
from reports.judge import judge
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


def a_log(steps: str) -> list[Promotion]:
    """A log in short: `+A` promotes A, `-A` rolls back to it."""
    names = {"A": A, "B": B, "C": C, "D": D}
    reasons: dict[str, Reason] = {"+": "promote", "-": "rollback"}
    log: list[Promotion] = []
    for number, step in enumerate(steps.split(), 1):
        previous = log[-1].version if log else None
        made = a_promotion(number, names[step[1]], reasons[step[0]])
        log.append(made.model_copy(update={"previous": previous}))
    return log


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


class ListingLate(FolderStore):
    """A store whose listing does not show the newest key yet."""

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        return super().entries(prefix)[:-1]


class PrunedBefore(FolderStore):
    """A store in which another process prunes a release just before its promotion is written."""

    doomed = ""

    def create(self, key: str, data: bytes) -> None:
        if key.startswith(PROMOTIONS) and json.loads(data)["version"] == self.doomed:
            for entry in self.entries(release_prefix(self.doomed)):
                self.delete(entry.key)
        super().create(key, data)


class Damaging(FolderStore):
    """A store that damages what is uploaded."""

    def upload(self, key: str, source: Path) -> None:
        super().create(key, b"damaged")


class PromotedMeanwhile(FolderStore):
    """A store in which another process promotes a release while a prune looks which to remove."""

    chosen = ""

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().entries(prefix)
        if prefix == RELEASES:
            append(FolderStore(Path(self.address)), self.chosen, "promote", "bob", newest(self))
        return found


class UnmountedMeanwhile(FolderStore):
    """A store whose promotions disappear while a prune looks which release to remove."""

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().entries(prefix)
        if prefix == RELEASES:
            (Path(self.address) / "promotions").rename(Path(self.address) / "away")
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The place of a store."""
    return tmp_path / "store"


def published(store: FolderStore, tmp_path: Path, seed: int, *, promoted: bool = True) -> str:
    made = a_release(tmp_path / str(seed), seed=seed)
    return publish(made, store, judge, by="ann", promote=promoted, unconditional=True).manifest.version


def test_nothing_is_promoted_where_conditional_writes_are_ignored(folder: Path, tmp_path: Path) -> None:
    store = Unconditional(folder)
    first, second = (published(store, tmp_path, seed, promoted=False) for seed in (1, 2))

    with pytest.raises(UnconditionalStore, match=r"ignores conditional writes .*--unconditional"):
        publish(a_release(tmp_path / "3", seed=3), store, judge, by="ann")
    with pytest.raises(UnconditionalStore):
        promote(first, store, judge, by="ann")
    unchanged = store.entries("promotions/"), {release.version for release in stored(store)}
    promote(first, store, judge, by="ann", unconditional=True)
    promote(second, store, judge, by="ann", unconditional=True)
    with pytest.raises(UnconditionalStore):
        roll_back(store, "ann")

    assert unchanged == ([], {first, second})
    assert roll_back(store, "ann", unconditional=True).version == first


def test_the_highest_number_holds_beyond_nine_and_beside_other_files(folder: Path) -> None:
    store = FolderStore(folder)
    for number in range(1, 12):
        store.create(promotion_key(number), promotion_bytes(a_promotion(number, A)))
    store.create("promotions/README.txt", b"not one of ours")
    store.create("promotions/99.json", b"nor this")

    assert current(store).number == len(history(store)) == 11


def test_a_promotion_that_the_listing_does_not_show_yet_is_found(folder: Path) -> None:
    first = append(FolderStore(folder), A, "promote", "ann", None)
    second = append(FolderStore(folder), B, "promote", "ann", first)

    assert newest(ListingLate(folder)) == second


def test_an_answer_that_was_lost_on_its_way_does_not_lose_the_race(folder: Path) -> None:
    mine = append(AnsweredTwice(folder), A, "promote", "ann", None)

    assert newest(FolderStore(folder)) == mine


def test_a_writer_whose_record_was_replaced_learns_it(folder: Path) -> None:
    with pytest.raises(LostRace, match=f"bob promoted {B} first, so {A} is not current"):
        append(Overwriting(folder), A, "promote", "ann", None)


def test_a_release_pruned_before_its_promotion_is_rolled_back(folder: Path, tmp_path: Path) -> None:
    store = PrunedBefore(folder)
    held = published(store, tmp_path, 1)
    store.doomed = published(store, tmp_path, 2, promoted=False)

    with pytest.raises(ReleaseRemoved, match=f"{store.doomed} was deleted .*{held} was made current again"):
        promote(store.doomed, store, judge, by="bob")

    assert [(p.version, p.reason) for p in history(store)][1:] == [
        (store.doomed, "promote"),
        (held, "rollback"),
    ]


def test_a_first_release_pruned_before_promotion_is_reported(folder: Path, tmp_path: Path) -> None:
    store = PrunedBefore(folder)
    store.doomed = published(store, tmp_path, 1, promoted=False)

    with pytest.raises(ReleaseRemoved, match="no earlier release is in the store"):
        promote(store.doomed, store, judge, by="ann")


def test_rolling_back_passes_over_a_release_pruned_meanwhile(folder: Path, tmp_path: Path) -> None:
    store = PrunedBefore(folder)
    oldest, store.doomed, _ = (published(store, tmp_path, seed) for seed in (1, 2, 3))

    promotion = roll_back(store, "ann")

    assert promotion == current(store)
    assert promotion.version == oldest


def test_what_a_store_damaged_on_its_way_is_noticed_and_not_promoted(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match="read back, it is not what was sent"):
        published(Damaging(folder), tmp_path, 1)

    assert stored(FolderStore(folder))[0].complete is False
    assert newest(FolderStore(folder)) is None


def test_a_release_that_becomes_current_during_a_prune_stays(folder: Path, tmp_path: Path) -> None:
    published(FolderStore(folder), tmp_path, 1)
    store = PromotedMeanwhile(folder)
    store.chosen = published(FolderStore(folder), tmp_path, 2, promoted=False)

    assert prune(store, keep=1, older_than=timedelta(0)) == []
    assert current(store).version == store.chosen


class PromotedAtDeletion(FolderStore):
    """A store in which another process promotes a release once a prune has found that it is not current."""

    chosen = ""

    def delete(self, key: str) -> None:
        if key == manifest_key(self.chosen):
            append(FolderStore(Path(self.address)), self.chosen, "promote", "bob", newest(self))
        super().delete(key)


def test_a_release_that_becomes_current_while_it_is_removed_stays_whole(folder: Path, tmp_path: Path) -> None:
    published(FolderStore(folder), tmp_path, 1)
    store = PromotedAtDeletion(folder)
    store.chosen = published(FolderStore(folder), tmp_path, 2, promoted=False)

    assert prune(store, keep=1, older_than=timedelta(0)) == []
    assert current(store).version == store.chosen
    assert [release.complete for release in stored(store)] == [True, True]


class KilledAfterOneDelete(FolderStore):
    """A store whose pruner is killed after the first file."""

    def delete(self, key: str) -> None:
        super().delete(key)
        raise KeyboardInterrupt


def test_a_prune_that_is_killed_leaves_no_release_that_looks_whole(folder: Path, tmp_path: Path) -> None:
    store = KilledAfterOneDelete(folder)
    versions = {published(store, tmp_path, seed) for seed in (1, 2)}

    with pytest.raises(KeyboardInterrupt):
        prune(store, keep=1, older_than=timedelta(0))

    assert [release.complete for release in stored(store)].count(False) == len(versions) - 1


def test_a_release_with_a_file_cut_short_is_not_promoted(folder: Path, tmp_path: Path) -> None:
    store = FolderStore(folder)
    version = published(store, tmp_path, 1, promoted=False)
    graph = folder / release_prefix(version) / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])

    with pytest.raises(ReleaseCorrupt, match=r"not .* as in the manifest"):
        promote(version, store, judge, by="tests")

    assert newest(store) is None


def test_prune_removes_nothing_where_the_promotions_cannot_be_listed(folder: Path, tmp_path: Path) -> None:
    store = FolderStore(folder)
    versions = {published(store, tmp_path, seed) for seed in (1, 2)}
    (folder / "promotions").rename(tmp_path / "promotions")
    (folder / "promotions").symlink_to("promotions")  # fails for every user; root may read any folder

    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        prune(store, keep=1, older_than=timedelta(0))
    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        newest(store)

    assert {release.version for release in stored(store)} == versions


def test_prune_removes_nothing_where_nothing_was_promoted(folder: Path, tmp_path: Path) -> None:
    store = FolderStore(folder)
    version = published(store, tmp_path, 1, promoted=False)

    with pytest.raises(NothingPromoted, match="nothing shows which release is in use"):
        prune(store, keep=1, older_than=timedelta(0))

    assert [release.version for release in stored(store)] == [version]


def test_a_prune_ends_when_the_promotions_disappear(folder: Path, tmp_path: Path) -> None:
    versions = {published(FolderStore(folder), tmp_path, seed) for seed in (1, 2)}

    with pytest.raises(NothingPromoted):
        prune(UnmountedMeanwhile(folder), keep=1, older_than=timedelta(0))

    assert {release.version for release in stored(FolderStore(folder))} == versions


@pytest.mark.parametrize("version", [A, "latest", "../../etc/passwd", ""])
def test_a_version_that_is_not_there_is_not_promoted(folder: Path, version: str) -> None:
    with pytest.raises(NotFound):
        promote(version, FolderStore(folder), judge, by="ann")


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


def test_a_record_is_read_as_it_was_written_even_with_a_key_of_a_newer_writer() -> None:
    text = promotion_bytes(a_promotion(1, A)).replace(b'"by"', b'"ticket": "W-7", "by"')

    assert parse_promotion(text, 1, "here") == a_promotion(1, A)


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
    log = a_log(steps)

    assert lineage(log) == expected


def test_walking_back_finds_what_rolling_back_walks_through_in_any_log() -> None:
    chance = random.Random(73)
    for _ in range(1000):
        log: list[Promotion] = []
        for number in range(1, chance.randint(2, 14)):
            walked = lineage(log)
            goes_back = len(walked) > 1 and chance.random() < 0.4
            version = chance.choice(walked[-3:-1]) if goes_back else chance.choice((A, B, C, D))
            made = a_promotion(number, version, "rollback" if goes_back else "promote")
            log.append(made.model_copy(update={"previous": log[-1].version if log else None}))

        found = [promotion.version for promotion in walk_back(reversed(log))]

        assert found == list(dict.fromkeys(reversed(lineage(log))))


@pytest.mark.parametrize(
    ("steps", "unread", "expected"),
    [
        ("+A +B +C", [], [2, 1]),
        ("+A +B +C", [2], [1]),  # a second promotion cannot be a rollback
        ("+A +B +C +D", [3], [1]),
        ("+A +B +C +D", [2, 3], [1]),
        ("+A +B +C +D +D", [3, 4], []),
        ("+A +B -A +D", [3], [1]),
        ("+A +B +C -B +D", [4], [2, 1]),
        ("+A +B +C -B +D", [2], [4, 1]),
        ("+A +B +C", [3], [1]),
        ("+A +B", [2], [1]),
    ],
)
def test_the_release_before_what_may_be_a_rollback_is_not_fallen_back_to(
    steps: str, unread: list[int], expected: list[int]
) -> None:
    log: list[Promotion | Unread] = [
        Unread(one.number, RecordUnreadable("cut short")) if one.number in unread else one
        for one in a_log(steps)
    ]

    assert [promotion.number for promotion in fallbacks(reversed(log))] == expected


@pytest.mark.parametrize(
    ("steps", "unread", "expected"),
    [
        ("+A +B -A", [], True),
        ("+A +B -A +B", [], False),
        ("+A +B +C", [], False),
        ("+A +B +C +A", [3], True),
        ("+A +B +C +D +A", [3], True),
        ("+A +B +C +D +A", [4], False),
    ],
)
def test_a_release_that_a_rollback_left_or_may_have_is_known_as_such(
    steps: str, unread: list[int], expected: bool
) -> None:
    log: list[Promotion | Unread] = [
        Unread(one.number, RecordUnreadable("cut short")) if one.number in unread else one
        for one in a_log(steps)
    ]

    assert was_left(reversed(log), B) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("+A", []),
        ("+A +B +C", [2, 1]),
        ("+A +B +A", [2]),
        ("+A +B +C -B", [1]),
        ("+B +A +B -A", []),
        ("+A +B -A +C", [3]),
        ("+A +B -A +B +C", [4, 3]),
        ("+A +B +C -A +D", [4]),
    ],
)
def test_where_current_cannot_be_served_what_no_rollback_left_may_be(steps: str, expected: list[int]) -> None:
    log = a_log(steps)

    assert [promotion.number for promotion in fallbacks(reversed(log))] == expected
