"""What a prune that is stopped leaves is removed by a later one; what may be another's at work is not."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.errors import ReleaseRemoved, StoreError, StoreUnreachable
from model_store.promotions import is_release_complete, read_current_promotion, roll_back_release
from model_store.publish import MIN_AGE, MIN_UNFINISHED_AGE, promote_release, prune_releases, publish_release
from model_store.store import FolderStore
from model_store.store_keys import RELEASES, list_releases, make_file_key, make_manifest_key
from reports.judge import describe_release_verdict
from tests.releases import a_release
from tests.unit.test_failing_writes import Failing

NONE = timedelta(0)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[Path]]:
    """The folder of a store in which three releases were promoted, their versions and their folders."""
    place = tmp_path_factory.mktemp("filled")
    made = [a_release(place / str(seed), seed=seed, keeps_answers=False) for seed in range(3)]
    store = FolderStore(place / "store")
    versions = [
        publish_release(folder, store, describe_release_verdict, author="ann").manifest.version
        for folder in made
    ]
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
    for entry in store.list_entries(below):
        os.utime(Path(store.address, entry.key), (then, then))


def remains(store: FolderStore) -> set[str]:
    """What is in the store without a manifest."""
    return {release.version for release in list_releases(store) if not release.is_complete}


@pytest.mark.parametrize("answers", [True, False], ids=["silent after", "answer lost"])
def test_a_prune_that_is_stopped_after_any_write_is_completed_a_day_later(
    store: FolderStore, versions: list[str], tmp_path: Path, *, answers: bool
) -> None:
    age(store, 2 * MIN_AGE)
    number, stopped = 0, True
    while stopped:
        number += 1
        place = Path(shutil.copytree(store.address, tmp_path / str(number)))
        with_fault, later = Failing(place, number, StoreUnreachable, answers=answers), FolderStore(place)
        try:
            prune_releases(with_fault, keep=1)
            stopped = False
        except StoreUnreachable:
            stopped = True
        left = remains(later)
        assert all(
            is_release_complete(later, release.version)
            for release in list_releases(later)
            if release.is_complete
        )
        prune_releases(later, keep=1)
        assert remains(later) == left, number  # a publisher may be at work
        age(later, 1.1 * MIN_UNFINISHED_AGE)
        prune_releases(later, keep=1)
        assert {release.version for release in list_releases(later)} == {versions[-1]}, number
        assert is_release_complete(later, versions[-1])
    assert number > 10


@pytest.mark.parametrize(
    ("old", "older_than", "goes"),
    [
        (MIN_AGE * 2, MIN_AGE, False),
        (MIN_UNFINISHED_AGE * 1.1, MIN_AGE, True),
        (MIN_UNFINISHED_AGE * 1.1, 2 * MIN_UNFINISHED_AGE, False),
        (NONE, NONE, True),
    ],
)
@pytest.mark.parametrize("was_promoted", [True, False])
def test_what_has_no_manifest_goes_once_it_is_a_day_old(  # noqa: PLR0917 - fixtures and a case
    store: FolderStore,
    versions: list[str],
    was_promoted: bool,
    old: timedelta,
    older_than: timedelta,
    goes: bool,
) -> None:
    version = versions[0] if was_promoted else "20261120T101500Z-00000000"
    store.create(make_file_key(version, "half"), b"half")
    store.delete(make_manifest_key(version))
    age(store, old, RELEASES)

    prune_releases(store, keep=2, older_than=older_than)

    assert remains(store) == (set() if goes else {version})


def test_what_has_no_manifest_stays_where_it_is_one_of_those_that_are_kept(
    store: FolderStore, versions: list[str]
) -> None:
    store.delete(make_manifest_key(versions[-2]))
    age(store, 9 * MIN_UNFINISHED_AGE)

    prune_releases(store, keep=2)

    assert {release.version for release in list_releases(store)} == set(versions[-2:])


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
        "prune": lambda: prune_releases(FolderStore(place), keep=1, older_than=NONE),
        "rollback": lambda: roll_back_release(FolderStore(place), "eve"),
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
    return prune_releases(store, keep=1, older_than=NONE)


def publishes(store: FolderStore) -> object:
    made = a_release(
        Path(store.address).with_name(f"new-{Path(store.address).name}"), seed=9, keeps_answers=False
    )
    return publish_release(made, store, describe_release_verdict, author="bob")


def rolls_back(store: FolderStore) -> object:
    return roll_back_release(store, "bob")


def promotes(store: FolderStore) -> object:
    return promote_release(
        min(release.version for release in list_releases(store)),
        store,
        describe_release_verdict,
        author="bob",
    )


@pytest.mark.parametrize("first", ["rollback", "prune"])
@pytest.mark.parametrize(
    "act", [prunes, rolls_back, promotes, pytest.param(publishes, marks=pytest.mark.slow)]
)
def test_current_is_whole_or_a_command_says_that_it_went_where_others_act_between_any_two_writes(
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
        holding = read_current_promotion(later).version
        went = [str(end) for end in ends if isinstance(end, ReleaseRemoved)]
        assert is_release_complete(later, holding) or any(said.startswith(holding) for said in went), (
            number,
            ends,
        )
