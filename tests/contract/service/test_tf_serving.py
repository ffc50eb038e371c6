"""TensorFlow Serving's REST dialect: answered as its clients expect, with what /predict says."""

from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import TF, MakeApp
from tests.releases import LABELS
from tests.uploads import a_garment, in_base64, png

GARMENT, OTHER = a_garment(), a_garment(1)
ROWS, WITH_CHANNEL, TEXT = GARMENT.tolist(), GARMENT[..., None].tolist(), in_base64(png(GARMENT))


def probabilities(client: FlaskClient, pixels: Any) -> list[float]:
    """What /predict says of the same pixels."""
    answer = client.post("/predict", json={"pixels": pixels.tolist()}).get_json()
    return list(answer["probabilities"].values())


@pytest.mark.parametrize(
    "instance",
    [
        ROWS,
        WITH_CHANNEL,
        GARMENT.astype(float).tolist(),
        {"pixels": WITH_CHANNEL},
        {"b64": TEXT},
        {"image": {"b64": TEXT}},
    ],
)
def test_an_instance_gets_the_probabilities_of_predict(client: FlaskClient, instance: object) -> None:
    answer = client.post(TF, json={"signature_name": "serving_default", "instances": [instance]})

    assert answer.get_json() == {"predictions": [probabilities(client, GARMENT)]}


@pytest.mark.parametrize(
    "inputs",
    [
        [ROWS, OTHER.tolist()],
        {"pixels": [WITH_CHANNEL, OTHER[..., None].tolist()]},
        {"image": [{"b64": TEXT}, {"b64": in_base64(png(OTHER))}]},
    ],
)
def test_columns_are_answered_as_outputs(client: FlaskClient, inputs: object) -> None:
    answer = client.post(TF, json={"inputs": inputs})

    singly = [probabilities(client, GARMENT), probabilities(client, OTHER)]
    assert answer.get_json().keys() == {"outputs"}
    assert np.array(answer.get_json()["outputs"]) == pytest.approx(np.array(singly), abs=1e-6)


@pytest.mark.parametrize("which", ["", "/versions/{}"])
def test_the_version_that_is_served_may_be_named(client: FlaskClient, which: str) -> None:
    version = client.get("/model").get_json()["version"]
    path = f"/v1/models/wardrobe{which}".format(version)

    answer = client.post(f"{path}:predict", json={"instances": [ROWS]})
    status = client.get(path).get_json()

    available = {"version": version, "state": "AVAILABLE"}
    assert (answer.status_code, answer.headers["X-Model-Version"]) == (200, version)
    assert status["model_version_status"] == [
        available | {"status": {"error_code": "OK", "error_message": ""}}
    ]


@pytest.mark.parametrize(
    ("method", "path", "says"),
    [
        ("GET", "/v1/models/half_plus_three", "is 'wardrobe'"),
        ("GET", "/v1/models/wardrobe/versions/123", "'123' is not served here; '20261120T101500Z-"),
        ("GET", "/v1/models/half_plus_three/metadata", "is 'wardrobe'"),
        ("POST", "/v1/models/wardrobe:classify", "Post to /v1/models/wardrobe:predict."),
    ],
)
def test_another_model_or_method_is_named(client: FlaskClient, method: str, path: str, says: str) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == 404
    assert says in answer.get_json()["error"]


def test_the_metadata_tells_the_signature(client: FlaskClient) -> None:
    told = client.get("/v1/models/wardrobe/metadata").get_json()

    signature = told["metadata"]["signature_def"]["signature_def"]["serving_default"]
    shape = [axis["size"] for axis in signature["inputs"]["pixels"]["tensor_shape"]["dim"]]
    assert told["model_spec"]["name"] == "wardrobe"
    assert (signature["inputs"]["pixels"]["dtype"], shape) == ("DT_UINT8", ["-1", "28", "28"])
    assert signature["outputs"]["probabilities"]["tensor_shape"]["dim"][1]["size"] == str(len(LABELS))
    assert signature["method_name"] == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "either `instances`"),
        ({"instances": [ROWS], "inputs": [ROWS]}, 400, "either `instances`"),
        ({"instances": []}, 400, "no picture"),
        ({"instances": ROWS[0]}, 400, "An instance is 0, which is no picture"),
        ({"instances": [ROWS, {"b64": "%"}]}, 400, "Picture 1, counted from 0: `b64` is neither base64"),
        ({"instances": [{"b64": "data:image/png;base64,\U0001f45f"}]}, 400, "not all of it is ASCII"),
        ({"instances": [{"pixels": ROWS, "b64": ""}]}, 400, "no picture"),
        ({"instances": [{"b64": in_base64(b"hello")}]}, 415, "PNG"),
        ({"instances": [[[value / 255 for value in row] for row in ROWS]]}, 422, "whole numbers of 0..255"),
        ({"instances": [ROWS, ROWS[:1]]}, 422, "Picture 1, counted from 0: `pixels` has 1 row"),
        ({"instances": [ROWS], "signature_name": [[]]}, 400, "'serving_default'"),
        ({"inputs": {"pixels": [ROWS], "more": 1}}, 400, "nothing else"),
        ({"inputs": {"pixels": 5}}, 400, "no list"),
        ({"instances": [[]] * 257}, 413, "MAX_BATCH"),
        ('{"instances": ' + "[" * 500 + "]" * 500 + "}", 422, "rows"),
    ],
)
def test_what_is_wrong_is_said(client: FlaskClient, body: object, status: int, says: str) -> None:
    sent = {"data": body} if isinstance(body, str) else {"json": body}

    answer = client.post(TF, **sent)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert says in answer.get_json()["error"]
    assert answer.get_json()["error"] == answer.get_json()["detail"]


def test_the_model_goes_by_the_name_that_is_set(make_app: MakeApp) -> None:
    client = make_app(model_name="clothes").test_client()

    found = client.post("/v1/models/clothes:predict", json={"instances": [ROWS]})
    lost = client.post(TF, json={"instances": [ROWS]})

    assert (found.status_code, lost.status_code) == (200, 404)
    assert "'clothes'" in lost.get_json()["error"]
