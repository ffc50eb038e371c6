"""A platform's own categories in the answers, and releases that they do not fit."""

import json
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.prediction.categories import CategoriesMismatch
from app.releases.watcher import ReleaseWatcher
from model_store.promotions import newest
from model_store.publish import publish
from model_store.store import Store, open_store
from tests.contract.service.conftest import MakeApp
from tests.releases import LABELS, a_release
from tests.uploads import a_garment, in_base64, png

EXAMPLES = Path(__file__).parents[3] / "examples"
EXAMPLE = json.loads((EXAMPLES / "taxonomy.json").read_text("utf-8"))
UPLOAD = png(a_garment())


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    return make_app(taxonomy=EXAMPLES / "taxonomy.json").test_client()


def test_an_answer_carries_the_category_of_its_label(client: FlaskClient) -> None:
    answer = client.post("/predict", data=UPLOAD).get_json()

    expected = EXAMPLE[answer["label"]]
    assert answer["category"] == {
        "id": expected["id"],
        "name": expected["names"]["en"],
        "names": expected["names"],
    }


def test_it_is_named_in_the_language_of_the_client_and_caches_are_told(client: FlaskClient) -> None:
    response = client.post("/predict", data=UPLOAD, headers={"Accept-Language": "fr-CH, de;q=0.5"})

    answer = response.get_json()
    assert answer["category"]["name"] == EXAMPLE[answer["label"]]["names"]["fr"]
    assert response.headers["Vary"] == "Accept-Language"


def test_every_picture_of_a_batch_has_its_category(client: FlaskClient) -> None:
    images = [in_base64(UPLOAD), "no picture", {"pixels": [[0] * 28] * 28}]

    response = client.post("/predict/batch", json={"images": images}, headers={"Accept-Language": "de"})

    first, broken, last = response.get_json()["predictions"]
    assert "category" not in broken
    for answer in (first, last):
        assert answer["category"]["name"] == EXAMPLE[answer["label"]]["names"]["de"]
    assert response.headers["Vary"] == "Accept-Language"


def test_without_a_taxonomy_answers_are_as_they_were(make_app: MakeApp) -> None:
    response = make_app().test_client().post("/predict", data=UPLOAD, headers={"Accept-Language": "de"})

    assert "category" not in response.get_json()
    assert "Vary" not in response.headers


def test_a_service_whose_release_has_other_labels_does_not_start(make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps({"T-shirt": {"id": "1"}}), "utf-8")

    with pytest.raises(CategoriesMismatch, match=r"'T-shirt' is no label of .*The nearest is 'T-shirt/top'"):
        make_app(taxonomy=file)


def test_a_later_release_with_other_labels_is_refused_and_the_old_one_goes_on(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store = a_store(tmp_path)
    app = make_app(model_store=store.address, taxonomy=EXAMPLES / "taxonomy.json", refresh_seconds=3600)
    before = app.test_client().get("/readyz").get_json()["model"]["version"]
    publish(
        a_release(tmp_path / "other", labels=(*LABELS[:9], "Boot"), seed=2), store, by="tests", force=True
    )

    watcher_of(app).poll()

    ready = app.test_client().get("/readyz").get_json()
    assert ready["model"]["version"] == before
    assert ready["stale"]
    assert "'Ankle boot' is no label of" in ready["refused"][0]["reason"]
    assert "The nearest is 'Boot'" in ready["refused"][0]["reason"]
    assert app.test_client().post("/predict", data=UPLOAD).get_json()["category"]


def test_a_release_with_other_labels_is_served_once_the_file_has_them_without_a_restart(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store, file = a_store(tmp_path), a_taxonomy(tmp_path)
    app = make_app(model_store=store.address, taxonomy=file, refresh_seconds=3600)
    publish(
        a_release(tmp_path / "other", labels=(*LABELS[:9], "Boot"), seed=2), store, by="tests", force=True
    )
    file.write_text(file.read_text("utf-8").replace("Ankle boot,7031", "Boot,7099"), "utf-8")

    watcher_of(app).poll()

    ready = app.test_client().get("/readyz").get_json()
    assert (ready["refused"], ready["stale"]) == ([], False)
    assert app.test_client().get("/model").get_json()["labels"][9] == "Boot"
    assert app.test_client().post("/predict", data=UPLOAD).get_json()["category"]["id"]


def test_a_file_that_cannot_be_read_when_a_release_comes_is_tried_again(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store, file = a_store(tmp_path), a_taxonomy(tmp_path)
    app = make_app(model_store=store.address, taxonomy=file, refresh_seconds=3600)
    publish(a_release(tmp_path / "newer", seed=2), store, by="tests")
    newer = newest(store)
    file.unlink()

    watcher_of(app).poll()
    failing = app.test_client().get("/readyz").get_json()
    shutil.copy(EXAMPLES / "taxonomy.csv", file)
    watcher_of(app).poll()
    mended = app.test_client().get("/readyz").get_json()

    assert failing["store"]["error"].endswith("shop.csv: No such file or directory.")
    assert newer is not None
    assert (mended["store"]["status"], mended["model"]["version"]) == ("ok", newer.version)


def a_store(folder: Path) -> Store:
    """One whose only release has the labels of the examples."""
    store = open_store(str(folder / "store"))
    publish(a_release(folder / "first"), store, by="tests")
    return store


def a_taxonomy(folder: Path) -> Path:
    """The example, where a test may change it."""
    return Path(shutil.copy(EXAMPLES / "taxonomy.csv", folder / "shop.csv"))


def watcher_of(app: Flask) -> ReleaseWatcher:
    watcher: ReleaseWatcher = app.extensions["wardrobe"].watcher
    return watcher
