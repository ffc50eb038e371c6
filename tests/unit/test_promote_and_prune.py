"""Publishing, promoting, rolling back and pruning beside one another, on stores that fail one of them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.catalogue import PROMOTIONS, RELEASES, release_prefix, stored
from model_store.errors import NotFound, NothingPromoted, ReleaseRemoved, StoreBroken, UnconditionalStore
from model_store.promotions import append, current, newest, roll_back
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


class Meanwhile(FolderStore):
    """A store to which something happens while a prune lists the releases."""

    def __init__(self, folder: Path, act: Callable[[], object]) -> None:
        super().__init__(folder)
        self._act = act

    def entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().entries(prefix)
        if prefix == RELEASES:
            self._act()
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


@pytest.mark.parametrize("is_rollback", [True, False], ids=["rollback", "promotion"])
def test_a_release_pruned_before_its_record_is_named_with_a_command_and_the_record_stands(
    folder: Path, shelf: list[Path], is_rollback: bool
) -> None:
    store = PrunedBefore(folder)
    oldest, doomed, _ = (published(store, shelf[seed]) for seed in (1, 2, 3))
    store.doomed = doomed

    with pytest.raises(ReleaseRemoved, match=f"{doomed} was removed .* promotion 4 .* promote VERSION`"):
        roll_back(store, "eve") if is_rollback else promote(doomed, store, forced, by="eve")

    assert (current(store).version, current(store).number) == (doomed, 4)
    assert current(store).candidates[-1] == oldest  # which new services serve


def test_what_a_store_damaged_on_its_way_is_noticed_and_not_promoted(folder: Path, shelf: list[Path]) -> None:
    with pytest.raises(StoreBroken, match="read back, it is not what was sent"):
        published(Damaging(folder), shelf[1])

    assert stored(FolderStore(folder))[0].complete is False
    assert newest(FolderStore(folder)) is None


def test_a_release_that_becomes_current_before_a_prunes_last_look_stays_whole(
    folder: Path, shelf: list[Path]
) -> None:
    store = FolderStore(folder)
    published(store, shelf[1])
    chosen = published(store, shelf[2], promoted=False)

    def promote_it() -> None:
        append(store, chosen, "promote", "bob", newest(store))

    assert prune(Meanwhile(folder, promote_it), keep=1, older_than=timedelta(0)) == []
    assert current(store).version == chosen
    assert [release.complete for release in stored(store)] == [True, True]


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


def test_a_prune_ends_when_the_promotions_disappear(folder: Path, tmp_path: Path, shelf: list[Path]) -> None:
    store = FolderStore(folder)
    versions = {published(store, shelf[seed]) for seed in (1, 2)}

    with pytest.raises(NothingPromoted):
        prune(
            Meanwhile(folder, lambda: (folder / "promotions").rename(tmp_path / "away")),
            keep=1,
            older_than=timedelta(0),
        )

    assert {release.version for release in stored(store)} == versions


@pytest.mark.parametrize("version", ["20261120T101500Z-00000000", "latest", "../../etc/passwd", ""])
def test_a_version_that_is_not_there_is_not_promoted(folder: Path, version: str) -> None:
    with pytest.raises(NotFound):
        promote(version, FolderStore(folder), forced, by="ann")
