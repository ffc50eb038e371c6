"""A request that finds the queue full: refused once its body has been read, with Retry-After."""

import json
import os
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask, request
from typing_extensions import Buffer
from werkzeug.test import TestResponse

from app.payloads.body import Bodies
from app.payloads.limits import limits_of_many
from app.settings import Settings
from tests.contract.service.conftest import MakeApp, every_place_taken
from tests.uploads import UPLOAD, zipped


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


def test_large_bodies_together_take_no_more_memory_than_all_places_may(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0, max_batch_bytes=300_000, max_upload_bytes=100_000)
    large = zipped(a=UPLOAD, b=os.urandom(200_000))
    others: list[TestResponse] = []

    def send_others(received: int) -> None:
        if received > 150_000 and not others:
            others.extend((post(app, "/predict/batch", large), post(app)))

    slow = Trickling(large, send_others)
    answer = app.test_client().post("/predict/batch", input_stream=slow, content_length=len(large))
    afterwards = post(app, "/predict/batch", large)

    assert [other.status_code for other in others] == [503, 200]
    assert "memory" in others[0].get_json()["detail"]
    assert [answer.status_code, afterwards.status_code] == [200, 200]


def test_a_large_body_is_held_once_while_it_is_worked_on(make_app: MakeApp) -> None:
    app, stream, size = make_app(), Trickling(bytes(8_000_000), lambda _: None), 8_000_000
    with app.test_request_context("/predict", method="POST", input_stream=stream, content_length=size):
        tracemalloc.start()
        with Bodies(size).read(request, limits_of_many(Settings())) as body:
            held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

    assert len(body.data) == size
    assert held < 1.5 * size
