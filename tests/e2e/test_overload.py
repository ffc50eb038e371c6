"""More requests than a worker may take: the queue is bounded, its wait is logged, the rest is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import requests

from tests.service import Service, running
from tests.uploads import png

pytestmark = pytest.mark.slow

CLIENTS = 64
REQUESTS = 2
"""Of each client, on one connection."""

FEW = {"WEB_CONCURRENCY": "1", "SLOTS": "1", "QUEUE_LENGTH": "4", "QUEUE_SECONDS": "60", "LOG_FORMAT": "json"}
TEXTURE = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)

LARGE = png(cv2.resize(TEXTURE, (1732, 1732)).astype(np.uint8, copy=False))
"""A photograph's worth: three megapixels."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker with a concurrency limit of one and a short queue."""
    with running(tmp_path_factory.mktemp("overload"), **FEW) as service:
        yield service


@pytest.fixture(scope="module")
def answers(service: Service) -> list[requests.Response]:
    """What kept-alive clients got that all sent large pictures at once."""

    def ask(_: int) -> list[requests.Response]:
        with requests.Session() as client:
            return [client.post(f"{service.url}/predict", data=LARGE, timeout=120) for _ in range(REQUESTS)]

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [answer for both in clients.map(ask, range(CLIENTS)) for answer in both]


def test_every_client_is_answered_or_told_to_wait(answers: list[requests.Response], service: Service) -> None:
    refused = [answer for answer in answers if answer.status_code == 503]

    assert {answer.status_code for answer in answers} == {200, 503}
    assert len(answers) == CLIENTS * REQUESTS
    assert any("all places in the queue are taken" in answer.json()["detail"] for answer in refused)
    assert min(int(answer.headers["Retry-After"]) for answer in refused) >= 1
    assert {answer.headers["Content-Type"] for answer in refused} == {"application/problem+json"}
    assert service.get("/healthz").status_code == 200
