"""A release with thresholds of its own for photos: what is converted meets them, whichever way it came.

Where the release has others for photos on cluttered ground, these meet those.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from inference.contract import ACCEPT_NOTHING, Thresholds
from scripts.label import main as label
from scripts.predict import main as predict
from tests.contract.service.conftest import MakeApp
from tests.releases import a_store
from tests.uploads import UPLOAD, a_garment, in_base64, png

ROWS = a_garment().tolist()
PHOTO = png(np.random.default_rng(3).integers(0, 256, (60, 40, 3), np.uint8))
PICTURES = {
    "grey, of the input's size": (UPLOAD, "accept"),
    "in colour, of the input's size": (png(np.dstack([a_garment()] * 3)), "review"),
    "grey, larger": (png(np.repeat(np.repeat(a_garment(), 2, 0), 2, 1)), "review"),
    "a photo": (PHOTO, "review"),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts any pixels, and no photo; its store is beside it."""
    folder = tmp_path_factory.mktemp("photos")
    none = Thresholds(confidence=ACCEPT_NOTHING, familiarity=0.0)
    a_store(folder, photo_thresholds=none)
    return folder / "made"


@pytest.fixture
def client(make_app: MakeApp, release: Path) -> FlaskClient:
    return make_app(model_store=str(release.parent / "store")).test_client()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_is_converted_is_a_photo(client: FlaskClient, kind: str) -> None:
    upload, decision = PICTURES[kind]

    assert client.post("/predict", data=upload).get_json()["decision"] == decision


def test_pixels_are_none_and_each_picture_of_a_batch_is_what_it_is(client: FlaskClient) -> None:
    sent = [in_base64(PHOTO), {"pixels": ROWS}, "no picture", in_base64(UPLOAD), in_base64(PHOTO)]

    alone = client.post("/predict", json={"pixels": ROWS}).get_json()
    batch = client.post("/predict/batch", json={"images": sent}).get_json()

    assert alone["decision"] == "accept"
    decisions = [one.get("decision") for one in batch["predictions"]]
    assert decisions == ["review", "accept", None, "accept", "review"]


def test_model_names_both(client: FlaskClient) -> None:
    model = client.get("/model").get_json()

    assert model["thresholds"] == {"confidence": 0.01, "familiarity": 0.0}
    assert model["photo_thresholds"] == {"confidence": ACCEPT_NOTHING, "familiarity": 0.0}


@pytest.fixture(scope="module")
def by_ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts any photo on plain ground, and none on cluttered ground."""
    folder = tmp_path_factory.mktemp("grounds")
    some, none = (Thresholds(confidence=one, familiarity=0.0) for one in (0.01, ACCEPT_NOTHING))
    a_store(folder, photo_thresholds=some, cluttered_thresholds=none)
    return folder / "made"


def test_a_photo_on_cluttered_ground_meets_the_thresholds_of_that(
    make_app: MakeApp, by_ground: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(model_store=str(by_ground.parent / "store")).test_client()
    shop = {"cluttered.png": PHOTO, "plain.png": PICTURES["grey, larger"][0]}
    for name, content in shop.items():
        (tmp_path / name).write_bytes(content)

    alone = [client.post("/predict", data=content).get_json() for content in shop.values()]
    sent = {"images": [in_base64(content) for content in shop.values()]}
    batch = client.post("/predict/batch", json=sent).get_json()["predictions"]
    predict([*(str(tmp_path / name) for name in shop), "--model", str(by_ground), "--json"])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    for answers in (alone, batch, printed):
        assert [one["reason"] for one in answers] == ["unproven", None]
    assert client.get("/model").get_json()["cluttered_thresholds"]["confidence"] == ACCEPT_NOTHING


def test_a_table_and_the_command_line_decide_as_the_service_does(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop").mkdir()
    for number, (upload, _) in enumerate(PICTURES.values()):
        (tmp_path / "shop" / f"{number}.png").write_bytes(upload)
    files, table = sorted(map(str, (tmp_path / "shop").iterdir())), tmp_path / "table.jsonl"

    label([str(tmp_path / "shop"), "--out", str(table), "--model", str(release), "--workers", "1"])
    capsys.readouterr()
    predict([*files, "--model", str(release), "--json"])

    for lines in (table.read_text("utf-8"), capsys.readouterr().out):
        decisions = [json.loads(line)["decision"] for line in lines.splitlines()]
        assert decisions == [decision for _, decision in PICTURES.values()]
