"""A release of 64 x 64 in colour: every way to send a picture, and what describes the input, follows it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from inference.arrays import Picture
from inference.classifier import open_classifier
from inference.contract import make_whole_picture_input
from model_store.local_releases import open_release
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp
from tests.described import Described
from tests.releases import a_store
from tests.uploads import in_base64, png

COLOUR = make_whole_picture_input(64, 3)
PICTURE: Picture = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)
UPLOAD = png(PICTURE[..., ::-1])  # OpenCV writes BGR
ROWS, NUMBERS = PICTURE.tolist(), PICTURE.ravel().tolist()
SIZED = {"name": "pixels", "datatype": "UINT8", "shape": [1, 64, 64, 3]}
BINARY = json.dumps({"inputs": [SIZED | {"parameters": {"binary_data_size": PICTURE.size}}]}).encode()
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "file": ("/predict", {"data": UPLOAD}),
    "pixels": ("/predict", {"json": {"pixels": ROWS}}),
    "batch": ("/predict/batch", {"json": {"images": [in_base64(UPLOAD), {"pixels": ROWS}]}}),
    "TF rows": (TF, {"json": {"instances": [ROWS]}}),
    "V2 numbers": (V2, {"json": {"inputs": [SIZED | {"data": NUMBERS}]}}),
    "V2 binary": (
        V2,
        {
            "data": BINARY + PICTURE.tobytes(),
            "headers": {"Inference-Header-Content-Length": str(len(BINARY))},
        },
    ),
    "CSV": (INVOCATIONS, {"data": ",".join(map(str, NUMBERS)), "content_type": "text/csv"}),
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's folder with a promoted release, and the release."""
    folder = tmp_path_factory.mktemp("colour")
    a_store(folder, reads=COLOUR)
    return folder / "made"


@pytest.fixture
def client(make_app: MakeApp, release: Path) -> FlaskClient:
    return make_app(model_store=str(release.parent / "store")).test_client()


def probabilities_in(answer: Any) -> list[float]:
    """The probabilities of the last picture of an answer in any dialect."""
    match answer:
        case {"outputs": [{"data": last}, *_]} | {"outputs": [last]} | {"predictions": [*_, last]}:
            return probabilities_in(last)
        case {"probabilities": shares}:
            return probabilities_in(list(shares.values()))
    assert isinstance(answer, list)
    return answer


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_send_a_picture_gets_the_models_own_answer(
    client: FlaskClient, release: Path, way: str
) -> None:
    [expected] = open_classifier(
        release / "model.onnx", open_release(release).manifest.get_contract("pixels")
    ).classify(PICTURE[np.newaxis])
    path, how = WAYS[way]

    answer = client.post(path, **how)

    assert answer.status_code == 200, answer.text
    given = (
        [float(share) for share in answer.text.split(",")]
        if answer.mimetype == "text/csv"
        else probabilities_in(json.loads(answer.text))
    )
    assert given == pytest.approx(expected.answer.probabilities.tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "enlarged"), [((63, 40, 3), True), ((64, 40, 3), False), ((28, 28), True), ((64, 64, 3), False)]
)
def test_the_answer_to_a_picture_smaller_than_the_input_says_that_it_was_enlarged(
    client: FlaskClient, shape: tuple[int, ...], enlarged: bool
) -> None:
    upload = png(np.full(shape, 99, np.uint8))
    described = Described(client.get("/openapi.json").get_json())

    one = client.post("/predict", data=upload)
    batch = client.post("/predict/batch", json={"images": [in_base64(upload)]})

    assert one.get_json().get("enlarged", False) is enlarged
    assert batch.get_json()["predictions"][0].get("enlarged", False) is enlarged
    assert described.complaints("post", "/predict", one) == []


def test_metadata_and_openapi_name_the_inputs_shape(client: FlaskClient) -> None:
    tf = client.get("/v1/models/wardrobe/metadata").get_json()
    v2 = client.get("/v2/models/wardrobe").get_json()
    document = client.get("/openapi.json").get_json()
    model = client.get("/model")

    [signature] = tf["metadata"]["signature_def"]["signature_def"].values()
    dimensions = signature["inputs"]["pixels"]["tensor_shape"]["dim"]
    rows = document["components"]["schemas"]["Pixels"]
    validate(document)
    assert [dimension["size"] for dimension in dimensions] == ["-1", "64", "64", "3"]
    assert v2["inputs"][0] == {"name": "pixels", "datatype": "UINT8", "shape": [-1, 64, 64, 3]}
    assert (rows["maxItems"], rows["items"]["maxItems"], rows["items"]["items"]["maxItems"]) == (64, 64, 3)
    assert model.get_json()["manifest"]["networks"]["photos"]["contract"]["input"]["channels"] == 3
    assert Described(document).complaints("get", "/model", model) == []


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/predict", {"pixels": [[0] * 28] * 28}, "has 28 rows. Send 64 rows of 64 times 3 whole numbers"),
        ("/predict", {"pixels": [[[0, 0]] * 64] * 64}, "Row 0, column 0 of `pixels` has 2 channels"),
        ("/predict", {"pixels": [[[0, 0, 256]] * 64] * 64}, "Row 0, column 0, channel 2 of `pixels` is 256"),
        (V2, {"inputs": [SIZED | {"shape": [1, 28, 28], "data": [0] * 784}]}, "UINT8, shape [N, 64, 64, 3]"),
    ],
)
def test_pixels_of_another_size_are_refused_with_the_size_that_is_read(
    client: FlaskClient, path: str, body: dict[str, Any], named: str
) -> None:
    answer = client.post(path, json=body)

    assert answer.status_code == 422
    assert named in answer.get_json()["detail"]


def test_pixels_of_a_large_input_fit_the_limits_of_json(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(model_store=a_store(tmp_path, reads=make_whole_picture_input(224, 3))).test_client()

    answer = client.post("/predict", json={"pixels": np.zeros((224, 224, 3), np.uint8).tolist()})

    assert answer.status_code == 200, answer.text
