"""More requests than a worker may take: the queue is bounded, its wait is logged, the rest is refused."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from tests.e2e.test_slow_clients import connected
from tests.service import Service, running
from tests.uploads import a_garment, png, zipped
from tests.waiting import wait_for

CLIENTS = 64
REQUESTS = 2
"""Of each client, on one connection."""

FEW: dict[str, Any] = {
    "WEB_CONCURRENCY": "1",
    "SLOTS": "1",
    "QUEUE_LENGTH": "4",
    "QUEUE_SECONDS": "60",
    "LOG_FORMAT": "json",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker with a concurrency limit of one and a short queue."""
    with running(tmp_path_factory.mktemp("overload"), **FEW) as service:
        yield service


def three_megapixels() -> bytes:
    """A photograph's worth of texture."""
    texture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    return png(cv2.resize(texture, (1732, 1732)).astype(np.uint8, copy=False))


@pytest.fixture(scope="module")
def answers(service: Service) -> list[requests.Response]:
    """What kept-alive clients got that all sent large pictures at once."""
    upload = three_megapixels()

    def ask(_: int) -> list[requests.Response]:
        with requests.Session() as client:
            return [client.post(f"{service.url}/predict", data=upload, timeout=120) for _ in range(REQUESTS)]

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [answer for both in clients.map(ask, range(CLIENTS)) for answer in both]


def test_every_client_is_answered_or_refused_with_the_time_to_wait(answers: list[requests.Response]) -> None:
    refused = [answer for answer in answers if answer.status_code == 503]

    assert {answer.status_code for answer in answers} == {200, 503}
    assert len(answers) == CLIENTS * REQUESTS
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert all(
        "queue" in answer.json()["detail"] or "within" in answer.json()["detail"] for answer in refused
    )


def test_others_are_answered_while_a_small_batch_of_thumbnails_is_worked_on(service: Service) -> None:
    texture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    thumbnail = cv2.GaussianBlur(texture, (0, 0), 3).astype(np.uint8, copy=False)
    batch = zipped(**{f"{number}.png": png(thumbnail) for number in range(7)})
    answered_meanwhile = 0

    with ThreadPoolExecutor(1) as client:
        answer = client.submit(service.post, "/predict/batch", data=batch)
        while not answer.done():
            answered_meanwhile += in_progress(service) == 2

    assert answer.result().status_code == 200
    assert answered_meanwhile > 2


@pytest.mark.usefixtures("answers")
def test_log_and_metrics_show_the_wait_in_the_queue(service: Service) -> None:
    lines = (json.loads(line) for line in service.log.read_text("utf-8").splitlines() if line[:1] == "{")
    answered = [line for line in lines if line.get("path") == "/predict" and line["status"] == 200]
    counts = service.get("/metrics/prometheus").text

    waited = max(line["queue_ms"] for line in answered)
    (seconds,) = re.findall(r'^wardrobe_stage_seconds_sum\{stage="queue"\} (.*)$', counts, re.MULTILINE)
    assert waited >= min(line["decode_ms"] for line in answered), (
        "the second in the queue waits for the first"
    )
    assert float(seconds) >= waited / 1000


def test_a_batch_is_given_up_when_its_client_closes_the_connection(service: Service) -> None:
    large = three_megapixels()
    archive = zipped(**{f"{number}.png": large for number in range(8)})

    head = f"POST /predict/batch HTTP/1.1\r\nHost: x\r\nContent-Length: {len(archive)}\r\n\r\n"

    with connected(service, head.encode()) as connection:
        connection.sendall(archive)

    line = wait_for("the line of the batch", lambda: batch_line(service.log, len(archive)))
    assert line["status"] == 400
    assert "queue_ms" in line, "it was admitted"
    assert "infer_ms" not in line, "it was not finished"
    assert service.post("/predict", data=png(a_garment())).status_code == 200


def batch_line(log: Path, size: int) -> dict[str, Any]:
    """The access line of the batch of so many bytes; empty while there is none."""
    lines = (json.loads(line) for line in log.read_text("utf-8").splitlines() if line[:1] == "{")
    return next((line for line in lines if line.get("bytes") == size), {})


def in_progress(service: Service) -> float:
    counts = service.get("/metrics/prometheus").text
    (requests_in_progress,) = re.findall(r"^wardrobe_requests_in_progress (.*)$", counts, re.MULTILINE)
    return float(requests_in_progress)
