"""Rates over several workers: a real Redis, a real gunicorn with two workers."""

import os
import signal

import pytest

from tests.e2e.conftest import Serve
from tests.redis_server import redis_server
from tests.service import Service
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

ALLOWED = 6


def let_in_by_each(service: Service) -> list[int]:
    """How many requests each worker lets in, one worker after the other, while the other one is stopped."""
    first, second = sorted(service.worker_pids())
    let_in = []
    for stopped in (second, first):
        os.kill(stopped, signal.SIGSTOP)
        statuses = [service.post("/predict", data=UPLOAD).status_code for _ in range(ALLOWED + 2)]
        os.kill(stopped, signal.SIGCONT)
        let_in.append(statuses.count(200))
    return let_in


def test_workers_share_one_count_in_redis_and_count_alone_while_it_is_away(serve: Serve) -> None:
    with (
        redis_server() as counts,
        serve(
            RATE_LIMIT_STORAGE=counts.address, WEB_CONCURRENCY="2", RATE_LIMIT=f"{ALLOWED}/hour"
        ) as service,
    ):
        shared = let_in_by_each(service)
        keys = counts.keys() or []
        counts.stop()
        alone = let_in_by_each(service)
        counts.start_again()
        wait_for("the shared count", lambda: service.post("/predict", data=UPLOAD) and counts.keys())

    log = service.text()
    assert shared == [ALLOWED, 0]
    assert ["127.0.0.1" in key for key in keys] == [True]
    assert alone == [ALLOWED, ALLOWED]
    assert "Rate limit storage unreachable - falling back to in-memory storage" in log
    assert "Rate limit storage recovered" in log
    assert "rate_limit_storage=redis://***@127.0.0.1" in log
    assert "p%40ss" not in log
    assert "Traceback" not in log
