"""HTTP that no client library writes: lengths that lie, chunks that are none, headers that are junk."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.service import Service, running
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

UPLOAD = png(a_garment())
LENGTH = f"Content-Length: {len(UPLOAD)}\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NO_ANSWER = 0
REFUSED = {NO_ANSWER, 400}
"""Closing without a word is as good: whoever sends this waits for no answer."""

WAIT_SECONDS = 10


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("sockets")) as service:
        yield service


def raw(headers: bytes, body: bytes = b"", start: bytes = b"POST /predict HTTP/1.1") -> bytes:
    return start + b"\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n" + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LENGTHS = {
    "true": (raw(LENGTH, UPLOAD), {200}),
    "longer-than-the-body": (raw(b"Content-Length: 5000\r\n", UPLOAD[:-20]), {NO_ANSWER, 400, 422}),
    "shorter-than-the-body": (raw(b"Content-Length: 40\r\n", UPLOAD), {422}),
    "absent": (raw(b"", UPLOAD), {400}),
    "zero": (raw(b"Content-Length: 0\r\n", UPLOAD), {400}),
    "negative": (raw(b"Content-Length: -1\r\n", UPLOAD), REFUSED),
    "text": (raw(b"Content-Length: many\r\n", UPLOAD), REFUSED),
    "with-a-plus": (raw(b"Content-Length: +40\r\n", UPLOAD), REFUSED),
    "of-20-digits": (raw(b"Content-Length: 99999999999999999999\r\n"), {413}),
    "of-5000-digits": (raw(b"Content-Length: " + b"9" * 5000 + b"\r\n"), {400, 413}),
    "twice-and-different": (raw(LENGTH + b"Content-Length: 5\r\n", UPLOAD), REFUSED),
    "beside-chunks": (raw(LENGTH + CHUNKED, chunk(UPLOAD) + b"0\r\n\r\n"), REFUSED),
}

CHUNKS = {
    "true": (raw(CHUNKED, chunk(UPLOAD) + b"0\r\n\r\n"), {200}),
    "of-one-byte": (
        raw(CHUNKED, b"".join(chunk(UPLOAD[i : i + 1]) for i in range(99)) + b"0\r\n\r\n"),
        {422},
    ),
    "without-end": (raw(CHUNKED, chunk(UPLOAD)), REFUSED),
    "cut-in-a-chunk": (raw(CHUNKED, b"ffff\r\n" + UPLOAD), REFUSED),
    "size-junk": (raw(CHUNKED, b"zz\r\n" + UPLOAD), REFUSED),
    "size-negative": (raw(CHUNKED, b"-5\r\n" + UPLOAD), REFUSED),
    "size-of-17-digits": (raw(CHUNKED, b"1" + b"0" * 16 + b"\r\n" + UPLOAD), REFUSED),
    "size-without-newline": (raw(CHUNKED, b"5" * 20_000), REFUSED),
    "extension-of-100-kb": (
        raw(CHUNKED, b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"),
        REFUSED | {415},
    ),
    "trailer-junk": (raw(CHUNKED, chunk(UPLOAD) + b"0\r\nno colon\r\n\r\n"), REFUSED | {200}),
    "gzip-and-chunked": (raw(b"Transfer-Encoding: gzip, chunked\r\n", chunk(UPLOAD)), REFUSED | {200}),
    "identity-after-chunked": (raw(b"Transfer-Encoding: chunked, identity\r\n", chunk(UPLOAD)), REFUSED),
}

HEADERS = {
    "nul": (raw(b"X-A: a\0b\r\n" + LENGTH, UPLOAD), REFUSED),
    "no-colon": (raw(b"junk\r\n" + LENGTH, UPLOAD), REFUSED),
    "space-before-colon": (raw(b"X-A : b\r\n" + LENGTH, UPLOAD), REFUSED),
    "folded": (raw(b"X-A: a\r\n b\r\n" + LENGTH, UPLOAD), REFUSED),
    "500-of-them": (raw(b"X-A: b\r\n" * 500 + LENGTH, UPLOAD), {400, 431}),
    "one-of-100-kb": (raw(b"X-A: " + b"a" * 100_000 + b"\r\n" + LENGTH, UPLOAD), {NO_ANSWER, 400, 431}),
    "not-ascii": (raw(b"X-Request-ID: \xff\xfe\r\nAuthorization: \xff\r\n" + LENGTH, UPLOAD), {200}),
    "type-junk": (raw(b"Content-Type: multipart/form-data; boundary=\r\n" + LENGTH, UPLOAD), {200}),
    "charset-junk": (raw(b"Content-Type: application/json; charset=\xff\r\n" + LENGTH, UPLOAD), {200}),
    "encoding-gzip": (raw(b"Content-Encoding: gzip\r\n" + LENGTH, UPLOAD), {200}),
    "range": (raw(b"Range: bytes=0-99999999999\r\n" + LENGTH, UPLOAD), {200}),
    "expect-junk": (raw(b"Expect: 200-ok\r\n" + LENGTH, UPLOAD), {200, 400, 417}),
    "no-host": (b"POST /predict HTTP/1.1\r\nConnection: close\r\n" + LENGTH + b"\r\n" + UPLOAD, {200, 400}),
    "script-name": (raw(b"Script-Name: /x\r\nSCRIPT_NAME: /x\r\n" + LENGTH, UPLOAD), REFUSED | {200}),
}

STARTS = {
    "of-10-kb": (raw(b"", start=b"GET /" + b"a" * 10_000 + b" HTTP/1.1"), {NO_ANSWER, 400, 414}),
    "without-version": (b"GET /healthz\r\n\r\n", {NO_ANSWER, 200, 400}),
    "version-9": (raw(b"", start=b"GET /healthz HTTP/9.9"), {400}),
    "method-junk": (raw(b"", start=b"G\x01T /healthz HTTP/1.1"), {400}),
    "unknown-method": (raw(b"", start=b"BREW /predict HTTP/1.1"), {405}),
    "path-up": (raw(b"", start=b"GET /../../../etc/passwd HTTP/1.1"), {404}),
    "path-up-encoded": (raw(b"", start=b"GET /%2e%2e/%2e%2e/etc/passwd%00.png HTTP/1.1"), {404}),
    "path-not-utf-8": (raw(b"", start=b"GET /%ff%fe%80 HTTP/1.1"), {404}),
    "two-slashes": (raw(b"", start=b"GET //evil.example/%0d%0aSet-Cookie:a=b HTTP/1.1"), {404}),
    "absolute": (raw(b"", start=b"GET http://evil.example/healthz HTTP/1.1"), {200, 400, 404}),
    "star": (raw(b"", start=b"OPTIONS * HTTP/1.1"), {200, 404}),
    "query-junk": (raw(b"", start=b"GET /healthz?%ff=%00&=&&%zz HTTP/1.1"), {200}),
    "tls-hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), {NO_ANSWER, 400}),
    "http-2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {NO_ANSWER, 400, 405}),
    "nothing": (b"", {NO_ANSWER}),
    "newlines": (b"\r\n" * 1000, {NO_ANSWER, 400}),
}


@pytest.mark.parametrize(
    "sent",
    [LENGTHS, CHUNKS, HEADERS, STARTS],
    ids=["lengths", "chunks", "headers", "request lines"],
)
def test_no_bytes_on_a_socket_are_an_error_of_ours(
    service: Service, sent: dict[str, tuple[bytes, set[int]]]
) -> None:
    before = service.worker_pids()

    answers = {name: exchange(service, request) for name, (request, _) in sent.items()}

    unexpected = {name: status(answers[name]) for name in sent if status(answers[name]) not in sent[name][1]}
    assert unexpected == {}
    errors = {name: answer for name, answer in answers.items() if status(answer) >= 400}
    assert [name for name, answer in errors.items() if not (is_problem(answer) or closes(answer))] == []
    assert not any(b"Traceback" in answer or b"root:x:" in answer for answer in answers.values())
    assert "Traceback" not in service.log.read_text("utf-8")
    assert service.worker_pids() == before
    assert service.get("/healthz").status_code == 200


def exchange(service: Service, request: bytes) -> bytes:
    """Send these bytes, say that there are no more, and read until the server closes."""
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname or "", address.port or 0), WAIT_SECONDS) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except TimeoutError:
            raise
        except OSError:  # the server closed first
            return b""


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else NO_ANSWER


def closes(answer: bytes) -> bool:
    """Whether the server refused a head by itself, in its own form, and ends the connection with that."""
    return b"\r\nConnection: close\r\nContent-Type: text/html\r\n" in answer


def is_problem(answer: bytes) -> bool:
    """Whether an error is in the service's form, with the ids that every answer carries."""
    headers = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    names = {header.partition(b":")[0] for header in headers}
    return (
        b"Content-Type: application/problem+json" in headers
        and {
            b"X-Request-ID",
            b"X-Model-Version",
        }
        <= names
    )
