"""What a real gunicorn writes, from its first line to its last, is for one parser."""

import json
import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.pictures import jpeg
from tests.service import Service, running
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

PIPE_BYTES = 65536
"""What a pipe holds before it is full (pipe(7))."""


def test_every_line_is_json_where_that_is_asked_for(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), LOG_FORMAT="json") as service:
        service.post("/predict", data=png(a_garment()))
        service.stop()

    lines = [json.loads(line) for line in service.log.read_text("utf-8").splitlines()]

    assert {line["logger"] for line in lines} == {"gunicorn.error", "wardrobe", "wardrobe.access"}
    assert all(line["time"] and line["level"] for line in lines)


@contextmanager
def full_disk() -> Iterator[int]:
    """A file on a disk that has no room."""
    with Path("/dev/full").open("wb") as full:
        yield full.fileno()


@contextmanager
def closed_pipe() -> Iterator[int]:
    """A pipe whose reader has gone."""
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


@contextmanager
def unread_pipe() -> Iterator[int]:
    """A pipe that is full, with a reader that reads nothing."""
    read, write = os.pipe()
    os.write(write, b" " * PIPE_BYTES)
    yield write
    os.close(read)
    os.close(write)


def a_jpeg_that_libjpeg_writes_about() -> bytes:
    """It has bytes that belong to nothing before its end: a warning on stderr, and a picture all the same."""
    return jpeg(a_garment())[:-2] + b"extra" * 3 + b"\xff\xd9"


@pytest.mark.parametrize("stderr", [full_disk, closed_pipe, unread_pipe])
def test_a_log_that_takes_no_line_fails_and_delays_no_request(
    tmp_path: Path, little_store: Path, stderr: Callable[[], AbstractContextManager[int]]
) -> None:
    with (
        stderr() as descriptor,
        running(tmp_path, descriptor, MODEL_STORE=str(little_store), WEB_CONCURRENCY="2") as service,
    ):
        killed = service.worker_pids()[0]
        service.kill_worker(killed)
        service.wait_for_workers(2, other_than=killed)
        uploads = [png(a_garment()), a_jpeg_that_libjpeg_writes_about()] * 25
        statuses = [service.post("/predict", data=upload).status_code for upload in uploads]
        status = service.stop()

    assert statuses == [200] * 50
    assert status == 0


def test_a_log_goes_on_when_there_is_room_again_and_says_what_is_missing(
    tmp_path: Path, little_store: Path
) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store), WEB_CONCURRENCY="1") as service:
        may_grow(service, to=service.log.stat().st_size)
        lost = [service.post("/predict", data=png(a_garment())) for _ in range(3)]
        wait_for("the lost lines to be counted", lambda: counted_drops(service) >= len(lost))
        may_grow(service, to=resource.RLIM_INFINITY)
        written = service.post("/predict", data=png(a_garment()))
        wait_for("the next line", lambda: written_with(service.log, written.headers["X-Request-ID"]))
        log = wait_for("the lost lines' own", lambda: written_with(service.log, "log lines were dropped"))

    assert [answer.headers["X-Request-ID"] in log for answer in lost] == [False] * 3
    (missing,) = re.findall(r"(\d+) log lines were dropped", log)
    assert int(missing) >= len(lost)


def counted_drops(service: Service) -> float:
    """The metric of dropped lines; each look at it logs one line more."""
    exposed = service.get("/metrics/prometheus").text
    (value,) = re.findall(r"^wardrobe_log_lines_dropped_total (.*)$", exposed, re.MULTILINE)
    return float(value)


def may_grow(service: Service, to: int) -> None:
    """Let the processes of a service make no file longer: their writes fail, as on a full disk."""
    for pid in (service.process.pid, *service.worker_pids()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (to, resource.RLIM_INFINITY))


def written_with(file: Path, words: str) -> str | None:
    text = file.read_text("utf-8")
    return text if words in text else None
