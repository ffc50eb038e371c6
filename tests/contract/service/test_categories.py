"""A platform's own categories in the answers, and releases that they do not fit."""

import json
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from model_store.publish import publish_release
from model_store.store import Store, open_store
from reports.judge import describe_release_verdict, judge_release
from tests.contract.service.conftest import MakeApp, poll
from tests.releases import LABELS, a_release
from tests.service import ROOT
from tests.uploads import UPLOAD

TAXONOMY = ROOT / "examples" / "taxonomy.json"
EXAMPLE = json.loads(TAXONOMY.read_text("utf-8"))


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp) -> FlaskClient:
    return make_shared_app(taxonomy=TAXONOMY).test_client()


@pytest.mark.parametrize(
    ("language", "name"), [("", "en"), ("fr-CH, de;q=0.5", "fr")], ids=["first", "the client's"]
)
def test_an_answer_carries_the_category_of_its_label(client: FlaskClient, language: str, name: str) -> None:
    response = client.post("/predict", data=UPLOAD, headers={"Accept-Language": language})

    expected = EXAMPLE[response.get_json()["label"]]
    names = {"name": expected["names"][name], "names": expected["names"]}
    assert response.get_json()["category"] == {"id": expected["id"]} | names
    assert response.headers["Vary"] == "Accept-Language"


def test_without_a_taxonomy_answers_are_as_they_were(make_app: MakeApp) -> None:
    response = make_app().test_client().post("/predict", data=UPLOAD, headers={"Accept-Language": "de"})

    assert "category" not in response.get_json()
    assert "Vary" not in response.headers


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose only release has the labels of the examples."""
    store = open_store(str(tmp_path / "store"))
    publish_release(a_release(tmp_path / "first"), store, judge_release, author="tests")
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The example, where a test may change it."""
    return Path(shutil.copy(TAXONOMY, tmp_path / "shop.json"))


@pytest.fixture
def app(make_app: MakeApp, store: Store, file: Path) -> Flask:
    """A service on that store with that file, which polls only when a test says so."""
    return make_app(model_store=store.address, taxonomy=file, refresh_seconds=3600)


def publish_boots(store: Store, folder: Path) -> str:
    """A release whose last label is another one; its version."""
    release = a_release(folder, labels=(*LABELS[:9], "Boot"), seed=2)
    return publish_release(release, store, describe_release_verdict, author="tests").manifest.version


def test_a_later_release_with_other_labels_is_refused(app: Flask, store: Store, tmp_path: Path) -> None:
    publish_boots(store, tmp_path / "boots")

    ready = poll(app)

    assert ready["stale"]
    assert "'Ankle boot' is no label of" in ready["refused"][0]["reason"]
    assert "The nearest is 'Boot'" in ready["refused"][0]["reason"]
    assert app.test_client().post("/predict", data=UPLOAD).get_json()["category"]


def test_an_unreadable_file_is_read_again_later(app: Flask, store: Store, file: Path, tmp_path: Path) -> None:
    newer = publish_release(
        a_release(tmp_path / "newer", seed=2), store, judge_release, author="tests"
    ).manifest.version
    kept = file.read_bytes()
    file.unlink()

    failing = poll(app)
    file.write_bytes(kept)
    mended = poll(app)

    assert failing["store"]["error"].endswith("shop.json: No such file or directory.")
    assert (mended["store"]["status"], mended["model"]["version"]) == ("ok", newer)
