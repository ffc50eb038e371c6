"""Stopping, reloading and dying under load: what was sent is answered, what is counted stays counted."""

import re
import signal
from pathlib import Path

import pytest

from tests.load import under_load
from tests.service import Service, running
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

UPLOAD = png(a_garment())


def test_sigterm_under_load_cuts_no_request(tmp_path: Path, little_store: Path) -> None:
    with (
        running(tmp_path, MODEL_STORE=str(little_store), DRAIN_SECONDS="1") as service,
        under_load(service.url, UPLOAD) as record,
    ):
        wait_for("some load", lambda: record.answered > 200)
        status = service.stop()

    assert status == 0
    assert record.cut == []
    assert set(record.statuses) == {200}
    assert record.turned_away > 0


def test_a_worker_that_is_still_starting_ends_with_the_others(tmp_path: Path, little_store: Path) -> None:
    patient = {"GUNICORN_CMD_ARGS": "--graceful-timeout 90"}  # `stop` waits for less

    with running(tmp_path, MODEL_STORE=str(little_store), WEB_CONCURRENCY="2", **patient) as service:
        killed = service.worker_pids()[0]
        service.kill_worker(killed)
        service.wait_for_workers(2, other_than=killed)
        status = service.stop()

    assert status == 0


def test_a_service_that_ends_leaves_no_folder_of_counts(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        mapped = Path(f"/proc/{service.worker_pids()[0]}/maps").read_text("ascii")
        counts = {Path(found).parent for found in re.findall(r"/\S+/counter_\S+\.db", mapped)}
        there = [folder.is_dir() for folder in counts]
        service.stop()

    assert there == [True]
    assert [folder for folder in counts if folder.exists()] == []


def test_sighup_under_load_replaces_every_worker_and_cuts_no_request(
    tmp_path: Path, little_store: Path
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), DRAIN_SECONDS="1") as service:
        before = set(service.worker_pids())
        with under_load(service.url, UPLOAD) as record:
            wait_for("some load", lambda: record.answered > 100)
            service.process.send_signal(signal.SIGHUP)
            wait_for("new workers alone", lambda: _replaced(service, before))
            since = record.answered
            wait_for("answers from them", lambda: record.answered > since + 100)

    assert record.cut == []
    assert set(record.statuses) == {200}


def test_what_a_killed_worker_had_counted_stays_counted(tmp_path: Path, little_store: Path) -> None:
    counts = tmp_path / "counts"
    counts.mkdir()
    shared = {"MODEL_STORE": str(little_store), "PROMETHEUS_MULTIPROC_DIR": str(counts)}
    with running(tmp_path, **shared) as service:
        workers = service.worker_pids()
        for _ in range(40):
            service.post("/predict", data=UPLOAD)
        before = counted(service)
        service.kill_worker(workers[0])
        service.wait_for_workers(len(workers), other_than=workers[0])
        after_death = counted(service)
        service.post("/predict", data=UPLOAD)
        after_another = counted(service)
        files = sorted(path.name for path in counts.glob("counter_*.db"))

    assert set(files) <= {"counter_0.db", "counter_1.db"}  # one for each worker: dead ones leave no trail
    assert (before, after_death, after_another) == (40, 40, 41)


def test_a_dead_workers_release_is_not_told_any_more_nor_its_places(
    tmp_path: Path, little_store: Path
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service:
        for pid in service.worker_pids():
            service.kill_worker(pid)
            service.wait_for_workers(2, other_than=pid)
        wait_for("the new workers", lambda: "wardrobe_workers 2.0" in service.get("/metrics/prometheus").text)
        exposed = service.get("/metrics/prometheus").text

    assert re.findall(r"wardrobe_release_info\{.*\} (.*)", exposed) == ["1.0"]
    assert "\nwardrobe_places 36.0\n" in exposed  # two workers' 18, not four workers' any more


def counted(service: Service) -> int:
    """How many predictions the service says that it answered."""
    exposed = service.get("/metrics/prometheus").text
    [count] = re.findall(r'wardrobe_requests_total\{.*route="/predict",status="200"\} (.*)', exposed)
    return int(float(count))


def _replaced(service: Service, before: set[int]) -> bool:
    now = set(service.worker_pids())
    return len(now) == len(before) and not now & before
