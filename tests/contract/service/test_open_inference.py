"""The Open Inference Protocol, version 2, byte by byte; tests/e2e/test_dialects.py has Triton's client."""

import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.contract.service.conftest import V2
from tests.releases import LABELS
from tests.uploads import a_garment, in_base64, png

GARMENTS = np.stack([a_garment(), a_garment(1)])
FILES = [png(pixels) for pixels in GARMENTS]
EVERYTHING = ["probabilities", "label", "confidence", "familiarity", "decision", "reason"]


def tensor(**fields: Any) -> dict[str, Any]:
    """The two garments as an input; a field that is None is left out."""
    known = {"name": "pixels", "shape": [2, 28, 28], "datatype": "UINT8", "data": GARMENTS.ravel().tolist()}
    return {name: value for name, value in (known | fields).items() if value is not None}


def image(*data: object, **fields: Any) -> dict[str, Any]:
    return tensor(name="image", datatype="BYTES", **{"shape": [len(data)], "data": list(data)} | fields)


def ask(client: FlaskClient, *inputs: object, **fields: Any) -> TestResponse:
    return client.post(V2, json={"inputs": list(inputs)} | fields)


def ask_binary(client: FlaskClient, binary: bytes, length: str | None = None, **fields: Any) -> TestResponse:
    """A request whose tensor follows its JSON."""
    described = tensor(data=None, parameters={"binary_data_size": len(binary)}) | fields
    header = json.dumps({"inputs": [described]}).encode()
    size = str(len(header)) if length is None else length
    return client.post(V2, data=header + binary, headers={"Inference-Header-Content-Length": size})


def outputs(answer: TestResponse) -> dict[str, dict[str, Any]]:
    return {output["name"]: output for output in answer.get_json()["outputs"]}


def test_every_output_comes_and_says_what_predict_says(client: FlaskClient) -> None:
    answer = ask(client, tensor(), id="42")

    told = outputs(answer)
    expected = [client.post("/predict?top=1", data=file).get_json() for file in FILES]
    shares = [share for one in expected for share in one["probabilities"].values()]
    assert answer.get_json()["id"] == "42"
    assert answer.get_json()["model_version"] == answer.headers["X-Model-Version"]
    assert list(told) == EVERYTHING
    assert told["probabilities"]["shape"] == [2, len(LABELS)]
    assert told["probabilities"]["data"] == pytest.approx(shares, abs=1e-6)
    for name in ("label", "decision"):
        assert told[name]["data"] == [one[name] for one in expected]
    for name in ("confidence", "familiarity"):
        assert told[name]["data"] == pytest.approx([one[name] for one in expected], abs=1e-6)


def test_pixels_and_pictures_in_every_form_get_the_same_answer(client: FlaskClient) -> None:
    elements = b"".join(len(file).to_bytes(4, "little") + file for file in FILES)

    answers = [
        ask(client, tensor(data=GARMENTS.tolist())),
        ask(client, tensor(shape=[2, 28, 28, 1])),
        ask(client, tensor(shape=[2, 28, 28, 1], data=GARMENTS[..., None].tolist())),
        ask_binary(client, GARMENTS.tobytes(), shape=[2, 28, 28, 1]),
        ask(client, tensor(data=GARMENTS.ravel().astype(float).tolist())),
        ask(client, image(*map(in_base64, FILES))),
        ask_binary(client, GARMENTS.tobytes()),
        ask_binary(client, elements, name="image", shape=[2], datatype="BYTES"),
    ]

    assert [outputs(answer) for answer in answers] == [outputs(ask(client, tensor()))] * len(answers)


def test_outputs_come_binary_where_they_are_wanted_so(client: FlaskClient) -> None:
    in_json = {"name": "label", "parameters": {"binary_data": False}}
    wanted = [in_json, {"name": "probabilities"}, {"name": "decision"}]

    answer = ask(client, tensor(), outputs=wanted, parameters={"binary_data_output": True})

    length, told = int(answer.headers["Inference-Header-Content-Length"]), outputs(ask(client, tensor()))
    label, probabilities, decision = json.loads(answer.data[:length])["outputs"]
    end = length + probabilities["parameters"]["binary_data_size"]
    texts = [text.encode() for text in told["decision"]["data"]]
    assert answer.mimetype == "application/octet-stream"
    assert label["data"] == told["label"]["data"]
    assert np.frombuffer(answer.data[length:end], "<f4").tolist() == told["probabilities"]["data"]
    assert answer.data[end:] == b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    assert decision["parameters"]["binary_data_size"] == len(answer.data) - end


def test_metadata_tells_the_tensors(client: FlaskClient) -> None:
    version = client.get("/model").get_json()["version"]

    metadata = client.get("/v2/models/wardrobe").get_json()

    assert metadata["versions"] == [version]
    assert metadata["inputs"] == [
        {"name": "pixels", "datatype": "UINT8", "shape": [-1, 28, 28]},
        {"name": "image", "datatype": "BYTES", "shape": [-1]},
    ]
    assert [output["name"] for output in metadata["outputs"]] == EVERYTHING
    assert metadata["outputs"][0] == {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}


