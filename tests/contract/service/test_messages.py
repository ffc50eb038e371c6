"""What is remembered from one request and answer to the next is what gunicorn would say of each."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidResponseHeader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import Response

from app.messages import KNOWN_LINES, Answer, Asked, known_under
from app.middleware.headers import HEADERS

JSON = [("Content-Type", "application/json"), ("Content-Length", "2")]
CONSTANT = list(HEADERS.items())
OF_THIS_ANSWER = [("X-Request-ID", "one"), ("X-Model-Version", "two")]


@dataclass
class Asking:
    """A request as an answer looks at it."""

    method: str = "GET"
    version: tuple[int, int] = (1, 1)
    closes: bool = False

    def should_close(self) -> bool:
        return self.closes


Sends = Callable[[type[Response], list[tuple[str, str]], Asking], bytes]


@pytest.fixture
def sends() -> Iterator[Sends]:
    """What a client gets of an answer of two bytes."""
    ours, client = socket.socketpair()

    def sent(kind: type[Response], headers: list[tuple[str, str]], asking: Asking) -> bytes:
        answer = kind(asking, ours, Config())
        answer.start_response("200 OK", headers)
        answer.write(b"{}")
        answer.close()
        return client.recv(65536)

    with ours, client:
        yield sent


def lines(sent: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Status line, header lines in no order and without the time, and body."""
    head, _, body = re.sub(rb"\d\d:\d\d:\d\d", b"", sent).partition(b"\r\n\r\n")
    status, *told = head.split(b"\r\n")
    return status, sorted(told), body


@pytest.mark.parametrize(
    "headers",
    [
        JSON + CONSTANT + OF_THIS_ANSWER,
        JSON[:1] + CONSTANT,  # no length, so chunked
        [*JSON, *CONSTANT[:-1], (CONSTANT[-1][0], "of its own")],
        JSON + CONSTANT + CONSTANT[:1],
        JSON + CONSTANT[:-1] + CONSTANT[:1],  # as many, but one twice and one not at all
        JSON,
    ],
)
@pytest.mark.parametrize(
    "asking", [Asking(), Asking(closes=True), Asking(method="HEAD"), Asking(version=(1, 0))], ids=str
)
def test_a_client_gets_what_gunicorn_would_send(
    sends: Sends, headers: list[tuple[str, str]], asking: Asking
) -> None:
    assert lines(sends(Answer, headers, asking)) == lines(sends(Response, headers, asking))


@pytest.mark.parametrize("others", [CONSTANT, []])
def test_a_line_break_in_a_header_is_refused(sends: Sends, others: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidResponseHeader):
        sends(Answer, [*JSON, *others, ("X-Request-ID", "a\r\nSet-Cookie: b")], Asking())


@pytest.mark.parametrize("allowed", ["", "127.0.0.1", "10.0.0.0/8", "*"])
@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1"])
def test_who_may_say_that_a_request_came_by_tls_is_who_gunicorn_believes(allowed: str, address: str) -> None:
    cfg = Config()
    cfg.set("forwarded_allow_ips", allowed)

    # The second is remembered.
    schemes = [scheme(kind, cfg, (address, 4000)) for kind in (Request, Asked, Asked)]

    assert len(set(schemes)) == 1


def test_each_client_is_asked_about() -> None:
    cfg = Config()
    cfg.set("forwarded_allow_ips", "127.0.0.1")

    schemes = [scheme(Asked, cfg, (address, 4000)) for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1")]

    assert schemes == ["https", "http", "https"]


def scheme(kind: type[Request], cfg: Config, client: tuple[str, int]) -> str:
    """That of a request which says that it came by TLS."""
    sent = b"GET / HTTP/1.1\r\nHost: shop\r\nX-Forwarded-Proto: https\r\n\r\n"
    told: str = kind(cfg, IterUnreader(iter([sent])), client).scheme
    return told


def test_a_body_that_has_not_come_yet_is_not_waited_for() -> None:
    pieces = iter([b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nab", b"cd"])

    asked = Asked(Config(), IterUnreader(pieces), ("127.0.0.1", 4000))
    unread = next(pieces)

    assert not asked.has_come
    assert unread == b"cd"


def test_no_key_and_no_cookie_is_remembered() -> None:
    cfg = Config()

    ask(cfg, "Authorization: Bearer secret", "Cookie: secret=1", "X-Shop: ours")
    _, headers = known_under(cfg)

    assert set(headers) == {b"X-Shop: ours"}


def test_what_is_remembered_has_a_bound() -> None:
    cfg = Config()

    for number in range(KNOWN_LINES + 10):
        ask(cfg, f"X-Request-ID: {number}", path=f"/{number}")
    ask(cfg, "X-Long: " + "a" * 1000, path="/" + "a" * 1000)
    starts, headers = known_under(cfg)

    assert max(len(starts), len(headers)) <= KNOWN_LINES
    assert max(len(line) for line in (*starts, *headers)) < 100


def ask(cfg: Config, *lines: str, path: str = "/") -> None:
    head = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()
    Asked(cfg, IterUnreader(iter([head])), ("192.0.2.1", 4000))
