"""Following the promotions: what is newer is served, what is bad is refused, what is old is called old."""

import re
import threading
from pathlib import Path

import pytest
from flask import Flask

from app.observability.metrics import Metrics
from app.releases.serving import Models
from app.releases.watcher import ReleaseWatcher
from app.settings import Settings
from model_store.catalogue import file_key
from model_store.errors import ReleaseCorrupt, SignatureMissing, SignatureWrong
from model_store.folder import FolderStore
from model_store.local import open_release
from model_store.promotions import append, newest, roll_back
from model_store.publish import publish
from model_store.signing import new_key, sign
from model_store.store import open_store
from tests.bad_releases import BAD, Publish, corrupt
from tests.contract.service.conftest import MakeApp
from tests.releases import a_release
from tests.uploads import a_garment, png
from tests.waiting import wait_for


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A store of this test's own, with one promoted release."""
    store = open_store(str(tmp_path / "store"))
    assert isinstance(store, FolderStore)
    publish(a_release(tmp_path / "first", seed=1), store, by="tests")
    return store


@pytest.fixture
def app(make_app: MakeApp, store: FolderStore) -> Flask:
    """A service on that store which polls only when a test says so."""
    return make_app(model_store=store.address, refresh_seconds=3600)


def watcher_of(app: Flask) -> ReleaseWatcher:
    watcher: ReleaseWatcher = app.extensions["wardrobe"].watcher
    return watcher


def models_of(app: Flask) -> Models:
    models: Models = app.extensions["wardrobe"].models
    return models


