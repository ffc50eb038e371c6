"""Bytes that no client library sends, and files that mean harm: a real gunicorn answers and lives."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile.corpus import SEEDS, body_of
from tests.service import Service, running
from tests.uploads import UPLOAD

pytestmark = pytest.mark.slow

LENGTH = f"Content-Length: {len(UPLOAD)}\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NO_ANSWER = 0
REFUSED = {NO_ANSWER, 400}
"""Closing without an answer is as good: a client that sends this waits for none."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("hostile"), LOG_FORMAT="json", LOG_LEVEL="DEBUG") as service:
        yield service


def raw(headers: bytes, body: bytes = b"", start: bytes = b"POST /predict HTTP/1.1") -> bytes:
    return start + b"\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n" + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def chunks_of(data: bytes, size: int) -> bytes:
    return b"".join(chunk(data[at : at + size]) for at in range(0, len(data), size)) + b"0\r\n\r\n"


def get(path: bytes, method: bytes = b"GET") -> bytes:
    return raw(b"", start=method + b" " + path + b" HTTP/1.1")


SENT: dict[str, tuple[bytes, set[int]]] = {
    "length": (raw(LENGTH, UPLOAD), {200}),
    "length longer than the body": (raw(b"Content-Length: 5000\r\n", UPLOAD[:-20]), REFUSED | {422}),
    "length shorter than the body": (raw(b"Content-Length: 40\r\n", UPLOAD), {422}),
    "length absent": (raw(b"", UPLOAD), {400}),
    "length zero": (raw(b"Content-Length: 0\r\n", UPLOAD), {400}),
    "length of 20 digits": (raw(b"Content-Length: 99999999999999999999\r\n"), {413}),
    "length twice": (raw(LENGTH + b"Content-Length: 5\r\n", UPLOAD), REFUSED),
    "length beside chunks": (raw(LENGTH + CHUNKED, chunk(UPLOAD) + b"0\r\n\r\n"), REFUSED),
    "chunk": (raw(CHUNKED, chunk(UPLOAD) + b"0\r\n\r\n"), {200}),
    "chunks without end": (raw(CHUNKED, chunk(UPLOAD)), REFUSED),
    "chunk cut": (raw(CHUNKED, b"ffff\r\n" + UPLOAD), REFUSED),
    "chunk size junk": (raw(CHUNKED, b"zz\r\n" + UPLOAD), REFUSED),
    "gzip and chunked": (raw(b"Transfer-Encoding: gzip, chunked\r\n", chunk(UPLOAD)), REFUSED | {200}),
    "identity and chunked": (
        raw(b"Transfer-Encoding: identity, chunked\r\n", chunk(UPLOAD) + b"0\r\n\r\n"),
        {400},
    ),
    "no host": (b"POST /predict HTTP/1.1\r\nConnection: close\r\n" + LENGTH + b"\r\n" + UPLOAD, {400}),
    "header of 100 kB": (raw(b"X-A: " + b"a" * 100_000 + b"\r\n" + LENGTH, UPLOAD), REFUSED | {431}),
    "headers of 720 kB": (
        raw((b"Accept: " + b"a/b," * 2000 + b"\r\n") * 90 + LENGTH, UPLOAD),
        {NO_ANSWER, 431},
    ),
    "headers of 12 kB": (raw((b"X-A: " + b"a" * 6000 + b"\r\n") * 2 + LENGTH, UPLOAD), {200}),
    "trailers": (raw(CHUNKED, chunk(UPLOAD) + b"0\r\nX-A: a\r\n\r\n"), {200}),
    "trailers of 90 kB": (
        raw(CHUNKED, chunk(UPLOAD) + b"0\r\n" + b"X-A: " + b"a" * 90_000 + b"\r\n\r\n"),
        REFUSED,
    ),
    "chunks of one byte": (
        raw(CHUNKED, b"".join(chunk(b"a") for _ in range(100_000)) + b"0\r\n\r\n"),
        REFUSED,
    ),
    "chunks of 100 bytes": (raw(CHUNKED, chunks_of(UPLOAD + bytes(300_000), 100)), {200, 422}),
    "header not ASCII": (raw(b"X-Request-ID: \xff\r\nAuthorization: \xff\r\n" + LENGTH, UPLOAD), {200}),
    "charset junk": (raw(b"Content-Type: application/json; charset=\xff\r\n" + LENGTH, UPLOAD), {200}),
    "expectation junk": (raw(b"Expect: 200-ok\r\n" + LENGTH, UPLOAD), {200, 400, 417}),
    "script name": (raw(b"Script-Name: /x\r\nSCRIPT_NAME: /x\r\n" + LENGTH, UPLOAD), REFUSED | {200}),
    "unknown method": (get(b"/predict", method=b"BREW"), {405}),
    "path up": (get(b"/../../../etc/passwd"), {404}),
    "path up encoded": (get(b"/%2e%2e/%2e%2e/etc/passwd%00.png"), {404}),
    "path not UTF-8": (get(b"/%ff%fe%80"), {404}),
}
"""HTTP that no client library writes, and the statuses that may answer it."""


def test_no_bytes_on_a_socket_are_an_error_of_ours(service: Service) -> None:
    before = service.worker_pids()

    answers = {
        name: exchange(service, request, is_whole=not statuses & REFUSED)
        for name, (request, statuses) in SENT.items()
    }

    statuses = {name: status_of(answer) for name, answer in answers.items()}
    assert {name: status for name, status in statuses.items() if status not in SENT[name][1]} == {}
    errors = {name: answers[name] for name, status in statuses.items() if status >= 400}
    assert [name for name, answer in errors.items() if not is_whole_refusal(answer)] == []
    assert not any(b"Traceback" in answer or b"root:x:" in answer for answer in answers.values())
    assert "Traceback" not in service.text()
    assert service.worker_pids() == before
    assert service.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("heic/one-tile-900-times-in-a-grid.heic", {200, 413}),
        ("heic/2000-nested-boxes.heic", {422}),
        ("gif/80000-resets.gif", {422}),
        ("bmp/rle8-rows-of-one-sample.bmp", {413}),
        ("tiff/tile-width-is-a-text.tif", {422}),
    ],
)
def test_a_hostile_file_ends_its_own_process_and_no_worker(
    service: Service, name: str, statuses: set[int]
) -> None:
    before = service.worker_pids()
    sound = (SEEDS / "tiles.heic").read_bytes()

    with ThreadPoolExecutor(4) as clients:
        hostile = [clients.submit(service.post, "/predict", data=body_of(name)) for _ in range(4)]
        meanwhile = [service.post("/predict", data=UPLOAD).status_code for _ in range(3)]

    # Who would wait too long is turned away.
    assert {one.result().status_code for one in hostile} <= {*statuses, 503}
    assert meanwhile == [200, 200, 200]
    assert service.post("/predict", data=sound).status_code == 200
    assert service.worker_pids() == before


def exchange(service: Service, request: bytes, *, is_whole: bool) -> bytes:
    """Send these bytes, and the end of the stream where more would be read; read until the server closes."""
    with service.connect(b"") as connection:
        try:
            connection.sendall(request)
            if not is_whole:  # who ends the stream of a whole request passes for gone
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:  # the server closed first
            return b""


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else NO_ANSWER


def is_whole_refusal(answer: bytes) -> bool:
    """Whether it is a problem with the ids of every answer, or the server's own page as it closes."""
    problem = (b"Content-Type: application/problem+json\r\n", b"X-Request-ID: ", b"X-Model-Version: ")
    own = b"\r\nConnection: close\r\nContent-Type: text/html\r\n"
    return own in answer or all(part in answer for part in problem)
