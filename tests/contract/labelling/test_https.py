"""Pictures are fetched from allowed hosts alone, at the addresses checked, within bytes and seconds.

The servers are real, on addresses of loopback, of which the tests allow one and not the other.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from itertools import chain, repeat
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labelling.errors import Unreadable
from labelling.https import REDIRECTS, Fetcher
from labelling.items import MAX_BYTES
from labelling.permits import Permits
from tests.catalogues import PICTURES
from tests.https_servers import Answer, Authority, HttpsServer, https_server, raw, redirect, silence, status

PICTURE = PICTURES["a/0.png"]
LOOPBACK = ip_network("127.0.0.1/32")
SECONDS = 0.3
"""For a picture of a slow server."""


@pytest.fixture
def inner(certificate: Path, server: HttpsServer) -> Iterator[HttpsServer]:
    """Another one, on the same port of an address that is not allowed."""
    with https_server(certificate, {"/a.png": status(200, b"secret")}, "127.0.0.2", server.port) as inner:
        yield inner


def fetcher(*servers: HttpsServer, seconds: float = 20) -> Fetcher:
    """One that allows these servers by their names, on 127.0.0.1 alone."""
    names = ("localhost", "shop.test", "127.0.0.1", "127.0.0.2")
    hosts = tuple((name, one.port) for one in servers for name in names)
    return Fetcher(Permits(hosts, (LOOPBACK,)), seconds)


def failure(
    server: HttpsServer, path: str = "/a.png", *, host: str = "localhost", seconds: float = 20
) -> str:
    with pytest.raises(Unreadable) as refused:
        fetcher(server, seconds=seconds).fetch(server.url(path, host))
    return str(refused.value)


class Dns:
    """Names with their addresses, of which each question gets the next; the last one stays."""

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        self.names = {name: list(addresses) for name, addresses in names.items()}
        self._system = socket.getaddrinfo

    def __call__(self, host: str, *arguments: object, **more: object) -> object:
        addresses = self.names.get(host, [host])
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return self._system(address, *arguments, **more)  # type: ignore[arg-type]


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def say(**names: list[str]) -> None:
        monkeypatch.setattr(
            socket, "getaddrinfo", Dns({f"{name}.test": found for name, found in names.items()})
        )

    return say


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_picture_comes_as_it_is_from_a_host_that_is_allowed_by_name_and_address(
    server: HttpsServer, host: str
) -> None:
    assert fetcher(server).fetch(server.url("/a.png", host)) == PICTURE
    assert server.asked == [("/a.png", f"{host}:{server.port}")]


def test_an_address_that_is_not_public_is_not_connected_to_unless_its_network_is_allowed(
    server: HttpsServer,
) -> None:
    permits = Permits((("127.0.0.1", server.port),), (ip_network("10.0.0.0/8"),))

    with pytest.raises(Unreadable, match=r"is at 127\.0\.0\.1, which is not public\. --allow-network 127"):
        Fetcher(permits).fetch(server.url("/a.png", "127.0.0.1"))

    assert server.asked == []


def test_a_name_that_gets_another_address_after_the_check_is_fetched_from_the_one_checked(
    server: HttpsServer, inner: HttpsServer, dns: Callable[..., None]
) -> None:
    dns(shop=["127.0.0.1", "127.0.0.2"])

    assert fetcher(server).fetch(server.url("/a.png", "shop.test")) == PICTURE
    assert inner.asked == []


def test_of_several_addresses_only_those_that_are_allowed_are_tried(
    server: HttpsServer, inner: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [found for one in ("127.0.0.2", "127.0.0.1") for found in socket.getaddrinfo(one, server.port)]
    real = socket.getaddrinfo

    def found(host: str, *more: Any, **named: Any) -> object:
        return both if host == "shop.test" else real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)

    assert fetcher(server).fetch(server.url("/a.png", "shop.test")) == PICTURE
    assert inner.asked == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new.png", " /new.png \t"])
def test_a_redirect_to_an_allowed_host_is_followed(server: HttpsServer, code: int, location: str) -> None:
    server.answers |= {"/old.png": redirect(location, code), "/new.png": redirect(server.url("/a.png"))}

    assert fetcher(server).fetch(server.url("/old.png")) == PICTURE


def test_a_redirect_is_checked_like_the_first_address(
    server: HttpsServer, inner: HttpsServer, dns: Callable[..., None]
) -> None:
    dns(shop=["127.0.0.2"])
    elsewhere = {
        "address": inner.url("/a.png", "127.0.0.2"),
        "name": inner.url("/a.png", "shop.test"),
        "host": "https://other.example/a.png",
        "port": "https://localhost/a.png",
        "plain": "http://localhost/a.png",
        "file": "file:///etc/passwd",
        "user": f"https://me@localhost:{server.port}/a.png",
        "relative": f"//127.0.0.2:{server.port}/a.png",
    }
    server.answers |= {f"/{name}": redirect(location) for name, location in elsewhere.items()}

    found = {name: failure(server, f"/{name}") for name in elsewhere}

    for name in ("address", "name", "relative"):
        assert "is at 127.0.0.2, which is not public" in found.pop(name)
    assert found == {
        "host": "The host other.example is not among those of --allow-host.",
        "port": "The host localhost is not among those of --allow-host.",
        "plain": "Only addresses that begin with https:// are fetched.",
        "file": "Only addresses that begin with https:// are fetched.",
        "user": "Its address holds a user name, which is not sent. Leave it out.",
    }
    assert inner.asked == []


def test_redirects_that_do_not_end_are_given_up(server: HttpsServer) -> None:
    server.answers["/loop"] = redirect("/loop")

    assert f"redirects more than {REDIRECTS} times" in failure(server, "/loop")
    assert len(server.asked) == REDIRECTS + 1


def test_a_certificate_of_another_name_or_authority_is_refused(
    authority: Authority, trusted: None, tmp_path: Path
) -> None:
    answers = {"/a.png": status(200, PICTURE)}
    with https_server(authority.chain("other.example"), answers) as server:
        assert "certificate that is not trusted: Hostname mismatch" in failure(server)
        assert server.asked == []
    with https_server(Authority(tmp_path).chain("localhost"), answers) as server:
        assert "certificate that is not trusted: unable to get local issuer" in failure(server)
        assert server.asked == []


OK = b"HTTP/1.1 200 OK\r\n"


def dripping(piece: bytes, first: bytes = b"") -> Answer:
    """Send a piece now and then until the client leaves."""
    return raw(chain([first], repeat(piece)), wait=lambda: time.sleep(0.05))


@pytest.mark.parametrize(
    "answer",
    [
        raw([OK + b"Content-Length: %d\r\n\r\n" % (MAX_BYTES + 1)]),
        raw([OK + b"\r\n", *[bytes(1 << 20)] * 21]),
        raw([OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"100000\r\n" + bytes(1 << 20) + b"\r\n"] * 21]),
    ],
    ids=["as it says", "without a length", "in chunks"],
)
def test_a_picture_that_is_too_large_is_not_read_to_its_end(server: HttpsServer, answer: Answer) -> None:
    server.answers["/huge.png"] = answer

    assert (
        failure(server, "/huge.png") == "It has more than 20,000,000 bytes, which is the most that is read."
    )


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        dripping(b"H"),
        dripping(b"a", OK),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b"a", OK + b"Content-Length: 900\r\n\r\n"),
        dripping(b"1\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["nothing", "status line", "header", "continue", "body", "chunks"],
)
def test_a_server_that_sends_a_byte_now_and_then_is_left_at_the_deadline(
    server: HttpsServer, answer: Answer
) -> None:
    server.answers["/slow.png"] = answer

    why = failure(server, "/slow.png", seconds=SECONDS)

    assert why == f"The host localhost:{server.port} does not answer in time."


def test_a_handshake_and_a_look_up_that_never_end_are_left_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server, ended = HttpsServer(silent.getsockname()[1], {}), Event()
        assert "does not answer in time" in failure(server, seconds=SECONDS)

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait())
        assert "does not answer in time" in failure(server, seconds=SECONDS)
        ended.set()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404), "answers with status 404"),
        (status(429, b"", **{"Retry-After": "1"}), "answers with status 429"),
        (status(304), "answers with status 304"),
        (status(302), "answers with status 302"),
        (status(206, PICTURE), "answers with status 206"),
        (raw([b"\x1b[31m=1+1\r\r\n\r\n"]), "cannot be read: BadStatusLine"),
        (raw([b""]), "cannot be read: RemoteDisconnected"),
        (raw([OK + b"Content-Length: 99\r\n\r\nabc"]), "cannot be read: ProtocolError"),
        (raw([OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"]), "cannot be read: "),
        (raw([OK + b"a: b\r\n" * 101 + b"\r\n"]), "cannot be read: HTTPException"),
        (raw([OK + b"a" * 70_000]), "cannot be read: LineTooLong"),
        (redirect("https://[/"), "It is redirected to what is no address."),
    ],
)
def test_whatever_a_server_answers_is_an_error_without_its_words(
    server: HttpsServer, answer: Answer, words: str
) -> None:
    server.answers["/odd.png"] = answer

    why = failure(server, "/odd.png")

    assert words in why
    assert why.isprintable()


@pytest.mark.parametrize(
    ("host", "words"),
    [("no-such-name.invalid", "cannot be read: "), (f"{'a' * 64}.example", "cannot be read: UnicodeError")],
)
def test_a_name_that_cannot_be_resolved_is_an_error(host: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        Fetcher(Permits(((host, 443),))).fetch(f"https://{host}/a.png")


def test_a_proxy_of_the_environment_is_not_asked(
    server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert fetcher(server).fetch(server.url("/a.png")) == PICTURE
