"""Following the promotions: what is newer is served, what is bad is refused, what is old is called old."""

import os
import threading
from pathlib import Path

import pytest
from flask import Flask

from app.releases.watcher import MIN_SILENT_SECONDS
from model_store.promotions import append_promotion, read_newest_promotion
from model_store.signing import create_key_pair, sign_release
from model_store.store import FolderStore
from tests.contract.service.conftest import MakeApp, logged, poll, ready
from tests.places import Place
from tests.uploads import UPLOAD
from tests.waiting import wait_for


@pytest.fixture
def app(make_app: MakeApp, place: Place) -> Flask:
    """A service that serves A and polls only when a test says so."""
    place.log("+A")
    return make_app(model_store=place.store.address, refresh_seconds=3600)


def test_a_newer_promotion_is_served_after_a_poll(app: Flask, place: Place) -> None:
    client = app.test_client()
    before = client.post("/predict", data=UPLOAD).get_json()
    place.log("+B +C")

    poll(app)

    after = client.post("/predict", data=UPLOAD).get_json()
    assert place.named(before["model"]["version"], after["model"]["version"]) == "AC"
    assert after["probabilities"] != before["probabilities"]
    assert client.get("/model").get_json()["promotion"] == 3


@pytest.mark.parametrize(
    ("polls", "serves", "refuses", "number"),
    [
        ("+B +C | -B | +C", "C B C", "", 5),
        ("+X | | +Y | +B", "A! A! A! B", "", 4),
        ("+X | +Y", "A! A!", "YX", 1),
        ("+B +X | | -B", "B! B! B", "", 4),
        ("+B +G | +X +Y", "B! B!", "YXG", None),
    ],
)
def test_a_running_service_serves_the_first_sound_candidate_of_the_newest_promotion(
    place: Place, polls: str, serves: str, refuses: str, number: int | None
) -> None:
    place.log("+A")
    models = place.start()
    watcher, served = place.follow(models), list[str]()

    for steps in polls.split("|"):
        place.log(steps)
        watcher.poll()
        served.append(place.served(models))

    assert (" ".join(served), place.refused(models)) == (serves, refuses)
    assert models.current.promotion_number == number


def test_a_folder_that_is_away_is_reported_and_followed_again_once_it_is_back(
    place: Place, tmp_path: Path
) -> None:
    place.log("+A")
    models, folder = place.start(), Path(place.store.address)
    watcher = place.follow(models)
    with logged() as lines:
        folder.rename(tmp_path / "away")
        for _ in range(3):
            watcher.poll()
        gone = str(models.fault and models.fault.error)
        (tmp_path / "away").rename(folder)
        place.log("+B")
        for _ in range(3):
            watcher.poll()

    assert "promotion 1 was here and is gone" in gone
    assert (models.fault, place.served(models)) == (None, "B")
    assert sum("promotion 1 was here and is gone" in line for line in lines) == 1
    assert lines.count("The store answers again.") == 1


def test_a_pinned_version_is_served_and_not_followed_where_a_newer_one_is_current(
    make_app: MakeApp, place: Place
) -> None:
    place.log("+A +B")

    pinned = {"model_version": place.versions["A"], "refresh_seconds": 3600}
    app = make_app(model_store=place.store.address, **pinned)

    assert app.extensions["wardrobe"].watcher is None
    assert ready(app)["model"]["version"] == place.versions["A"]


def test_the_cache_keeps_as_many_as_cache_keep(place: Place) -> None:
    place.log("+A")
    watcher = place.follow(place.start(), cache_keep=1)

    for steps in ("+B", "+C"):
        for used in (place.cache / "releases").iterdir():
            os.utime(used, (1, 1))
        place.log(steps)
        watcher.poll()

    assert place.named(*(kept.name for kept in (place.cache / "releases").iterdir())) == "C"


def test_a_release_that_ended_a_process_is_opened_again_once_its_pause_is_over(place: Place) -> None:
    place.log("+A")
    models = place.start()
    watcher, mark = place.follow(models), place.mark("B", ended=1)
    place.log("+B")

    for _ in range(2):
        watcher.poll()
    waiting, said = place.served(models), str(models.fault and models.fault.error)
    os.utime(mark, (0, 0))
    watcher.poll()

    assert (waiting, models.refusals, place.served(models)) == ("A!", (), "B")
    assert "a process ended while it opened this release" in said
    assert models.fault is None


class Surprising(FolderStore):
    """A store that fails as no store should."""

    def read(self, key: str) -> bytes:
        raise RuntimeError("nobody foresaw this")


def test_an_unforeseen_error_is_reported_and_the_watcher_goes_on(place: Place) -> None:
    place.log("+A")
    models = place.start()

    place.follow(models, Surprising(Path(place.store.address))).poll()

    assert str(models.fault and models.fault.error) == "nobody foresaw this"


class Hanging(FolderStore):
    """A store whose answers never come, as those of a hung network folder."""

    released = threading.Event()

    def read(self, key: str) -> bytes:
        self.released.wait()
        return super().read(key)


def test_a_watcher_that_hangs_is_reported_as_stale(app: Flask, place: Place) -> None:
    models, hanging = app.extensions["wardrobe"].models, Hanging(Path(place.store.address))
    watcher = place.follow(models, hanging, refresh_seconds=0.01)

    watcher.start()
    assert models.max_silence_seconds == MIN_SILENT_SECONDS
    models.max_silence_seconds = 0.1
    try:
        wait_for("staleness", lambda: ready(app)["stale"])
        told = ready(app)
    finally:
        hanging.released.set()
        watcher.stop()

    assert (told["status"], told["store"]["status"]) == ("ready", "failing")
    assert "the release watcher hangs" in told["store"]["error"]
    assert told["stale_since"] is not None


def test_only_signed_releases_are_served_where_keys_are_trusted(place: Place, tmp_path: Path) -> None:
    trusted = create_key_pair(tmp_path / "key.pem")
    sign_release(place.folder("A"), tmp_path / "key.pem")
    place.log("+A")
    models = place.start(trusted_keys=trusted)
    watcher = place.follow(models, trusted_keys=trusted)
    following = create_key_pair(tmp_path / "next.pem")
    sign_release(place.folder("C"), tmp_path / "next.pem")

    for letter in "BC":  # B has no signature
        append_promotion(
            place.store, place.versions[letter], "promote", "ann", read_newest_promotion(place.store)
        )
        watcher.poll()
    strange, unsigned = models.refusals
    before = place.served(models)
    trusted.write_bytes(trusted.read_bytes() + following.read_bytes())
    place.log("+C")
    watcher.poll()

    assert "not signed" in unsigned.reason
    assert "made by none of the 1 keys" in strange.reason
    assert (before, place.served(models)) == ("A!", "C")
