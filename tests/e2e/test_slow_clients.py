"""Clients that send or read slowly, on a real gunicorn without a proxy: the others are answered.

No test says how fast; GENEROUS seconds only tell an answer from none.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.service import Service, running
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

UPLOAD = png(a_garment())
WORKERS = 2
GENEROUS = 20

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "
BODY = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSED = b"GET /healthz HTTP/1.0\r\n\r\n"


def reading(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("slow"), WEB_CONCURRENCY=str(WORKERS)) as service:
        yield service


@pytest.mark.parametrize(
    ("count", "beginning", "drop"),
    [
        pytest.param(60 * WORKERS, HEAD, b"a", id="heads"),
        pytest.param(60 * WORKERS, BODY, b"a", id="bodies"),
        pytest.param(60 * WORKERS, CHUNKED, b"1\r\na\r\n", id="chunked bodies"),
        pytest.param(400, b"", b"", id="silent sockets"),
        pytest.param(200, CLOSED, b"", id="HTTP/1.0 that is not closed"),
        pytest.param(200 * WORKERS, reading("/docs/swagger-ui-bundle.js"), b"", id="a page's script unread"),
        pytest.param(200 * WORKERS, reading("/openapi.json"), b"", id="the contract unread"),
    ],
)
def test_others_are_answered_beside_clients_that_send_or_read_slowly(
    service: Service, count: int, beginning: bytes, drop: bytes
) -> None:
    with slow_clients(service, count, beginning) as trickle:
        statuses = set()
        for _ in range(5):
            trickle(drop)
            statuses |= {requests.post(f"{service.url}/predict", data=UPLOAD, timeout=GENEROUS).status_code}
            statuses |= {requests.get(f"{service.url}/healthz", timeout=GENEROUS).status_code}

    assert statuses == {200}


def test_a_slow_body_is_refused_at_its_deadline_and_its_connection_closed(
    tmp_path: Path, little_store: Path
) -> None:
    impatient = {"REQUEST_SECONDS": "1", "WEB_CONCURRENCY": "1"}

    with running(tmp_path, MODEL_STORE=str(little_store), **impatient) as service, ExitStack() as held:
        slow = [held.enter_context(connected(service, start)) for start in (BODY, CHUNKED, BODY + UPLOAD)]
        answers = [everything_from(connection) for connection in slow]

    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 400 BAD REQUEST"] * 3
    assert all(b"\r\nConnection: close\r\n" in answer for answer in answers)
    assert all(answer.count(b"HTTP/1.1") == 1 for answer in answers)


def test_a_request_behind_an_unfinished_body_is_not_answered(tmp_path: Path, little_store: Path) -> None:
    impatient = {"REQUEST_SECONDS": "1", "WEB_CONCURRENCY": "1"}

    with (
        running(tmp_path, MODEL_STORE=str(little_store), **impatient) as service,
        connected(service, BODY) as connection,
    ):
        first = connection.recv(65536)
        try_to_send(connection, reading("/healthz"))
        rest = everything_from(connection)

    assert first.startswith(b"HTTP/1.1 400 ")
    assert b"HTTP/1.1" not in rest


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"POST /nowhere HTTP/1.1\r\n", id="404"),
        pytest.param(b"POST /healthz HTTP/1.1\r\n", id="405"),
        pytest.param(b"POST /predict HTTP/1.1\r\nX-Length: large\r\n", id="413"),
    ],
)
def test_an_answer_to_an_unread_body_says_that_its_connection_closes(service: Service, head: bytes) -> None:
    length = 900_000_000 if b"large" in head else 100

    with connected(service, head + f"Host: a\r\nContent-Length: {length}\r\n\r\n".encode()) as connection:
        try_to_send(connection, b"a" * 100 + reading("/healthz"))
        answer = everything_from(connection)

    assert answer.split(b" ")[1].startswith(b"4")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_an_answer_to_a_read_body_keeps_its_connection(service: Service) -> None:
    head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: {len(UPLOAD)}\r\n\r\n".encode()

    with connected(service, (head + UPLOAD) * 2 + CLOSED) as connection:
        answers = everything_from(connection)

    assert answers.count(b" 200 OK\r\n") == 3
    assert answers.count(b"\r\nConnection: keep-alive\r\n") == 2


def test_a_refused_upload_gets_its_answer_although_it_was_not_read(service: Service) -> None:
    answers = [service.post("/nowhere", data=bytes(15_000_000)) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {404}


def test_an_endless_body_that_is_refused_is_not_read_for_long(service: Service) -> None:
    sent, megabyte = 0, bytes(1_000_000)

    with (
        connected(
            service, b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n"
        ) as client,
        suppress(OSError),
    ):
        while sent < 1_000_000_000:
            sent += client.send(megabyte)

    assert sent < 200_000_000


def test_a_client_that_does_not_read_is_disconnected_at_its_deadline(tmp_path: Path) -> None:
    impatient = {"REQUEST_SECONDS": "1", "WEB_CONCURRENCY": "1"}

    with (
        running(tmp_path, **impatient) as service,
        slow_clients(service, 5, reading("/docs/swagger-ui-bundle.js")),
    ):
        wait_for("all of them gone", lambda: open_connections(service) == 0)
        log = service.log.read_text("utf-8")

    assert "Traceback" not in log


@contextmanager
def slow_clients(service: Service, count: int, beginning: bytes) -> Iterator[Callable[[bytes], None]]:
    """Clients with a small receive buffer that begin a request and never read; yields what sends more."""
    with ExitStack() as held:
        clients = [held.enter_context(connected(service, beginning, buffer=4096)) for _ in range(count)]

        def trickle(drop: bytes) -> None:
            for client in clients:
                try_to_send(client, drop)

        yield trickle


def connected(service: Service, beginning: bytes, buffer: int | None = None) -> socket.socket:
    """A connection that has sent the beginning of a request."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.socket()
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(GENEROUS)
    connection.connect((host, int(port)))
    connection.sendall(beginning)
    return connection


def try_to_send(connection: socket.socket, data: bytes) -> None:
    """Send, unless the service has closed the connection."""
    with suppress(ConnectionError):
        connection.sendall(data)


def everything_from(connection: socket.socket) -> bytes:
    """What the service says until it closes the connection."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def open_connections(service: Service) -> int:
    """How many connections the service has; those that it has given up do not count."""
    port = int(service.url.rpartition(":")[2])
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)
