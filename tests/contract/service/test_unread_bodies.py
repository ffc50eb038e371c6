"""Early answers leave the whole body in the stream, all others read it to its end: servers close by that."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import keys_file
from tests.contract.service.test_overload import every_place_taken
from tests.uploads import a_garment, png

UPLOAD = png(a_garment())
REST = b"GET /healthz HTTP/1.1\r\n\r\n"
"""What follows the request on its connection."""


def status_and_rest(
    app: Flask, path: str = "/predict", body: bytes = UPLOAD, **how: Any
) -> tuple[int, bytes]:
    """The answer's status, and what it left in the stream."""
    stream = BytesIO(body + REST)
    how = {"method": "POST"} | how
    length = {"CONTENT_LENGTH": str(len(body))}
    answer = app.test_client().open(path, input_stream=stream, environ_overrides=length, **how)
    return answer.status_code, stream.read()


@pytest.mark.parametrize(
    ("expected", "how"),
    [
        (404, {"path": "/nowhere"}),
        (405, {"path": "/model"}),
        (405, {"method": "PUT"}),
        (413, {"body": bytes(2000)}),
        (400, {"path": "/predict?top=none"}),
        (404, {"path": "/v1/models/another:predict"}),
    ],
)
def test_an_answer_that_needs_no_body_reads_none(
    make_app: MakeApp, expected: int, how: dict[str, Any]
) -> None:
    app = make_app(max_batch_bytes=1000)
    if expected == 413:
        how = how | {"path": "/predict/batch"}

    status, rest = status_and_rest(app, **how)

    assert status == expected
    assert rest == how.get("body", UPLOAD) + REST


def test_without_a_key_no_body_is_read(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(api_keys_file=keys_file(tmp_path, "alpha"))

    assert status_and_rest(app) == (401, UPLOAD + REST)


def test_above_a_rate_no_body_is_read(make_app: MakeApp) -> None:
    app = make_app(rate_limit="1/minute")

    assert status_and_rest(app) == (200, REST)
    assert status_and_rest(app) == (429, UPLOAD + REST)


def test_a_request_that_is_refused_for_want_of_a_slot_was_read(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0)

    with every_place_taken(app):
        assert status_and_rest(app) == (503, REST)


@pytest.mark.parametrize(
    ("expected", "body"), [(200, UPLOAD), (415, b"no picture"), (422, UPLOAD[:100]), (400, b"{")]
)
def test_all_else_is_read_to_the_end_of_the_body(make_app: MakeApp, expected: int, body: bytes) -> None:
    assert status_and_rest(make_app(), body=body) == (expected, REST)
