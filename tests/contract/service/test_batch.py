"""POST /predict/batch: many pictures, in order, each on its own."""

import io
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.contract.service.conftest import MakeApp, files
from tests.uploads import a_garment, in_base64, png, zipped

UPLOADS = [png(a_garment(seed)) for seed in range(3)]
ARCHIVE = zipped(**{f"{number}.png": upload for number, upload in enumerate(UPLOADS)})
NAMES = ["0.png", "1.png", "2.png"]


@pytest.fixture
def singly(client: FlaskClient) -> list[dict[str, float]]:
    """The probabilities of each upload when it is sent alone."""
    return [client.post("/predict", data=upload).get_json()["probabilities"] for upload in UPLOADS]


PARTS = [(io.BytesIO(upload), name) for upload, name in zip(UPLOADS, NAMES, strict=True)]
IMAGES = [in_base64(UPLOADS[0]), {"image": in_base64(UPLOADS[1])}, {"pixels": a_garment(2).tolist()}]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"data": {"note": "spring", "image": PARTS}}, NAMES),
        ({"data": ARCHIVE}, NAMES),
        ({"data": {"file": (io.BytesIO(ARCHIVE), "all.zip")}}, NAMES),
        ({"json": {"images": IMAGES}}, [None] * 3),
    ],
    ids=["multipart", "ZIP", "ZIP in multipart", "JSON"],
)
def test_pictures_are_answered_in_order_in_every_form(
    client: FlaskClient, singly: list[dict[str, float]], body: dict[str, Any], names: list[str | None]
) -> None:
    predictions = client.post("/predict/batch", **body).get_json()["predictions"]

    assert [prediction.get("name") for prediction in predictions] == names
    assert_same(predictions, singly)


def assert_same(predictions: list[dict[str, Any]], singly: list[dict[str, float]]) -> None:
    assert len(predictions) == len(singly)
    for prediction, alone in zip(predictions, singly, strict=True):
        # One run over many pictures may round differently in the last bits than one over each.
        assert prediction["probabilities"] == pytest.approx(alone, abs=1e-6)


def test_a_bad_item_gets_an_error_of_its_own(client: FlaskClient, singly: list[dict[str, float]]) -> None:
    images = [in_base64(UPLOADS[0]), "no base64!", {"pixels": [[1]]}, in_base64(UPLOADS[2]), 7]

    response = client.post("/predict/batch", json={"images": images})

    first, not_base64, not_pixels, last, not_an_image = response.get_json()["predictions"]
    assert response.status_code == 200
    assert_same([first, last], [singly[0], singly[2]])
    assert [item["error"]["status"] for item in (not_base64, not_pixels, not_an_image)] == [400, 422, 400]
    assert all(item["error"]["type"].startswith("urn:wardrobe:problem:") for item in (not_base64, not_pixels))


def test_extras_are_added_to_every_item(client: FlaskClient) -> None:
    predictions = client.post("/predict/batch?top=2&seen=1", data=ARCHIVE).get_json()["predictions"]

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


def test_all_zips_of_a_form_together_unpack_to_no_more_than_a_batch_may_have(make_app: MakeApp) -> None:
    client = make_app(max_batch_bytes=100_000, max_upload_bytes=50_000).test_client()
    packed = zipped(zeros=bytes(40_000))

    two, three = (
        client.post("/predict/batch", data={"file": [(io.BytesIO(packed), "a.zip") for _ in range(count)]})
        for count in (2, 3)
    )

    assert [two.status_code, three.status_code] == [200, 413]
    assert "unpacks to more than 100,000 bytes (WARDROBE_MAX_BATCH_BYTES)" in three.get_json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        files(*["image"] * 3),
        {"json": {"images": [in_base64(upload) for upload in UPLOADS]}},
        {"data": ARCHIVE},
    ],
    ids=["multipart", "JSON", "ZIP"],
)
def test_more_pictures_than_allowed_are_refused(make_app: MakeApp, body: dict[str, Any]) -> None:
    response = make_app(max_batch=2).test_client().post("/predict/batch", **body)

    assert response.status_code == 413
    assert "More than 2 pictures (WARDROBE_MAX_BATCH)" in response.get_json()["detail"]


def test_as_many_files_as_allowed_are_answered(make_app: MakeApp) -> None:
    client = make_app(max_batch=2000).test_client()  # more than the 1,000 parts that Werkzeug takes by itself
    black = png(np.zeros((28, 28), np.uint8))

    response = client.post("/predict/batch", **files(*["image"] * 2000, upload=black))

    assert response.status_code == 200
    assert len(response.get_json()["predictions"]) == 2000


LARGE = UPLOADS[1] + bytes(3000)


@pytest.mark.parametrize(
    "body",
    [
        {"data": zipped(small=UPLOADS[0], large=LARGE)},
        {"data": {"image": [(io.BytesIO(UPLOADS[0]), "small.png"), (io.BytesIO(LARGE), "large.png")]}},
        {"json": {"images": [in_base64(UPLOADS[0]), in_base64(LARGE)]}},
    ],
    ids=["ZIP", "multipart", "JSON"],
)
def test_one_picture_that_is_too_large_is_an_error_of_its_own(
    make_app: MakeApp, body: dict[str, Any]
) -> None:
    client = make_app(max_upload_bytes=2000).test_client()

    small, large = client.post("/predict/batch", **body).get_json()["predictions"]

    assert "label" in small
    assert large["error"]["status"] == 413
