"""A release that reads a person twice, whole and the garment alone: one answer, whichever way it was sent."""

import json
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from inference.classifier import open_classifier
from inference.contract import TWO_CROPS
from inference.convert import to_model_input
from inference.crops import ModelInput
from inference.decode import MAX_PIXELS, decode
from inference.pixels import pixels_to_png
from labelling.table import PROBABILITY
from model_store.local import open_release
from scripts.label import main as label
from scripts.predict import main as predict
from tests.contract.service.conftest import MakeApp
from tests.drawn_people import a_dress, a_person, a_shirt
from tests.releases import a_store
from tests.uploads import UPLOAD, in_base64, png
from training.data.datasets import LABELS

PEOPLE = [png(a_person(garment)[..., ::-1]) for garment in (a_shirt(), a_dress())]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its store is beside it."""
    folder = tmp_path_factory.mktemp("worn")
    a_store(folder, reads=TWO_CROPS)
    return folder / "made"


@pytest.fixture
def client(make_app: MakeApp, release: Path) -> FlaskClient:
    return make_app(model_store=str(release.parent / "store")).test_client()


def answers_of(release: Path, inputs: list[ModelInput]) -> list[list[float]]:
    """What the release's model says, a picture at a time."""
    classifier = open_classifier(release / "model.onnx", open_release(release).manifest.model)
    return [classifier.classify_inputs([one])[0].probabilities.tolist() for one in inputs]


def test_every_way_to_classify_a_person_averages_both_crops(
    client: FlaskClient, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop := tmp_path / "shop").mkdir()
    files = [shop / f"{number}.png" for number in range(3)]
    for file, upload in zip(files, [PEOPLE[0], UPLOAD, PEOPLE[1]], strict=True):
        file.write_bytes(upload)
    inputs = [to_model_input(decode(file.read_bytes(), MAX_PIXELS), TWO_CROPS) for file in files]
    whole = answers_of(release, [ModelInput(one.pixels, shown=one.shown) for one in inputs])
    expected = answers_of(release, inputs)

    alone = [client.post("/predict", data=file.read_bytes()).get_json() for file in files]
    sent = {"images": [in_base64(file.read_bytes()) for file in files]}
    batch = client.post("/predict/batch", json=sent).get_json()["predictions"]
    predict([*map(str, files), "--model", str(release), "--json"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    table = tmp_path / "labels.jsonl"
    label([str(shop), "--model", str(release), "--out", str(table), "--workers", "1"])
    rows = sorted(map(json.loads, table.read_text("utf-8").splitlines()), key=itemgetter("path"))
    labelled = [[row[PROBABILITY + name] for name in LABELS] for row in rows]

    answered = [[[*one["probabilities"].values()] for one in answers] for answers in (alone, batch, told)]
    for given in (*answered, labelled):
        assert np.allclose(given, expected, atol=1e-6)
    assert [not np.allclose(*pair, atol=1e-4) for pair in zip(expected, whole, strict=True)] == [
        True,
        False,
        True,
    ]


def test_a_person_is_shown_and_explained_whole(client: FlaskClient) -> None:
    answer = client.post("/predict?seen=1&explain=1", data=PEOPLE[0]).get_json()

    seen = to_model_input(decode(PEOPLE[0], MAX_PIXELS), TWO_CROPS).pixels
    assert answer["seen"] == f"data:image/png;base64,{in_base64(pixels_to_png(seen))}"
    assert np.any(answer["explanation"]["drops"])
