"""Many clients at a time, on a real gunicorn with default settings: none is refused without need.

QUEUE_SECONDS is long, so that no answer depends on how fast the machine is.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from benchmarks.processes import resident_megabytes
from benchmarks.uploads import encoded, shop_photo
from tests.service import Service, running
from tests.uploads import UPLOAD

pytestmark = pytest.mark.slow

CLIENTS = 64
PATIENCE_SECONDS = 240

SMALL_PHOTO = encoded(shop_photo(533, 400)[..., None] * np.ones(3), ".jpg", noise=3.0)
LARGE_PHOTO = encoded(shop_photo(2000, 1500)[..., None] * np.ones(3), ".jpg", noise=3.0)
CLOSED = 0
"""Of a connection that was closed: the service reads a refused body for two seconds at most."""

FOUR_MEGABYTES = LARGE_PHOTO + bytes(4_000_000 - len(LARGE_PHOTO))
"""What follows the end of a JPEG is not read."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers with the bundled release, which has a network for photos."""
    with running(tmp_path_factory.mktemp("many"), QUEUE_SECONDS="200", WEB_CONCURRENCY="2") as service:
        yield service


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker, so that what holds it holds all."""
    with running(tmp_path_factory.mktemp("one"), QUEUE_SECONDS="200", WEB_CONCURRENCY="1") as service:
        yield service


def post(service: Service, path: str, data: bytes | None = None, **how: Any) -> int:
    """The status of an answer; CLOSED where the service closed the connection."""
    with suppress(requests.ConnectionError):
        return requests.post(service.url + path, data, timeout=PATIENCE_SECONDS, **how).status_code
    return CLOSED


@pytest.mark.parametrize(
    "upload",
    [
        pytest.param({"data": UPLOAD}, id="28 x 28"),
        pytest.param({"data": SMALL_PHOTO}, id="photos"),
        pytest.param({"files": {"image": FOUR_MEGABYTES}}, id="photos of 4 MB in forms"),
    ],
)
def test_none_of_64_clients_with_small_bodies_is_refused(service: Service, upload: dict[str, Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        statuses = list(clients.map(lambda _: post(service, "/predict", **upload), range(CLIENTS)))

    assert statuses == [200] * CLIENTS


def test_of_64_clients_with_50_mb_each_those_beyond_the_memory_are_refused_and_small_ones_answered(
    one_worker: Service,
) -> None:
    batch = bytes(49_000_000)  # neither a form nor JSON nor a ZIP: 400 says that it was read
    [worker] = one_worker.worker_pids()
    before = resident_megabytes(worker)

    with ThreadPoolExecutor(CLIENTS) as clients:
        large = [clients.submit(post, one_worker, "/predict/batch", batch) for _ in range(CLIENTS)]
        small = []
        while not all(answer.done() for answer in large):
            small.append(post(one_worker, "/predict", UPLOAD))

    statuses = {answer.result() for answer in large}
    assert {400, 503} <= statuses <= {CLOSED, 400, 503}
    assert set(small) == {200}
    assert peak_megabytes(worker) - before < 3 * 50


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has held until now."""
    [line] = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text("ascii"), re.MULTILINE)
    return int(line) / 1024
