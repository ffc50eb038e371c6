"""A request that finds no place: turned away before Flask, in the words and headers of Flask's own answer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO

import pytest
from flask import Flask
from typing_extensions import Buffer
from werkzeug.test import TestResponse

from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_log import lines
from tests.uploads import a_garment, png

UPLOAD = png(a_garment())
SECONDS = 10
"""After which a test that waits in vain fails."""

OF_EACH_REQUEST = {"X-Request-ID", "Content-Length"}


class SlowUpload(BytesIO):
    """An upload whose sender waits until told to go on."""

    def __init__(self) -> None:
        super().__init__(UPLOAD)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def readinto(self, buffer: Buffer, /) -> int:
        """What comes, once it may."""
        self.begun.set()
        assert self.go_on.wait(SECONDS)
        return super().readinto(buffer)


@contextmanager
def every_place_taken(app: Flask) -> Iterator[None]:
    """A request is inside, in the only place, for the block; it gets its answer afterwards."""
    slow = SlowUpload()
    with ThreadPoolExecutor(1) as others:
        inside = others.submit(
            app.test_client().post,
            "/predict",
            input_stream=slow,
            headers={"Content-Length": str(len(UPLOAD))},
        )
        assert slow.begun.wait(SECONDS)
        try:
            yield
        finally:
            slow.go_on.set()
            assert inside.result(SECONDS).status_code == 200


def post(app: Flask, path: str = "/predict", **headers: str) -> TestResponse:
    return app.test_client().post(path, data=UPLOAD, headers=headers)


@pytest.fixture
def small(make_app: MakeApp) -> Flask:
    """A service with one place."""
    return make_app(slots=1, queue_length=0)


@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_it_gets_the_answer_that_flask_would_give(small: Flask, path: str) -> None:
    with every_place_taken(small):
        early = post(small, path)
        through_flask = post(small, path, Origin="https://shop.example")

    assert early.status == through_flask.status == "503 SERVICE UNAVAILABLE"
    assert early.get_json() | {"request_id": None} == through_flask.get_json() | {"request_id": None}
    assert early.get_json()["request_id"] == early.headers["X-Request-ID"]
    assert without(early, OF_EACH_REQUEST) == without(through_flask, OF_EACH_REQUEST)


def without(response: TestResponse, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in names}


def test_it_keeps_the_id_that_its_client_gave(small: Flask) -> None:
    with every_place_taken(small):
        response = post(small, **{"X-Request-ID": "mine"})

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
