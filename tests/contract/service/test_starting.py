"""What a start serves: by what the log says, by what is wrong with releases, and by what the cache has."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.releases.load import load
from app.releases.serving import Models
from app.settings import Settings
from model_store.cache import pull, remember
from model_store.catalogue import file_key, promotion_key
from model_store.errors import (
    NotFound,
    RecordUnreadable,
    ReleaseCorrupt,
    StoreError,
    StoreUnreachable,
)
from model_store.opening import FIRST_PAUSE, LONGEST_PAUSE, opening
from model_store.promotions import current, history, promotion_bytes
from model_store.publish import publish
from model_store.store import FolderStore
from reports.judge import forced
from tests.logs import write_log
from tests.releases import a_release

STORES = Path(__file__).parents[2] / "fixtures" / "stores"
"""Each with three releases and a log of promotions and a rollback, as code of that version wrote it."""


@dataclass(frozen=True)
class Shelf:
    """A store with releases and no log: A, B and C are sound, X and Y damaged, G is none."""

    folder: Path
    versions: dict[str, str]

    def named(self, *versions: str | None) -> str:
        """The letters of versions, `?` for None."""
        letters = {version: letter for letter, version in self.versions.items()}
        return "".join("?" if version is None else letters[version] for version in versions)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    store, versions = FolderStore(folder / "store"), {"G": "20261120T101500Z-00000000"}
    for seed, letter in enumerate("ABCXY"):
        release = a_release(folder / letter, seed=seed, keeps_answers=False)
        versions[letter] = publish(release, store, forced, by="ann", promote=False).manifest.version
    for letter in "XY":
        (folder / letter / "changed").write_bytes(b"damaged")
        store.upload(file_key(versions[letter], "model.onnx"), folder / letter / "changed")
    return Shelf(folder / "store", versions)


@dataclass(frozen=True)
class Place:
    """A store and a cache of a test's own."""

    store: FolderStore
    cache: Path
    shelf: Shelf

    def start(self, store: FolderStore | None = None, **settings: object) -> Models:
        """What a service would serve."""
        given = {"model_store": self.store.address, "cache_dir": self.cache} | settings
        return load(Settings.model_validate(given), store or self.store)

    def serve_before(self, letter: str) -> None:
        """Leave a cache as a service that served a release has left it."""
        release = pull(self.store, self.shelf.versions[letter], self.cache)
        remember(self.cache, self.store.address, release, datetime.now(UTC))

    def mark(self, letter: str, ended: int, ago: float = 0) -> Path:
        """Leave what processes leave that end while they open a release."""
        self.cache.mkdir(exist_ok=True)
        mark = self.cache / f"opening-{self.shelf.versions[letter]}"
        mark.write_text(str(ended), "ascii")
        os.utime(mark, (time.time() - ago,) * 2)
        return mark


@pytest.fixture
def place(shelf: Shelf, tmp_path: Path) -> Place:
    shutil.copytree(shelf.folder, tmp_path / "store", copy_function=os.link)
    return Place(FolderStore(tmp_path / "store"), tmp_path / "cache", shelf)


@pytest.mark.parametrize(
    ("steps", "cached", "serves", "refuses"),
    [
        ("+A +B", "", "B", ""),
        ("+A +B", "A", "B", ""),
        ("+A +X", "", "A", "X"),
        ("+A +B +X +Y", "", "B", "YX"),
        ("+A +G +X", "", "A", "XG"),
        ("+A +B -A +X", "", "A", "X"),
        ("+A +B -A +X", "B", "A", "X"),
        ("+A +B +X +B -X", "", "A", "X"),
        ("+A ?", "", "A", "?"),
        ("+A +B ?", "", "A", "?"),
        ("+A +B ?", "B", "A", "?"),
        ("+A +B +C ? ?", "C", "A", "?"),
        ("+A +G +C ?", "", "A", "?"),
        ("+A +B ? +X", "", "A", "X"),
        ("+a +b -a", "B", "A", ""),
        ("+a +x", "", "A", "X"),
        ("+a +b -a +x", "B", "A", "X"),
        ("+a +b +c ?", "C", "B", "?"),
        ("+a +b +X", "", "B", "X"),
    ],
)
def test_a_start_serves_the_first_candidate_that_can_be_served_and_names_those_before_it(
    place: Place, steps: str, cached: str, serves: str, refuses: str
) -> None:
    if cached:
        place.serve_before(cached)
    write_log(place.store, steps, place.shelf.versions)

    models = place.start()

    number = len(steps.split())
    assert place.shelf.named(models.current.version) == serves
    assert place.shelf.named(*(one.version for one in models.refusals)) == refuses
    assert {one.number for one in models.refusals} <= {number}
    assert models.fault is None
    assert (models.current.stale_since is None) == (not refuses)
    assert models.current.number == (None if refuses else number)


@pytest.mark.parametrize(
    ("steps", "cached", "error"),
    [
        ("+X +Y", "", ReleaseCorrupt),
        ("+X", "A", ReleaseCorrupt),
        ("+G +B -G", "B", NotFound),
        ("+a +b -x", "B", ReleaseCorrupt),
        ("+A +B -A ?", "A", RecordUnreadable),
        ("?", "A", RecordUnreadable),
    ],
)
def test_where_no_candidate_can_be_served_a_start_ends_whatever_the_cache_has(
    place: Place, steps: str, cached: str, error: type[StoreError]
) -> None:
    if cached:
        place.serve_before(cached)
    write_log(place.store, steps, place.shelf.versions)

    with pytest.raises(error):
        place.start()


