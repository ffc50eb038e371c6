"""What one request may cost: work is bounded before it is done, whatever form the request takes."""

import gzip
import io
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.payloads.body import BodyReader, RequestBody
from app.payloads.json_bodies import parse_json_body
from app.payloads.limits import make_batch_limits
from app.payloads.reading import read_picture_batch
from app.payloads.request_items import ReadyPixels, RequestItem, Upload
from app.prediction.classify_items import MAX_PART_NUMBERS, classify_request_items
from app.prediction.outcomes import FailedPicture
from app.prediction.picture_budget import PictureBudget
from app.prediction.timing import StageTimer
from app.settings import Settings
from tests.coded_pictures import heic
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp, files
from tests.decoders import kill_the_decoder
from tests.pictures import bmp
from tests.service import ROOT
from tests.uploads import UPLOAD, a_garment, in_base64, png, zipped
from tests.waiting import wait_for

LARGE_HEIC = ROOT / "tests" / "fixtures" / "black-4000x4000.heic"
"""Encoding it takes seconds, decoding it long enough to be ended meanwhile."""

PIXELS = 28 * 28
LIMITS = make_batch_limits(Settings())
LARGE = png(np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8))
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


def test_a_batch_of_too_many_pixels_is_refused_in_every_form(make_app: MakeApp) -> None:
    client = make_app(max_batch_pixels=2 * PIXELS - 1).test_client()

    answers = {form: client.post(path, **body) for form, (path, body) in BATCHES.items()}

    assert {form: answer.status_code for form, answer in answers.items()} == dict.fromkeys(BATCHES, 413)
    for refused in answers.values():
        assert "1,568 pixels in all, or more; at most 1,567" in refused.get_json()["detail"]
        assert "MAX_BATCH_PIXELS" in refused.get_json()["detail"]


def test_a_heic_of_a_batch_counts_when_its_turn_comes_and_is_refused_alone(make_app: MakeApp) -> None:
    photo = heic(np.zeros((40, 40, 3), np.uint8))
    client = make_app(max_batch_pixels=PIXELS + 1600).test_client()

    batch = zipped(**{"a": UPLOAD, "b": photo, "c": photo})
    small, first, second = client.post("/predict/batch", data=batch).get_json()["predictions"]

    assert "label" in small
    assert "label" in first
    assert second["error"]["status"] == 413
    assert "MAX_BATCH_PIXELS" in second["error"]["detail"]


def test_a_picture_that_is_refused_by_itself_does_not_count(make_app: MakeApp) -> None:
    client = make_app(max_batch_pixels=PIXELS, max_pixels=PIXELS).test_client()
    large = png(np.zeros((29, 29), np.uint8))

    small, refused = client.post("/predict/batch", data=zipped(a=UPLOAD, b=large)).get_json()["predictions"]

    assert "label" in small
    assert refused["error"]["status"] == 413


LISTS = {
    "/predict": "pixels",
    "/predict/batch": "images",
    TF: "instances",
    V2: "inputs",
    INVOCATIONS: "instances",
}


def test_json_of_more_values_than_are_parsed_quickly_is_refused_and_names_what_is_not_limited(
    make_app: MakeApp,
) -> None:
    client = make_app(max_json_numbers=5_000).test_client()
    values = {b"[]": 2_500, b"{}": 2_500, b"0": 5_000, b'"a"': 5_000, b'{"a":0}': 2_500}

    for path, name in LISTS.items():
        for value, count in values.items():
            body = b'{"%s":[%s]}' % (name.encode(), b",".join([value] * (count + 1)))
            answer = client.post(path, data=body, content_type="application/json")

            assert answer.status_code == 413, (path, value)
            assert "more than 5,000 numbers or other values" in answer.get_json()["detail"]
            assert "files, or numbers as binary tensors" in answer.get_json()["detail"]


def test_as_many_pixels_as_a_batch_may_hold_are_parsed(client: FlaskClient) -> None:
    with_channel = a_garment()[..., None].tolist()

    answer = client.post(TF, data=json.dumps({"instances": [with_channel] * 256}))

    assert answer.status_code == 200
    assert len(answer.get_json()["predictions"]) == 256


def test_a_small_zip_is_large_and_what_it_unpacks_to_counts_as_held() -> None:
    held = list[int]()
    member = bytes(1_000_000)
    packed = zipped(a=member, b=member)
    body = RequestBody(packed, LIMITS, reserve_memory=held.append)

    read_picture_batch(body)

    assert len(packed) < 3_000
    assert body.is_large
    assert len(packed) + sum(held) == 2_000_000


def test_a_small_gzip_is_large_and_what_it_inflates_to_counts_as_held() -> None:
    held = list[int]()
    body = RequestBody(gzip.compress(bytes(1_000_000)), LIMITS, coding="gzip", reserve_memory=held.append)

    inflated = body.decompress()

    assert body.is_large
    assert len(body.data) + sum(held) == len(inflated.data) == 1_000_000


