"""A cache on a disk that is full, read-only or keeps what is removed: who can open a release serves it."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from model_store.cache import ARRIVING_PREFIX, get_cached_release_path, pull_release
from model_store.errors import CacheUnwritable
from tests.contract.service.conftest import logged
from tests.places import Place
from tests.small_disks import empty, fill, make_read_only, make_writable, mount, small_disk, unmount

Spoil = Callable[[Path], None]

FULL = pytest.param(fill, empty, "No space left on device", id="full")
HALFWAY = pytest.param(partial(fill, room=40_960), empty, "No space left on device", id="full halfway")
READ_ONLY = pytest.param(make_read_only, make_writable, "Read-only file system", id="read-only")

FETCHING = pytest.mark.parametrize(("spoil", "mend", "words"), [FULL, HALFWAY, READ_ONLY])
NOTING = pytest.mark.parametrize(("spoil", "mend", "words"), [FULL, READ_ONLY])


@pytest.fixture
def place(shelf: Place, tmp_path: Path) -> Iterator[Place]:
    """A store, and a cache on a disk of its own."""
    with small_disk(tmp_path / "cache"):
        yield shelf.copied(tmp_path)


def halves(cache: Path) -> list[Path]:
    """What is there in part."""
    return [*cache.glob(f"{ARRIVING_PREFIX}*"), *cache.glob("opening-*")]


@NOTING
def test_a_rollback_is_followed_and_started_with_where_nothing_can_be_noted(
    place: Place, spoil: Spoil, mend: Spoil, words: str
) -> None:
    place.log("+A +B")
    pull_release(place.store, place.versions["A"], place.cache)
    models = place.start()
    watcher = place.follow(models)
    spoil(place.cache)
    place.log("-A")

    with logged() as lines:
        watcher.poll()
    started = place.start()

    assert (place.served(models), models.fault) == ("A", None)
    assert (place.served(started), started.fault) == ("A", None)
    assert any(words in line and "opening-" in line for line in lines)
    assert any(words in line and "may serve what was noted before" in line for line in lines)
    mend(place.cache)
    assert halves(place.cache) == []


@FETCHING
def test_what_cannot_be_fetched_leaves_nothing_in_part_and_the_next_candidate_is_served(
    place: Place, spoil: Spoil, mend: Spoil, words: str
) -> None:
    place.log("+A +B")
    pull_release(place.store, place.versions["A"], place.cache)
    spoil(place.cache)
    started = place.start()
    watcher, waiting = place.follow(started), str(started.fault and started.fault.error)
    watcher.poll()
    served = place.served(started)

    mend(place.cache)
    left = halves(place.cache)
    watcher.poll()

    assert (served, place.served(started), left) == ("A!", "B", [])
    assert words in waiting
    assert started.refusals == ()


@FETCHING
def test_a_release_that_is_nowhere_here_ends_the_start_with_what_the_cache_needs(
    place: Place, spoil: Spoil, mend: Spoil, words: str
) -> None:
    place.log("+A")
    spoil(place.cache)

    with pytest.raises(CacheUnwritable, match=f"{words}.*a folder to write to, with room in it"):
        place.start()

    mend(place.cache)


def test_an_old_release_that_cannot_be_removed_does_not_hold_up_a_promotion(place: Place) -> None:
    place.log("+A")
    models = place.start(cache_keep=1)
    watcher = place.follow(models, cache_keep=1)
    old = get_cached_release_path(place.cache, place.versions["A"])
    mount(old / "figures")
    os.utime(old, (1, 1))
    place.log("+B")

    with logged() as lines:
        watcher.poll()
        first = models.current
        watcher.poll()

    assert (place.named(first.version), models.fault) == ("B", None)
    assert models.current is first  # it is not opened at each poll
    assert sum("is left of a release" in line for line in lines) == 1
    unmount(old / "figures")
    place.log("-A")
    watcher.poll()
    assert (place.served(models), halves(place.cache)) == ("A", [])
