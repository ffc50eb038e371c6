"""Early answers leave the whole body in the stream, all others read it to its end: servers close by that."""

from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import MakeApp, every_place_taken
from tests.contract.service.test_access_control import keys_file
from tests.uploads import UPLOAD

REST = b"GET /healthz HTTP/1.1\r\n\r\n"
"""What follows the request on its connection."""


def status_and_rest(client: FlaskClient, path: str = "/predict", body: bytes = UPLOAD) -> tuple[int, bytes]:
    """The answer's status, and what it left in the stream."""
    stream, length = BytesIO(body + REST), {"CONTENT_LENGTH": str(len(body))}
    answer = client.post(path, input_stream=stream, environ_overrides=length)
    return answer.status_code, stream.read()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nowhere", 404),
        ("/model", 405),
        ("/predict?top=none", 400),
        ("/v1/models/another:predict", 404),
        ("/predict/batch", 413),
    ],
)
def test_an_answer_that_needs_no_body_reads_none(make_app: MakeApp, path: str, expected: int) -> None:
    client = make_app(max_batch_bytes=100).test_client()

    assert status_and_rest(client, path) == (expected, UPLOAD + REST)


def test_without_a_key_or_above_a_rate_no_body_is_read(make_app: MakeApp, tmp_path: Path) -> None:
    guarded = make_app(api_keys_file=keys_file(tmp_path, "alpha")).test_client()
    limited = make_app(rate_limit="1/day").test_client()

    assert status_and_rest(guarded) == (401, UPLOAD + REST)
    assert status_and_rest(limited) == (200, REST)
    assert status_and_rest(limited) == (429, UPLOAD + REST)


@pytest.mark.parametrize(
    ("expected", "body"), [(200, UPLOAD), (415, b"no picture"), (422, UPLOAD[:100]), (400, b"{")]
)
def test_all_else_is_read_to_the_end_of_the_body(client: FlaskClient, expected: int, body: bytes) -> None:
    assert status_and_rest(client, body=body) == (expected, REST)


def test_a_request_that_is_refused_for_want_of_a_slot_was_read(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0)

    with every_place_taken(app):
        assert status_and_rest(app.test_client()) == (503, REST)
