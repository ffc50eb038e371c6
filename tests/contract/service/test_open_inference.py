"""The Open Inference Protocol, version 2, byte by byte; tests/e2e/test_dialects.py has Triton's client."""

import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.releases import LABELS
from tests.uploads import a_garment, in_base64, png

INFER = "/v2/models/wardrobe/infer"
GARMENTS = np.stack([a_garment(), a_garment(1)])
EVERYTHING = ["probabilities", "label", "confidence", "familiarity", "decision", "reason"]


@pytest.fixture(scope="module")
def client(lasting_client: FlaskClient) -> FlaskClient:
    return lasting_client


def tensor(**fields: Any) -> dict[str, Any]:
    """The two garments as an input; a field that is None is left out."""
    known = {"name": "pixels", "shape": [2, 28, 28], "datatype": "UINT8", "data": GARMENTS.ravel().tolist()}
    return {name: value for name, value in (known | fields).items() if value is not None}


def ask(client: FlaskClient, *inputs: object, **fields: Any) -> TestResponse:
    return client.post(INFER, json={"inputs": list(inputs)} | fields)


def ask_binary(client: FlaskClient, binary: bytes, length: str | None = None, **fields: Any) -> TestResponse:
    """A request whose tensor follows its JSON."""
    described = tensor(data=None, parameters={"binary_data_size": len(binary)}) | fields
    header = json.dumps({"inputs": [described]}).encode()
    size = str(len(header)) if length is None else length
    return client.post(INFER, data=header + binary, headers={"Inference-Header-Content-Length": size})


def outputs(answer: TestResponse) -> dict[str, dict[str, Any]]:
    return {output["name"]: output for output in answer.get_json()["outputs"]}


def answers_of_predict(client: FlaskClient) -> list[dict[str, Any]]:
    return [client.post("/predict", json={"pixels": pixels.tolist()}).get_json() for pixels in GARMENTS]


def test_every_output_comes_and_says_what_predict_says(client: FlaskClient) -> None:
    answer = ask(client, tensor(), id="42")

    told = outputs(answer)
    expected = answers_of_predict(client)
    assert answer.get_json()["id"] == "42"
    assert answer.get_json()["model_version"] == answer.headers["X-Model-Version"]
    assert list(told) == EVERYTHING
    assert told["probabilities"]["shape"] == [2, len(LABELS)]
    assert told["probabilities"]["data"] == [
        share for one in expected for share in one["probabilities"].values()
    ]
    for name in ("label", "confidence", "decision"):
        assert told[name]["data"] == [one[name] for one in expected]
    assert told["familiarity"]["data"] == pytest.approx([one["familiarity"] for one in expected])


@pytest.mark.parametrize(
    "data",
    [GARMENTS.tolist(), GARMENTS.ravel().astype(float).tolist()],
    ids=["nested", "floats"],
)
def test_numbers_may_be_nested_or_written_as_floats(client: FlaskClient, data: object) -> None:
    assert outputs(ask(client, tensor(data=data))) == outputs(ask(client, tensor()))


def test_binary_pixels_get_the_same_answer(client: FlaskClient) -> None:
    assert outputs(ask_binary(client, GARMENTS.tobytes())) == outputs(ask(client, tensor()))


def test_pictures_come_as_bytes_or_in_base64(client: FlaskClient) -> None:
    files = [png(pixels) for pixels in GARMENTS]
    binary = b"".join(len(file).to_bytes(4, "little") + file for file in files)
    image: dict[str, Any] = {"name": "image", "shape": [2], "datatype": "BYTES"}

    answers = [
        ask(client, image | {"data": [in_base64(file) for file in files]}),
        ask_binary(client, binary, **image),
    ]

    assert [outputs(answer) for answer in answers] == [outputs(ask(client, tensor()))] * 2


