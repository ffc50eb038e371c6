"""What a prune that is stopped leaves is removed by a later one; what may be another's at work is not."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.catalogue import RELEASES, file_key, manifest_key, mark_key, stored
from model_store.errors import ReleaseRemoved, StoreError, StoreUnreachable
from model_store.promotions import current, is_whole, roll_back
from model_store.publish import ABANDONED, SPARED, promote, prune, publish
from model_store.store import FolderStore
from reports.judge import forced
from tests.releases import a_release
from tests.unit.test_failing_writes import Failing

NONE = timedelta(0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[Path]]:
    """The folder of a store in which three releases were promoted, their versions and their folders."""
    place = tmp_path_factory.mktemp("filled")
    made = [a_release(place / str(seed), seed=seed, keeps_answers=False) for seed in range(3)]
    store = FolderStore(place / "store")
    versions = [publish(folder, store, forced, by="ann").manifest.version for folder in made]
    return place / "store", versions, made


@pytest.fixture
def store(filled: tuple[Path, list[str], list[Path]], tmp_path: Path) -> FolderStore:
    shutil.copytree(filled[0], tmp_path / "store")
    return FolderStore(tmp_path / "store")


@pytest.fixture
def versions(filled: tuple[Path, list[str], list[Path]]) -> list[str]:
    return filled[1]


def age(store: FolderStore, by: timedelta, below: str = "") -> None:
    """Let everything below a key have been written so long ago."""
    then = time.time() - by.total_seconds()
    for entry in store.entries(below):
        os.utime(Path(store.address, entry.key), (then, then))


def remains(store: FolderStore) -> set[str]:
    """What is in the store without a manifest."""
    return {release.version for release in stored(store) if not release.complete}


@pytest.mark.parametrize("answers", [True, False], ids=["silent after", "answer lost"])
def test_a_prune_that_is_stopped_after_any_write_is_completed_an_hour_later(
    store: FolderStore, versions: list[str], tmp_path: Path, *, answers: bool
) -> None:
    age(store, 2 * SPARED)
    number, stopped, unmarked = 0, True, 0
    while stopped:
        number += 1
        place = Path(shutil.copytree(store.address, tmp_path / str(number)))
        with_fault, later = Failing(place, number, StoreUnreachable, answers=answers), FolderStore(place)
        try:
            prune(with_fault, keep=1)
            stopped = False
        except StoreUnreachable:
            stopped = True
        left = remains(later)
        marked = {release.version for release in stored(later) if release.marked}
        prune(later, keep=1)
        assert marked <= remains(later) <= left, number  # a prune may still be at work
        age(later, 2 * SPARED)
        prune(later, keep=1)
        assert remains(later) == left - marked, number
        unmarked += len(left - marked)
        assert is_whole(later, versions[-1])
    assert number > 10
    assert unmarked == len(versions) - 1  # where it stopped between a manifest and its mark


def test_a_mark_lies_beside_no_manifest(store: FolderStore, versions: list[str]) -> None:
    class Watched(FolderStore):
        def delete(self, key: str) -> None:
            assert not (key != mark_key(versions[0]) and self._both())
            super().delete(key)

        def _both(self) -> bool:
            keys = {entry.key for entry in self.entries(RELEASES)}
            return {mark_key(versions[0]), manifest_key(versions[0])} <= keys

    removed = prune(Watched(Path(store.address)), keep=2, older_than=NONE)

    assert [release.version for release in removed] == [versions[0]]
    assert store.entries(file_key(versions[0], "")) == []


class GivenBack(FolderStore):
    """A store in which another prune gives a manifest back just before this one marks what is left."""

    def __init__(self, root: Path, version: str) -> None:
        super().__init__(root)
        self._version, self._manifest = version, self.read(manifest_key(version))

    def create(self, key: str, data: bytes) -> None:
        if key == mark_key(self._version):
            super().create(manifest_key(self._version), self._manifest)
        super().create(key, data)


def test_a_release_that_another_prune_gave_back_stays_whole(store: FolderStore, versions: list[str]) -> None:
    removed = prune(GivenBack(Path(store.address), versions[0]), keep=2, older_than=NONE)

    assert removed == []
    assert is_whole(store, versions[0])
    assert not store.entries(mark_key(versions[0]))


class GivenBackLate(GivenBack):
    """A store in which that comes after the mark, and a rollback meets the release whole."""

    def create(self, key: str, data: bytes) -> None:
        FolderStore.create(self, key, data)

    def delete(self, key: str) -> None:
        if key == file_key(self._version, "figures/confusion-matrix.png"):  # its first
            FolderStore.create(self, manifest_key(self._version), self._manifest)
            roll_back(FolderStore(Path(self.address)), "eve")
        super().delete(key)


def test_what_a_rollback_left_is_current_again_where_a_prune_takes_what_it_went_to(
    store: FolderStore, versions: list[str]
) -> None:
    with pytest.raises(ReleaseRemoved, match=f"so {versions[2]} was made current again"):
        prune(GivenBackLate(Path(store.address), versions[1]), keep=1, older_than=NONE)

    assert current(store).version == versions[2]
    assert is_whole(store, versions[2])


def without_manifest(store: FolderStore, version: str) -> None:
    store.delete(manifest_key(version))


def with_mark(store: FolderStore, version: str) -> None:
    store.delete(manifest_key(version))
    store.create(mark_key(version), b"")


Spoil = Callable[[FolderStore, str], None]


@pytest.mark.parametrize(
    ("spoil", "old", "goes"),
    [
        (with_mark, SPARED / 2, False),
        (with_mark, SPARED * 1.1, True),
        (without_manifest, ABANDONED * 9, False),
    ],
)
def test_remains_go_by_their_mark(
    store: FolderStore, versions: list[str], spoil: Spoil, old: timedelta, *, goes: bool
) -> None:
    spoil(store, versions[0])
    age(store, old, RELEASES)

    prune(store, keep=3)

    assert remains(store) == (set() if goes else {versions[0]})


@pytest.mark.parametrize(("old", "goes"), [(SPARED * 2, False), (ABANDONED * 1.1, True)])
def test_what_was_never_promoted_goes_once_it_is_a_day_old(
    store: FolderStore, old: timedelta, *, goes: bool
) -> None:
    version = "20261120T101500Z-00000000"
    store.create(file_key(version, "model.onnx"), b"half")
    age(store, old, RELEASES)

    prune(store, keep=3)

    assert remains(store) == (set() if goes else {version})


def test_publishing_again_completes_what_a_prune_had_marked(
    store: FolderStore, versions: list[str], filled: tuple[Path, list[str], list[Path]]
) -> None:
    with_mark(store, versions[0])
    store.delete(file_key(versions[0], "model.onnx"))

    publish(filled[2][0], store, forced, by="ann")
    age(store, 9 * ABANDONED)
    prune(store, keep=3)

    assert current(store).version == versions[0]
    assert is_whole(store, versions[0])
    assert not store.entries(mark_key(versions[0]))


class Interrupted(FolderStore):
    """A store in which others act just before its write `number`."""

    def __init__(self, root: Path, number: int, act: Callable[[], object]) -> None:
        super().__init__(root)
        self._left, self._act = number, act

    def _come_to_write(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._act()

    def create(self, key: str, data: bytes) -> None:
        self._come_to_write()
        super().create(key, data)

    def delete(self, key: str) -> None:
        self._come_to_write()
        super().delete(key)

    def upload(self, key: str, source: Path) -> None:
        self._come_to_write()
        super().upload(key, source)


def others(place: Path, *, first: str) -> list[object]:
    """Two prunes and a rollback, from one of them on; what each came to."""
    acts: dict[str, Callable[[], object]] = {
        "prune": lambda: prune(FolderStore(place), keep=1, older_than=NONE),
        "rollback": lambda: roll_back(FolderStore(place), "eve"),
    }
    order = ["rollback", "prune", "prune"] if first == "rollback" else ["prune", "rollback", "prune"]
    ends = list[object]()
    for name in order:
        try:
            ends.append(acts[name]())
        except StoreError as error:
            ends.append(error)
    return ends


def prunes(store: FolderStore) -> object:
    return prune(store, keep=1, older_than=NONE)


def publishes(store: FolderStore) -> object:
    made = a_release(
        Path(store.address).with_name(f"new-{Path(store.address).name}"), seed=9, keeps_answers=False
    )
    return publish(made, store, forced, by="bob")


def rolls_back(store: FolderStore) -> object:
    return roll_back(store, "bob")


def promotes(store: FolderStore) -> object:
    return promote(min(release.version for release in stored(store)), store, forced, by="bob")


@pytest.mark.parametrize("first", ["rollback", "prune"])
@pytest.mark.parametrize("act", [prunes, rolls_back, promotes, publishes])
def test_current_is_whole_where_others_act_between_any_two_writes(
    store: FolderStore, tmp_path: Path, act: Callable[[FolderStore], object], first: str
) -> None:
    for number in range(1, 30):
        place = Path(shutil.copytree(store.address, tmp_path / str(number)))
        ends = list[object]()

        def interrupt(place: Path = place, ends: list[object] = ends) -> None:
            ends.extend(others(place, first=first))

        try:
            act(Interrupted(place, number, interrupt))
        except StoreError as error:
            ends.append(error)
        later = FolderStore(place)
        assert is_whole(later, current(later).version), (number, ends)
        age(later, 9 * ABANDONED)
        prune(later, keep=9)
        assert {release.version for release in stored(later) if release.marked} == set(), number
