"""Does a running service answer as its own report says? Every test picture is uploaded to find out."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from tests.service import Service
from tests.uploads import png
from training.data.datasets import LabelledImages

CONNECTIONS = 4

FLIPPED = 0.001
"""Share of the pictures that may be answered otherwise than on the machine that made the report."""


def assert_answers_as_reported(service: Service, test: LabelledImages) -> None:
    """Upload every picture as PNG; the confusion matrix must be that of `GET /metrics`.

    But for FLIPPED: where two classes are equally likely, processors differ in the last digit.
    """
    reported = service.get("/metrics").json()["test"]

    predicted = _classes(service, test.images)

    matrix = np.array(reported["confusion_matrix"])
    moved = np.abs(_confusion(test.labels, predicted, len(matrix)) - matrix).sum() / 2
    assert moved <= FLIPPED * len(test.labels)


def _classes(service: Service, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    parts = np.array_split(images, CONNECTIONS)
    with ThreadPoolExecutor(CONNECTIONS) as clients:
        return np.concatenate(list(clients.map(lambda part: _ask(service.url, part), parts)))


def _ask(url: str, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    classes = []
    for image in images:
        connection.request("POST", "/predict", body=png(image))
        classes.append(json.loads(connection.getresponse().read())["class_id"])
    connection.close()
    return np.array(classes, np.int64)


def _confusion(truth: NDArray[np.integer], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (truth, predicted), 1)
    return matrix
