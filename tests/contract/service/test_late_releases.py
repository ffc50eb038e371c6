"""A release that is not right yet is tried again after pauses that grow, until a newer promotion comes."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.observability.metrics import Metrics
from app.releases.retries import Retries
from app.releases.serving import Models
from app.releases.watcher import ReleaseWatcher
from model_store.catalogue import promotion_key
from model_store.errors import StoreBroken, StoreError, StoreRefused
from model_store.signing import new_key, sign
from model_store.store import FolderStore
from tests.contract.service.conftest import logged
from tests.places import Place
from tests.waiting import wait_for

MINUTE = 60.0
FILES = ("manifest.json", "model.onnx", "model.keras", "report.json", "figures/confusion-matrix.png")
PAGE = b"<!doctype html><title>Maintenance</title><p>We will be back soon." + b" " * 500


class Clock:
    """Seconds that go on when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Following:
    """A service that polls when a test says so, and what it counted."""

    def __init__(self, place: Place, models: Models, store: FolderStore | None = None) -> None:
        self.place, self.models, self.clock, self.metrics = place, models, Clock(), Metrics(None)
        settings = place.settings()
        self.watcher = ReleaseWatcher(
            settings, lambda: store or place.store, models, self.metrics, self.clock
        )

    def poll(self, after: float = 0.0) -> str:
        """The letter of what is served after a poll so many seconds later; ! where it may be outdated."""
        self.clock.now += after
        self.watcher.poll()
        return self.place.served(self.models)

    @property
    def counted(self) -> float:
        text = self.metrics.exposition("text/plain")[0].decode()
        return float(re.findall(r"^wardrobe_releases_refused_total (\S+)$", text, re.MULTILINE)[0])


def following(place: Place) -> Following:
    return Following(place, place.start())


def absent(path: Path) -> None:
    path.unlink()


def short(path: Path) -> None:
    rewrite(path, path.read_bytes()[:-20])


def a_page(path: Path) -> None:
    rewrite(path, PAGE)


def of_this_size_and_other_bytes(path: Path) -> None:
    rewrite(path, bytes(path.stat().st_size))


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()  # the file is a link to the one that all tests share
    path.write_bytes(content)


SPOILT = (absent, short, a_page, of_this_size_and_other_bytes)
Spoil = Callable[[Path], None]


def spoilt(place: Place, name: str, spoil: Spoil) -> Callable[[], None]:
    """Spoil a file of B; what brings it back."""
    path = place.folder("B") / name
    sound = path.read_bytes()
    spoil(path)

    def mend() -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(sound)

    return mend


CASES = [(name, spoil) for name in FILES for spoil in SPOILT]


@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_a_release_that_is_right_later_is_served_then_and_refused_until_then(
    place: Place, name: str, spoil: Spoil
) -> None:
    place.log("+A")
    service = following(place)
    mend = spoilt(place, name, spoil)
    place.log("+B")
    with logged() as lines:
        first = service.poll(), place.refused(service.models)
        tries = [service.poll(MINUTE) for _ in range(5)]
        mend()
        early, late = service.poll(MINUTE), service.poll(MINUTE)
        end = late, place.refused(service.models), service.counted

    assert first == ("A!", "B")
    assert (tries, early) == (["A!"] * 5, "A!")  # it was tried after 1 and 3 minutes, and is after 7
    assert end == ("B", "", 1.0)
    assert service.models.current.number == 2
    assert sum("is refused" in line for line in lines) == 1


def test_each_file_of_a_release_is_tried_here(place: Place) -> None:
    folder = place.folder("B")

    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == set(FILES)


@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_at_a_start_the_next_candidate_serves_meanwhile(place: Place, name: str, spoil: Spoil) -> None:
    mend = spoilt(place, name, spoil)
    place.log("+A +B")

    service = following(place)
    first = place.served(service.models), place.refused(service.models)
    mend()
    early, late = service.poll(MINUTE - 1), service.poll(1)

    assert (first, early, late) == (("A!", "B"), "A!", "B")
    assert service.models.refusals == ()


def test_candidates_that_arrive_one_after_another_are_served_as_they_come(place: Place) -> None:
    place.log("+A +B +C")
    mend_b = spoilt(place, "manifest.json", absent)
    shutil.move(place.folder("C"), place.cache.parent / "C")

    service = following(place)
    first = place.served(service.models), place.refused(service.models)
    mend_b()
    second = service.poll(MINUTE), place.refused(service.models)
    shutil.move(place.cache.parent / "C", place.folder("C"))
    third = service.poll(2 * MINUTE), place.refused(service.models)

    assert (first, second, third) == (("A!", "CB"), ("B!", "C"), ("C", ""))


def test_a_record_that_was_cut_short_at_a_start_is_read_again(place: Place) -> None:
    place.log("+A +B")
    record = Path(place.store.address, promotion_key(2))
    sound = record.read_bytes()
    record.write_bytes(sound[:40])
    place.log("")

    service = following(place)
    first = place.served(service.models), place.refused(service.models)
    record.write_bytes(sound)
    early, late = service.poll(MINUTE - 1), service.poll(1)

    assert (first, early, late) == (("A!", "?"), "A!", "B")
    assert (service.models.refusals, service.models.current.number) == ((), 2)


def test_a_record_that_names_what_is_served_ends_the_doubt(place: Place) -> None:
    place.log("+A +B -A")
    record = Path(place.store.address, promotion_key(3))
    sound = record.read_bytes()
    record.write_bytes(PAGE)
    service = following(place)
    first = place.served(service.models)
    record.write_bytes(sound)

    assert (first, service.poll(MINUTE), service.models.refusals) == ("A!", "A", ())


