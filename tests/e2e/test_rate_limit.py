"""Rates over several workers: a real Redis, a real gunicorn with two workers."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.redis_server import PASSWORD, RedisServer, redis_server
from tests.service import Service, running, start
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

UPLOAD = png(a_garment())
ALLOWED = 6
TRIES = ALLOWED + 2


@pytest.fixture
def counts(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def let_in_by_each(service: Service) -> list[int]:
    """How many requests each worker lets in, one worker after the other, while the others are asleep."""
    return [_let_in(service, pid) for pid in sorted(service.worker_pids())]


def _let_in(service: Service, pid: int) -> int:
    with asleep([other for other in service.worker_pids() if other != pid]):
        return [service.post("/predict", data=UPLOAD).status_code for _ in range(TRIES)].count(200)


@contextmanager
def asleep(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def limited(storage: str, store: Path) -> dict[str, str]:
    """Two workers with one rate."""
    return {
        "MODEL_STORE": str(store),
        "WEB_CONCURRENCY": "2",
        "RATE_LIMIT": f"{ALLOWED}/hour",
        "RATE_LIMIT_STORAGE": storage,
    }


def test_workers_share_one_count_in_redis(tmp_path: Path, little_store: Path, counts: RedisServer) -> None:
    with running(tmp_path, **limited(counts.address, little_store)) as service:
        let_in = let_in_by_each(service)
        log = service.log.read_text("utf-8")

    assert let_in == [ALLOWED, 0]
    assert ["127.0.0.1" in key for key in counts.keys()] == [True]  # noqa: SIM118 - not a dictionary
    assert "p%40ss" not in log
    assert "rate_limit_storage=redis://***@127.0.0.1" in log


def test_without_redis_each_worker_counts_for_itself(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, **limited("memory://", little_store)) as service:
        let_in = let_in_by_each(service)

    assert let_in == [ALLOWED, ALLOWED]


def test_while_redis_is_away_each_worker_counts_for_itself_and_says_so(
    tmp_path: Path, little_store: Path, counts: RedisServer
) -> None:
    with running(tmp_path, **limited(counts.address, little_store)) as service:
        used_up = let_in_by_each(service)
        counts.stop()
        alone = let_in_by_each(service)
        counts.start()
        wait_for("the shared count", lambda: "LIMITS" in "".join(_counted(service, counts)), seconds=60)

    log = service.log.read_text("utf-8")
    assert used_up == [ALLOWED, 0]
    assert alone == [ALLOWED, ALLOWED]
    assert "Rate limit storage unreachable - falling back to in-memory storage" in log
    assert "Rate limit storage recovered" in log
    assert "Traceback" not in log


def test_a_redis_that_never_answers_is_asked_once_and_keeps_nobody_out(
    tmp_path: Path, little_store: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"

        with running(tmp_path, **limited(address, little_store) | {"WEB_CONCURRENCY": "1"}) as service:
            statuses = [service.post("/predict", data=UPLOAD).status_code for _ in range(2)]

    log = service.log.read_text("utf-8")
    assert statuses == [200, 200]
    assert log.count("Rate limit storage unreachable - falling back to in-memory storage") == 1


def test_a_redis_that_refuses_the_password_is_told_at_the_start_and_keeps_nobody_out(
    tmp_path: Path, little_store: Path, counts: RedisServer
) -> None:
    wrong = counts.address.replace(PASSWORD, "not-the-secret")

    with running(tmp_path, **limited(wrong, little_store)) as service:
        answer = service.post("/predict", data=UPLOAD)
        log = service.log.read_text("utf-8")

    assert answer.status_code == 200
    assert "WARDROBE_RATE_LIMIT_STORAGE: invalid username-password pair" in log
    assert "each worker counts for itself" in log
    assert "not-the-secret" not in log


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "RATE_LIMIT_STORAGE",
            "redis://:top-secret@cache:port/0",
            "WARDROBE_RATE_LIMIT_STORAGE: the address cannot be read",
        ),
        (
            "RATE_LIMIT_STORAGE",
            "mongodb://:top-secret@cache/0",
            "WARDROBE_RATE_LIMIT_STORAGE: 'mongodb' is no storage",
        ),
        ("RATE_LIMIT", "100", "WARDROBE_RATE_LIMIT: '100' is no rate. Write it as 100/minute."),
    ],
)
def test_what_is_no_rate_or_storage_ends_the_start_with_one_line(
    tmp_path: Path, little_store: Path, name: str, value: str, message: str
) -> None:
    service = start(tmp_path, **limited("memory://", little_store) | {name: value})
    status = service.process.wait(120)

    log = service.log.read_text("utf-8")
    assert status != 0
    assert len(log.splitlines()) == 1
    assert log.startswith(f"wardrobe: {message}")
    assert "top-secret" not in log


def _counted(service: Service, counts: RedisServer) -> list[str]:
    service.post("/predict", data=UPLOAD)
    return counts.keys()
