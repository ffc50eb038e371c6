"""What a body takes in memory once it is parsed: docs/reference/limits.md bounds it by what is counted."""

import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from app.api.classify import Parsed
from app.payloads.body import Body
from app.payloads.items import RequestItem, Rows
from app.payloads.limits import limits_of_many
from app.payloads.reading import find_many, find_one
from app.protocols import sagemaker, tf_serving
from app.protocols.infer_request import read_infer
from app.settings import Settings
from inference.contract import whole_pictures
from inference.pixels import rows_to_pixels
from tests.contract.service.conftest import TF, MakeApp

EDGE = 96
"""What counts is in proportion to the numbers; these are enough to outweigh what does not."""

LARGE = whole_pictures(EDGE, 3)
NUMBERS = EDGE * EDGE * 3

TIMES_COUNTED = 3
"""The factor of docs/reference/limits.md: a byte that is counted may take so many in memory."""

LIMITS = limits_of_many(Settings())

Find = Callable[[Body], Parsed]


def rows(number: str) -> str:
    """The JSON of a picture of one number over and over."""
    row = f"[{','.join([f'[{number},{number},{number}]'] * EDGE)}]"
    return f"[{','.join([row] * EDGE)}]"


def flat(number: str) -> str:
    return ",".join([number] * NUMBERS)


def v2(body: Body) -> Parsed:
    return read_infer(body, None, LARGE, ("probabilities",))


tf, records = partial(tf_serving.decode, LARGE), partial(sagemaker.decode, LARGE)


def tensor(data: str, pictures: int) -> str:
    shape = json.dumps([pictures, EDGE, EDGE, 3])
    return f'{{"inputs": [{{"name": "pixels", "datatype": "UINT8", "shape": {shape}, "data": [{data}]}}]}}'


FORMS: dict[str, tuple[Find, Callable[[str], str], str]] = {
    "rows": (find_one, lambda number: f'{{"pixels": {rows(number)}}}', ""),
    "batch": (find_many, lambda number: f'{{"images": [{{"pixels": {rows(number)}}}]}}', ""),
    "instances": (tf, lambda number: f'{{"instances": [{rows(number)}]}}', ""),
    "flat instances": (
        tf,
        lambda number: f'{{"instances": [[{flat(number)}]]}}',
        "",
    ),
    "tensor": (v2, lambda number: tensor(flat(number), 1), ""),
    "nested tensor": (v2, lambda number: tensor(rows(number), 1), ""),
    "records": (records, lambda number: f"[{rows(number)}]", ""),
    "lines": (
        records,
        lambda number: f"{rows(number)}\n{rows(number)}\n",
        "application/jsonlines",
    ),
    "csv": (records, lambda number: f"{flat(number)}\n{flat(number)}\n", "text/csv"),
}


@pytest.mark.parametrize("number", ["0", "0.0"])
@pytest.mark.parametrize("form", FORMS)
def test_a_parsed_body_takes_no_more_memory_than_is_counted(form: str, number: str) -> None:
    find, write, mimetype = FORMS[form]
    counted: list[int] = []
    body = Body(write(number).encode(), LIMITS, mimetype or "application/json", claim=counted.append)

    peak = peak_of(lambda: classified_pixels(find(body).items))

    assert peak <= TIMES_COUNTED * (len(body.data) + sum(counted))


def test_bodies_that_are_parsed_at_a_time_count_with_their_objects(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=1, max_batch_bytes=300_000, max_upload_bytes=100_000)
    picture = str([[0] * 28] * 28)
    few, many = (json.dumps({"instances": [json.loads(picture)] * count}) for count in (4, 60))

    answers = [app.test_client().post(TF, data=body) for body in (few, many, few)]

    assert [answer.status_code for answer in answers] == [200, 413, 200]
    assert "fewer in one request" in answers[1].get_json()["detail"]


def classified_pixels(items: list[RequestItem]) -> list[Any]:
    return [rows_to_pixels(item.value, LARGE) if isinstance(item, Rows) else item for item in items]


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that some work holds at a time, beyond those before it."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