def test_a_newer_promotion_is_served_after_the_next_poll(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    client = app.test_client()
    before = client.post("/predict", data=png(a_garment())).get_json()
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")

    watcher_of(app).poll()

    after = client.post("/predict", data=png(a_garment())).get_json()
    promotion = newest(store)
    assert promotion is not None
    assert after["model"]["version"] == promotion.version != before["model"]["version"]
    assert after["probabilities"] != before["probabilities"]


def test_a_rollback_is_followed_like_any_promotion(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    first = newest(store)
    assert first is not None
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")
    watcher_of(app).poll()
    append(store, first.version, reason="rollback", by="tests", expected_previous=newest(store))

    watcher_of(app).poll()

    assert models_of(app).current.version == first.version


def test_several_promotions_behind_only_the_newest_is_pulled(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    for seed in (2, 3, 4):
        publish(a_release(tmp_path / str(seed), seed=seed), store, by="tests")

    watcher_of(app).poll()

    promotion = newest(store)
    assert promotion is not None
    assert (models_of(app).current.version, models_of(app).current.number) == (promotion.version, 4)


@pytest.mark.parametrize(
    ("publish_bad", "words"), BAD.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_a_bad_release_is_refused_once_told_and_counted_and_the_next_good_one_is_served(
    app: Flask, store: FolderStore, tmp_path: Path, publish_bad: Publish, words: str
) -> None:
    client = app.test_client()
    before = models_of(app).current.version
    bad = publish_bad(tmp_path / "bad", store)

    watcher_of(app).poll()
    answer = client.post("/predict", data=png(a_garment()))
    ready = client.get("/readyz").get_json()
    counts = client.get("/metrics/prometheus").get_data(as_text=True)
    publish(a_release(tmp_path / "good", seed=99), store, by="tests", force=True)
    watcher_of(app).poll()

    assert (answer.status_code, answer.headers["X-Model-Version"]) == (200, before)
    assert [(refused["promotion"], refused["version"]) for refused in ready["refused"]] == [(2, bad.version)]
    assert re.search(words, ready["refused"][0]["reason"])
    assert (ready["status"], ready["stale"]) == ("ready", True)
    assert "wardrobe_releases_refused_total 1.0" in counts
    after = client.get("/readyz").get_json()
    assert after["model"]["version"] not in (before, bad.version)
    assert not after["stale"]


def test_a_refused_release_is_not_fetched_again(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    app = make_app(model_store=store.address, refresh_seconds=3600)
    bad = corrupt(tmp_path / "bad", store)
    watcher_of(app).poll()
    (Path(store.address) / "releases").rename(tmp_path / "releases")

    watcher_of(app).poll()  # were it fetched again, it would not be found

    ready = app.test_client().get("/readyz").get_json()
    assert ready["store"] == {"status": "ok"}
    [refused] = ready["refused"]
    assert f"{store.address}/releases/{bad.version}/model.onnx: sha256" in refused["reason"]


def test_a_refused_release_that_was_mended_is_served_when_it_is_promoted_again(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    bad = corrupt(tmp_path / "bad", store)
    watcher_of(app).poll()
    store.upload(file_key(bad.version, "model.onnx"), tmp_path / "bad" / "model.onnx")
    append(store, bad.version, "promote", "tests", newest(store))

    watcher_of(app).poll()

    assert models_of(app).current.version == bad.version


def test_rolling_back_from_a_refused_release_ends_the_staleness(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    corrupt(tmp_path / "bad", store)
    watcher_of(app).poll()
    roll_back(store, "tests")

    watcher_of(app).poll()

    ready = app.test_client().get("/readyz").get_json()
    assert (ready["stale"], len(ready["refused"])) == (False, 1)


def test_at_a_start_with_a_refused_current_the_last_good_one_is_served_and_it_is_told_why(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    good = models_of(make_app(model_store=store.address)).current.version
    bad = corrupt(tmp_path / "bad", store)

    app = make_app(model_store=store.address, refresh_seconds=3600)
    at_start = app.test_client().get("/readyz").get_json()
    watcher_of(app).poll()

    assert (at_start["model"]["version"], at_start["stale"]) == (good, True)
    assert [refused["version"] for refused in at_start["refused"]] == [bad.version]
    assert app.test_client().get("/readyz").get_json() == at_start


def test_at_a_start_with_a_refused_current_and_no_cache_there_is_no_start(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    corrupt(tmp_path / "bad", store)

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx"):
        make_app(model_store=store.address)


def test_an_error_that_nobody_foresaw_is_told_and_does_not_end_the_following(
    app: Flask, store: FolderStore
) -> None:
    watcher = ReleaseWatcher(Settings(), Surprising(Path(store.address)), models_of(app), Metrics(None))

    watcher.poll()

    told = app.test_client().get("/readyz").get_json()["store"]
    assert (told["status"], told["error"]) == ("failing", "nobody foresaw this")


class Surprising(FolderStore):
    """A store that fails as no store should."""

    def read(self, key: str) -> bytes:
        raise RuntimeError("nobody foresaw this")


class Hanging(FolderStore):
    """A store whose answers never come, as those of a hung network folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.released = threading.Event()

    def read(self, key: str) -> bytes:
        self.released.wait()
        return super().read(key)


def test_a_watcher_that_hangs_is_reported_as_stale(app: Flask, store: FolderStore) -> None:
    hanging = Hanging(Path(store.address))
    watcher = ReleaseWatcher(Settings(refresh_seconds=0.01), hanging, models_of(app), Metrics(None))
    client = app.test_client()

    watcher.start()
    try:
        wait_for("staleness", lambda: client.get("/readyz").get_json()["stale"])
        ready = client.get("/readyz").get_json()
    finally:
        hanging.released.set()
        watcher.stop()

    assert ready["status"] == "ready"
    assert ready["store"]["status"] == "failing"
    assert "the release watcher hangs" in ready["store"]["error"]
    assert ready["stale_since"] is not None


def test_only_signed_releases_are_served_where_keys_are_trusted(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    key, keys = tmp_path / "key.pem", new_key(tmp_path / "key.pem")
    publish(a_signed_release(tmp_path / "signed", key), store, by="tests")
    app = make_app(model_store=store.address, refresh_seconds=3600, trusted_keys=keys)
    unsigned = publish(a_release(tmp_path / "unsigned", seed=3), store, by="tests").manifest.version
    watcher_of(app).poll()
    new_key(tmp_path / "stranger.pem")
    strange = a_signed_release(tmp_path / "strange", tmp_path / "stranger.pem")
    wrongly_signed = publish(strange, store, by="mallory").manifest.version
    watcher_of(app).poll()

    ready = app.test_client().get("/readyz").get_json()

    assert ready["model"]["version"] == open_release(tmp_path / "signed").version
    assert [refused["version"] for refused in ready["refused"]] == [unsigned, wrongly_signed]
    assert "not signed" in ready["refused"][0]["reason"]
    assert "made by none of the 1 keys" in ready["refused"][1]["reason"]


def test_a_key_is_rotated_without_a_restart(make_app: MakeApp, store: FolderStore, tmp_path: Path) -> None:
    keys = tmp_path / "trusted"
    keys.write_bytes(new_key(tmp_path / "old.pem").read_bytes())
    publish(a_signed_release(tmp_path / "before", tmp_path / "old.pem"), store, by="tests")
    app = make_app(model_store=store.address, refresh_seconds=3600, trusted_keys=keys)

    keys.write_bytes(keys.read_bytes() + new_key(tmp_path / "new.pem").read_bytes())
    after = a_signed_release(tmp_path / "after", tmp_path / "new.pem")
    version = publish(after, store, by="tests").manifest.version
    watcher_of(app).poll()

    assert models_of(app).current.version == version


@pytest.mark.parametrize("version", ["current", "pinned"])
def test_an_unsigned_release_does_not_start_where_keys_are_trusted(
    make_app: MakeApp, store: FolderStore, tmp_path: Path, version: str
) -> None:
    keys, promotion = new_key(tmp_path / "key.pem"), newest(store)
    assert promotion is not None
    asked = {"current": "current", "pinned": promotion.version}[version]

    with pytest.raises(SignatureMissing, match="--sign KEY"):
        make_app(model_store=store.address, model_version=asked, trusted_keys=keys)


def test_a_cached_release_that_nobody_trusts_any_more_does_not_start(
    make_app: MakeApp, store: FolderStore, tmp_path: Path
) -> None:
    keys = tmp_path / "trusted"
    keys.write_bytes(new_key(tmp_path / "old.pem").read_bytes())
    publish(a_signed_release(tmp_path / "release", tmp_path / "old.pem"), store, by="tests")
    make_app(model_store=store.address, trusted_keys=keys)

    keys.write_bytes(new_key(tmp_path / "new.pem").read_bytes())

    with pytest.raises(SignatureWrong):
        make_app(model_store=store.address, trusted_keys=keys)


def test_a_bare_model_does_not_start_where_keys_are_trusted(make_app: MakeApp, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "model.keras").write_bytes(b"")
    (bare / "metrics.json").write_text("{}", "utf-8")

    with pytest.raises(SignatureMissing, match="carries no signature"):
        make_app(model_store=str(bare), trusted_keys=new_key(tmp_path / "key.pem"))


def test_the_bundled_release_is_part_of_the_program_and_needs_no_signature(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(model_store="bundled", trusted_keys=new_key(tmp_path / "key.pem"))

    assert app.test_client().get("/readyz").status_code == 200


def a_signed_release(folder: Path, key: Path) -> Path:
    """A little release that nobody else has, signed."""
    sign(a_release(folder, seed=int.from_bytes(folder.name.encode()[:4])), key)
    return folder
