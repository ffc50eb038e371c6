"""POST /predict/batch: many pictures, in order, each on its own, in one run of the model."""

import gc
import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.networks import Networks
from inference.session import Scores
from tests.contract.service.conftest import MakeApp, files
from tests.uploads import a_garment, in_base64, png, zipped

UPLOADS = [png(a_garment(seed)) for seed in range(3)]
ARCHIVE = zipped(**{f"{number}.png": upload for number, upload in enumerate(UPLOADS)})
NAMES = ["0.png", "1.png", "2.png"]
BLACK = png(np.zeros((28, 28), np.uint8))


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
    assert "unpacks to more than 100,000 bytes (MAX_BATCH_BYTES)" in three.get_json()["detail"]


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
    assert "More than 2 pictures (MAX_BATCH)" in response.get_json()["detail"]


@pytest.mark.parametrize(("count", "status"), [(2000, 200), (2001, 413)])
def test_as_many_files_as_allowed_are_answered(make_app: MakeApp, count: int, status: int) -> None:
    client = make_app(max_batch=2000).test_client()  # more than the 1,000 parts that Werkzeug takes by itself

    response = client.post("/predict/batch", **files(*["image"] * count, upload=BLACK))

    assert response.status_code == status
    assert len(response.get_json().get("predictions", [])) in (0, count)


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


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 9000])
def test_names_are_told_back_and_are_never_paths(client: FlaskClient, name: str) -> None:
    predictions = client.post("/predict/batch", data=zipped(**{name: UPLOADS[0]})).get_json()["predictions"]

    assert [prediction["name"] for prediction in predictions] == [name[:255]]
    assert "label" in predictions[0]


class CountingSession:
    """Answers all classes alike, and remembers how many pictures each run held."""

    def __init__(self, outputs: int) -> None:
        self.outputs = {"label": outputs}
        self.runs: list[int] = []

    def run(self, pixels: PixelsBatch) -> Scores:
        self.runs.append(len(pixels))
        alike = np.full((len(pixels), self.outputs["label"]), 1 / self.outputs["label"], np.float32)
        return Scores.of_class(alike, np.zeros(len(pixels), np.float32))


def test_a_batch_is_one_run_of_the_model_without_what_cannot_be_read(make_app: MakeApp) -> None:
    app = make_app()
    models = app.extensions["wardrobe"].models
    contract = models.current.contract
    session = CountingSession(len(contract.labels))
    models.current = replace(models.current, networks=Networks.only(Classifier(session, contract)))

    response = app.test_client().post("/predict/batch", data=zipped(a=BLACK, b=b"no picture", c=BLACK))

    assert session.runs == [2]
    assert len(response.get_json()["predictions"]) == 3


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
def test_a_refused_picture_is_let_go_with_its_request(client: FlaskClient) -> None:
    body = zipped(broken=UPLOADS[0][:40] + bytes(4_000_000))
    before = tracemalloc.get_traced_memory()[0]

    # Not through the client, which keeps what it sent.
    environment = EnvironBuilder("/predict/batch", method="POST", data=body).get_environ()
    answer = b"".join(client.application(environment, lambda *_: None))  # type: ignore[arg-type]
    del environment

    assert b'"error"' in answer
    assert tracemalloc.get_traced_memory()[0] - before < 1_000_000
