"""Whatever a client of another server sends, the answer is one of the promised ones, in the promised form."""

import json

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from werkzeug.test import TestResponse

from app.factory import create_app
from app.settings import Settings
from tests.hostile.dialect_requests import LENGTH, Honest, honest_requests
from tests.properties.mutations import nearly
from tests.properties.test_pictures import JSON_VALUES

HONEST = honest_requests()
PATHS = ("/v1/models/wardrobe:predict", "/v2/models/wardrobe/infer", "/invocations")
PROMISED = frozenset({200, 400, 413, 415, 422})
WORDS = [
    "instances",
    "inputs",
    "signature_name",
    "b64",
    "image",
    "pixels",
    "name",
    "shape",
    "datatype",
    "data",
]
WORDS += ["parameters", "binary_data_size", "binary_data_output", "outputs", "classification", "id"]
KNOWN = ["UINT8", "BYTES", "serving_default", "probabilities", 28, 784, 2**63, -1, [1, 28, 28]]

DOCUMENTS: SearchStrategy[object] = st.recursive(
    JSON_VALUES | st.sampled_from([*WORDS, *KNOWN]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=5)
    ),
    max_leaves=30,
)
"""Objects that mean something to one of the dialects, here and there."""


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """The bundled model; nothing that a small request asks for is slow."""
    settings = Settings(max_pixels=2_000_000, max_upload_bytes=100_000, max_batch=20, log_level="ERROR")
    return create_app(settings).test_client()


def assert_promised(answer: TestResponse) -> None:
    assert answer.status_code in PROMISED, answer.text
    assert answer.headers["X-Request-ID"]
    assert b"Traceback" not in answer.data
    assert answer.status_code == 200 or answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("honest", HONEST, ids=lambda honest: honest.path)
def test_the_requests_that_are_damaged_below_are_sound(client: FlaskClient, honest: Honest) -> None:
    assert client.post(honest.path, data=honest.body, headers=honest.headers).status_code == 200


@given(honest=st.sampled_from(HONEST), body=nearly([honest.body for honest in HONEST]))
def test_any_body_is_answered(client: FlaskClient, honest: Honest, body: bytes) -> None:
    assert_promised(client.post(honest.path, data=body, headers=honest.headers))


@given(path=st.sampled_from(PATHS), document=DOCUMENTS)
def test_any_document_is_answered(client: FlaskClient, path: str, document: object) -> None:
    assert_promised(client.post(path, json=document))


@given(fields=st.dictionaries(st.sampled_from(WORDS), DOCUMENTS), binary=st.binary(max_size=40))
def test_any_tensor_is_answered(client: FlaskClient, fields: dict[str, object], binary: bytes) -> None:
    tensor = {"name": "pixels", "shape": [1, 28, 28], "datatype": "UINT8"} | fields
    header = json.dumps({"inputs": [tensor]}).encode()

    answer = client.post(PATHS[1], data=header + binary, headers={LENGTH: str(len(header))})

    assert_promised(answer)


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="/?#%"), min_size=1),
    end=st.sampled_from(["", ":predict", "/metadata"]),
)
def test_any_name_of_a_model_is_answered(client: FlaskClient, name: str, end: str) -> None:
    for path in (f"/v1/models/{name}{end}", f"/v2/models/{name}", f"/v2/models/wardrobe/versions/{name}"):
        assert client.get(path).status_code in {200, 308, 404, 405}
