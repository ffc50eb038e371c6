"""A release without a network for photos: what is converted is `unproven`, whichever way it came."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_two_networks import labelled_and_predicted
from tests.releases import a_store
from tests.uploads import UPLOAD, a_garment, in_base64, png

ROWS = a_garment().tolist()
PHOTO = png(np.random.default_rng(3).integers(0, 256, (60, 40, 3), np.uint8))
PICTURES = {
    "grey, of the input's size": (UPLOAD, "accept"),
    "its channels equal, of the input's size": (png(np.dstack([a_garment()] * 3)), "accept"),
    "in colour, of the input's size": (png(np.dstack([*[a_garment()] * 2, a_garment() // 2])), "accept"),
    "grey, enlarged smoothly": (png(np.asarray(cv2.resize(a_garment(), (56, 56)), np.uint8)), "review"),
    "a photo": (PHOTO, "review"),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts any pixels, and no photo; its store is beside it."""
    folder = tmp_path_factory.mktemp("photos")
    a_store(folder)
    return folder / "made"


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp, release: Path) -> FlaskClient:
    return make_shared_app(model_store=str(release.parent / "store")).test_client()


def test_a_picture_that_is_converted_is_a_photo_in_the_service_a_table_and_the_command_line(
    client: FlaskClient, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uploads = [upload for upload, _ in PICTURES.values()]

    served = [client.post("/predict", data=upload).get_json() for upload in uploads]
    labelled, predicted = labelled_and_predicted(release, uploads, tmp_path, capsys)

    for answers in (served, labelled, predicted):
        decisions = [one["decision"] for one in answers]
        assert decisions == [decision for _, decision in PICTURES.values()]


def test_pixels_are_none_and_each_picture_of_a_batch_is_what_it_is(client: FlaskClient) -> None:
    sent = [in_base64(PHOTO), {"pixels": ROWS}, "no picture", in_base64(UPLOAD), in_base64(PHOTO)]

    alone = client.post("/predict", json={"pixels": ROWS}).get_json()
    batch = client.post("/predict/batch", json={"images": sent}).get_json()

    assert alone["decision"] == "accept"
    decisions = [one.get("decision") for one in batch["predictions"]]
    assert decisions == ["review", "accept", None, "accept", "review"]


def test_readyz_says_why_and_model_names_both_thresholds(client: FlaskClient) -> None:
    condition, model = client.get("/readyz").get_json()["photos"], client.get("/model").get_json()

    assert condition["status"] == "unproven"
    assert "no network that answers photos" in condition["error"]
    assert model["thresholds"] == {"confidence": 0.01, "familiarity": 0.0}
    assert model["photo_thresholds"] == {"confidence": None, "familiarity": 0.0}
