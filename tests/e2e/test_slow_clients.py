"""Clients that trickle: they hold threads for a while, and never the service."""

import socket
from contextlib import ExitStack
from pathlib import Path

from tests.service import Service, running
from tests.uploads import a_garment, png
from tests.waiting import wait_for

UPLOAD = png(a_garment())
HALF_A_HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_A_BODY = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + UPLOAD[:100]


def test_health_answers_while_slow_clients_hold_every_place(tmp_path: Path, little_store: Path) -> None:
    with running(tmp_path, MODEL_STORE=str(little_store)) as service, ExitStack() as held:
        for _ in range(40):
            held.enter_context(connected(service, HALF_A_BODY))

        statuses = {service.get("/healthz").status_code for _ in range(10)}

    assert statuses == {200}


def test_a_slow_client_is_cut_off_at_its_deadline_and_the_others_go_on(
    tmp_path: Path, little_store: Path
) -> None:
    few = {"SLOTS": "1", "QUEUE_LENGTH": "0", "REQUEST_SECONDS": "1", "WEB_CONCURRENCY": "1"}

    with running(tmp_path, MODEL_STORE=str(little_store), **few) as service, ExitStack() as held:
        slow = [held.enter_context(connected(service, half)) for half in (HALF_A_BODY, HALF_A_HEAD) * 10]
        answers = [everything_from(connection) for connection in slow]
        after = wait_for("a place", lambda: service.post("/predict", data=UPLOAD).ok or None)

    assert {answer.partition(b"\r\n")[0] for answer in answers} == {
        b"HTTP/1.1 400 BAD REQUEST",  # the body did not come in time
        b"",  # never sent enough to be answered
    }
    assert after


def test_uploads_are_answered_while_slow_clients_send_theirs(tmp_path: Path, little_store: Path) -> None:
    with (
        running(tmp_path, MODEL_STORE=str(little_store), WEB_CONCURRENCY="1") as service,
        ExitStack() as held,
    ):
        for _ in range(40):
            held.enter_context(connected(service, HALF_A_BODY))
        answers = [service.post("/predict", data=UPLOAD) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}


def test_an_upload_that_is_refused_unread_gets_its_answer(bundled_service: Service) -> None:
    answers = [bundled_service.post("/nowhere", data=UPLOAD + bytes(15_000_000)) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {404}


def connected(service: Service, beginning: bytes) -> socket.socket:
    """A connection that has sent the beginning of a request and keeps quiet."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(beginning)
    return connection


def everything_from(connection: socket.socket) -> bytes:
    """What the service says until it closes the connection."""
    parts = []
    try:
        while part := connection.recv(4096):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)
