"""A request that finds the queue full: refused once its body has been read, with Retry-After."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from flask import Flask, request
from typing_extensions import Buffer
from werkzeug.test import TestResponse

from app.payloads.body import Bodies
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_log import lines
from tests.uploads import a_garment, png, zipped

UPLOAD = png(a_garment())


@contextmanager
def every_place_taken(app: Flask) -> Iterator[None]:
    """Another request works for the block, in the only slot of an app without a queue."""
    with app.extensions["wardrobe"].admission.admit():
        yield


def post(app: Flask, path: str = "/predict", data: bytes = UPLOAD, **headers: str) -> TestResponse:
    return app.test_client().post(path, data=data, headers=headers)


@pytest.fixture
def small(make_app: MakeApp) -> Flask:
    """A service with one place."""
    return make_app(slots=1, queue_length=0)


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_it_is_refused_with_the_time_to_wait(small: Flask, path: str) -> None:
    with every_place_taken(small):
        answer = post(small, path)

    assert answer.status == "503 SERVICE UNAVAILABLE"
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert int(answer.headers["Retry-After"]) >= 1


class Trickling(BytesIO):
    """A body on its way: before each part of it is read, something else happens."""

    def __init__(self, data: bytes, meanwhile: Callable[[int], None]) -> None:
        super().__init__(data)
        self._meanwhile = meanwhile

    def readinto(self, buffer: Buffer, /) -> int:
        """The next part."""
        self._meanwhile(self.tell())
        return super().readinto(buffer)


def test_a_body_that_is_still_on_its_way_takes_no_place(small: Flask) -> None:
    others: list[int] = []
    slow = Trickling(UPLOAD, lambda _: others.append(post(small).status_code))

    answer = small.test_client().post("/predict", input_stream=slow, content_length=len(UPLOAD))

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


def test_it_keeps_the_id_that_its_client_gave(small: Flask) -> None:
    with every_place_taken(small):
        response = small.test_client().post("/predict", data=UPLOAD, headers={"X-Request-ID": "mine"})

    assert response.headers["X-Request-ID"] == response.get_json()["request_id"] == "mine"


def test_it_is_logged_and_counted_like_any_other(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(slots=1, queue_length=0, log_format="json")
    capsys.readouterr()

    with every_place_taken(app):
        refused = post(app)
    counts = app.test_client().get("/metrics/prometheus").get_data(as_text=True)

    line = lines(capsys)[0]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/predict", 503)
    assert (line["bytes"], line["client"]) == (len(UPLOAD), "127.0.0.1")
    assert line["request_id"] == refused.headers["X-Request-ID"]
    assert line["version"] == refused.headers["X-Model-Version"]
    assert 'wardrobe_requests_total{method="POST",route="/predict",status="503"} 1.0' in counts


def test_pages_of_named_origins_may_read_it(make_app: MakeApp) -> None:
    app = make_app(slots=1, queue_length=0, cors_origins=("https://shop.example",))

    with every_place_taken(app):
        response = post(app, Origin="https://shop.example")

    assert response.status_code == 503
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"


def test_everything_that_takes_no_place_goes_on(small: Flask) -> None:
    with every_place_taken(small):
        statuses = [
            small.test_client().get(path).status_code for path in ("/healthz", "/metrics", "/predict")
        ]

    assert statuses == [200, 200, 405]


def test_there_is_room_again_when_the_place_is_free(small: Flask) -> None:
    with every_place_taken(small):
        full = post(small).status_code
    free = post(small).status_code

    assert (full, free) == (503, 200)


def test_a_large_body_is_held_once_while_it_is_worked_on(make_app: MakeApp) -> None:
    app = make_app()
    stream = Trickling(bytes(8_000_000), lambda _: None)
    with app.test_request_context("/predict", method="POST", input_stream=stream, content_length=8_000_000):
        tracemalloc.start()
        with Bodies(8_000_000).read(request, 8_000_000, "MAX_UPLOAD_BYTES") as body:
            held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()

    assert len(body.data) == 8_000_000
    assert held < 12_000_000
