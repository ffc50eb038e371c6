"""The storage of rates goes away while requests wait for it, and comes back."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.security import rate_limits
from tests.contract.service.conftest import MakeApp
from tests.redis_server import RedisServer, redis_server
from tests.service import tcp_sockets
from tests.uploads import UPLOAD
from tests.waiting import wait_for

IN_FLIGHT, ALLOWED = 30, 12


@pytest.fixture
def counts() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def statuses_of(app: Flask, requests: ThreadPoolExecutor) -> "Iterator[int]":
    """Of so many requests at once."""
    return requests.map(
        lambda _: app.test_client().post("/predict", data=UPLOAD).status_code, range(IN_FLIGHT)
    )


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "hangs"])
def test_requests_in_flight_are_answered_within_the_rate_when_redis_goes_away(
    make_app: MakeApp, counts: RedisServer, is_killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "RETRY_SECONDS", 0.0)
    app = make_app(
        rate_limit=f"{ALLOWED}/hour", rate_limit_storage=counts.address, slots=4, queue_length=IN_FLIGHT
    )
    with ThreadPoolExecutor(IN_FLIGHT) as requests:
        os.kill(counts.process.pid, signal.SIGSTOP)
        waiting = statuses_of(app, requests)
        if is_killed:
            wait_for("requests in flight", lambda: tcp_sockets(counts.port, "01"))
            os.kill(counts.process.pid, signal.SIGKILL)
        alone = Counter(waiting)
        if is_killed:
            counts.process.wait()
            counts.start_again()
        else:
            os.kill(counts.process.pid, signal.SIGCONT)
        shared = Counter(statuses_of(app, requests))

    assert alone == {200: ALLOWED, 429: IN_FLIGHT - ALLOWED}
    assert shared.keys() == {200, 429}
    assert shared[200] <= ALLOWED
