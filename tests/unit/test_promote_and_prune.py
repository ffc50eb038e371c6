"""Publishing, promoting, rolling back and pruning beside one another, on stores that fail one of them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.catalogue import PROMOTIONS, RELEASES, manifest_key, release_prefix, stored
from model_store.errors import NotFound, NothingPromoted, ReleaseRemoved, StoreBroken, UnconditionalStore
from model_store.promotions import append, current, history, newest, roll_back
from model_store.publish import promote, prune, publish
from model_store.store import FolderStore
from reports.judge import forced
from tests.releases import a_release


class Unconditional(FolderStore):
    """A store that ignores create-if-absent, as rclone's S3 server does."""

    def create(self, key: str, data: bytes) -> None:
        self.delete(key)
        super().create(key, data)


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
    """A store in which another process promotes a release while a prune looks, or begins to remove it."""

    def __init__(self, folder: Path, chosen: str, moment: str) -> None:
        super().__init__(folder)
        self._at = {"list": RELEASES, "delete": manifest_key(chosen)}[moment]
        self._chosen = chosen

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().entries(prefix)
        self._come_to(prefix)
        return found

    def delete(self, key: str) -> None:
        self._come_to(key)
        super().delete(key)

    def _come_to(self, key: str) -> None:
        if key == self._at:
            append(FolderStore(Path(self.address)), self._chosen, "promote", "bob", newest(self))


class UnmountedMeanwhile(FolderStore):
    """A store whose promotions disappear while a prune looks which release to remove."""

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().entries(prefix)
        if prefix == RELEASES:
            (Path(self.address) / "promotions").rename(Path(self.address) / "away")
        return found


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four releases."""
    folder = tmp_path_factory.mktemp("shelf")
    return [a_release(folder / str(seed), seed=seed, keeps_answers=False) for seed in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The place of a store."""
    return tmp_path / "store"


def published(store: FolderStore, made: Path, *, promoted: bool = True) -> str:
    return publish(made, store, forced, by="ann", promote=promoted, unconditional=True).manifest.version


def test_nothing_is_promoted_where_conditional_writes_are_ignored(folder: Path, shelf: list[Path]) -> None:
    store = Unconditional(folder)
    first, second = (published(store, shelf[seed], promoted=False) for seed in (1, 2))

    with pytest.raises(UnconditionalStore, match=r"ignores conditional writes .*--unconditional"):
        publish(shelf[3], store, forced, by="ann")
    with pytest.raises(UnconditionalStore):
        promote(first, store, forced, by="ann")
    unchanged = store.entries("promotions/"), {release.version for release in stored(store)}
    promote(first, store, forced, by="ann", unconditional=True)
    promote(second, store, forced, by="ann", unconditional=True)
    with pytest.raises(UnconditionalStore):
        roll_back(store, "ann")

    assert unchanged == ([], {first, second})
    assert roll_back(store, "ann", unconditional=True).version == first


def test_a_release_pruned_before_its_promotion_is_rolled_back(folder: Path, shelf: list[Path]) -> None:
    store = PrunedBefore(folder)
    held = published(store, shelf[1])
    store.doomed = published(store, shelf[2], promoted=False)

    with pytest.raises(ReleaseRemoved, match=f"{store.doomed} was deleted .*{held} was made current again"):
        promote(store.doomed, store, forced, by="bob")

    assert [(p.version, p.reason) for p in history(store).promotions][1:] == [
        (store.doomed, "promote"),
        (held, "rollback"),
    ]


def test_a_first_release_pruned_before_promotion_is_reported(folder: Path, shelf: list[Path]) -> None:
    store = PrunedBefore(folder)
    store.doomed = published(store, shelf[1], promoted=False)

    with pytest.raises(ReleaseRemoved, match="no earlier release is in the store"):
        promote(store.doomed, store, forced, by="ann")


def test_rolling_back_passes_over_a_release_pruned_meanwhile(folder: Path, shelf: list[Path]) -> None:
    store = PrunedBefore(folder)
    oldest, store.doomed, _ = (published(store, shelf[seed]) for seed in (1, 2, 3))

    promotion = roll_back(store, "ann")

    assert promotion == current(store)
    assert promotion.version == oldest


def test_what_a_store_damaged_on_its_way_is_noticed_and_not_promoted(folder: Path, shelf: list[Path]) -> None:
    with pytest.raises(StoreBroken, match="read back, it is not what was sent"):
        published(Damaging(folder), shelf[1])

    assert stored(FolderStore(folder))[0].complete is False
    assert newest(FolderStore(folder)) is None


@pytest.mark.parametrize("moment", ["list", "delete"])
def test_a_release_that_becomes_current_during_a_prune_stays_whole(
    folder: Path, shelf: list[Path], moment: str
) -> None:
    published(FolderStore(folder), shelf[1])
    chosen = published(FolderStore(folder), shelf[2], promoted=False)

    assert prune(PromotedMeanwhile(folder, chosen, moment), keep=1, older_than=timedelta(0)) == []
    assert current(FolderStore(folder)).version == chosen
    assert [release.complete for release in stored(FolderStore(folder))] == [True, True]


class KilledAfterOneDelete(FolderStore):
    """A store whose pruner is killed after the first file."""

    def delete(self, key: str) -> None:
        super().delete(key)
        raise KeyboardInterrupt


def test_a_prune_that_is_killed_leaves_no_release_that_looks_whole(folder: Path, shelf: list[Path]) -> None:
    store = KilledAfterOneDelete(folder)
    versions = {published(store, shelf[seed]) for seed in (1, 2)}

    with pytest.raises(KeyboardInterrupt):
        prune(store, keep=1, older_than=timedelta(0))

    assert [release.complete for release in stored(store)].count(False) == len(versions) - 1


def test_prune_removes_nothing_where_the_promotions_cannot_be_listed(
    folder: Path, tmp_path: Path, shelf: list[Path]
) -> None:
    store = FolderStore(folder)
    versions = {published(store, shelf[seed]) for seed in (1, 2)}
    (folder / "promotions").rename(tmp_path / "promotions")
    (folder / "promotions").symlink_to("promotions")  # fails for every user; root may read any folder

    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        prune(store, keep=1, older_than=timedelta(0))
    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        newest(store)

    assert {release.version for release in stored(store)} == versions


def test_prune_removes_nothing_where_nothing_was_promoted(folder: Path, shelf: list[Path]) -> None:
    store = FolderStore(folder)
    version = published(store, shelf[1], promoted=False)

    with pytest.raises(NothingPromoted, match="nothing shows which release is in use"):
        prune(store, keep=1, older_than=timedelta(0))

    assert [release.version for release in stored(store)] == [version]


def test_a_prune_ends_when_the_promotions_disappear(folder: Path, shelf: list[Path]) -> None:
    versions = {published(FolderStore(folder), shelf[seed]) for seed in (1, 2)}

    with pytest.raises(NothingPromoted):
        prune(UnmountedMeanwhile(folder), keep=1, older_than=timedelta(0))

    assert {release.version for release in stored(FolderStore(folder))} == versions


@pytest.mark.parametrize("version", ["20261120T101500Z-00000000", "latest", "../../etc/passwd", ""])
def test_a_version_that_is_not_there_is_not_promoted(folder: Path, version: str) -> None:
    with pytest.raises(NotFound):
        promote(version, FolderStore(folder), forced, by="ann")
