"""How large a batch may be, and that it is one run of the model."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.settings import parse_settings
from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.session import Scores
from tests.contract.service.conftest import MakeApp
from tests.uploads import png

BLACK = png(np.zeros((28, 28), np.uint8))
MAX_BATCH = 2000
"""More than the 1,000 parts of a form that Werkzeug takes by itself."""


def form(uploads: list[bytes]) -> dict[str, Any]:
    """A request of one file for each; written here, since Werkzeug's client spools large ones to disk."""
    head = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
    body = b"".join(head + upload + b"\r\n" for upload in uploads) + b"--edge--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=edge"}


@pytest.fixture
def patient(make_app: MakeApp) -> FlaskClient:
    """A client of a service whose operator allows MAX_BATCH pictures."""
    allowed = parse_settings({"WARDROBE_MAX_BATCH": str(MAX_BATCH)}).max_batch
    return make_app(max_batch=allowed).test_client()


def test_as_many_files_as_the_operator_allows_are_answered(patient: FlaskClient) -> None:
    response = patient.post("/predict/batch", **form([BLACK] * MAX_BATCH))

    predictions = response.get_json()["predictions"]
    assert len(predictions) == MAX_BATCH
    assert all("label" in prediction for prediction in predictions)


def test_one_file_more_is_refused_in_our_words(patient: FlaskClient) -> None:
    response = patient.post("/predict/batch", **form([BLACK] * (MAX_BATCH + 1)))

    assert response.status_code == 413
    assert response.mimetype == "application/problem+json"
    assert "More than 2000 pictures (MAX_BATCH)" in response.get_json()["detail"]


def test_a_field_of_text_beside_them_is_none_of_them(make_app: MakeApp) -> None:
    files = [(BytesIO(BLACK), "a.png"), (BytesIO(BLACK), "b.png")]

    response = (
        make_app(max_batch=2).test_client().post("/predict/batch", data={"note": "spring", "image": files})
    )

    assert [prediction["name"] for prediction in response.get_json()["predictions"]] == ["a.png", "b.png"]


class CountingSession:
    """Answers all classes alike, and remembers how many pictures each run held."""

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs
        self.runs: list[int] = []

    def run(self, pixels: PixelsBatch) -> Scores:
        self.runs.append(len(pixels))
        alike = np.full((len(pixels), self.outputs), 1 / self.outputs, np.float32)
        return Scores(probabilities=alike, distances=np.zeros(len(pixels), np.float32))


def test_a_batch_is_one_run_of_the_model_without_what_cannot_be_read(make_app: MakeApp) -> None:
    app = make_app()
    models = app.extensions["wardrobe"].models
    contract = models.current.contract
    session = CountingSession(len(contract.labels))
    models.swap(replace(models.current, classifier=Classifier(session, contract)))

    response = app.test_client().post("/predict/batch", **form([*[BLACK] * 255, b"no picture"]))

    assert session.runs == [255]
    assert len(response.get_json()["predictions"]) == 256
