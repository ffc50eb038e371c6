"""A bare `.keras` with its metrics, as uploaded by hand, is served too. Real Keras, real TensorFlow."""

import json
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import MakeApp
from tests.uploads import UPLOAD, a_garment

METRICS = {"accuracy": 0.9, "labels": ["hat", "scarf", "glove"]}


@pytest.fixture(scope="module")
def bare_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody saved from a notebook: three classes, rescaling and softmax inside."""
    import keras  # noqa: PLC0415 - takes seconds, and only this file needs it

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    folder = tmp_path_factory.mktemp("bare")
    model.save(folder / "notebook.keras")
    (folder / "metrics.json").write_text(json.dumps(METRICS), "utf-8")
    np.save(folder / "expected.npy", model.predict(a_garment()[np.newaxis].astype(np.float32), verbose=0)[0])
    return folder


@pytest.fixture
def client(make_app: MakeApp, bare_folder: Path) -> FlaskClient:
    """A client of a service on the bare artifact."""
    return make_app(model_store=str(bare_folder)).test_client()


def test_it_answers_as_keras_does_and_claims_no_familiarity(client: FlaskClient, bare_folder: Path) -> None:
    answer = client.post("/predict", data=UPLOAD).get_json()

    expected = np.load(bare_folder / "expected.npy")
    assert list(answer["probabilities"]) == METRICS["labels"]
    assert list(answer["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-5)
    assert answer["familiarity"] is None
    assert answer["model"]["version"].startswith("bare-")
    assert client.get("/model").get_json()["manifest"] is None


def test_its_metrics_are_told_as_they_are_to_programs_and_browsers(client: FlaskClient) -> None:
    page = client.get("/metrics", headers={"Accept": "text/html"}).text

    assert client.get("/metrics").get_json() == METRICS
    assert "hat, scarf, glove" in page
    assert "&#34;accuracy&#34;: 0.9" in page
    assert "are not a report as Wardrobe" in page
