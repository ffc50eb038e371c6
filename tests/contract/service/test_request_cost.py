"""What one request may cost: work is bounded before it is done, whatever form the request takes."""

import json
import resource
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.payloads.body import Body
from app.payloads.items import RequestItem, Upload
from app.payloads.limits import limits_of_many
from app.payloads.reading import find_many
from app.prediction import answering
from app.prediction.admission import LARGE_BODY_BYTES, Admissions
from app.prediction.answering import Budget, Classified, Failed, Outcome, answer
from app.prediction.timing import Timing
from app.releases.serving import Served
from app.settings import Settings
from inference.classifier import Prediction
from inference.convert import ModelInput
from inference.networks import Networks
from tests.coded_pictures import heic
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp, files
from tests.decoders import kill_the_decoder, kill_the_template
from tests.pictures import bmp
from tests.service import ROOT
from tests.uploads import UPLOAD, a_garment, in_base64, png, zipped
from tests.waiting import wait_for

LARGE_HEIC = ROOT / "tests" / "fixtures" / "black-4000x4000.heic"
"""Encoding it takes seconds, decoding it long enough to be ended meanwhile."""

PIXELS = 28 * 28
LIMITS = limits_of_many(Settings())
NOISE = np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)
TEXT = in_base64(UPLOAD)
IMAGES = {"name": "image", "datatype": "BYTES", "shape": [2], "data": [TEXT] * 2}

BATCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "zip": ("/predict/batch", {"data": zipped(a=UPLOAD, b=UPLOAD)}),
    "form": ("/predict/batch", files("image", "image")),
    "json": ("/predict/batch", {"json": {"images": [TEXT] * 2}}),
    "tf": (TF, {"json": {"instances": [{"b64": TEXT}] * 2}}),
    "v2": (V2, {"json": {"inputs": [IMAGES]}}),
    "sagemaker": (INVOCATIONS, {"json": {"instances": [{"b64": TEXT}] * 2}}),
}


@pytest.mark.parametrize("form", BATCHES)
def test_a_batch_of_too_many_pixels_is_refused(make_app: MakeApp, form: str) -> None:
    client = make_app(max_batch_pixels=2 * PIXELS - 1).test_client()
    path, body = BATCHES[form]

    answer = client.post(path, **body)

    assert answer.status_code == 413
    assert "1,568 pixels in all, or more; at most 1,567" in answer.get_json()["detail"]
    assert "MAX_BATCH_PIXELS" in answer.get_json()["detail"]


def test_a_heic_of_a_batch_counts_when_its_turn_comes_and_is_refused_alone(make_app: MakeApp) -> None:
    photo = heic(np.zeros((40, 40, 3), np.uint8))
    client = make_app(max_batch_pixels=PIXELS + 1600).test_client()

    batch = zipped(**{"a": UPLOAD, "b": photo, "c": photo})
    small, first, second = client.post("/predict/batch", data=batch).get_json()["predictions"]

    assert "label" in small
    assert "label" in first
    assert second["error"]["status"] == 413
    assert "MAX_BATCH_PIXELS" in second["error"]["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {"pixels": [[0] * 100] * 100}),
        ("/predict/batch", {"images": [{"pixels": [[0] * 100] * 100}]}),
        (TF, {"instances": [[[0] * 100] * 100]}),
        (
            V2,
            {
                "inputs": [
                    {"name": "pixels", "datatype": "UINT8", "shape": [1, 100, 100], "data": [0] * 10_000}
                ]
            },
        ),
        (INVOCATIONS, {"instances": [[[0] * 100] * 100]}),
    ],
)
def test_json_of_more_numbers_than_are_parsed_quickly_is_refused_and_names_what_is_not_limited(
    make_app: MakeApp, path: str, body: dict[str, Any]
) -> None:
    answer = make_app(max_json_numbers=5_000).test_client().post(path, json=body)

    assert answer.status_code == 413
    assert "more than 5,000 numbers" in answer.get_json()["detail"]
    assert "files, or numbers as binary tensors" in answer.get_json()["detail"]


def test_a_small_zip_is_large_and_what_it_unpacks_to_counts_as_held() -> None:
    held = list[int]()
    member = bytes(1_000_000)
    packed = zipped(a=member, b=member)
    body = Body(packed, LIMITS, claim=held.append)

    find_many(body)

    assert len(packed) < 3_000
    assert body.is_large
    assert len(packed) + sum(held) == 2_000_000


