"""Publishing, promoting, rolling back and pruning beside one another, on stores that fail one of them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.errors import NotFound, NothingPromoted, ReleaseRemoved, StoreBroken, UnconditionalStore
from model_store.promotions import (
    append_promotion,
    read_current_promotion,
    read_newest_promotion,
    roll_back_release,
)
from model_store.publish import promote_release, prune_releases, publish_release
from model_store.store import FolderStore
from model_store.store_keys import PROMOTIONS, RELEASES, list_releases, make_release_prefix
from reports.judge import describe_release_verdict
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
            for entry in self.list_entries(make_release_prefix(self.doomed)):
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

    def list_entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        found = super().list_entries(prefix)
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
    return publish_release(
        made,
        store,
        describe_release_verdict,
        author="ann",
        promote=promoted,
        can_skip_conditional_writes=True,
    ).manifest.version


def test_nothing_is_promoted_where_conditional_writes_are_ignored(folder: Path, shelf: list[Path]) -> None:
    store = Unconditional(folder)
    first, second = (published(store, shelf[seed], promoted=False) for seed in (1, 2))

    with pytest.raises(UnconditionalStore, match=r"ignores conditional writes .*--unconditional"):
        publish_release(shelf[3], store, describe_release_verdict, author="ann")
    with pytest.raises(UnconditionalStore):
        promote_release(first, store, describe_release_verdict, author="ann")
    unchanged = store.list_entries("promotions/"), {release.version for release in list_releases(store)}
    promote_release(first, store, describe_release_verdict, author="ann", can_skip_conditional_writes=True)
    promote_release(second, store, describe_release_verdict, author="ann", can_skip_conditional_writes=True)
    with pytest.raises(UnconditionalStore):
        roll_back_release(store, "ann")

    assert unchanged == ([], {first, second})
    assert roll_back_release(store, "ann", can_skip_conditional_writes=True).version == first


@pytest.mark.parametrize("is_rollback", [True, False], ids=["rollback", "promotion"])
def test_a_release_pruned_before_its_record_is_named_with_a_command_and_the_record_stands(
    folder: Path, shelf: list[Path], is_rollback: bool
) -> None:
    store = PrunedBefore(folder)
    oldest, doomed, _ = (published(store, shelf[seed]) for seed in (1, 2, 3))
    store.doomed = doomed

    with pytest.raises(ReleaseRemoved, match=f"{doomed} was removed .* promotion 4 .* promote VERSION`"):
        roll_back_release(store, "eve") if is_rollback else promote_release(
            doomed, store, describe_release_verdict, author="eve"
        )

    assert (read_current_promotion(store).version, read_current_promotion(store).number) == (doomed, 4)
    assert read_current_promotion(store).candidates[-1] == oldest  # which new services serve


def test_what_a_store_damaged_on_its_way_is_noticed_and_not_promoted(folder: Path, shelf: list[Path]) -> None:
    with pytest.raises(StoreBroken, match="read back, it is not what was sent"):
        published(Damaging(folder), shelf[1])

    assert list_releases(FolderStore(folder))[0].is_complete is False
    assert read_newest_promotion(FolderStore(folder)) is None


def test_a_release_that_becomes_current_before_a_prunes_last_look_stays_whole(
    folder: Path, shelf: list[Path]
) -> None:
    store = FolderStore(folder)
    published(store, shelf[1])
    chosen = published(store, shelf[2], promoted=False)

    def promote_it() -> None:
        append_promotion(store, chosen, "promote", "bob", read_newest_promotion(store))

    assert prune_releases(Meanwhile(folder, promote_it), keep=1, older_than=timedelta(0)) == []
    assert read_current_promotion(store).version == chosen
    assert [release.is_complete for release in list_releases(store)] == [True, True]


def test_prune_removes_nothing_where_the_promotions_cannot_be_listed(
    folder: Path, tmp_path: Path, shelf: list[Path]
) -> None:
    store = FolderStore(folder)
    versions = {published(store, shelf[seed]) for seed in (1, 2)}
    (folder / "promotions").rename(tmp_path / "promotions")
    (folder / "promotions").symlink_to("promotions")  # fails for every user; root may read any folder

    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        prune_releases(store, keep=1, older_than=timedelta(0))
    with pytest.raises(StoreBroken, match=r"/promotions: Too many levels"):
        read_newest_promotion(store)

    assert {release.version for release in list_releases(store)} == versions


def test_prune_removes_nothing_where_nothing_was_promoted(folder: Path, shelf: list[Path]) -> None:
    store = FolderStore(folder)
    version = published(store, shelf[1], promoted=False)

    with pytest.raises(NothingPromoted, match="nothing shows which release is in use"):
        prune_releases(store, keep=1, older_than=timedelta(0))

    assert [release.version for release in list_releases(store)] == [version]


def test_a_prune_ends_when_the_promotions_disappear(folder: Path, tmp_path: Path, shelf: list[Path]) -> None:
    store = FolderStore(folder)
    versions = {published(store, shelf[seed]) for seed in (1, 2)}

    with pytest.raises(NothingPromoted):
        prune_releases(
            Meanwhile(folder, lambda: (folder / "promotions").rename(tmp_path / "away")),
            keep=1,
            older_than=timedelta(0),
        )

    assert {release.version for release in list_releases(store)} == versions


@pytest.mark.parametrize("version", ["20261120T101500Z-00000000", "latest", "../../etc/passwd", ""])
def test_a_version_that_is_not_there_is_not_promoted(folder: Path, version: str) -> None:
    with pytest.raises(NotFound):
        promote_release(version, FolderStore(folder), describe_release_verdict, author="ann")