def test_a_newer_promotion_ends_the_tries(place: Place) -> None:
    place.log("+A")
    service = following(place)
    mend = spoilt(place, "model.onnx", absent)
    place.log("+B")
    before = service.poll()
    place.log("+C")
    after = service.poll()
    mend()

    assert (before, after, service.poll(MINUTE), service.poll(99 * MINUTE)) == ("A!", "C", "C", "C")


def test_a_candidate_that_arrived_since_serves_where_a_newer_promotion_cannot_be_served(place: Place) -> None:
    place.log("+A")
    service, mend = following(place), spoilt(place, "model.onnx", absent)
    place.log("+B")
    before = service.poll()
    mend()
    shutil.move(place.folder("C"), place.cache.parent / "C")
    place.log("+C")

    assert (before, service.poll(), place.refused(service.models)) == ("A!", "B!", "C")


class Refusing(FolderStore):
    """A store that refuses files of one release, as S3 does with archived objects."""

    error: StoreError | None = None
    version = ""

    def read(self, key: str) -> bytes:
        if self.error is not None and self.version in key:
            raise self.error
        return super().read(key)


@pytest.mark.parametrize("error", [StoreRefused("archived"), StoreBroken("of a later version")])
def test_files_that_the_store_refuses_do_not_keep_the_next_candidate_from_a_start(
    place: Place, error: StoreError
) -> None:
    place.log("+A +B")
    store = Refusing(Path(place.store.address))
    store.error, store.version = error, place.versions["B"]

    service = Following(place, place.start(store), store)
    first = place.served(service.models), str(service.models.fault and service.models.fault.error)
    second = service.poll()
    store.error = None

    assert (first, second) == (("A!", str(error)), "A!")
    assert (service.poll(), service.models.fault) == ("B", None)


class Counting(FolderStore):
    """A store that counts what is read of it."""

    keys: list[str]

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.keys = []

    def read(self, key: str) -> bytes:
        self.keys.append(key)
        return super().read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self.keys.append(key)
        super().download(key, to, limit)


def test_a_try_asks_for_manifest_and_sizes_before_files(place: Place) -> None:
    place.log("+A")
    store = Counting(Path(place.store.address))
    service = Following(place, place.start(), store)
    spoilt(place, "report.json", short)
    place.log("+B")

    service.poll()
    store.keys.clear()
    for _ in range(3):
        service.poll(MINUTE)

    assert {key.rpartition("/")[2] for key in store.keys if key.startswith("releases/")} == {"manifest.json"}


def of_another_key(path: Path) -> None:
    new_key(path.with_name("other.pem"))
    sign(path.parent, path.with_name("other.pem"))


@pytest.mark.parametrize("spoil", [*SPOILT, of_another_key])
def test_a_signature_that_is_wrong_is_tried_again(place: Place, tmp_path: Path, spoil: Spoil) -> None:
    trusted = new_key(tmp_path / "key.pem")
    for letter in "AB":
        sign(place.folder(letter), tmp_path / "key.pem")
    spoil(place.folder("B") / "manifest.sig")
    place.log("+A")
    models, clock = place.start(trusted_keys=trusted), Clock()
    watcher = ReleaseWatcher(
        place.settings(trusted_keys=trusted), lambda: place.store, models, Metrics(None), clock
    )
    place.log("+B")

    watcher.poll()
    before = place.served(models), place.refused(models)
    sign(place.folder("B"), tmp_path / "key.pem")
    clock.now += MINUTE
    watcher.poll()

    assert (before, place.served(models), models.refusals) == (("A!", "B"), "B", ())


def too_new(manifest: dict[str, Any]) -> None:
    manifest["schema_version"] += 1


def answering_otherwise(manifest: dict[str, Any]) -> None:
    for network in manifest["networks"].values():
        network["golden"]["answers"]["label"] = network["golden"]["answers"]["label"][::-1]


@pytest.mark.parametrize("change", [too_new, answering_otherwise])
def test_what_no_try_would_mend_is_refused_for_good(
    place: Place, change: Callable[[dict[str, Any]], None]
) -> None:
    place.log("+A")
    service, path = following(place), place.folder("B") / "manifest.json"
    sound = path.read_bytes()
    manifest = json.loads(sound)
    change(manifest)
    rewrite(path, json.dumps(manifest).encode())
    place.log("+B")
    first = service.poll(), place.refused(service.models)
    rewrite(path, sound)

    assert first == ("A!", "B")
    assert [service.poll(20 * MINUTE) for _ in range(3)] == ["A!"] * 3
    assert [refusal.for_good for refusal in service.models.refusals] == [True]


def test_a_try_does_not_wait_for_the_next_usual_poll(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.releases.retries.FIRST_SECONDS", 0.05)
    mend = spoilt(place, "model.onnx", absent)
    place.log("+A +B")
    models = place.start()
    watcher = place.follow(models, refresh_seconds=3600)
    mend()

    watcher.start()
    try:
        wait_for("the release", lambda: place.served(models) == "B")
    finally:
        watcher.stop()


def test_a_pause_doubles_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    retries = Retries(clock)
    retries.begin()
    pauses = [retries.seconds_left]
    for _ in range(5):
        clock.now += retries.seconds_left
        retries.postpone()
        pauses.append(retries.seconds_left)

    assert pauses == [MINUTE * minutes for minutes in (1, 2, 4, 8, 15, 15)]
