"""Stopping, reloading and dying under load: what was sent is answered, what is counted stays counted."""

import re
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Serve
from tests.load import under_load
from tests.service import Service
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


CAME_AS_IT_CLOSED = 2
"""Connections, one a worker, that may come between the last accept and the close: the kernel resets these."""


def test_sigterm_under_load_cuts_no_request_that_was_accepted(serve: Serve) -> None:
    with serve(DRAIN_SECONDS="1") as service, under_load(service.url, UPLOAD) as record:
        wait_for("some load", lambda: record.answered > 200)
        status = service.stop()
        wait_for("refused connections", lambda: record.turned_away)

    assert status == 0
    assert set(record.statuses) == {200}
    assert all(error.startswith("ConnectionResetError") for error in record.cut)
    assert len(record.cut) <= CAME_AS_IT_CLOSED


def test_sighup_under_load_replaces_every_worker_and_cuts_no_request(serve: Serve) -> None:
    with serve(DRAIN_SECONDS="1") as service:
        before = service.worker_pids()
        with under_load(service.url, UPLOAD) as record:
            wait_for("some load", lambda: record.answered > 100)
            service.process.send_signal(signal.SIGHUP)
            wait_for("new workers alone", lambda: are_replaced(service, before))
            since = record.answered
            wait_for("answers from them", lambda: record.answered > since + 100)

    assert (record.cut, set(record.statuses)) == ([], {200})


def test_a_request_that_is_being_sent_at_sigterm_is_answered(serve: Serve) -> None:
    head = (
        f"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(UPLOAD)}\r\n\r\n"
    )

    with serve() as service:
        with service.connect(head.encode()) as connection:
            before = connection.recv(100)
            service.process.terminate()
            connection.sendall(UPLOAD)
            answer = connection.recv(65536)
        status = service.process.wait(120)  # it would wait for another request on the connection

    assert before.startswith(b"HTTP/1.1 100 Continue")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert status == 0


def test_readiness_ends_before_a_stopping_service_refuses_requests(serve: Serve) -> None:
    with serve(DRAIN_SECONDS="3") as service:
        begun = time.monotonic()
        service.process.terminate()
        wait_for("the drain", lambda: service.get("/readyz").status_code == 503)
        ready = service.get("/readyz")
        answer = service.post("/predict", data=UPLOAD)
        status = service.process.wait(120)
        drained = time.monotonic() - begun

    assert drained >= 3
    assert ready.headers["Retry-After"] == "5"
    assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
    assert status == 0


def test_a_worker_that_is_still_starting_ends_with_the_others_and_no_folder_of_counts_stays(
    serve: Serve,
) -> None:
    patient = {"GUNICORN_CMD_ARGS": "--graceful-timeout 90"}  # `stop` waits for less

    with serve(WEB_CONCURRENCY="2", **patient) as service:
        # One of the workers is ready; another may still be starting.
        mapped = "".join(Path(f"/proc/{pid}/maps").read_text("ascii") for pid in service.worker_pids())
        [folder] = {Path(found).parent for found in re.findall(r"/\S+/counter_\S+\.db", mapped)}
        there = folder.is_dir()
        killed = service.worker_pids()[0]
        service.kill_worker(killed)
        service.wait_for_workers(2, other_than=killed)
        status = service.stop()

    assert status == 0
    assert (there, folder.exists()) == (True, False)


def test_killed_workers_are_replaced_and_their_counts_stay(serve: Serve, tmp_path: Path) -> None:
    counts = tmp_path / "counts"
    counts.mkdir()

    with serve(PROMETHEUS_MULTIPROC_DIR=str(counts), WEB_CONCURRENCY="2") as service:
        for _ in range(40):
            service.post("/predict", data=UPLOAD)
        before = service.predictions()
        for pid in service.worker_pids():
            service.kill_worker(pid)
            service.wait_for_workers(2, other_than=pid)
        wait_for("the new workers", lambda: service.metric("wardrobe_workers") == 2)
        after_death = service.predictions()
        service.post("/predict", data=UPLOAD)
        after_another = service.predictions()
        releases = re.findall(r"wardrobe_release_info\{.*\} (.*)", service.get("/metrics/prometheus").text)
        places = service.metric("wardrobe_places")
        files = {path.name for path in counts.glob("counter_*.db")}

    assert (before, after_death, after_another) == (40, 40, 41)
    assert releases == ["1.0"]
    assert places == 128  # two workers' 64, not those of four workers
    assert files <= {"counter_0.db", "counter_1.db"}  # one for each worker: dead ones leave none


def are_replaced(service: Service, before: list[int]) -> bool:
    now = service.worker_pids()
    return len(now) == len(before) and not set(now) & set(before)
