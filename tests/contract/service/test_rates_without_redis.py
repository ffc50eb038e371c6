"""The storage of rates goes away while requests wait for it, and comes back; or it is no Redis."""

import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest
from flask import Flask

from app.security import rate_limits
from tests.contract.service.conftest import MakeApp
from tests.redis_server import PASSWORD, RedisServer, redis_server
from tests.service import tcp_sockets
from tests.uploads import UPLOAD
from tests.waiting import wait_for

IN_FLIGHT = 30

UNREACHABLE = "Rate limit storage unreachable - falling back to in-memory storage"
"""What flask-limiter logs."""


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
def test_requests_in_flight_are_answered_when_redis_goes_away_and_it_counts_again_once_it_is_back(
    make_app: MakeApp, counts: RedisServer, is_killed: bool
) -> None:
    app = make_app(rate_limit="9999/hour", rate_limit_storage=counts.address, slots=4, queue_length=IN_FLIGHT)
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
        wait_for("the shared count", lambda: set(statuses_of(app, requests)) and counts.keys())

    assert alone == {200: IN_FLIGHT}


def test_a_redis_that_never_answers_refuses_no_client_and_the_rate_counts_here(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        client = make_app(rate_limit="2/hour", rate_limit_storage=address).test_client()
        statuses = [client.post("/predict", data=UPLOAD).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert UNREACHABLE in capsys.readouterr().err


def test_a_redis_that_refuses_the_password_costs_no_request(
    make_app: MakeApp, counts: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = counts.address.replace(PASSWORD, "not-the-secret")

    answer = (
        make_app(rate_limit="9/hour", rate_limit_storage=wrong).test_client().post("/predict", data=UPLOAD)
    )

    log = capsys.readouterr().err
    assert answer.status_code == 200
    assert UNREACHABLE in log
    assert "not-the-secret" not in log


@contextmanager
def no_redis(answer: bytes) -> Iterator[str]:
    """A server that answers whatever comes alike, and its address."""

    class Answers(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                while self.request.recv(65_536):
                    self.request.sendall(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


NOT_AS_REDIS = {
    "text for a number": b":abc\r\n",
    "below zero": b":-7\r\n",
    "no UTF-8": b"+\xff\xfe\r\n",
    "a word": b"+PONG\r\n",
    "a list": b"*2\r\n:1\r\n:2\r\n",
    "lists in lists": b"*1\r\n" * 5000 + b":1\r\n",
    "null": b"$-1\r\n",
    "an unknown type": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "too short": b":",
}


@pytest.mark.parametrize("answer", NOT_AS_REDIS.values(), ids=NOT_AS_REDIS)
def test_a_storage_that_is_no_redis_costs_no_request(
    make_app: MakeApp, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "COUNT_SECONDS", 0.5)
    with no_redis(answer) as address:
        client = make_app(rate_limit="9/hour", rate_limit_storage=address).test_client()
        statuses = [client.post("/predict", data=UPLOAD).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
