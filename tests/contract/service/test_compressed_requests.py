"""Bodies with a Content-Encoding: inflated within the limits of plain ones, or refused by name."""

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_dialects import REQUESTS, ROWS
from tests.uploads import UPLOAD

BODIES = {"/predict": UPLOAD, "/predict/batch": json.dumps({"images": [{"pixels": ROWS}]}).encode()}
BODIES |= {path: json.dumps(document).encode() for path, document in REQUESTS.items()}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("Deflate", zlib.compress)])
def test_a_compressed_body_is_answered_as_a_plain_one(
    client: FlaskClient, path: str, coding: str, compress: Callable[[bytes], bytes]
) -> None:
    headers = {"X-Request-ID": "same"}
    plain = client.post(path, data=BODIES[path], headers=headers)

    packed = client.post(path, data=compress(BODIES[path]), headers=headers | {"Content-Encoding": coding})

    assert plain.status_code == 200
    assert (packed.status_code, packed.data) == (200, plain.data)


@pytest.mark.parametrize(
    ("data", "coding", "status", "said"),
    [
        pytest.param(UPLOAD, "br", 415, "'br'", id="another coding"),
        pytest.param(gzip.compress(UPLOAD), "gzip, gzip", 415, "alone", id="two codings"),
        pytest.param(UPLOAD, "gzip", 400, "no gzip", id="not compressed"),
        pytest.param(gzip.compress(UPLOAD)[:-9], "gzip", 400, "ends early", id="cut short"),
        pytest.param(gzip.compress(UPLOAD) + b"more", "gzip", 400, "follows its end", id="more behind"),
    ],
)
def test_a_body_that_cannot_be_inflated_is_refused_with_the_reason(
    client: FlaskClient, data: bytes, coding: str, status: int, said: str
) -> None:
    answer = client.post("/predict", data=data, headers={"Content-Encoding": coding})

    assert answer.status_code == status
    assert said in answer.get_json()["detail"]
    assert answer.headers.get("Accept-Encoding") == ("gzip, deflate" if status == 415 else None)


def test_a_body_that_inflates_beyond_the_limit_is_refused(make_app: MakeApp) -> None:
    bomb = gzip.compress(bytes(2_000_000))
    client = make_app(max_upload_bytes=1_000_000, max_batch_bytes=1_000_000).test_client()

    for path in BODIES:
        answer = client.post(path, data=bomb, headers={"Content-Encoding": "gzip"})

        assert answer.status_code == 413, path
        assert ("MAX_UPLOAD_BYTES" if path == "/predict" else "MAX_BATCH_BYTES") in answer.text
