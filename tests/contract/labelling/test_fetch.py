"""Pictures are fetched from allowed hosts alone, within bytes and seconds. The servers are real."""

import socket
import time
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.pictures.decode import MAX_BYTES
from labelling.errors import PictureUnreadable
from labelling.sources.fetch import MAX_REDIRECTS, Fetcher, parse_allowed_address, parse_allowed_host
from tests.catalogues import PICTURES
from tests.https_servers import Answer, Authority, HttpsServer, https_server, raw, redirect, silence, status

PICTURE = PICTURES["a/0.png"]
SECONDS = 0.3
"""For a picture of a slow server."""


SHOP = (("shop.example", 443), ("*.cdn.example", 443), ("shop.example", 8443), ("::1", 443))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example/a.jpg?w=9#top", ("shop.example", "/a.jpg?w=9")),
        ("HTTPS://Shop.Example.:8443", ("shop.example.:8443", "/")),
        ("https://eu.img.cdn.example/ä b.jpg", ("eu.img.cdn.example", "/%C3%A4%20b.jpg")),
        ("https://[::1]/a", ("[::1]", "/a")),
    ],
)
def test_an_allowed_host_is_asked_for_the_path_as_browsers_write_it(url: str, found: tuple[str, str]) -> None:
    parts = parse_allowed_address(url, SHOP)

    assert (parts.netloc, parts.request_uri) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/a",
        "https://shop.example.other.example/a",
        "https://evil-cdn.example/a",
        "https://cdn.example/a",
        "https://shop.example:22/a",
        "https://other.example/?shop.example",
        "https://other.example#@shop.example",
        r"https://other.example\@shop.example/",
        "https://shop.example@other.example/",
        "https://key@shop.example/a",
        "http://shop.example/a",
        "ftp://shop.example/a",
        "//shop.example/a",
        "https:///a",
        "https://shop.example:99999/a",
        "https://[::1/a",
        "https://=1+1|x/a",
        "https://shop.example\r\nHost: other.example/",
        f"https://{'a.' * 65_536}example/",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(PictureUnreadable) as refused:
        parse_allowed_address(url, SHOP)

    assert len(str(refused.value)) < 400  # it stands in the table


@given(st.text() | st.text().map("https://{}".format))
def test_no_text_of_a_list_is_more_than_a_rows_error(text: str) -> None:
    with pytest.raises(PictureUnreadable) as refused:
        parse_allowed_address(text, ())

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Shop.Example", ("shop.example", 443)),
        ("*.cdn.example:8443", ("*.cdn.example", 8443)),
        ("bücher.example", ("xn--bcher-kva.example", 443)),
        ("[::1]:8443", ("::1", 8443)),
    ],
)
def test_a_host_can_be_allowed_with_a_port_and_with_all_below_it(text: str, allowed: tuple[str, int]) -> None:
    assert parse_allowed_host(text) == allowed


@pytest.mark.parametrize(
    "text", ["", "*", "*.", "a.*.example", "https://shop.example", "shop.example/a", "me@shop.example", "a b"]
)
def test_what_is_no_host_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_allowed_host(text)


def fetcher(*servers: HttpsServer, seconds: float = 20) -> Fetcher:
    """One that allows these servers by their names."""
    hosts = tuple((name, one.port) for one in servers for name in ("localhost", "127.0.0.1"))
    return Fetcher(hosts, seconds)


def failure(
    server: HttpsServer, path: str = "/a.png", *, host: str = "localhost", seconds: float = 20
) -> str:
    with pytest.raises(PictureUnreadable) as refused:
        fetcher(server, seconds=seconds).fetch(server.url(path, host))
    return str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_picture_comes_as_it_is_from_a_host_that_is_allowed_by_name_and_address(
    server: HttpsServer, host: str
) -> None:
    assert fetcher(server).fetch(server.url("/a.png", host)) == PICTURE
    assert server.asked == [("/a.png", f"{host}:{server.port}")]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new.png", " /new.png \t"])
def test_a_redirect_to_an_allowed_host_is_followed(server: HttpsServer, code: int, location: str) -> None:
    server.answers |= {"/old.png": redirect(location, code), "/new.png": redirect(server.url("/a.png"))}

    assert fetcher(server).fetch(server.url("/old.png")) == PICTURE


def test_a_redirect_is_checked_like_the_first_address(server: HttpsServer) -> None:
    elsewhere = {
        "host": "https://other.example/a.png",
        "plain": "http://localhost/a.png",
        "relative": "//127.0.0.2/a.png",
    }
    server.answers |= {f"/{name}": redirect(location) for name, location in elsewhere.items()}

    assert {name: failure(server, f"/{name}") for name in elsewhere} == {
        "host": "The host other.example is not among those of --allow-host. Add --allow-host other.example.",
        "plain": "Only addresses that begin with https:// are fetched.",
        "relative": "The host 127.0.0.2 is not among those of --allow-host. Add --allow-host 127.0.0.2.",
    }


def test_redirects_that_do_not_end_are_given_up(server: HttpsServer) -> None:
    server.answers["/loop"] = redirect("/loop")

    assert f"redirects more than {MAX_REDIRECTS} times" in failure(server, "/loop")
    assert len(server.asked) == MAX_REDIRECTS + 1


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
        dripping(b"a", OK),
        dripping(b"a", OK + b"Content-Length: 900\r\n\r\n"),
        dripping(b"1\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["nothing", "header", "body", "chunks"],
)
def test_a_server_that_sends_a_byte_now_and_then_is_left_at_the_deadline(
    server: HttpsServer, answer: Answer
) -> None:
    server.answers["/slow.png"] = answer

    why = failure(server, "/slow.png", seconds=SECONDS)

    assert why == f"The host localhost:{server.port} does not answer in time."


@pytest.mark.parametrize(
    "sent", [b"", bytes.fromhex("1603030100") + b"\x02"], ids=["nothing", "now and then"]
)
def test_a_handshake_that_never_ends_is_left_at_the_deadline(sent: bytes) -> None:
    def drip() -> None:
        with suppress(OSError):
            opened, _ = listening.accept()
            with opened:
                opened.sendall(sent)
                while sent:
                    opened.sendall(b"\0")
                    time.sleep(0.05)
                opened.recv(1 << 16)
                opened.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Thread(target=drip)
        served.start()
        why = failure(HttpsServer(listening.getsockname()[1], {}), seconds=SECONDS)
    served.join()

    assert "does not answer in time" in why


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404), "answers with status 404"),
        (status(302), "answers with status 302"),
        (status(206, PICTURE), "answers with status 206"),
        (raw([b"\x1b[31m=1+1\r\r\n\r\n"]), "cannot be read: BadStatusLine"),
        (raw([b""]), "cannot be read: RemoteDisconnected"),
        (raw([OK + b"Content-Length: 99\r\n\r\nabc"]), "cannot be read: ProtocolError"),
        (raw([OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"]), "cannot be read: "),
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
    with pytest.raises(PictureUnreadable, match=words):
        Fetcher(((host, 443),)).fetch(f"https://{host}/a.png")


def test_a_proxy_of_the_environment_is_not_asked(
    server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert fetcher(server).fetch(server.url("/a.png")) == PICTURE
