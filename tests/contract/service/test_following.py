"""Following the promotions: what is newer is served, what is bad is refused, what is old is called old."""

from pathlib import Path

import pytest
from flask import Flask

from app.following import Follower
from app.serving import Models
from model_store.folder import FolderStore
from model_store.promotions import append, newest
from model_store.publish import publish
from model_store.store import open_store
from tests.contract.service.conftest import MakeApp
from tests.releases import a_release
from tests.uploads import a_garment, png


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


def follower_of(app: Flask) -> Follower:
    follower: Follower = app.extensions["wardrobe"].follower
    return follower


def models_of(app: Flask) -> Models:
    models: Models = app.extensions["wardrobe"].models
    return models


def test_a_newer_promotion_is_served_after_the_next_poll(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    client = app.test_client()
    before = client.post("/predict", data=png(a_garment())).get_json()
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")

    follower_of(app).poll()

    after = client.post("/predict", data=png(a_garment())).get_json()
    promotion = newest(store)
    assert promotion is not None
    assert after["model"]["version"] == promotion.version != before["model"]["version"]
    assert after["probabilities"] != before["probabilities"]


def test_a_rollback_is_followed_like_any_promotion(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    first = newest(store)
    assert first is not None
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")
    follower_of(app).poll()
    append(store, first.version, reason="rollback", by="tests", expected_previous=newest(store))

    follower_of(app).poll()

    assert models_of(app).current.version == first.version


def test_several_promotions_behind_only_the_newest_is_pulled(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    for seed in (2, 3, 4):
        publish(a_release(tmp_path / str(seed), seed=seed), store, by="tests")

    follower_of(app).poll()

    promotion = newest(store)
    assert promotion is not None
    assert (models_of(app).current.version, models_of(app).current.number) == (promotion.version, 4)


def test_a_corrupt_release_is_refused_once_and_told_and_counted(
    app: Flask, store: FolderStore, tmp_path: Path
) -> None:
    before = models_of(app).current.version
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")
    promotion = newest(store)
    assert promotion is not None
    damage(Path(store.address) / "releases" / promotion.version / "model.onnx")
    client = app.test_client()

    follower_of(app).poll()
    follower_of(app).poll()

    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert models_of(app).current.version == before
    assert [refused["version"] for refused in ready.get_json()["refused"]] == [promotion.version]
    assert "model.onnx" in ready.get_json()["refused"][0]["reason"]
    assert "wardrobe_releases_refused_total 1.0" in client.get("/metrics/prometheus").get_data(as_text=True)


def test_the_release_after_a_refused_one_is_served(app: Flask, store: FolderStore, tmp_path: Path) -> None:
    publish(a_release(tmp_path / "second", seed=2), store, by="tests")
    bad = newest(store)
    assert bad is not None
    damage(Path(store.address) / "releases" / bad.version / "model.onnx")
    follower_of(app).poll()
    publish(a_release(tmp_path / "third", seed=3), store, by="tests", force=True)

    follower_of(app).poll()

    good = newest(store)
    assert good is not None
    assert models_of(app).current.version == good.version != bad.version


def damage(file: Path) -> None:
    """Flip a byte in the middle of a published file."""
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
