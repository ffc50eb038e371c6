"""Starting, stopping, and what the serving process is made of."""

import resource
import socket
from pathlib import Path

import numpy as np
import pytest

from tests.service import Service, running, start
from tests.uploads import a_garment, png
from tests.waiting import wait_for

UPLOAD = png(a_garment())

FILE_LIMIT = 1_000_000
"""Bytes beyond which a process under test may not write a file; a larger upload would have to."""


def test_a_request_that_is_being_sent_when_the_service_is_told_to_stop_is_answered(
    tmp_path: Path, little_store: Path
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        connection = _upload_begun(service)
        service.process.terminate()
        connection.sendall(UPLOAD)
        answer = connection.recv(65536)
        connection.close()
        status = service.process.wait(120)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert status == 0


def test_readiness_turns_before_a_stopping_service_turns_requests_away(
    tmp_path: Path, little_store: Path
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), DRAIN_SECONDS="3") as service:
        service.process.terminate()
        wait_for("the drain", lambda: service.get("/readyz").status_code == 503)
        ready = service.get("/readyz")
        answer = service.post("/predict", data=UPLOAD)
        status = service.process.wait(120)

    assert ready.headers["Retry-After"] == "5"
    assert answer.status_code == 200
    assert answer.headers["Connection"] == "close"
    assert status == 0


def test_a_killed_worker_is_replaced(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        before = service.worker_pids()
        service.kill_worker(before[0])
        after = service.wait_for_workers(len(before), other_than=before[0])
        answer = service.post("/predict", data=UPLOAD)

    assert before[0] not in after
    assert answer.status_code == 200


def test_counts_add_up_over_the_workers(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        for _ in range(20):
            service.post("/predict", data=UPLOAD)
        exposed = service.get("/metrics/prometheus").text

    assert 'wardrobe_requests_total{method="POST",route="/predict",status="200"} 20.0' in exposed


def test_the_serving_process_has_no_tensorflow_in_it(bundled_service: Service) -> None:
    bundled_service.post("/predict", data=UPLOAD)

    for pid in bundled_service.worker_pids():
        mapped = Path(f"/proc/{pid}/maps").read_text("utf-8")
        assert "onnxruntime" in mapped
        assert not any(name in mapped for name in ("tensorflow", "keras", "matplotlib", "sklearn"))


def test_uploads_never_touch_the_disk(tmp_path: Path, little_store: Path) -> None:
    large = png(np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), np.uint8))
    assert len(large) > 4 * FILE_LIMIT

    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        for pid in service.worker_pids():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
        answer = service.post("/predict", files={"image": ("a.png", large)})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"MODEL_STOER": "bundled"},
            "WARDROBE_MODEL_STOER is no setting. The nearest is WARDROBE_MODEL_STORE",
        ),
        ({"SLOTS": "none"}, "WARDROBE_SLOTS: "),
        ({"MODEL_STORE": "gs://bucket"}, "gs://bucket"),
        ({"MODEL_STORE": "/nowhere/at/all"}, "/nowhere/at/all"),
        ({"API_KEYS_FILE": "/nowhere/keys"}, "WARDROBE_API_KEYS_FILE: /nowhere/keys: No such file"),
    ],
)
def test_what_keeps_it_from_starting_is_told_in_one_line(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    service = start(tmp_path, **environment)

    status = service.process.wait(120)

    told = [line for line in service.log.read_text("utf-8").splitlines() if line.startswith("wardrobe: ")]
    assert status != 0
    assert message in told[0]
    assert "Traceback" not in service.log.read_text("utf-8")


def _upload_begun(service: Service) -> socket.socket:
    """A connection on which the service has said that it waits for the body."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(UPLOAD)}\r\n\r\n"
    )
    connection.sendall(head.encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
    return connection
