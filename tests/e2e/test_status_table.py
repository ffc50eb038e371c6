"""Every status that the service promises, reached by a real request over a real socket."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from model_store.publish import publish
from model_store.store import open_store
from tests.releases import a_release
from tests.service import Service, running
from tests.uploads import a_garment, data_url, in_base64, png

UPLOAD = png(a_garment())


def assert_problem(response: requests.Response, status: int, detail: str) -> None:
    """RFC 9457, with the ids that every answer carries."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert detail in document["detail"]
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["X-Model-Version"]


def test_200_for_every_form_of_one_picture(bundled_service: Service) -> None:
    forms: list[dict[str, Any]] = [
        {"data": UPLOAD},
        {"data": UPLOAD, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"files": {"image": ("a.png", UPLOAD)}},
        {"files": {"file": ("a.png", UPLOAD)}},
        {"json": {"image": in_base64(UPLOAD)}},
        {"json": {"image": data_url(UPLOAD)}},
        {"json": {"pixels": a_garment().tolist()}},
    ]

    answers = [bundled_service.post("/predict", **form) for form in forms]

    assert [answer.status_code for answer in answers] == [200] * len(forms)
    assert len({str(answer.json()["probabilities"]) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("how", "detail"),
    [
        ({"data": b""}, "no picture"),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, "JSON"),
        ({"files": {"photo": ("a.png", UPLOAD)}}, "photo"),
        ({"data": UPLOAD, "params": {"top": "many"}}, "`top`"),
    ],
)
def test_400_for_a_request_without_a_picture_or_with_an_unknown_value(
    bundled_service: Service, how: dict[str, Any], detail: str
) -> None:
    assert_problem(bundled_service.post("/predict", **how), 400, detail)


def test_401_when_keys_are_configured_and_none_fits(tmp_path: Path, little_store: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hashlib.sha256(b'right').hexdigest()}\n", "utf-8")

    with running(tmp_path, MODEL_STORE=str(little_store), API_KEYS_FILE=str(keys)) as service:
        refused = service.post("/predict", data=UPLOAD, headers={"Authorization": "Bearer wrong"})
        welcome = service.post("/predict", data=UPLOAD, headers={"Authorization": "Bearer right"})

    assert_problem(refused, 401, "API key")
    assert welcome.status_code == 200


def test_404_and_405_come_from_the_framework_in_our_form(bundled_service: Service) -> None:
    assert_problem(bundled_service.get("/nowhere"), 404, "Nothing is found at /nowhere. GET /openapi.json ")
    assert_problem(
        bundled_service.get("/predict"), 405, "GET is not allowed at /predict, which takes OPTIONS, POST."
    )
    assert "POST" in bundled_service.get("/predict").headers["Allow"]


def test_413_for_too_many_bytes_even_when_they_are_chunked(bundled_service: Service) -> None:
    body = bytes(30_000_000)

    whole = bundled_service.post("/predict", data=body)
    chunked = bundled_service.post("/predict", data=iter([body[:10_000_000]] * 3))

    assert_problem(whole, 413, "MAX_UPLOAD_BYTES")
    assert_problem(chunked, 413, "MAX_UPLOAD_BYTES")


def test_413_for_too_many_pixels_whatever_the_file_weighs(bundled_service: Service) -> None:
    bomb = png(np.zeros((8000, 8000), np.uint8))

    assert len(bomb) < 200_000
    assert_problem(bundled_service.post("/predict", data=bomb), 413, "8000 x 8000")


@pytest.mark.parametrize(
    ("body", "seeming"),
    [
        (b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(40), "AVIF"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"hello", "PNG, JPEG, WebP, GIF, BMP or TIFF"),
    ],
    ids=["HEIC", "AVIF", "SVG", "PDF", "text"],
)
def test_415_names_what_the_bytes_seem_to_be(bundled_service: Service, body: bytes, seeming: str) -> None:
    assert_problem(bundled_service.post("/predict", data=body), 415, seeming)


def test_422_for_a_truncated_picture_and_for_bad_pixels(bundled_service: Service) -> None:
    assert_problem(bundled_service.post("/predict", data=UPLOAD[:-30]), 422, "ends too early")
    assert_problem(bundled_service.post("/predict", json={"pixels": [[0] * 28] * 27}), 422, "27 rows")


def test_429_above_a_clients_rate(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), RATE_LIMIT="1/hour") as service:
        # Each worker counts for itself, so one request per worker passes at most.
        answers = [service.post("/predict", data=UPLOAD) for _ in range(len(service.worker_pids()) + 1)]

    assert_problem(answers[-1], 429, "1 per 1 hour")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600


def test_500_tells_nothing_but_a_request_id(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    publish(a_release(tmp_path / "release", divisor="brightest"), store, by="tests")

    with running(tmp_path, MODEL_STORE=store.address) as service:
        bright = service.post("/predict", data=UPLOAD)
        black = service.post("/predict", json={"pixels": [[0] * 28] * 28})

    log = service.log.read_text("utf-8")
    assert bright.status_code == 200
    assert_problem(black, 500, "our fault")
    assert "NaN" not in black.text
    assert "NaN" in log
    assert black.headers["X-Request-ID"] in log


def test_503_when_slots_and_queue_are_full_and_health_answers_all_the_same(
    tmp_path: Path, little_store: Path
) -> None:
    slow = png(np.zeros((7000, 7000, 3), np.uint8))
    few: dict[str, str] = {"SLOTS": "1", "QUEUE_LENGTH": "0"}

    with (
        running(tmp_path, MODEL_STORE=str(little_store), **few) as service,
        ThreadPoolExecutor(12) as clients,
    ):
        answers = list(clients.map(lambda _: service.post("/predict", data=slow), range(12)))
        health = service.get("/healthz")

    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert_problem(refused[0], 503, "are taken")
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert health.status_code == 200