def test_outputs_come_binary_where_they_are_wanted_so(client: FlaskClient) -> None:
    wanted = [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probabilities"}]

    answer = ask(client, tensor(), outputs=wanted, parameters={"binary_data_output": True})

    length = int(answer.headers["Inference-Header-Content-Length"])
    label, probabilities = json.loads(answer.data[:length])["outputs"]
    told = outputs(ask(client, tensor()))
    assert answer.mimetype == "application/octet-stream"
    assert label["data"] == told["label"]["data"]
    assert probabilities["parameters"]["binary_data_size"] == len(answer.data) - length
    assert np.frombuffer(answer.data[length:], "<f4").tolist() == told["probabilities"]["data"]


def test_classes_can_be_had_by_likelihood(client: FlaskClient) -> None:
    wanted = [{"name": "probabilities", "parameters": {"classification": 3}}]

    answer = outputs(ask(client, tensor(), outputs=wanted))["probabilities"]

    labels = [text.split(":")[2] for text in answer["data"]]
    tops = [
        client.post("/predict?top=3", json={"pixels": pixels.tolist()}).get_json()["top"]
        for pixels in GARMENTS
    ]
    assert (answer["datatype"], answer["shape"]) == ("BYTES", [2, 3])
    assert labels == [likely["label"] for top in tops for likely in top]


def test_more_classes_than_there_are_are_all_of_them(client: FlaskClient) -> None:
    wanted = [{"name": "probabilities", "parameters": {"classification": 10**18}}]

    assert outputs(ask(client, tensor(), outputs=wanted))["probabilities"]["shape"] == [2, len(LABELS)]


def test_metadata_and_configuration_tell_the_tensors(client: FlaskClient) -> None:
    version = client.get("/model").get_json()["version"]

    metadata = client.get("/v2/models/wardrobe").get_json()
    config = client.get(f"/v2/models/wardrobe/versions/{version}/config").get_json()

    assert metadata["versions"] == [version]
    assert metadata["inputs"] == [{"name": "pixels", "datatype": "UINT8", "shape": [-1, 28, 28]}]
    assert [output["name"] for output in metadata["outputs"]] == EVERYTHING
    assert metadata["outputs"][0] == {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}
    assert config["max_batch_size"] == 256
    assert config["input"] == [{"name": "pixels", "data_type": "TYPE_UINT8", "dims": [28, 28]}]
    assert config["output"][1] == {"name": "label", "data_type": "TYPE_STRING", "dims": [1]}


def test_server_and_model_are_live_and_ready(client: FlaskClient) -> None:
    assert client.get("/v2").get_json()["name"] == "wardrobe"
    assert client.get("/v2/health/live").get_json() == {"live": True}
    assert client.get("/v2/health/ready").get_json() == {"ready": True}
    assert client.get("/v2/models/wardrobe/ready").get_json() == {"name": "wardrobe", "ready": True}


SHAPES: list[Any] = [
    None,
    "2,28,28",
    [],
    [28, 28],
    [2, 28, 28, 1],
    [-1, 28, 28],
    [0, 28, 28],
    [2, -28, -28],
    [True, 28, 28],
    [2.5, 28, 28],
    ["2", 28, 28],
    [None, 28, 28],
    [[2], 28, 28],
    [2**64, 28, 28],
    [2**63, 2**63, 2**63],
    [10**400, 28, 28],
    [3, 28, 28],
    [1, 56, 28],
    [2] * 100_000,
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape)[:20])
def test_a_shape_that_is_none_is_refused(client: FlaskClient, shape: object) -> None:
    for answer in (ask(client, tensor(shape=shape)), ask_binary(client, GARMENTS.tobytes(), shape=shape)):
        assert answer.status_code == 422, answer.text
        assert "[N, 28, 28]" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("inputs", "status", "says"),
    [
        (None, 400, "exactly one input"),
        ([], 400, "exactly one input"),
        ([tensor(), tensor()], 400, "exactly one input"),
        ([7], 400, "exactly one input"),
        ([tensor(name="input0")], 400, "no input 'input0'"),
        ([tensor(name=[[[]]])], 400, "no input of type list"),
        ([tensor(datatype="FP32")], 422, "'FP32'"),
        ([tensor(datatype={})], 422, "UINT8"),
        ([tensor(data=None)], 400, "either `data`"),
        ([tensor(data="a")], 400, "`data` is 'a'"),
        ([tensor(data=[])], 422, "0 pictures came"),
        ([tensor(shape=[0, 28, 28], data=[])], 422, "is [0, 28, 28]"),
        ([tensor(data=[0] * 1567)], 422, "1,567 numbers came"),
        ([tensor(data=[[0] * 784])], 422, "1 pictures came"),
        ([tensor(data=[[0] * 28] * 2)], 422, "Picture 0, counted from 0"),
        ([tensor(data=[float("nan")] * 1568)], 422, "is nan"),
        ([tensor(data=[1e308] * 1568)], 422, "out of range"),
        ([tensor(data=[-1] * 1568)], 422, "is -1"),
        ([tensor(data=[True] * 1568)], 422, "is true"),
        ([tensor(data=["0"] * 1568)], 422, "is text"),
        ([tensor(data=[0, [1]] * 784)], 422, "a list of 1"),
        ([tensor(parameters={"binary_data_size": 1568})], 400, "either `data`"),
        ([tensor(data=None, parameters={"binary_data_size": 1568})], 400, "0 bytes follow the JSON"),
        ([tensor(data=None, parameters={"binary_data_size": False})], 400, "0 bytes follow the JSON"),
        ([tensor(data=None, parameters={"shared_memory_region": "a"})], 400, "shared memory"),
        ([tensor(parameters=[])], 400, "`parameters` is of type list"),
        ([tensor(shape=[257, 28, 28], data=[[]] * 257)], 413, "MAX_BATCH"),
        ([{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["*"]}], 400, "neither base64"),
        ([{"name": "image", "shape": [1], "datatype": "BYTES", "data": [7]}], 400, "is a int"),
        ([{"name": "image", "shape": [2], "datatype": "BYTES", "data": [""]}], 400, "1 pictures came"),
        ([{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["aGVsbG8="]}], 415, "PNG"),
        ([{"name": "image", "shape": [1, 1], "datatype": "BYTES", "data": ["a"]}], 422, "[1, 1]"),
    ],
)
def test_an_input_that_is_wrong_is_refused(
    client: FlaskClient, inputs: object, status: int, says: str
) -> None:
    answer = client.post(INFER, data=json.dumps({"inputs": inputs}))

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert says in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": 7}, "`id` is of type int"),
        ({"parameters": 7}, "`parameters` is of type int"),
        ({"parameters": {"binary_data_output": "yes"}}, "`binary_data_output` is 'yes'"),
        ({"outputs": "label"}, "`outputs` is no list"),
        ({"outputs": [{"name": "label"}] * 7}, "`outputs` is no list of at most"),
        ({"outputs": [{"name": "label"}] * 2}, "twice"),
        ({"outputs": [{"name": "logits"}]}, "no output 'logits'. The outputs are probabilities, label"),
        ({"outputs": [{"name": ["label"]}]}, "no output of type list"),
        ({"outputs": [7]}, "no output of type NoneType"),
        ({"outputs": [{"name": "label", "parameters": {"binary_data": 1}}]}, "`binary_data` is of type int"),
        ({"outputs": [{"name": "label", "parameters": {"classification": 1}}]}, "`classification` is for"),
        ({"outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]}, "from 1"),
        ({"outputs": [{"name": "label", "parameters": {"shared_memory_region": "a"}}]}, "shared memory"),
    ],
)
def test_what_else_is_wrong_is_said(client: FlaskClient, fields: dict[str, Any], says: str) -> None:
    answer = ask(client, tensor(), **fields)

    assert answer.status_code == 400, answer.text
    assert says in answer.get_json()["error"]


