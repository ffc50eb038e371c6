"""What a real gunicorn writes, from its first line to its last, is for one parser."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.conftest import Serve
from tests.pictures import jpeg
from tests.uploads import UPLOAD, a_garment

pytestmark = pytest.mark.slow


WARNED = jpeg(a_garment())[:-2] + b"extra" * 3 + b"\xff\xd9"
"""It has stray bytes before its end: libjpeg writes a warning to stderr, and decodes it all the same."""

PIPE_BYTES = 65536
"""What a pipe holds before it is full (pipe(7))."""


def test_every_line_is_json_in_that_format(serve: Serve) -> None:
    with serve(LOG_FORMAT="json") as service:
        service.post("/predict", data=UPLOAD)
        service.stop()

    lines = [json.loads(line) for line in service.text().splitlines()]

    [settings] = [line["settings"] for line in lines if "settings" in line]
    assert (settings["log_format"], settings["drain_seconds"], settings["api_keys_file"]) == ("json", 0, None)
    assert {line["logger"] for line in lines} == {"gunicorn.error", "wardrobe", "wardrobe.access"}
    assert all(line["time"] and line["level"] for line in lines)


@contextmanager
def unread_pipe() -> Iterator[int]:
    """A pipe that is full, with a reader that reads nothing."""
    read, write = os.pipe()
    os.write(write, b" " * PIPE_BYTES)
    yield write
    os.close(read)
    os.close(write)


def test_a_log_that_takes_no_line_fails_and_delays_no_request(serve: Serve) -> None:
    with unread_pipe() as descriptor, serve(descriptor, WEB_CONCURRENCY="2") as service:
        killed = service.worker_pids()[0]
        service.kill_worker(killed)
        service.wait_for_workers(2, other_than=killed)
        statuses = [service.post("/predict", data=upload).status_code for upload in [UPLOAD, WARNED] * 25]
        status = service.stop()

    assert statuses == [200] * 50
    assert status == 0