SHAPES: list[Any] = [
    *(
        None,
        "2,28,28",
        [],
        [28, 28],
        [2, 28, 28, 3],
        [2, 28, 28, 1, 1],
        [0, 28, 28],
        [2, -28, -28],
        [1, 56, 28],
        [2] * 100_000,
    ),
    *([size, 28, 28] for size in (-1, True, 2.5, "2", None, [2], 3, 2**64, 10**400)),
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
        ([tensor(), tensor()], 400, "exactly one input"),
        ([tensor(name="input0")], 400, "no input 'input0'"),
        ([tensor(shape=[True, 28, 28], data=[0] * 784)], 422, "no list of whole numbers"),
        ([tensor(datatype="FP32")], 422, "'FP32'. Convert scaled pixels back: (x * 255).round()"),
        ([tensor(data=None)], 400, "either `data`"),
        ([tensor(data=[0] * 1567)], 422, "1,567 numbers came"),
        ([tensor(parameters={"binary_data_size": 1568})], 400, "either `data`"),
        ([tensor(data=None, parameters={"binary_data_size": 1568})], 400, "0 bytes follow the JSON"),
        ([tensor(data=None, parameters={"shared_memory_region": "a"})], 400, "shared memory"),
        ([tensor(shape=[257, 28, 28], data=[[]] * 257)], 413, "MAX_BATCH"),
        ([image("*")], 400, "neither base64"),
        ([image("", shape=[2])], 400, "1 picture came"),
        ([image("aGVsbG8=")], 415, "PNG"),
    ],
)
def test_a_wrong_input_is_refused(client: FlaskClient, inputs: object, status: int, says: str) -> None:
    answer = client.post(V2, data=json.dumps({"inputs": inputs}))

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert says in answer.get_json()["error"]


def test_a_field_that_is_null_is_as_good_as_absent(client: FlaskClient) -> None:
    null = dict.fromkeys(("id", "parameters", "outputs"))

    answers = (
        ask(client, tensor() | {"parameters": None}, **null),
        ask_binary(client, GARMENTS.tobytes()),
        ask_binary(client, GARMENTS.tobytes(), data=None),
    )

    whole = ask(client, tensor()).get_json()["outputs"]
    assert [answer.get_json()["outputs"] for answer in answers] == [whole] * 3


def label(**parameters: object) -> list[dict[str, object]]:
    return [{"name": "label", "parameters": parameters}]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": 7}, "`id` is 7"),
        ({"outputs": label() * 7}, "`outputs` is no list of at most"),
        ({"outputs": label() * 2}, "twice"),
        ({"outputs": [{"name": "logits"}]}, "no output 'logits'. The outputs are probabilities, label"),
        ({"outputs": label(shared_memory_region="a")}, "shared memory"),
        ({"outputs": label(classification=3)}, "has no extension `classification`"),
        ({"parameters": {"classification": 1}}, "the output `probabilities`"),
    ],
)
def test_what_else_is_wrong_is_said(client: FlaskClient, fields: dict[str, Any], says: str) -> None:
    answer = ask(client, tensor(), **fields)

    assert answer.status_code == 400, answer.text
    assert says in answer.get_json()["error"]


@pytest.mark.parametrize("length", ["", "-1", "1e3", "٣", "9" * 19, "9" * 5000, "99999", "0", "5"])
def test_a_header_length_that_lies_is_refused(client: FlaskClient, length: str) -> None:
    answer = ask_binary(client, GARMENTS.tobytes(), length.encode().decode("latin-1"))

    assert answer.status_code == 400, answer.text
    assert ("Inference-Header-Content-Length is" in answer.get_json()["error"]) == (length not in ("0", "5"))


@pytest.mark.parametrize("size", [-1, 0, 1567, 1569, 2**63, 10**400, 1568.5, "1568", [], True])
def test_a_binary_size_that_lies_is_refused(client: FlaskClient, size: object) -> None:
    answer = ask_binary(client, GARMENTS.tobytes(), parameters={"binary_data_size": size})

    assert answer.status_code == 400, answer.text
    assert "binary_data_size" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("binary", "count", "status", "says"),
    [
        (b"", 2, 400, "longer than what came"),
        (b"\1\0\0\0a", 2, 400, "longer than what came"),
        (b"\0\0\0\0" * 3, 2, 400, "4 bytes behind its last element"),
        (bytes(4000), 10**12, 413, "MAX_BATCH"),
    ],
    ids=["none", "one-of-two", "left-over", "a trillion"],
)
def test_pictures_whose_lengths_lie_are_refused(
    client: FlaskClient, binary: bytes, count: int, status: int, says: str
) -> None:
    answer = ask_binary(client, binary, name="image", shape=[count], datatype="BYTES")

    assert answer.status_code == status, answer.text
    assert says in answer.get_json()["error"]