@pytest.mark.parametrize("length", ["", "-1", "1e3", "0x10", "٣", "9" * 19, "9" * 5000, "99999", "0", "5"])
def test_a_header_length_that_lies_is_refused(client: FlaskClient, length: str) -> None:
    answer = ask_binary(client, GARMENTS.tobytes(), length.encode().decode("latin-1"))

    assert answer.status_code == 400, answer.text
    assert ("Inference-Header-Content-Length is" in answer.get_json()["error"]) == (length not in ("0", "5"))


@pytest.mark.parametrize("size", [-1, 0, 1, 1567, 1569, 2**63, 10**400, 1568.5, "1568", [], True])
def test_a_binary_size_that_lies_is_refused(client: FlaskClient, size: object) -> None:
    answer = ask_binary(client, GARMENTS.tobytes(), parameters={"binary_data_size": size})

    assert answer.status_code == 400, answer.text
    assert "binary_data_size" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("binary", "says"),
    [
        (b"", "longer than what came"),
        (b"\1", "longer than what came"),
        (b"\1\0\0\0", "longer than what came"),
        (b"\xff\xff\xff\xff", "longer than what came"),
        (b"\1\0\0\0a", "longer than what came"),
        (b"\0\0\0\0" * 3, "4 bytes behind its last element"),
    ],
    ids=["none", "cut-length", "cut", "4-GB", "one-of-two", "left-over"],
)
def test_pictures_whose_lengths_lie_are_refused(client: FlaskClient, binary: bytes, says: str) -> None:
    answer = ask_binary(client, binary, name="image", shape=[2], datatype="BYTES")

    assert answer.status_code == 400, answer.text
    assert says in answer.get_json()["error"]


def test_a_trillion_empty_pictures_are_refused_at_once(client: FlaskClient) -> None:
    answer = ask_binary(client, bytes(4000), name="image", shape=[10**12], datatype="BYTES")

    assert answer.status_code == 413
    assert "MAX_BATCH" in answer.get_json()["error"]