def test_a_decoder_that_the_system_ended_is_no_fault_of_the_client(make_app: MakeApp) -> None:
    client = make_app().test_client()
    killer = threading.Thread(target=kill_the_decoder)
    killer.start()

    answer = client.post("/predict", data=LARGE_HEIC.read_bytes())
    killer.join()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_batch_has_so_many_seconds_of_processes_in_all(make_app: MakeApp) -> None:
    service = ServiceInside(make_app())
    bitmap = Upload(bmp(np.zeros((40, 40, 3), np.uint8)))

    outcomes = service.answers([bitmap, bitmap, Upload(UPLOAD)], Budget(LIMITS, seconds=1e-9))

    assert [isinstance(one, Failed) for one in outcomes] == [False, True, False]
    assert isinstance(outcomes[1], Failed)
    assert "that are no JPEG, PNG or lossy WebP" in str(outcomes[1].error)


def test_a_picture_without_a_process_spoils_no_other(make_app: MakeApp) -> None:
    client = make_app().test_client()
    bitmap = bmp(np.zeros((40, 40, 3), np.uint8))
    client.post("/predict", data=bitmap)
    kill_the_template()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        answer = client.post("/predict/batch", data=zipped(a=bitmap, b=UPLOAD))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    busy, answered = answer.get_json()["predictions"]
    assert busy["error"]["status"] == 503
    assert "label" in answered
    assert client.post("/predict", data=bitmap).status_code == 200


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/predict/batch", zipped(a=png(NOISE[:33, :33]))),
        ("/predict", png(NOISE[:33, :33])),
        ("/predict", UPLOAD + bytes(20_000)),
        ("/predict?explain=1", UPLOAD),
    ],
    ids=["many pixels in a batch", "many pixels", "many bytes", "an explanation"],
)
def test_what_takes_long_waits_for_a_turn_at_large_things(make_app: MakeApp, path: str, data: bytes) -> None:
    app = make_app(slots=1, queue_length=0)
    client = app.test_client()

    with app.extensions["wardrobe"].admissions.turn(LARGE_BODY_BYTES):
        refused = client.post(path, data=data)
        small = client.post("/predict", data=UPLOAD)
    afterwards = client.post(path, data=data)

    assert [answer.status_code for answer in (refused, small, afterwards)] == [503, 200, 200]


def test_a_picture_that_is_refused_by_itself_does_not_count(make_app: MakeApp) -> None:
    client = make_app(max_batch_pixels=PIXELS, max_pixels=PIXELS).test_client()
    large = png(np.zeros((29, 29), np.uint8))

    small, refused = client.post("/predict/batch", data=zipped(a=UPLOAD, b=large)).get_json()["predictions"]

    assert "label" in small
    assert refused["error"]["status"] == 413


class BlockedNetworks(Networks):
    """Networks that answer when they may, and count those that wait."""

    def __init__(self, networks: Networks) -> None:
        super().__init__({name: networks[name] for name in networks})
        self.runs = threading.Semaphore(0)
        self.may_go_on = threading.Event()

    def classify(self, inputs: Sequence[ModelInput]) -> list[Prediction]:
        self.runs.release()
        self.may_go_on.wait(60)
        return super().classify(inputs)


class ServiceInside:
    """What answers within an app, and may be held up at its model."""

    def __init__(self, app: Flask) -> None:
        inside = app.extensions["wardrobe"]
        self.admissions: Admissions = inside.admissions
        self.served: Served = inside.models.current
        self.networks = BlockedNetworks(self.served.networks)
        self.blocked = replace(self.served, networks=self.networks)

    def answers(
        self,
        items: list[RequestItem],
        budget: Budget | None = None,
        has_left: Callable[[], bool] = lambda: False,
        served: Served | None = None,
    ) -> list[Outcome]:
        """Those of a request with a small body."""
        with self.admissions.turn(0) as turn:
            return answer(items, served or self.served, Timing(), turn, budget or Budget(LIMITS), has_left)


def test_two_large_pictures_are_worked_on_at_a_time_and_keep_no_small_one_waiting(make_app: MakeApp) -> None:
    service = ServiceInside(make_app(slots=3, queue_length=3, queue_seconds=60))
    large: list[RequestItem] = [Upload(png(NOISE))]
    networks, heavy = service.networks, service.admissions.heavy

    with ThreadPoolExecutor(3) as requests:
        waiting = [requests.submit(service.answers, large, served=service.blocked) for _ in range(3)]
        for _ in range(2):
            networks.runs.acquire(timeout=60)
        wait_for("the third to wait for its turn", lambda: heavy.waiting)
        (small,) = service.answers([Upload(UPLOAD)])
        has_third_run = networks.runs.acquire(blocking=False)
        networks.may_go_on.set()
        answered = [one for request in waiting for one in request.result(60)]

    assert not has_third_run
    assert isinstance(small, Classified)
    assert [isinstance(one, Classified) for one in answered] == [True] * 3