def test_what_gzip_cannot_make_smaller_takes_no_more_memory_than_without() -> None:
    noise = np.random.default_rng(0).bytes(6_000_000)
    packed = gzip.compress(noise)
    environ = {
        "wsgi.input": io.BytesIO(packed),
        "CONTENT_LENGTH": str(len(packed)),
        "HTTP_CONTENT_ENCODING": "gzip",
    }

    with BodyReader(large_bytes=7_000_000, small_bytes=4_100_000).read(environ, LIMITS) as body:
        assert body.decompress().data == noise


def test_json_counts_with_the_larger_of_its_text_and_what_its_values_become() -> None:
    claims = list[int]()

    for text in (b"[0,0,0,0]", b'["' + b"a" * 100 + b'"]'):
        parse_json_body(RequestBody(text, LIMITS, reserve_memory=claims.append))

    assert claims == [4 * 32 - 9, 0]


def test_a_decoder_that_the_system_ended_is_no_fault_of_the_client(client: FlaskClient) -> None:
    killer = threading.Thread(target=kill_the_decoder)
    killer.start()

    answer = client.post("/predict", data=LARGE_HEIC.read_bytes())
    killer.join()

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_batch_has_so_many_seconds_of_processes_in_all(make_app: MakeApp) -> None:
    inside = make_app().extensions["wardrobe"]
    bitmap = Upload(bmp(np.zeros((40, 40, 3), np.uint8)))
    budget = PictureBudget(LIMITS, seconds=1e-9)

    with inside.queues.create_slot(is_large=False) as turn:
        served, items = inside.models.current, [bitmap, bitmap, Upload(UPLOAD)]
        first, second, third = classify_request_items(
            items, served, StageTimer(), turn, budget, lambda: False
        )

    assert not isinstance(first, FailedPicture)
    assert isinstance(second, FailedPicture)
    assert "that are no JPEG, PNG or lossy WebP" in str(second.error)
    assert not isinstance(third, FailedPicture)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/predict/batch", zipped(a=LARGE)),
        ("/predict", LARGE),
        ("/predict?explain=1", UPLOAD),
    ],
    ids=["many pixels in a batch", "many pixels", "an explanation"],
)
def test_one_large_request_works_at_a_time_and_keeps_no_small_one_waiting(
    make_app: MakeApp, path: str, data: bytes
) -> None:
    app = make_app(slots=1, queue_length=0)
    client, queues = app.test_client(), app.extensions["wardrobe"].queues

    with queues.create_slot(is_large=True):
        large = client.post(path, data=data)
        small = client.post("/predict", data=UPLOAD)
    afterwards = client.post(path, data=data)

    assert [answer.status_code for answer in (large, small, afterwards)] == [503, 200, 200]


@pytest.mark.parametrize(
    ("is_large", "items", "pauses"),
    [
        pytest.param(False, [Upload(UPLOAD)] * 3, 1, id="before the model runs"),
        pytest.param(True, [Upload(LARGE)] * 3, 3, id="between two large pictures"),
        pytest.param(
            True, [ReadyPixels(a_garment())] * (MAX_PART_NUMBERS // PIXELS + 1), 2, id="between two runs"
        ),
    ],
)
def test_a_request_that_waits_goes_first_in_the_pauses_of_a_batch(
    make_app: MakeApp, is_large: bool, items: list[RequestItem], pauses: int
) -> None:
    inside = make_app(slots=1, queue_length=1, queue_seconds=60).extensions["wardrobe"]
    queues, order = inside.queues, list[str]()

    def other() -> None:
        with queues.create_slot(is_large=is_large):
            order.append("other")

    def has_left() -> bool:
        order.append("batch")
        return False

    with ThreadPoolExecutor(1) as others, queues.create_slot(is_large=is_large) as turn:
        others.submit(other)
        wait_for("a request in the queue", lambda: queues.small.waiting_count + queues.large.waiting_count)
        outcomes = classify_request_items(
            items, inside.models.current, StageTimer(), turn, PictureBudget(LIMITS), has_left
        )

    assert order == ["batch", "other", *["batch"] * pauses]
    assert len(outcomes) == len(items)


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a TCP connection: the server's and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours = listener.accept()[0]
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    ("path", "body"),
    [BATCHES["zip"], ("/predict", {"data": UPLOAD}), ("/predict", {"data": LARGE})],
    ids=["a batch", "a small picture", "a large picture"],
)
def test_work_on_a_request_ends_when_its_client_has_left(
    client: FlaskClient, connection: tuple[socket.socket, socket.socket], path: str, body: dict[str, Any]
) -> None:
    ours, theirs = connection
    server = {"gunicorn.socket": ours}

    waits = client.post(path, environ_overrides=server, **body)
    theirs.shutdown(socket.SHUT_WR)  # as `nc -N` does; it cannot be told from a close
    left = client.post(path, environ_overrides=server, **body)

    assert [waits.status_code, left.status_code] == [200, 400]
    assert "closed its connection, or its side of it" in left.get_json()["detail"]


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
