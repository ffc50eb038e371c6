"""Does a running service answer as its own report says? Every test picture is uploaded to find out."""

import numpy as np
from sklearn.metrics import confusion_matrix

from tests.service import Service
from tests.uploads import png, zipped
from training.data.pictures import Pictures

BATCH = 200

FLIPPED = 0.001
"""Share of the pictures that may be answered otherwise than on the machine that made the report."""


def assert_answers_as_reported(service: Service, test: Pictures) -> None:
    """Upload every picture as PNG; the confusion matrix must be that of `GET /metrics`.

    But for FLIPPED: where two classes are equally likely, processors differ in the last digit.
    """
    reported = np.array(service.get("/metrics").json()["test"]["confusion_matrix"])

    predicted: list[int] = []
    for first in range(0, len(test.images), BATCH):
        pictures = {
            f"{number:03}.png": png(image) for number, image in enumerate(test.images[first : first + BATCH])
        }
        answer = service.post("/predict/batch", data=zipped(**pictures)).json()
        predicted += [prediction["class_id"] for prediction in answer["predictions"]]

    matrix = confusion_matrix(test.classes, predicted, labels=range(len(reported)))
    assert np.abs(matrix - reported).sum() / 2 <= FLIPPED * len(test.classes)
