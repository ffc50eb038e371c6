"""Following the promotions: what is newer is served, what is bad is refused, what is old is called old."""

import fcntl
import gc
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.observability.metrics import Metrics
from app.releases.watcher import PATIENCE_SECONDS, ReleaseWatcher
from app.settings import Settings
from inference.onnx_session import OnnxSession
from model_store.cache import LOCK
from model_store.catalogue import file_key, promotion_key
from model_store.errors import ReleaseCorrupt, SignatureMissing, SignatureWrong
from model_store.promotions import append, current, newest, roll_back
from model_store.publish import publish
from model_store.signing import new_key, sign
from model_store.store import FolderStore
from reports.judge import forced
from tests.bad_releases import BAD, Publish, corrupt
from tests.contract.service.conftest import MakeApp, logged, poll, ready
from tests.releases import a_release
from tests.uploads import UPLOAD
from tests.waiting import wait_for


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A store of this test's own, with one promoted release."""
    store = FolderStore(tmp_path / "store")
    publish_next(store, tmp_path / "first")
    return store


@pytest.fixture
def app(make_app: MakeApp, store: FolderStore) -> Flask:
    """A service on that store which polls only when a test says so."""
    return make_app(model_store=store.address, refresh_seconds=3600)


def publish_next(store: FolderStore, folder: Path, key: Path | None = None) -> str:
    """Publish a release that no other folder's name gives, signed if there is a key; its version."""
    release = a_release(folder, seed=int.from_bytes(folder.name.encode()[:4]), keeps_answers=False)
    if key is not None:
        sign(release, key)
    return publish(release, store, forced, by="tests").manifest.version


