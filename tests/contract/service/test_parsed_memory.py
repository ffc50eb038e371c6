"""What a body takes in memory once it is parsed: docs/reference/limits.md bounds it by what is counted."""

import json
import tracemalloc
from collections.abc import Callable, Sequence

import pytest

from app.payloads.body import RequestBody
from app.payloads.limits import make_batch_limits
from app.payloads.reading import read_picture_batch, read_single_picture
from app.payloads.request_items import PixelRows, RequestItem
from app.protocols import sagemaker, tf_serving
from app.protocols.infer_request import parse_infer_request
from app.settings import Settings
from inference.contract import make_whole_picture_input
from inference.pictures.pixel_rows import parse_pixel_rows
from tests.contract.service.conftest import TF, MakeApp

EDGE = 96
"""What counts is in proportion to the numbers; these are enough to outweigh what does not."""

LARGE = make_whole_picture_input(EDGE, 3)

TIMES_COUNTED = 3
"""The factor of docs/reference/limits.md: a byte that is counted may take so many in memory."""

JSON = "application/json"
TENSOR = f'"name": "pixels", "datatype": "UINT8", "shape": [1, {EDGE}, {EDGE}, 3]'

Find = Callable[[RequestBody], Sequence[RequestItem]]


def one(body: RequestBody) -> list[RequestItem]:
    return [read_single_picture(body)[0]]


def tf(body: RequestBody) -> list[RequestItem]:
    return tf_serving.parse_body(LARGE, body)[0]


def records(body: RequestBody) -> list[RequestItem]:
    return sagemaker.parse_body(LARGE, body)[0]


def v2(body: RequestBody) -> list[RequestItem]:
    return parse_infer_request(body, None, LARGE, ("probabilities",))[0]


FORMS: dict[str, tuple[Find, str, str]] = {
    "rows": (one, JSON, '{"pixels": ROWS}'),
    "batch": (read_picture_batch, JSON, '{"images": [{"pixels": ROWS}]}'),
    "instances": (tf, JSON, '{"instances": [ROWS]}'),
    "flat instances": (tf, JSON, '{"instances": [[FLAT]]}'),
    "tensor": (v2, JSON, f'{{"inputs": [{{{TENSOR}, "data": [FLAT]}}]}}'),
    "nested tensor": (v2, JSON, f'{{"inputs": [{{{TENSOR}, "data": [ROWS]}}]}}'),
    "records": (records, JSON, "[ROWS]"),
    "lines": (records, "application/jsonlines", "ROWS\nROWS\n"),
    "csv": (records, "text/csv", "FLAT\nFLAT\n"),
}
"""What reads a body of each form, its type and its text; ROWS and FLAT stand for a picture's numbers."""


@pytest.mark.parametrize("number", ["0", "0.0"])
@pytest.mark.parametrize("form", FORMS)
def test_a_parsed_body_takes_no_more_memory_than_is_counted(form: str, number: str) -> None:
    find, mimetype, text = FORMS[form]
    rows = str([[["N"] * 3] * EDGE] * EDGE).replace("'N'", number).replace(" ", "")
    flat = ",".join([number] * EDGE * EDGE * 3)
    data = text.replace("ROWS", rows).replace("FLAT", flat).encode()
    counted = list[int]()
    body = RequestBody(data, make_batch_limits(Settings()), mimetype, reserve_memory=counted.append)

    tracemalloc.start()
    pixels = [parse_pixel_rows(one.value, LARGE) if isinstance(one, PixelRows) else one for one in find(body)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert pixels
    assert peak <= TIMES_COUNTED * (len(data) + sum(counted))


def test_bodies_that_are_parsed_at_a_time_count_with_their_objects(make_app: MakeApp) -> None:
    client = make_app(
        slots=1, queue_length=1, max_batch_bytes=300_000, max_upload_bytes=100_000
    ).test_client()
    few, many = (json.dumps({"instances": [[[0] * 28] * 28] * count}) for count in (4, 60))

    answers = [client.post(TF, data=body) for body in (few, many, few)]

    assert [answer.status_code for answer in answers] == [200, 413, 200]
    assert "fewer in one request" in answers[1].get_json()["detail"]
