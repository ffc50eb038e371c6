"""Whatever comes on a connection means what gunicorn says, the first time as when all of it is known."""

import socket
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import create
from gunicorn.workers.gthread import TConn
from hypothesis import given
from hypothesis import strategies as st

from app.connection import Connection
from tests.properties.mutations import nearly

CLIENT, SERVER = ("127.0.0.1", 4000), ("127.0.0.1", 8000)

STARTS = (
    b"POST /predict HTTP/1.1",
    b"POST /predict?top=3&seen=1 HTTP/1.1",
    b"GET /a%20b%2f%ff;c?d#e HTTP/1.0",
    b"GET http://shop/model HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"GET * HTTP/1.1",
    b"get / HTTP/1.1",
    b"GET / HTTP/2.0",
    b"GET  / HTTP/1.1",
    b"GET /\nX: y HTTP/1.1",
    b"GET /" + b"a" * 300 + b" HTTP/1.1",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1",
    b"\r\nGET / HTTP/1.1",
    b"",
)
LINES = (
    b"Host: shop",
    b"host:\tshop ",
    b"Host: another",
    b"Content-Type: image/png",
    b"Content-Length: 3",
    b"Content-Length: 0",
    b"Content-Length: 4",
    b"Content-Length: -1",
    b"Content-Length: 3, 3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Expect: 100-continue",
    b"Expect: 200-ok",
    b"X-Request-ID: one",
    b"X-Request-ID: two",
    b"X_Request_ID: three",
    b"SCRIPT_NAME: /x",
    b"X-Forwarded-Proto: https",
    b"X-Forwarded-Proto: http",
    b"Authorization: Bearer secret",
    b"Cookie: a=b",
    b"X-Empty:",
    b"X-Latin: \xe9",
    b"X-Bad: a\x00b",
    b"X-Bad: a\nb",
    b"X Bad: a",
    b"X-Bad : a",
    b"no colon",
    b": no name",
    b" folded",
    b"\tfolded: too",
    b"X-Long: " + b"a" * 300,
    b"X-Longer: " + b"a" * 9000,
)
BODIES = (b"", b"abc", b"abcd", b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\nHost: trailer\r\n\r\n")


def request(start: bytes, lines: list[bytes], body: bytes) -> bytes:
    return b"\r\n".join([start, *lines, b"", body])


REQUESTS = st.builds(
    request,
    st.sampled_from(STARTS[:2]) | st.sampled_from(STARTS),
    st.lists(st.sampled_from(LINES), max_size=6),
    st.sampled_from(BODIES),
)
USUAL = request(STARTS[0], [b"Host: shop", b"Content-Type: image/png", b"Content-Length: 3"], b"abc")
STREAMS = st.lists(REQUESTS, min_size=1, max_size=3).map(b"".join) | nearly([USUAL * 2])

PEERS = st.sampled_from(["", "127.0.0.1"])
"""Whose word on schemes and paths is taken."""


@cache
def settings(trusted: str) -> Config:
    """The same for all connections: what is known of lines is known under them."""
    cfg = Config()
    cfg.set("forwarded_allow_ips", trusted)
    return cfg


class Meant(NamedTuple):
    """What the requests of a connection are, until it ends, and what was sent before any answer."""

    requests: list[object]
    sent: bytes


def meant(kind: type[TConn], trusted: str, stream: bytes, piece: int, reads: bool) -> Meant:
    """What a stream means that comes in pieces of so many bytes."""
    accepted, client = socket.socketpair()
    connection = kind(settings(trusted), accepted, CLIENT, SERVER)
    with client, connection.sock:
        connection.init()
        pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
        connection.parser.unreader = IterUnreader(iter(pieces))
        requests = list(_told(connection, reads))
        connection.sock.sendall(b"end")
        return Meant(requests, client.recv(65536))


def _told(connection: TConn, reads: bool) -> Iterator[object]:
    try:
        for asked in connection.parser:
            environ = environ_of(connection, asked)
            texts = {name: value for name, value in environ.items() if isinstance(value, str)}
            body = environ["wsgi.input"].read() if reads else None
            yield asked.method, asked.version, asked.headers, asked.should_close(), texts, body
    except (ParseException, NoMoreData) as error:
        yield type(error), str(error)


def environ_of(connection: TConn, asked: Any) -> dict[str, Any]:
    """As the worker has it made."""
    environ: dict[str, Any]
    if isinstance(connection, Connection):
        environ = connection.environ_of(asked)
    else:
        _, environ = create(asked, connection.sock, CLIENT, SERVER, connection.cfg)
    return environ


def assert_meant_as_by_gunicorn(trusted: str, stream: bytes, piece: int, reads: bool) -> None:
    says = meant(TConn, trusted, stream, piece, reads)
    first = meant(Connection, trusted, stream, piece, reads)
    again = meant(Connection, trusted, stream, piece, reads)  # now all of its lines are known

    assert first == says
    assert again == says


@given(stream=STREAMS, trusted=PEERS, piece=st.sampled_from([8192, 8192, 40, 1]), reads=st.booleans())
def test_a_stream_means_what_gunicorn_says(stream: bytes, trusted: str, piece: int, reads: bool) -> None:
    assert_meant_as_by_gunicorn(trusted, stream, piece, reads)


def usual(*more: bytes) -> bytes:
    return request(STARTS[0], [b"Host: shop", b"Content-Length: 3", *more], b"abc")


@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize(
    "stream",
    [
        usual() * 3,
        usual(b"X-Request-ID: one", b"X-Request-ID: two") * 2,
        usual(b"Host: another"),
        usual(b"Content-Length: 3"),
        usual(b"Expect: 100-continue") * 2,
        usual(b"X-Forwarded-Proto: https") * 2,
        usual(b"X-Forwarded-Proto: https", b"X-Forwarded-Proto: http"),
        usual(*[b"X-%d: a" % number for number in range(98)]) * 2,
        usual(*[b"X-%d: a" % number for number in range(99)]),
        usual(b"Content-Type: image/png", b"X_Dropped: a", b"X-Long: " + b"a" * 300) * 2,
        usual(b" folded"),
        usual(b"\tfolded: too"),
        request(b"GET /" + b"a" * 4090 + b" HTTP/1.1", [b"Host: shop"], b""),
        request(b"GET /" + b"a" * 4000 + b" HTTP/1.1", [b"Host: shop"], b"") * 2,
        request(STARTS[0], [b"Host: shop", b"Content-Length: 9000"], b"a" * 9000) * 2,
        request(STARTS[0], [b"Host: shop", b"Transfer-Encoding: chunked"], b"3\r\nabc\r\n0\r\n\r\n") * 2,
    ],
    ids=range(16),
)
def test_what_is_easily_mistaken_means_what_gunicorn_says(stream: bytes, trusted: str, reads: bool) -> None:
    assert_meant_as_by_gunicorn(trusted, stream, 8192, reads)
