"""A request that finds the queue full: refused once its body has been read, with Retry-After."""

import json
import tracemalloc
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request
from typing_extensions import Buffer
from werkzeug.test import TestResponse

from app.errors import RequestTooLarge
from app.payloads.body import BodyReader
from app.payloads.limits import make_batch_limits
from app.settings import Settings
from tests.contract.service.conftest import MakeApp, every_place_taken
from tests.uploads import UPLOAD


def post(app: Flask, path: str = "/predict", data: bytes = UPLOAD) -> TestResponse:
    return app.test_client().post(path, data=data)


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_it_is_refused_logged_and_counted(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    app = make_app(slots=1, queue_length=0, log_format="json", cors_origins=("https://shop.example",))
    capsys.readouterr()

    headers = {"X-Request-ID": "mine", "Origin": "https://shop.example"}

    with every_place_taken(app):
        answer = app.test_client().post(path, data=UPLOAD, headers=headers)
        elsewhere = [app.test_client().get(other).status_code for other in ("/healthz", "/metrics", path)]
    afterwards = post(app)

    line = json.loads(capsys.readouterr().err.splitlines()[0])
    counts = app.test_client().get("/metrics/prometheus").text
    assert answer.status == "503 SERVICE UNAVAILABLE"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"] == "mine"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert elsewhere == [200, 200, 405]
    assert afterwards.status_code == 200
    assert (line["path"], line["status"], line["request_id"]) == (path, 503, "mine")
    assert (line["bytes"], line["client"]) == (len(UPLOAD), "127.0.0.1")
    assert f'wardrobe_requests_total{{method="POST",route="{path}",status="503"}} 1.0' in counts


class Trickling(BytesIO):
    """A body on its way: before each part of it is read, something else happens."""

    def __init__(self, data: bytes, meanwhile: Callable[[int], object]) -> None:
        super().__init__(data)
        self._meanwhile = meanwhile

    def readinto(self, buffer: Buffer, /) -> int:
        """The next part."""
        self._meanwhile(self.tell())
        return super().readinto(buffer)

    def read(self, size: int | None = -1, /) -> bytes:
        """The next part."""
        self._meanwhile(self.tell())
        return super().read(size)


def test_a_body_that_is_still_on_its_way_takes_no_place(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0)
    others: list[int] = []
    slow = Trickling(UPLOAD, lambda _: others.append(post(app).status_code))

    answer = app.test_client().post("/predict", input_stream=slow, content_length=len(UPLOAD))

    assert answer.status_code == 200
    assert set(others) == {200}


MEGA = 1_000_000
LARGE = 5 * MEGA
"""Bytes of a body that counts as large."""


def statuses_meanwhile(app: Flask, size: int, others: Sequence[int], after: int, **how: Any) -> list[int]:
    """What a body of `size` bytes is answered, and before it other ones, sent once `after` bytes of it came.

    No body is a batch: 400 says that it was read.
    """
    statuses: list[int] = []

    def send_others(received: int) -> None:
        if received >= after and not statuses:
            statuses.extend(post(app, "/predict/batch", bytes(other)).status_code for other in others)

    length = {"content_length": size} if "environ_overrides" not in how else {}
    slow = Trickling(bytes(size), send_others)
    answer = app.test_client().post("/predict/batch", input_stream=slow, **length, **how)
    return [answer.status_code, *statuses]


@pytest.mark.parametrize(
    ("size", "others", "after", "expected"),
    [
        pytest.param(LARGE, [LARGE], 0, [400, 400], id="a length that is only announced holds nothing"),
        pytest.param(LARGE, [LARGE], LARGE // 2, [400, 503], id="large bodies share a budget of the largest"),
        pytest.param(
            LARGE, [3 * MEGA, 4 * MEGA], LARGE - 100_000, [400, 400, 400], id="small ones do not touch it"
        ),
        pytest.param(4 * MEGA, [LARGE], 3 * MEGA, [400, 400], id="nor large ones the total of small ones"),
        pytest.param(4 * MEGA, [4 * MEGA, 64_000], 3 * MEGA, [400, 503, 400], id="small ones have a total"),
    ],
)
def test_bodies_together_take_no_more_memory_than_there_is_for_their_size(
    make_app: MakeApp, size: int, others: list[int], after: int, expected: list[int]
) -> None:
    app = make_app(slots=1, queue_length=0, max_batch_bytes=LARGE, max_upload_bytes=100_000)

    assert statuses_meanwhile(app, size, others, after) == expected
    assert post(app, "/predict/batch", bytes(LARGE)).status_code == 400


def test_a_body_without_a_length_is_large_once_so_much_of_it_has_come(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0, max_batch_bytes=LARGE, max_upload_bytes=100_000)
    chunked = {"environ_overrides": {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}}

    before = statuses_meanwhile(app, LARGE, [LARGE, 64_000], 3 * MEGA, **chunked)
    after = statuses_meanwhile(app, LARGE, [LARGE, 4 * MEGA], LARGE - 100_000, **chunked)

    assert before == [400, 400, 400]
    assert after == [400, 503, 400]


def test_a_body_for_which_there_is_no_memory_is_refused_before_it_is_read(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0, max_batch_bytes=LARGE, max_upload_bytes=100_000)
    refused = BytesIO(bytes(LARGE))
    answers: list[TestResponse] = []

    def send_another(received: int) -> None:
        if received >= LARGE // 2 and not answers:
            stream = {"input_stream": refused, "content_length": LARGE}
            answers.append(app.test_client().post("/predict/batch", **stream))

    app.test_client().post(
        "/predict/batch", input_stream=Trickling(bytes(LARGE), send_another), content_length=LARGE
    )

    assert answers[0].status_code == 503
    assert int(answers[0].headers["Retry-After"]) >= 1
    assert "memory" in answers[0].get_json()["detail"]
    assert refused.tell() == 0


@pytest.mark.parametrize(("size", "large", "small"), [(LARGE, LARGE - 1, LARGE), (4 * MEGA, LARGE, 2 * MEGA)])
def test_a_length_above_all_memory_for_bodies_is_too_large_since_trying_again_cannot_help(
    size: int, large: int, small: int
) -> None:
    stream = BytesIO(bytes(size))
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(size), "wsgi.input": stream}

    with (
        pytest.raises(RequestTooLarge, match="not so much memory"),
        BodyReader(large, small).read(environ, make_batch_limits(Settings())),
    ):
        pass

    assert stream.tell() == 0


def test_a_large_body_is_held_once_while_it_is_worked_on(make_app: MakeApp) -> None:
    app, stream, size = make_app(), Trickling(bytes(8_000_000), lambda _: None), 8_000_000
    with app.test_request_context("/predict", method="POST", input_stream=stream, content_length=size):
        tracemalloc.start()
        with BodyReader(size, 0).read(request.environ, make_batch_limits(Settings())) as body:
            held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

    assert len(body.data) == size
    assert held < 1.5 * size
