"""POST /predict/batch: many pictures, in order, each on its own."""

import gc
import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from tests.contract.service.conftest import MakeApp
from tests.uploads import a_garment, in_base64, png, zipped

UPLOADS = [png(a_garment(seed)) for seed in range(3)]


@pytest.fixture
def singly(client: FlaskClient) -> list[dict[str, float]]:
    """The probabilities of each upload when it is sent alone."""
    return [client.post("/predict", data=upload).get_json()["probabilities"] for upload in UPLOADS]


def test_multipart_files_are_answered_in_order(client: FlaskClient, singly: list[dict[str, float]]) -> None:
    files = [(io.BytesIO(upload), f"{number}.png") for number, upload in enumerate(UPLOADS)]

    predictions = client.post("/predict/batch", data={"image": files}).get_json()["predictions"]

    assert [prediction["name"] for prediction in predictions] == ["0.png", "1.png", "2.png"]
    _assert_same(predictions, singly)


def test_a_json_list_is_answered_in_order(client: FlaskClient, singly: list[dict[str, float]]) -> None:
    images = [in_base64(UPLOADS[0]), {"image": in_base64(UPLOADS[1])}, {"pixels": a_garment(2).tolist()}]

    predictions = client.post("/predict/batch", json={"images": images}).get_json()["predictions"]

    _assert_same(predictions, singly)


def test_a_zip_is_answered_in_the_archives_order(client: FlaskClient, singly: list[dict[str, float]]) -> None:
    archive = zipped(**{f"{number}.png": upload for number, upload in enumerate(UPLOADS)})

    predictions = client.post("/predict/batch", data=archive).get_json()["predictions"]

    assert [prediction["name"] for prediction in predictions] == ["0.png", "1.png", "2.png"]
    _assert_same(predictions, singly)


def test_a_zip_may_be_a_multipart_file(client: FlaskClient, singly: list[dict[str, float]]) -> None:
    archive = zipped(**{f"{number}.png": upload for number, upload in enumerate(UPLOADS)})

    response = client.post("/predict/batch", data={"file": (io.BytesIO(archive), "all.zip")})

    _assert_same(response.get_json()["predictions"], singly)


def test_a_bad_item_gets_its_own_error_and_spoils_nothing_else(
    client: FlaskClient, singly: list[dict[str, float]]
) -> None:
    images = [in_base64(UPLOADS[0]), "no base64!", {"pixels": [[1]]}, in_base64(UPLOADS[2]), 7]

    response = client.post("/predict/batch", json={"images": images})

    first, not_base64, not_pixels, last, not_an_image = response.get_json()["predictions"]
    assert response.status_code == 200
    _assert_same([first, last], [singly[0], singly[2]])
    assert [item["error"]["status"] for item in (not_base64, not_pixels, not_an_image)] == [400, 422, 400]
    assert all(item["error"]["type"].startswith("urn:wardrobe:problem:") for item in (not_base64, not_pixels))


def test_a_batch_of_nothing_but_errors_is_still_answered(client: FlaskClient) -> None:
    response = client.post("/predict/batch", json={"images": ["?"]})

    assert [list(item) for item in response.get_json()["predictions"]] == [["error"]]


def test_extras_are_added_to_every_item(client: FlaskClient) -> None:
    images = [in_base64(upload) for upload in UPLOADS]

    predictions = client.post("/predict/batch?top=2&seen=1", json={"images": images}).get_json()[
        "predictions"
    ]

    assert [len(prediction["top"]) for prediction in predictions] == [2, 2, 2]
    assert all(prediction["seen"].startswith("data:image/png;base64,") for prediction in predictions)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"data": b""}, "no batch"),
        ({"data": UPLOADS[0]}, "no batch"),
        ({"json": {"images": []}}, "no picture"),
        ({"json": {"image": in_base64(UPLOADS[0])}}, "list `images`"),
        ({"data": zipped()}, "no picture"),
        ({"data": zipped(a=b"x")[:-10]}, "ZIP"),
    ],
)
def test_what_is_no_batch_is_refused_whole(client: FlaskClient, body: dict[str, Any], detail: str) -> None:
    response = client.post("/predict/batch", **body)

    assert response.status_code == 400
    assert detail in response.get_json()["detail"]


@pytest.mark.parametrize("form", ["multipart", "json", "zip"])
def test_more_pictures_than_allowed_are_refused_with_the_limit(make_app: MakeApp, form: str) -> None:
    client = make_app(max_batch=2).test_client()
    body: dict[str, dict[str, Any]] = {
        "multipart": {"data": {"image": [(io.BytesIO(upload), "a.png") for upload in UPLOADS]}},
        "json": {"json": {"images": [in_base64(upload) for upload in UPLOADS]}},
        "zip": {"data": zipped(a=UPLOADS[0], b=UPLOADS[1], c=UPLOADS[2])},
    }

    response = client.post("/predict/batch", **body[form])

    assert response.status_code == 413
    assert "More than 2 pictures" in response.get_json()["detail"]


def test_a_thousand_and_one_parts_are_no_trouble_when_they_are_allowed(make_app: MakeApp) -> None:
    client = make_app(max_batch=1200).test_client()
    black = png(np.zeros((28, 28), np.uint8))
    files = [(io.BytesIO(black), "a.png") for _ in range(1001)]

    predictions = client.post("/predict/batch", data={"image": files}).get_json()["predictions"]

    assert len(predictions) == 1001


def test_one_picture_that_is_too_large_is_an_error_of_its_own(make_app: MakeApp) -> None:
    client = make_app(max_upload_bytes=2000).test_client()
    archive = zipped(small=UPLOADS[0], large=bytes(3000))

    small, large = client.post("/predict/batch", data=archive).get_json()["predictions"]

    assert "label" in small
    assert large["error"]["status"] == 413


def _assert_same(predictions: list[dict[str, Any]], singly: list[dict[str, float]]) -> None:
    assert len(predictions) == len(singly)
    for prediction, alone in zip(predictions, singly, strict=True):
        # One run over many pictures may round differently in the last bits than one over each.
        assert prediction["probabilities"] == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\a.png", "a" * 9000])
def test_names_are_told_back_and_are_never_paths(client: FlaskClient, name: str) -> None:
    predictions = client.post("/predict/batch", data=zipped(**{name: UPLOADS[0]})).get_json()["predictions"]

    assert [prediction["name"] for prediction in predictions] == [name[:255]]
    assert "label" in predictions[0]


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is counted, and only what nobody refers to any more is given back: no garbage collector."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    "large", [UPLOADS[0][:40] + bytes(4_000_000), bytes(30_000_000)], ids=["broken", "large"]
)
def test_a_refused_picture_is_let_go_with_its_request(client: FlaskClient, large: bytes) -> None:
    body = zipped(a=large)
    before = tracemalloc.get_traced_memory()[0]

    # Not through the client, which keeps what it sent.
    environment = EnvironBuilder("/predict/batch", method="POST", data=body).get_environ()
    answer = b"".join(client.application(environment, lambda *_: None))  # type: ignore[arg-type]
    del environment

    assert b'"error"' in answer
    assert tracemalloc.get_traced_memory()[0] - before < 1_000_000
