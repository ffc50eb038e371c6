"""SageMaker's container contract: pings, pictures, and records by the line."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.settings import Settings
from tests.contract.service.conftest import INVOCATIONS
from tests.uploads import UPLOAD, a_garment, in_base64

GARMENTS = [a_garment(), a_garment(1)]
CSV = "".join(",".join(map(str, pixels.ravel())) + "\n" for pixels in GARMENTS)
LINES = "".join(json.dumps({"pixels": pixels.tolist()}) + "\n" for pixels in GARMENTS)
FLAT = [pixels.ravel().tolist() for pixels in GARMENTS]
ROWS = json.dumps({"instances": FLAT})


def invoke(client: FlaskClient, body: str | bytes, kind: str, accept: str | None = None) -> TestResponse:
    headers = {} if accept is None else {"Accept": accept}
    return client.post(INVOCATIONS, data=body, content_type=kind, headers=headers)


@pytest.fixture(scope="module")
def expected(client: FlaskClient) -> list[dict[str, Any]]:
    """What /predict says of both, without what belongs to the request."""
    answers = [client.post("/predict", json={"pixels": pixels.tolist()}).get_json() for pixels in GARMENTS]
    return [{name: one[name] for name in one.keys() - {"model", "request_id"}} for one in answers]


def test_a_ping_is_answered_with_nothing(client: FlaskClient) -> None:
    answer = client.get("/ping")

    assert (answer.status_code, answer.data) == (200, b"")


def test_a_batch_transform_is_told_to_send_a_record_at_a_time(client: FlaskClient) -> None:
    told = client.get("/execution-parameters").get_json()

    assert told["MaxConcurrentTransforms"] == Settings().slots
    assert (told["BatchStrategy"], told["MaxPayloadInMB"]) == ("SINGLE_RECORD", 50)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (UPLOAD, "image/png"),
        (UPLOAD, "application/x-image"),
        (json.dumps({"image": in_base64(UPLOAD)}), "application/json"),
        (json.dumps({"pixels": GARMENTS[0].tolist()}), "application/json"),
    ],
)
def test_a_picture_is_answered_as_by_predict(
    client: FlaskClient, expected: list[dict[str, Any]], body: str | bytes, kind: str
) -> None:
    answer = invoke(client, body, kind).get_json()

    assert answer.pop("request_id")
    assert answer.pop("model")
    assert answer == expected[0]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (CSV, "text/csv"),
        ("\ufeff" + CSV.replace("\n", "\r\n").rstrip(), "text/csv; charset=utf-8"),
        (LINES, "application/jsonlines"),
        (LINES, "application/x-ndjson"),
        (ROWS, "application/json"),
        (json.dumps(FLAT), "application/json"),
    ],
)
def test_records_are_answered_in_order_in_every_form(
    client: FlaskClient, expected: list[dict[str, Any]], body: str | bytes, kind: str
) -> None:
    told = invoke(client, body, kind, "application/json")
    by_line = invoke(client, body, kind, "application/jsonlines")
    rows = invoke(client, body, kind, "text/csv").text.splitlines()

    assert told.get_json()["predictions"] == expected
    assert [json.loads(line) for line in by_line.text.splitlines()] == expected
    assert [list(map(float, row.split(","))) for row in rows] == [
        list(one["probabilities"].values()) for one in expected
    ]


@pytest.mark.parametrize(
    ("body", "kind"), [(CSV, "text/csv"), (LINES, "application/jsonlines"), (ROWS, "application/json")]
)
@pytest.mark.parametrize("accept", [None, "*/*", "image/png"])
def test_records_keep_their_media_type(client: FlaskClient, body: str, kind: str, accept: str | None) -> None:
    assert invoke(client, body, kind, accept).mimetype == kind


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        ("\n\n", "text/csv", 400, "no picture"),
        ("\n" * 300, "text/csv", 400, "no picture"),
        ("label,pixel1\n", "text/csv", 422, "2 columns"),
        ("[[0]]" + ",0" * 783, "text/csv", 422, "is text"),
        (CSV + "0,1\n", "text/csv", 422, "Picture 2, counted from 0: A line has 2 columns"),
        (CSV.splitlines()[0].encode() + b"\xff", "text/csv", 422, "is text"),
        (CSV * 129, "text/csv", 413, "MAX_BATCH"),
        (("[" + ",".join(["[]"] * 90_000) + "]\n") * 9, "application/jsonlines", 413, "more than 1,500,000"),
        ("{}\n", "application/jsonlines", 400, "counted from 0: An instance is an object without"),
        (LINES + "[[0]]\n", "application/jsonlines", 422, "Picture 2, counted from 0: `pixels` has 1 row"),
        (b"", "image/png", 400, "no picture"),
        (
            '{"inputs": [[0, 0]]}',
            "application/json",
            400,
            'has `inputs`. Or send a list of pictures as {"instances":',
        ),
        ('{"dataframe_split": {}}', "application/json", 400, 'a list of pictures as {"instances": [...]}'),
        ('{"dataframe_records": []}', "application/json", 400, 'a list of pictures as {"instances": [...]}'),
        (b"hello", "application/octet-stream", 415, "PNG"),
    ],
)
def test_what_is_wrong_is_said(
    client: FlaskClient, body: str | bytes, kind: str, status: int, says: str
) -> None:
    answer = invoke(client, body, kind)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert says in answer.get_json()["detail"]