def test_between_two_pictures_of_a_batch_a_request_that_waits_goes_first(make_app: MakeApp) -> None:
    service = ServiceInside(make_app(slots=1, queue_length=1, queue_seconds=60))
    order: list[str] = []

    def wait_and_work() -> None:
        with service.admissions.turn(0):
            order.append("other")

    with ThreadPoolExecutor(1) as others:

        def next_picture() -> bool:
            order.append("picture")
            if len(order) == 1:
                others.submit(wait_and_work)
                wait_for("a request in the queue", lambda: service.admissions.light.waiting)
            return False

        service.answers([Upload(UPLOAD)] * 3, has_left=next_picture)

    assert order[:3] == ["picture", "other", "picture"]


def test_between_two_runs_of_the_model_for_a_batch_a_request_that_waits_goes_first(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "RUN_NUMBERS", 8 * 28 * 28)
    service = ServiceInside(make_app(slots=1, queue_length=1, queue_seconds=60))
    order: list[str] = []
    many: list[RequestItem] = [Upload(UPLOAD)] * 20

    def has_left() -> bool:
        order.append("batch")
        return False

    def other() -> None:
        with service.admissions.turn(LARGE_BODY_BYTES):
            order.append("other")

    with ThreadPoolExecutor(2) as clients:
        outcomes = clients.submit(service.answers, many, None, has_left, service.blocked)
        service.networks.runs.acquire(timeout=60)
        order.clear()
        waiting = clients.submit(other)
        wait_for("a request in the queue", lambda: service.admissions.heavy.waiting)
        service.networks.may_go_on.set()
        waiting.result()

    assert order == ["other", "batch", "batch"]
    assert len(outcomes.result()) == 20


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection: the server's and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours = listener.accept()[0]
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("form", BATCHES)
def test_work_on_a_batch_ends_when_its_client_has_left(
    client: FlaskClient, connection: tuple[socket.socket, socket.socket], form: str
) -> None:
    path, body = BATCHES[form]
    ours, theirs = connection
    server = {"gunicorn.socket": ours}

    waits = client.post(path, environ_overrides=server, **body)
    theirs.shutdown(socket.SHUT_WR)  # as `nc -N` does; it cannot be told from a close
    left = client.post(path, environ_overrides=server, **body)

    assert [waits.status_code, left.status_code] == [200, 400]
    assert "closed its connection, or its side of it" in left.get_json()["detail"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/predict", "pixels"),
        ("/predict/batch", "images"),
        (TF, "instances"),
        (V2, "inputs"),
        (INVOCATIONS, "instances"),
    ],
)
@pytest.mark.parametrize(
    ("value", "count"),
    [(b"[]", 750_000), (b"{}", 750_000), (b"0", 1_500_000), (b'"a"', 1_500_000), (b'{"a":0}', 750_000)],
    ids=["lists", "objects", "numbers", "texts", "keys"],
)
def test_json_of_too_many_values_is_refused(
    client: FlaskClient, path: str, name: str, value: bytes, count: int
) -> None:
    body = b'{"%s":[' % name.encode() + (value + b",") * count + value + b"]}"

    answer = client.post(path, data=body, content_type="application/json")

    assert answer.status_code == 413
    assert "more than 1,500,000 numbers or other values" in answer.get_json()["detail"]


def test_as_many_pixels_as_a_batch_may_hold_are_parsed(make_app: MakeApp) -> None:
    client = make_app(max_batch=200).test_client()
    with_channel = a_garment()[..., None].tolist()

    answer = client.post(TF, data=json.dumps({"instances": [with_channel] * 200}))

    assert answer.status_code == 200
    assert len(answer.get_json()["predictions"]) == 200


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        (("image", "image"), 400, "2 pictures"),
        (("image", "file"), 400, "/predict/batch"),
        (tuple(f"field-{number}" for number in range(100)), 413, "16 fields of text"),
    ],
)
def test_a_form_of_two_pictures_is_refused(
    client: FlaskClient, fields: tuple[str, ...], status: int, says: str
) -> None:
    answer = client.post("/predict", **files(*fields))

    assert answer.status_code == status
    assert says in answer.get_json()["detail"]
