"""What a worker does with a request beyond handing it to the app."""

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from app.connection import Connection
from app.deadlines import Deadlines
from app.worker import DeadlineWorker

ASKED = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
WHOLE = [("Content-Length", "4")]

Serves = Callable[..., tuple[DeadlineWorker, Connection, socket.socket]]


@pytest.fixture
def serves() -> Iterator[Serves]:
    """Lets a worker have a client's connection, and an app."""
    ends: list[Callable[[], None]] = []

    def made(app: WSGIApplication, **settings: int) -> tuple[DeadlineWorker, Connection, socket.socket]:
        cfg = Config()
        for name, value in settings.items():
            cfg.set(name, value)
        worker = DeadlineWorker(1, os.getpid(), [], None, 30, cfg, Logger(cfg))
        worker.wsgi, worker._deadlines = app, Deadlines(60)
        accepted, client = socket.socketpair()
        connection = Connection(cfg, accepted, ("127.0.0.1", 4000), ("127.0.0.1", 8000))
        ends.extend((client.close, connection.close, worker.tmp.close))
        client.settimeout(5)
        return worker, connection, client

    yield made
    for end in ends:
        end()


class Parts:
    """An app whose answer comes in parts.

    Attributes:
        closed: whether the server has let go of it.
    """

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = parts
        self.closed = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", WHOLE)
        return self

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    def close(self) -> None:
        self.closed = True


def served(worker: DeadlineWorker, connection: Connection, client: socket.socket) -> tuple[bool, bytes]:
    """Whether the connection stays after one request, and what its client got."""
    client.sendall(ASKED)
    stays = worker._serve_turn(connection)
    return stays, client.recv(65536)


def test_an_answer_is_let_go_of_and_its_connection_kept(serves: Serves) -> None:
    app = Parts(b"ab", b"cd")

    stays, got = served(*serves(app))

    assert got.endswith(b"\r\n\r\nabcd")
    assert stays
    assert app.closed


def test_an_answer_that_fails_in_the_middle_ends_its_connection_and_is_logged(
    serves: Serves, caplog: pytest.LogCaptureFixture
) -> None:
    app = Parts(b"ab", ValueError("no more"))
    errors = logging.getLogger("gunicorn.error")
    errors.addHandler(caplog.handler)

    stays, got = served(*serves(app))
    errors.removeHandler(caplog.handler)

    # What came cannot be taken for a whole answer, nor is another one begun within it.
    assert got.endswith(b"\r\n\r\nab")
    assert got.count(b"HTTP/1.1") == 1
    assert not stays
    assert app.closed
    assert "ValueError: no more" in caplog.text


def test_after_so_many_requests_as_are_set_a_worker_leaves_with_its_answer(serves: Serves) -> None:
    worker, connection, client = serves(Parts(b"abcd"), max_requests=2)

    first = served(worker, connection, client)
    second = served(worker, connection, client)

    assert [stays for stays, _ in (first, second)] == [True, False]
    assert b"Connection: close" in second[1]
    assert second[1].endswith(b"abcd")
    assert not worker.alive