def test_a_newer_promotion_is_served_after_a_poll(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    client = app.test_client()
    before = client.post("/predict", data=UPLOAD).get_json()
    publish_next(store, tmp_path / "second")
    version = publish_next(store, tmp_path / "third")

    poll(app)

    after = client.post("/predict", data=UPLOAD).get_json()
    assert after["model"]["version"] == version != before["model"]["version"]
    assert after["probabilities"] != before["probabilities"]
    assert client.get("/model").get_json()["promotion"] == 3


def test_a_folder_that_is_away_is_reported_and_followed_again_once_it_is_back(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    folder = Path(store.address)
    with logged() as lines:
        folder.rename(tmp_path / "away")
        gone = [poll(app) for _ in range(3)][-1]
        (tmp_path / "away").rename(folder)
        version = publish_next(store, tmp_path / "second")
        back = [poll(app) for _ in range(3)][-1]

    assert gone["store"]["status"] == "failing"
    assert "promotion 1 was here and is gone" in gone["store"]["error"]
    assert (back["store"]["status"], back["model"]["version"]) == ("ok", version)
    assert sum("promotion 1 was here and is gone" in line for line in lines) == 1
    assert lines.count("The store answers again.") == 1


def test_a_pinned_version_is_served_and_not_followed_where_a_newer_one_is_current(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    first = current(store).version
    publish_next(store, tmp_path / "second")

    app = make_app(model_store=store.address, model_version=first, refresh_seconds=3600)

    assert app.extensions["wardrobe"].watcher is None
    assert ready(app)["model"]["version"] == first


@pytest.mark.parametrize("publish_bad", BAD, ids=lambda one: one.__name__)
def test_a_release_that_is_refused_is_not_held_in_memory(
    app: Flask, store: FolderStore, tmp_path: Path, publish_bad: Publish
) -> None:
    publish_bad(tmp_path / "bad", store)
    gc.collect()
    gc.disable()
    try:
        poll(app)
        held = [one for one in gc.get_objects() if isinstance(one, OnnxSession)]
    finally:
        gc.enable()

    assert len(held) == 1  # of the release that is served on


def test_the_cache_keeps_as_many_as_cache_keep(make_app: MakeApp, store: FolderStore, tmp_path: Path) -> None:
    app = make_app(model_store=store.address, refresh_seconds=3600, cache_keep=1)

    for folder in ("second", "third"):
        version = publish_next(store, tmp_path / folder)
        poll(app)

    assert [kept.name for kept in (tmp_path / "cache" / "releases").iterdir()] == [version]


def test_a_service_starts_without_its_store_from_a_cache_that_another_service_fills(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    good = ready(make_app(model_store=store.address))["model"]
    other = FolderStore(tmp_path / "other")
    publish_next(other, tmp_path / "1")
    app = make_app(model_store=other.address, refresh_seconds=3600)
    for folder in "234":
        publish_next(other, tmp_path / folder)
        poll(app)
    # Unlike an empty place of a volume, it does not answer.
    Path(store.address).rename(tmp_path / "away")
    Path(store.address).symlink_to(store.address)

    told = ready(make_app(model_store=store.address))

    assert (told["model"], told["store"]["status"]) == (good, "failing")


@pytest.mark.parametrize(
    ("publish_bad", "words"), BAD.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_a_bad_release_is_refused_once_told_and_counted_and_the_next_good_one_is_served(  # noqa: PLR0917
    make_app: MakeApp, app: Flask, store: FolderStore, tmp_path: Path, publish_bad: Publish, words: str
) -> None:
    before = ready(app)["model"]["version"]
    bad = publish_bad(tmp_path / "bad", store)

    running = poll(app)
    counts = app.test_client().get("/metrics/prometheus").text
    starting = ready(make_app(model_store=store.address, cache_dir=tmp_path / "empty"))
    good = publish_next(store, tmp_path / "good")
    after_good = poll(app)

    for told in (running, starting):
        [refused] = told["refused"]
        assert (refused["promotion"], refused["version"]) == (2, bad.version)
        assert re.search(words, refused["reason"])
        assert (told["status"], told["stale"], told["store"]) == ("ready", True, {"status": "ok"})
        assert told["model"]["version"] == before
    assert "wardrobe_releases_refused_total 1.0" in counts
    assert "wardrobe_release_stale 1.0" in counts
    assert (after_good["model"]["version"], after_good["stale"]) == (good, False)


def test_a_refused_release_is_not_fetched_again(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    bad = corrupt(tmp_path / "bad", store)
    poll(app)
    (Path(store.address) / "releases").rename(tmp_path / "releases")

    again = poll(app)  # were it fetched again, it would not be found

    [refused] = again["refused"]
    assert again["store"] == {"status": "ok"}
    assert f"{store.address}/releases/{bad.version}/model.onnx: sha256" in refused["reason"]


def test_a_mended_release_is_served_when_promoted(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    bad = corrupt(tmp_path / "bad", store)
    poll(app)

    store.upload(file_key(bad.version, "model.onnx"), tmp_path / "bad" / "model.onnx")
    append(store, bad.version, "promote", "tests", newest(store))

    assert poll(app)["model"]["version"] == bad.version


def test_a_running_worker_tries_no_candidate_twice_and_none_behind_what_it_serves(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    served = ready(app)["model"]["version"]
    bad = corrupt(tmp_path / "bad", store)
    poll(app)
    worse = corrupt(tmp_path / "worse", store)

    told = poll(app)

    assert told["model"]["version"] == served
    assert app.test_client().get("/model").get_json()["promotion"] == 1
    assert [one["version"] for one in told["refused"]] == [bad.version, worse.version]


def test_a_running_worker_serves_the_first_sound_candidate_and_comes_back_to_current_by_a_rollback(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    good = publish_next(store, tmp_path / "good")
    corrupt(tmp_path / "bad", store)

    fallen_back = poll(app)
    number = app.test_client().get("/model").get_json()["promotion"]
    roll_back(store, "tests")
    rolled_back = poll(app)

    assert (fallen_back["model"]["version"], fallen_back["stale"], number) == (good, True, None)
    assert (rolled_back["model"]["version"], rolled_back["stale"]) == (good, False)


def test_a_release_that_ended_a_process_is_opened_again_once_its_pause_is_over(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    before = ready(app)["model"]["version"]
    version = publish_next(store, tmp_path / "big")
    mark = tmp_path / "cache" / f"opening-{version}"
    mark.write_text("1", "ascii")

    waiting = [poll(app) for _ in range(2)][-1]
    os.utime(mark, (0, 0))
    opened = poll(app)

    assert (waiting["model"]["version"], waiting["stale"], waiting["refused"]) == (before, True, [])
    assert "a process ended while it opened this release" in waiting["store"]["error"]
    assert (opened["model"]["version"], opened["stale"], opened["store"]) == (
        version,
        False,
        {"status": "ok"},
    )


def test_a_pinned_version_that_cannot_be_served_ends_the_start(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    bad = corrupt(tmp_path / "bad", store)

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx"):
        make_app(model_store=store.address, model_version=bad.version)


CUT_SHORT = b'{"version": "2026'


def damage(store: FolderStore, number: int, text: bytes = CUT_SHORT) -> None:
    """Replace a promotion by what is none."""
    Path(store.address, promotion_key(number)).write_bytes(text)


def test_a_newest_promotion_that_cannot_be_read_ends_neither_a_start_nor_the_watching(
    make_app: MakeApp, app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    first = current(store)
    later = publish_next(store, tmp_path / "second")
    damage(store, 2)

    running, starting = poll(app), make_app(model_store=store.address, refresh_seconds=3600)
    at_start = ready(starting)
    append(store, later, "promote", "tests", first.model_copy(update={"number": 2}))

    assert (running["model"]["version"], running["store"]["status"]) == (first.version, "failing")
    assert at_start["model"]["version"] == first.version  # a second promotion cannot be a rollback
    assert [(one["promotion"], one["version"]) for one in at_start["refused"]] == [(2, None)]
    for service in (app, starting):
        told = poll(service)
        assert (told["model"]["version"], told["stale"]) == (later, False)


@contextmanager
def held(cache: Path) -> Iterator[None]:
    """The cache's lock, taken as any other process may."""
    with (cache / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_where_the_time_of_a_start_is_over_the_last_good_release_is_served_and_readyz_says_why(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = ready(make_app(model_store=store.address))["model"]["version"]
    publish_next(store, tmp_path / "second")
    monkeypatch.setattr("app.releases.load.START_SECONDS", 0.2)

    with held(tmp_path / "cache"):
        told = ready(make_app(model_store=store.address))

    assert (told["status"], told["model"]["version"], told["stale"]) == ("ready", cached, True)
    assert "another process has held this lock for" in told["store"]["error"]
    assert stat.S_IMODE((tmp_path / "cache" / LOCK).stat().st_mode) == 0o600


def test_a_start_needs_no_lock_for_what_its_cache_knows(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_app(model_store=store.address)
    (tmp_path / "cache" / LOCK).chmod(0o644)
    monkeypatch.setattr("app.releases.load.NOTE_SECONDS", 0.1)

    with held(tmp_path / "cache"):
        told = ready(make_app(model_store=store.address))

    assert (told["stale"], told["store"]) == (False, {"status": "ok"})
    assert stat.S_IMODE((tmp_path / "cache" / LOCK).stat().st_mode) == 0o600


class Surprising(FolderStore):
    """A store that fails as no store should."""

    def read(self, key: str) -> bytes:
        raise RuntimeError("nobody foresaw this")


def test_an_unforeseen_error_is_reported_and_the_watcher_goes_on(app: Flask, store: FolderStore) -> None:
    models = app.extensions["wardrobe"].models
    watcher = ReleaseWatcher(Settings(), lambda: Surprising(Path(store.address)), models, Metrics(None))

    watcher.poll()

    told = ready(app)["store"]
    assert (told["status"], told["error"]) == ("failing", "nobody foresaw this")


class Hanging(FolderStore):
    """A store whose answers never come, as those of a hung network folder."""

    released = threading.Event()

    def read(self, key: str) -> bytes:
        self.released.wait()
        return super().read(key)


def test_a_watcher_that_hangs_is_reported_as_stale(app: Flask, store: FolderStore) -> None:
    models, hanging = app.extensions["wardrobe"].models, Hanging(Path(store.address))
    watcher = ReleaseWatcher(Settings(refresh_seconds=0.01), lambda: hanging, models, Metrics(None))

    watcher.start()
    assert models.patience == PATIENCE_SECONDS
    models.patience = 0.1
    try:
        wait_for("staleness", lambda: ready(app)["stale"])
        told = ready(app)
    finally:
        hanging.released.set()
        watcher.stop()

    assert (told["status"], told["store"]["status"]) == ("ready", "failing")
    assert "the release watcher hangs" in told["store"]["error"]
    assert told["stale_since"] is not None


class Recording(FolderStore):
    """A store that knows which threads have opened and read it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.threads = [threading.get_ident()]

    def read(self, key: str) -> bytes:
        self.threads.append(threading.get_ident())
        return super().read(key)


def test_the_watcher_opens_a_store_of_its_own_in_its_own_thread(app: Flask, store: FolderStore) -> None:
    opened: list[Recording] = []

    def open_here() -> Recording:
        opened.append(Recording(Path(store.address)))
        return opened[-1]

    models = app.extensions["wardrobe"].models
    watcher = ReleaseWatcher(Settings(refresh_seconds=0.01), open_here, models, Metrics(None))
    watcher.start()
    wait_for("three requests", lambda: opened and len(opened[0].threads) > 3)
    watcher.stop()

    [own] = opened
    assert len(set(own.threads)) == 1
    assert threading.get_ident() not in own.threads


def test_the_watcher_of_a_service_opens_its_own_store(
    make_app: MakeApp, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    def open_here(address: str) -> FolderStore:
        opened.append(threading.get_ident())
        return FolderStore(Path(address))

    monkeypatch.setattr("app.factory.open_store", open_here)
    watcher = make_app(model_store=store.address, refresh_seconds=0.05).extensions["wardrobe"].watcher
    assert not opened
    wait_for("a poll", lambda: opened)
    watcher.stop()

    assert len(opened) == 1
    assert threading.get_ident() not in opened


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    """The public key of key.pem, which signs."""
    return new_key(tmp_path / "key.pem")


def test_only_signed_releases_are_served_where_keys_are_trusted(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, trusted: Path
) -> None:
    signed = publish_next(store, tmp_path / "signed", tmp_path / "key.pem")
    app = make_app(model_store=store.address, refresh_seconds=3600, trusted_keys=trusted)
    new_key(tmp_path / "stranger.pem")

    unsigned = publish_next(store, tmp_path / "unsigned")
    poll(app)
    strange = publish_next(store, tmp_path / "strange", tmp_path / "stranger.pem")
    told = poll(app)

    assert told["model"]["version"] == signed
    assert [refused["version"] for refused in told["refused"]] == [unsigned, strange]
    assert "not signed" in told["refused"][0]["reason"]
    assert "made by none of the 1 keys" in told["refused"][1]["reason"]


def test_a_key_is_rotated_without_a_restart(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, trusted: Path
) -> None:
    publish_next(store, tmp_path / "before", tmp_path / "key.pem")
    app = make_app(model_store=store.address, refresh_seconds=3600, trusted_keys=trusted)

    trusted.write_bytes(trusted.read_bytes() + new_key(tmp_path / "new.pem").read_bytes())
    after = publish_next(store, tmp_path / "after", tmp_path / "new.pem")

    assert poll(app)["model"]["version"] == after


@pytest.mark.parametrize("pinned", [False, True])
def test_an_unsigned_release_does_not_start_where_keys_are_trusted(
    make_app: MakeApp, store: FolderStore, trusted: Path, pinned: bool
) -> None:
    version = current(store).version if pinned else "current"

    with pytest.raises(SignatureMissing, match="--sign KEY"):
        make_app(model_store=store.address, model_version=version, trusted_keys=trusted)


def test_a_cached_release_that_nobody_trusts_any_more_does_not_start(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, trusted: Path
) -> None:
    publish_next(store, tmp_path / "signed", tmp_path / "key.pem")
    make_app(model_store=store.address, trusted_keys=trusted)

    with pytest.raises(SignatureWrong):
        make_app(model_store=store.address, trusted_keys=new_key(tmp_path / "new.pem"))


def test_a_bare_model_is_refused_where_keys_are_trusted(
    make_app: MakeApp, tmp_path: Path, trusted: Path
) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "model.keras").write_bytes(b"")
    (tmp_path / "bare" / "metrics.json").write_text("{}", "utf-8")

    with pytest.raises(SignatureMissing, match="carries no signature"):
        make_app(model_store=str(tmp_path / "bare"), trusted_keys=trusted)


def test_the_bundled_release_needs_no_signature(make_app: MakeApp, trusted: Path) -> None:
    assert ready(make_app(model_store="bundled", trusted_keys=trusted))["status"] == "ready"
