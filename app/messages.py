"""gunicorn's request and answer, without finding out anew what stays the same from one to the next.

Used by worker.py and connection.py. What is a request and what an answer is gunicorn's affair: it is asked
once, and its word is remembered.
"""

import time
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple, TypeVar
from wsgiref.types import WSGIEnvironment

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.http.message import HeaderPolicy, Request
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import Unreader
from gunicorn.http.wsgi import Response
from gunicorn.util import http_date, unquote_to_wsgi_str

from app.middleware.headers import HEADERS

KNOWN_LINES = 1024
"""Lines that are remembered of each kind; with one more it begins anew."""

KNOWN_LENGTH = 256
"""Bytes of the longest of them."""

FORGOTTEN = frozenset({"AUTHORIZATION", "PROXY-AUTHORIZATION", "COOKIE", "EXPECT"})
"""Headers that are parsed each time: secrets, and what has to be answered each time."""

CONSTANT = list(HEADERS.items())
"""What most answers carry, in a row; checked by a test, instead of seven times an answer."""

_CONSTANT_LINES = "".join(f"{name}: {value}\r\n" for name, value in CONSTANT)


class Start(NamedTuple):
    """What gunicorn made of a request line, and what the WSGI environment gets of it."""

    attributes: dict[str, object]
    environ: WSGIEnvironment


class Header(NamedTuple):
    """What gunicorn made of a header line, and its name in the WSGI environment."""

    name_and_value: tuple[str, str]
    key: str


class Asked(Request):  # type: ignore[misc] # gunicorn has no types
    """A request of which gunicorn parses no line twice: clients repeat themselves, and it took 25 us.

    Attributes:
        environ: what its head adds to the WSGI environment; None where gunicorn has to say.
    """

    environ: WSGIEnvironment | None = None
    body: Any  # gunicorn's, or what was read of it

    def parse(self, unreader: Unreader) -> bytes:
        """Take in the head, and return what came behind it; gunicorn does it where anything is unusual."""
        data = unreader.read()
        head, end, behind = data.partition(b"\r\n\r\n")
        if end:
            with suppress(ParseException):  # gunicorn will find it too
                self.environ = self._take(head)
        if self.environ is not None:
            return bytes(behind)
        unreader.unread(data)
        return bytes(super().parse(unreader))

    def set_body_reader(self) -> None:
        """Find the body; one that has come with the head is read at once, not by way of six buffers."""
        super().set_body_reader()
        reader = self.body.reader
        if isinstance(reader, LengthReader) and reader.length <= self.unreader.buf.tell():
            self.body = BytesIO(self.unreader.read(reader.length))

    @property
    def has_come(self) -> bool:
        """Whether all of it was read from the connection."""
        return isinstance(self.body, BytesIO) or getattr(self.body.reader, "length", None) == 0

    def _peer_is_trusted_proxy(self) -> bool:
        return _is_trusted_proxy(self.cfg, self.peer_addr)

    def _take(self, head: bytes) -> WSGIEnvironment | None:
        """Parse line by line; None where what a line means may depend on others."""
        first, *lines = head.split(b"\r\n")
        if not self._is_usual(first, lines):
            return None
        starts, headers = known_under(self.cfg)
        start = starts.get(first) or self._learn_start(first, starts)
        self.__dict__.update(start.attributes)
        told = [header for line in lines if (header := headers.get(line) or self._learn(line, headers))]
        self.headers = [header.name_and_value for header in told]
        environ = start.environ | {header.key: header.name_and_value[1] for header in told}
        came_twice = len(environ) < len(start.environ) + len(told)
        return None if came_twice or self._expected_100_continue else environ

    def _is_usual(self, first: bytes, lines: list[bytes]) -> bool:
        return (
            0 < len(first) <= min(KNOWN_LENGTH, self.limit_request_line)
            and len(lines) <= self.limit_request_fields
            and self.cfg.proxy_protocol == "off"
            and not self._peer_is_trusted_proxy()
        )

    def _learn_start(self, line: bytes, starts: dict[bytes, Start]) -> Start:
        self.parse_request_line(line)
        names = ("method", "uri", "path", "query", "fragment", "version")
        start = Start(
            {name: getattr(self, name) for name in names},
            {
                "REQUEST_METHOD": self.method,
                "QUERY_STRING": self.query,
                "RAW_URI": self.uri,
                "SERVER_PROTOCOL": f"HTTP/{self.version[0]}.{self.version[1]}",
                "PATH_INFO": unquote_to_wsgi_str(self.path),
            },
        )
        _remember(line, start, starts)
        return start

    def _learn(self, line: bytes, headers: dict[bytes, Header]) -> Header | None:
        """What a header line says; None if it is to be dropped."""
        for kept in self.parse_headers(line):
            name = kept[0].replace("-", "_")
            header = Header(kept, name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}")
            if kept[0] not in FORGOTTEN:
                _remember(line, header, headers)
            return header
        return None


_Said = TypeVar("_Said")


def _remember(line: bytes, said: _Said, known: dict[bytes, _Said]) -> None:
    if len(line) > KNOWN_LENGTH:
        return
    if len(known) >= KNOWN_LINES:
        known.clear()
    known[line] = said


@lru_cache(maxsize=8)
def known_under(_cfg: object) -> tuple[dict[bytes, Start], dict[bytes, Header]]:
    """What is known of lines under the same settings."""
    return {}, {}


@lru_cache(maxsize=1024)
def _is_trusted_proxy(cfg: object, peer: object) -> bool:
    policy = HeaderPolicy()
    policy.cfg, policy.peer_addr = cfg, peer
    return bool(policy._peer_is_trusted_proxy())


class Requests(RequestParser):  # type: ignore[misc] # gunicorn has no types
    """The requests of a connection."""

    mesg_class = Asked
    mesg: Asked | None

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """As gunicorn, save that what was read to its end is not drained: six system calls less."""
        has_come = self.mesg is not None and self.mesg.has_come
        return has_come or bool(super().finish_body(deadline, max_bytes))


class Answer(Response):  # type: ignore[misc] # gunicorn has no types
    """An answer whose constant headers were checked once, and whose date was written once a second."""

    _has_constant = False

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Check what may differ from answer to answer."""
        first = headers.index(CONSTANT[0]) if CONSTANT[0] in headers else len(headers)
        behind = first + len(CONSTANT)
        self._has_constant = headers[first:behind] == CONSTANT
        super().process_headers(headers[:first] + headers[behind:] if self._has_constant else headers)

    def default_headers(self) -> list[str]:
        """The status line and what stands below it in every answer."""
        if self.upgrade or not self._has_constant:
            return list(super().default_headers())
        connection = "close" if self.should_close() else "keep-alive"
        lines = [
            f"HTTP/{self.req.version[0]}.{self.req.version[1]} {self.status}\r\n",
            _server_and_date(self.version, int(time.time())),
            f"Connection: {connection}\r\n",
            _CONSTANT_LINES,
        ]
        if self.chunked:
            lines.append("Transfer-Encoding: chunked\r\n")
        return lines


@lru_cache(maxsize=2)
def _server_and_date(server: str, second: int) -> str:
    return f"Server: {server}\r\nDate: {http_date(second)}\r\n"
