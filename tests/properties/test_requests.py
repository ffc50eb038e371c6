"""Whatever a client sends, in any dialect, the answer is one of the promised ones, in the promised form."""

import contextlib
import json

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.errors import RequestError
from app.payloads.request_items import Upload
from app.payloads.zip_archives import open_zip_archive
from tests.hostile.corpus import FORM, entries
from tests.properties.mutations import nearly
from tests.properties.test_pictures import PICTURES
from tests.uploads import in_base64, png

SMALL = [entry for entry in entries() if len(entry.body) < 2000]
ARCHIVES = [entry.body for entry in SMALL if entry.name.startswith("zip/")]
FORMS = [entry.body for entry in SMALL if entry.name.startswith("form/")]
IN_JSON = [entry.body for entry in SMALL if entry.name.startswith("json/")]
LATIN = st.characters(min_codepoint=32, max_codepoint=255)
TYPES = st.sampled_from(["application/json", FORM, "", "application/x-www-form-urlencoded", "image/png"])

TF, V2, SAGEMAKER = "/v1/models/wardrobe:predict", "/v2/models/wardrobe/infer", "/invocations"
LENGTH = "Inference-Header-Content-Length"

ROWS = [[0] * 28] * 28
FILE = png(np.zeros((28, 28), np.uint8))
TEXT = in_base64(FILE)
PIXELS = {"name": "pixels", "shape": [1, 28, 28], "datatype": "UINT8"}
SIZED = json.dumps({"inputs": [PIXELS | {"parameters": {"binary_data_size": 784}}]}).encode()
WANTED = [{"name": "probabilities"}, {"name": "label"}]

Request = tuple[str, bytes, dict[str, str]]


def in_json(path: str, document: dict[str, object]) -> Request:
    return path, json.dumps(document).encode(), {"Content-Type": "application/json"}


HONEST: list[Request] = [
    in_json(TF, {"signature_name": "serving_default", "instances": [ROWS, {"b64": TEXT}]}),
    in_json(TF, {"inputs": {"image": [{"b64": TEXT}]}}),
    in_json(V2, {"id": "7", "inputs": [PIXELS | {"data": [0] * 784}], "outputs": WANTED}),
    in_json(V2, {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [TEXT]}]}),
    (V2, SIZED + bytes(784), {LENGTH: str(len(SIZED))}),
    (SAGEMAKER, b",".join([b"0"] * 784) + b"\n", {"Content-Type": "text/csv"}),
    (SAGEMAKER, json.dumps({"pixels": ROWS}).encode() + b"\n", {"Content-Type": "application/jsonlines"}),
    (SAGEMAKER, FILE, {"Content-Type": "image/png"}),
]

OWN_PATHS = ["/predict", "/predict/batch"]


def assert_promised(answer: TestResponse) -> None:
    """A status that any body may get, in the form of the service."""
    assert answer.status_code in {200, 400, 413, 415, 422}, answer.text
    assert answer.headers["X-Request-ID"]
    assert b"Traceback" not in answer.data
    assert answer.status_code == 200 or answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("path", "body", "headers"), HONEST)
def test_the_requests_that_are_damaged_below_are_sound(
    client: FlaskClient, path: str, body: bytes, headers: dict[str, str]
) -> None:
    assert client.post(path, data=body, headers=headers).status_code == 200


@given(request=st.sampled_from(HONEST), body=nearly([body for _, body, _ in HONEST]))
def test_any_body_in_any_dialect_is_answered(client: FlaskClient, request: Request, body: bytes) -> None:
    assert_promised(client.post(request[0], data=body, headers=request[2]))


@given(
    path=st.sampled_from(OWN_PATHS),
    body=nearly(PICTURES + ARCHIVES + FORMS + IN_JSON),
    kind=TYPES | st.text(LATIN, max_size=40),
)
def test_any_body_of_any_type_is_answered(client: FlaskClient, path: str, body: bytes, kind: str) -> None:
    assert_promised(client.post(path, data=body, content_type=kind))


@given(body=nearly(ARCHIVES))
def test_an_archive_is_unpacked_within_its_limits_or_refused(body: bytes) -> None:
    # Less than most members of the seeds hold: 108 bytes.
    with contextlib.suppress(RequestError):
        archive = open_zip_archive(body, max_files=10, max_file_bytes=100)
        sizes = [len(item.data) for item in archive.iterate_items() if isinstance(item, Upload)]
        assert sum(sizes) <= archive.size
        assert max(sizes, default=0) <= 100
