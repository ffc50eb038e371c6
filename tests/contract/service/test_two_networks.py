"""A release of two networks: 28 x 28 grey pixels go to one, photos to the other, whichever way they come."""

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from inference.arrays import Pixels
from inference.classifier import open_classifier
from inference.contract import make_whole_picture_input
from model_store.local_releases import open_release
from model_store.release_files import GRAPH_FILE, PHOTO_GRAPH_FILE
from tests.commands import wardrobe
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp
from tests.releases import a_store
from tests.uploads import a_garment, in_base64, png

Json = dict[str, Any]

READS = make_whole_picture_input(32, 3)
RANDOM = np.random.default_rng(3)
SMALL: Pixels = a_garment(1)
COLOUR: Pixels = RANDOM.integers(0, 256, (32, 32, 3), np.uint8)
PIXELS = png(SMALL)
PHOTO = png(
    np.repeat(np.repeat(COLOUR[..., ::-1], 4, axis=0), 4, axis=1)
)  # 128 x 128, whose means are COLOUR


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    a_store(folder, photos=READS)
    return folder / "made"


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp, release: Path) -> FlaskClient:
    return make_shared_app(model_store=str(release.parent / "store")).test_client()


@pytest.fixture(scope="module")
def expected(release: Path) -> dict[str, list[float]]:
    """What each network says, asked by itself."""
    manifest = open_release(release).manifest
    of_pixels = open_classifier(release / GRAPH_FILE, manifest.get_contract("pixels"))
    of_photos = open_classifier(release / PHOTO_GRAPH_FILE, manifest.get_contract("photos"))
    return {
        "pixels": of_pixels.classify(SMALL[np.newaxis])[0].answer.probabilities.tolist(),
        "photos": of_photos.classify(COLOUR[np.newaxis])[0].answer.probabilities.tolist(),
    }


def shares(answer: Json) -> list[float]:
    return list(answer["probabilities"].values())


@pytest.mark.parametrize(
    ("network", "how"),
    [
        ("pixels", {"data": PIXELS}),
        ("pixels", {"json": {"pixels": SMALL.tolist()}}),
        ("photos", {"data": PHOTO}),
        ("photos", {"json": {"image": in_base64(PHOTO)}}),
        ("photos", {"json": {"pixels": COLOUR.tolist()}}),
        ("photos", {"data": png(COLOUR[..., ::-1])}),
    ],
)
def test_pixels_go_to_the_first_network_and_photos_to_the_second(
    client: FlaskClient, expected: dict[str, list[float]], network: str, how: dict[str, Any]
) -> None:
    answer = client.post("/predict", **how)

    assert answer.status_code == 200, answer.text
    assert shares(answer.get_json()) == pytest.approx(expected[network], abs=1e-5)


def test_a_batch_of_both_and_the_pictures_of_other_protocols_go_where_they_belong(
    client: FlaskClient, expected: dict[str, list[float]]
) -> None:
    images = [in_base64(PHOTO), {"pixels": SMALL.tolist()}, in_base64(PHOTO), in_base64(PIXELS)]
    image = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [in_base64(PHOTO)]}

    batch = client.post("/predict/batch", json={"images": images}).get_json()["predictions"]
    of_v2 = client.post(V2, json={"inputs": [image]}).get_json()["outputs"][0]["data"]
    of_tf = client.post(TF, json={"instances": [{"b64": in_base64(PHOTO)}]}).get_json()["predictions"][0]
    of_sagemaker = client.post(INVOCATIONS, data=PHOTO, content_type="image/png").get_json()

    for one, network in zip(batch, ("photos", "pixels", "photos", "pixels"), strict=True):
        assert shares(one) == pytest.approx(expected[network], abs=1e-5)
    for of_photo in (of_v2, of_tf, shares(of_sagemaker)):
        assert of_photo == pytest.approx(expected["photos"], abs=1e-5)


def test_seen_and_explain_show_the_photo_as_its_network_read_it(client: FlaskClient) -> None:
    answer = client.post("/predict?seen=1&explain=1", data=PHOTO).get_json()

    seen, heat = (
        cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_UNCHANGED)
        for url in (answer["seen"], answer["explanation"]["heat_map"])
    )
    assert seen is not None
    assert heat is not None
    assert np.array_equal(seen, COLOUR[..., ::-1])
    assert heat.shape == (32, 32, 4)


def labelled_and_predicted(
    release: Path, uploads: list[bytes], folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[list[Json], list[Json]]:
    """What the table of `label` and the lines of `predict` say of pictures, each in their order."""
    shop, table = folder / "shop", folder / "table.jsonl"
    shop.mkdir()
    for number, upload in enumerate(uploads):
        (shop / f"{number}.png").write_bytes(upload)

    wardrobe("label", [str(shop), "--out", str(table), "--model", str(release), "--workers", "1"])
    capsys.readouterr()
    wardrobe("predict", [*sorted(map(str, shop.iterdir())), "--model", str(release), "--json"])

    labelled, predicted = table.read_text("utf-8"), capsys.readouterr().out
    return [json.loads(line) for line in labelled.splitlines()], [
        json.loads(line) for line in predicted.splitlines()
    ]
