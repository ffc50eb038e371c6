"""Clients that send or read slowly, or never pause, on a real gunicorn without a proxy: others are answered.

No test says how fast; GENEROUS seconds only tell an answer from none.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests

from tests.service import Service, running, tcp_sockets
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

GENEROUS = 120

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "
BODY = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST /predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSED = b"GET /healthz HTTP/1.0\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
SCRIPT = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n"
CONTRACT = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, little_store: str) -> Iterator[Service]:
    """One worker, so that a client which holds it holds all."""
    with running(tmp_path_factory.mktemp("one"), MODEL_STORE=little_store, WEB_CONCURRENCY="1") as service:
        yield service


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, little_store: str) -> Iterator[Service]:
    """A request has a second."""
    settings = {"MODEL_STORE": little_store, "WEB_CONCURRENCY": "1", "REQUEST_SECONDS": "1"}
    with running(tmp_path_factory.mktemp("impatient"), **settings) as service:
        yield service


@pytest.mark.parametrize(
    ("count", "beginning", "drop"),
    [
        pytest.param(60, HEAD, b"a", id="heads"),
        pytest.param(60, BODY, b"a", id="bodies"),
        pytest.param(60, CHUNKED, b"1\r\na\r\n", id="chunked bodies"),
        pytest.param(400, b"", b"", id="silent sockets"),
        pytest.param(200, CLOSED, b"", id="HTTP/1.0 that is not closed"),
        pytest.param(200, SCRIPT, b"", id="a page's script unread"),
        pytest.param(200, CONTRACT, b"", id="the contract unread"),
    ],
)
def test_others_are_answered_beside_clients_that_send_or_read_slowly(
    service: Service, count: int, beginning: bytes, drop: bytes
) -> None:
    with ExitStack() as held:
        slow = [held.enter_context(service.connect(beginning, receive_buffer=4096)) for _ in range(count)]
        statuses = set()
        for _ in range(5):
            for client in slow:
                try_to_send(client, drop)
            statuses |= {requests.post(f"{service.url}/predict", data=UPLOAD, timeout=GENEROUS).status_code}
            statuses |= {requests.get(f"{service.url}/healthz", timeout=GENEROUS).status_code}

    assert statuses == {200}


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(HEALTH, id="requests that run no model"),
        pytest.param(BODY.replace(b"100000", b"%d" % len(UPLOAD)) + UPLOAD, id="pictures"),
    ],
)
def test_others_are_answered_beside_a_client_whose_next_request_is_always_there(
    service: Service, request_bytes: bytes
) -> None:
    with asking_without_a_pause(service, request_bytes) as answered:
        answered.wait(GENEROUS)
        statuses = [requests.get(f"{service.url}/healthz", timeout=GENEROUS).status_code for _ in range(5)]
        with requests.Session() as kept:
            statuses += [kept.get(f"{service.url}/healthz", timeout=GENEROUS).status_code for _ in range(5)]

    assert statuses == [200] * 10


@contextmanager
def asking_without_a_pause(service: Service, request_bytes: bytes) -> Iterator[threading.Event]:
    """A client that sends as many requests as its connection takes, and reads every answer.

    Gives what is set once it has the first one.
    """
    answered = threading.Event()
    with service.connect(request_bytes) as client:

        def send() -> None:
            with suppress(OSError):
                while True:
                    client.sendall(request_bytes * 100)

        def read() -> None:
            with suppress(OSError):
                while client.recv(1 << 20):
                    answered.set()

        threads = [threading.Thread(target=target) for target in (send, read)]
        for thread in threads:
            thread.start()
        try:
            yield answered
        finally:
            client.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(BODY, id="nothing"),
        pytest.param(CHUNKED, id="no chunk"),
        pytest.param(BODY + UPLOAD, id="a part"),
    ],
)
def test_an_unfinished_body_is_refused_at_its_deadline_with_all_that_follows_it(
    impatient: Service, beginning: bytes
) -> None:
    with impatient.connect(beginning) as connection:
        first = connection.recv(65536)
        try_to_send(connection, HEALTH)
        rest = everything_from(connection)

    assert first.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in first
    assert b"HTTP/1.1" not in rest


def test_a_client_that_does_not_read_is_disconnected_at_its_deadline(impatient: Service) -> None:
    with ExitStack() as held:
        for _ in range(5):
            held.enter_context(impatient.connect(SCRIPT, receive_buffer=4096))
        wait_for("all of them gone", lambda: tcp_sockets(impatient.port, "01") == [])

    assert "Traceback" not in impatient.text()


@pytest.mark.parametrize(
    ("head", "length"), [("POST /nowhere", 100), ("POST /healthz", 100), ("POST /predict", 900_000_000)]
)
def test_an_answer_to_an_unread_body_says_it_closes(service: Service, head: str, length: int) -> None:
    with service.connect(
        f"{head} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()
    ) as client:
        try_to_send(client, b"a" * 100 + HEALTH)
        answer = everything_from(client)

    assert answer.split(b" ")[1] in (b"404", b"405", b"413")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_an_answer_to_a_read_body_keeps_its_connection(service: Service) -> None:
    head = f"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: {len(UPLOAD)}\r\n\r\n".encode()

    with service.connect((head + UPLOAD) * 2 + CLOSED) as connection:
        answers = everything_from(connection)

    assert answers.count(b" 200 OK\r\n") == 3
    assert answers.count(b"\r\nConnection: keep-alive\r\n") == 2


def test_a_refused_upload_gets_its_answer_whether_or_not_it_was_read(service: Service) -> None:
    large = bytes(30_000_000)

    unread = [service.post("/nowhere", data=large[:15_000_000]) for _ in range(3)]
    chunked = service.post("/predict", data=iter([large[:10_000_000]] * 3))

    assert [answer.status_code for answer in (*unread, chunked)] == [404, 404, 404, 413]
    assert "MAX_UPLOAD_BYTES" in chunked.json()["detail"]


def test_an_endless_body_that_is_refused_is_not_read_for_long(service: Service) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n"
    sent, megabyte = 0, bytes(1_000_000)

    with service.connect(head) as client, suppress(OSError):
        while sent < 1_000_000_000:
            sent += client.send(megabyte)

    assert sent < 200_000_000


def try_to_send(connection: socket.socket, data: bytes) -> None:
    """Send, unless the service has closed the connection."""
    with suppress(ConnectionError):
        connection.sendall(data)


def everything_from(connection: socket.socket) -> bytes:
    """What the service sends until it closes the connection."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