@pytest.mark.parametrize("kept", ["1.0.0", "before-candidates"])
@pytest.mark.parametrize("cache", ["empty", "sound", "stale", "of what was rolled back"])
def test_a_store_that_an_earlier_version_wrote_is_served_and_rolled_back(
    tmp_path: Path, kept: str, cache: str
) -> None:
    shutil.copytree(STORES / kept, tmp_path / "store")
    store = FolderStore(tmp_path / "store")
    first, second, _, last = [record.version for record in history(store)]
    place = Place(store, tmp_path / "cache", Shelf(tmp_path, {"A": first, "B": second, "C": last}))
    if cache != "empty":
        place.serve_before({"sound": "C", "stale": "A"}.get(cache, "B"))

    models = place.start()
    (tmp_path / "changed").write_bytes(b"damaged")
    store.upload(file_key(current(store).version, "model.onnx"), tmp_path / "changed")
    shutil.rmtree(place.cache)
    later = place.start()

    assert (place.shelf.named(models.current.version), models.refusals) == ("C", ())
    assert place.shelf.named(later.current.version) == "A"


def test_where_the_store_does_not_answer_the_last_good_release_is_served(place: Place) -> None:
    place.serve_before("B")
    write_log(place.store, "+A +B", place.shelf.versions)

    models = place.start(Silent(Path(place.store.address)))

    assert place.shelf.named(models.current.version) == "B"
    assert isinstance(models.fault and models.fault.error, StoreUnreachable)
    assert models.current.stale_since is not None


class Silent(FolderStore):
    """A store that does not answer, or about one release alone."""

    def __init__(self, folder: Path, about: str = "") -> None:
        super().__init__(folder)
        self._about = about

    def read(self, key: str) -> bytes:
        if self._about in key:
            raise StoreUnreachable(f"{key}: no answer.")
        return super().read(key)


def test_where_a_candidate_cannot_be_fetched_the_one_in_the_cache_is_served(place: Place) -> None:
    place.serve_before("A")
    write_log(place.store, "+A +C -A +B +X", place.shelf.versions)

    models = place.start(Silent(Path(place.store.address), about=place.shelf.versions["B"]))

    assert place.shelf.named(models.current.version) == "A"
    assert place.shelf.named(*(one.version for one in models.refusals)) == "X"
    assert isinstance(models.fault and models.fault.error, StoreUnreachable)


def test_where_current_cannot_be_fetched_what_a_rollback_left_is_not_served(place: Place) -> None:
    place.serve_before("C")
    write_log(place.store, "+A +C -A +B", place.shelf.versions)

    with pytest.raises(StoreUnreachable):
        place.start(Silent(Path(place.store.address), about=place.shelf.versions["B"]))


class Counting(FolderStore):
    """A store that counts what is asked of it."""

    asked = 0

    def read(self, key: str) -> bytes:
        self.asked += 1
        return super().read(key)


def test_a_start_reads_one_record_of_a_long_log(place: Place) -> None:
    write_log(place.store, "+A +B +X", place.shelf.versions)
    last = current(place.store)
    for number in range(4, 50):
        text = promotion_bytes(last.model_copy(update={"nonce": str(number)}))
        place.store.create(promotion_key(number), text)
    counting = Counting(Path(place.store.address))

    models = place.start(counting)

    assert place.shelf.named(models.current.version) == "B"
    assert counting.asked < 10


@pytest.mark.parametrize(
    ("steps", "ended", "ago", "serves"),
    [
        ("+A +B", 1, 0, "A"),
        ("+A +B", 1, FIRST_PAUSE + 1, "B"),
        ("+A +B", 2, FIRST_PAUSE + 1, "A"),
        ("+A +B", 30, LONGEST_PAUSE - 60, "A"),
        ("+A +B", 30, LONGEST_PAUSE + 1, "B"),
        ("+B", 1, 0, "B"),
    ],
)
def test_a_release_that_ended_a_process_gives_way_to_the_next_candidate_for_a_while(
    place: Place, steps: str, ended: int, ago: float, serves: str
) -> None:
    write_log(place.store, steps, place.shelf.versions)
    mark = place.mark("B", ended, ago)

    models = place.start()

    assert place.shelf.named(models.current.version) == serves
    assert mark.exists() == (serves == "A")
    if serves == "A":
        assert models.fault is not None
        assert "a process ended while it opened this release" in str(models.fault.error)
        assert models.current.stale_since is not None


def test_a_release_that_was_served_here_needs_no_mark(place: Place) -> None:
    write_log(place.store, "+A +B", place.shelf.versions)
    place.serve_before("B")
    place.mark("B", ended=1)

    assert place.shelf.named(place.start().current.version) == "B"


KILLED_WITHIN = """
import os, signal, sys
from pathlib import Path
from model_store.opening import opening
with opening(Path(sys.argv[1]), sys.argv[2], last=True):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_its_mark_and_a_living_one_does_not_stand_in_the_way(place: Place) -> None:
    write_log(place.store, "+A +B", place.shelf.versions)
    place.cache.mkdir()
    version = place.shelf.versions["B"]
    with opening(place.cache, version, last=False):
        beside = place.start()
    shutil.rmtree(place.cache)
    place.cache.mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED_WITHIN, place.cache, version], check=False)

    after = place.start()

    assert killed.returncode == -signal.SIGKILL
    assert place.shelf.named(beside.current.version) == "B"
    assert place.shelf.named(after.current.version) == "A"
