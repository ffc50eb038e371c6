"""Fetch pictures over HTTPS from hosts that the operator allowed by name.

    fetcher = Fetcher((("shop.example", 443), ("*.cdn.example", 443)))
    fetcher.fetch("https://img.cdn.example/a.jpg")

Redirects are followed one by one, and each address is checked like the first. Bytes and seconds are limited
while reading. No proxy, cookie or compression is used. An allowed name may lead to an address inside the
network: the server has to show a certificate for that name which this system trusts.
"""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from threading import Timer
from typing import Final
from urllib.parse import urljoin

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.response import HTTPResponse
from urllib3.util import Url, parse_url

from inference.pictures.decode import MAX_BYTES
from labelling.errors import PictureUnreadable
from labelling.sources.items import AllowedHosts

HTTPS_PORT: Final = 443
"""Port of HTTPS for an address or an allowed host that names no other port."""

SUBDOMAIN_WILDCARD: Final = "*."
"""Beginning of an allowed host that allows all names below it: `*.shop.example` allows `img.shop.example`,
but not `shop.example` itself."""

HOST_PATTERN: Final = re.compile(r"[a-z0-9._:-]{1,253}")
"""Pattern of a host: a DNS name in ASCII or an IP address. It excludes signs that begin a formula, because
the host is named in the error of a row, which a spreadsheet may open."""

FETCH_SECONDS: Final = 20.0
"""Seconds for one picture, with all its redirects."""

CONNECT_SECONDS: Final = 5.0
"""Seconds for connecting to one address of a host. A host with several addresses may take this for each."""

PIECE_BYTES: Final = 1 << 16
"""Number of bytes that are read from a connection at a time, between two looks at the limits."""

MAX_REDIRECTS: Final = 5
"""Largest number of redirects that are followed for one picture."""

_REDIRECT_STATUSES: Final = (301, 302, 303, 307, 308)
_HEADERS: Final = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "User-Agent": "wardrobe",
    "Connection": "close",
}


def parse_allowed_host(text: str) -> tuple[str, int]:
    """Return the name and the port of a host that a person allowed, such as ("shop.example", 443).

    Args:
        text: the host: `shop.example`, or `*.shop.example` for all names below it, perhaps with `:port`.

    Raises:
        ValueError: the text is something else, such as an address with a path.
    """
    parts = parse_url(f"https://{text}")
    name = _strip_host(parts)
    has_more_parts = any(part is not None for part in (parts.auth, parts.path, parts.query, parts.fragment))
    if has_more_parts or not HOST_PATTERN.fullmatch(name.removeprefix(SUBDOMAIN_WILDCARD)):
        raise ValueError(text)
    return name, parts.port or HTTPS_PORT


def parse_allowed_address(url: str, hosts: AllowedHosts) -> Url:
    """Return the parsed address of a picture, after a check that it may be fetched.

    Args:
        hosts: the hosts from which pictures may be fetched.

    Raises:
        PictureUnreadable: the text is no address, does not begin with https://, has a user name, or its host
            is not allowed. The message says which.
    """
    try:
        parts = parse_url(url)
    except ValueError as error:
        raise PictureUnreadable("Its address is none.") from error
    if parts.scheme != "https":
        raise PictureUnreadable("Only addresses that begin with https:// are fetched.")
    if parts.auth is not None:
        raise PictureUnreadable("Its address holds a user name, which is not sent. Leave it out.")
    if not HOST_PATTERN.fullmatch(_strip_host(parts)):
        raise PictureUnreadable("Its address names no host.")
    if not any(_is_allowed_host(parts, *allowed) for allowed in hosts):
        raise PictureUnreadable(
            f"The host {parts.netloc} is not among those of --allow-host. Add --allow-host {parts.netloc}."
        )
    return parts


def _strip_host(parts: Url) -> str:
    """Return the host without the brackets of IPv6 and without the dot at the end of a full name."""
    return (parts.host or "").strip("[]").rstrip(".").lower()


def _is_allowed_host(parts: Url, name: str, port: int) -> bool:
    host = _strip_host(parts)
    is_named = host.endswith(name[1:]) if name.startswith(SUBDOMAIN_WILDCARD) else host == name
    return is_named and (parts.port or HTTPS_PORT) == port


class Fetcher:
    """A client that fetches pictures over HTTPS from allowed hosts. Threads may share one."""

    def __init__(self, hosts: AllowedHosts, seconds: float = FETCH_SECONDS) -> None:
        """Load the certificate authorities of the system, or those that `SSL_CERT_FILE` names.

        Args:
            seconds: the largest number of seconds for one picture, with its redirects.
        """
        self._hosts = hosts
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    def fetch(self, url: str) -> bytes:
        """Fetch a picture, following redirects, and return its bytes, at most MAX_BYTES.

        Raises:
            PictureUnreadable: an address is not allowed, or the host does not send a picture in time and
                size.
        """
        deadline = time.monotonic() + self._seconds
        for _ in range(1 + MAX_REDIRECTS):
            parts = parse_allowed_address(url, self._hosts)
            answer = self._request_content(parts, deadline)
            if isinstance(answer, bytes):
                return answer
            url = _join_address(url, answer)
        raise PictureUnreadable(f"The host {parts.netloc} redirects more than {MAX_REDIRECTS} times.")

    def _request_content(self, parts: Url, deadline: float) -> bytes | str:
        """Return the bytes that a host sends, or the address of a redirect as text."""
        try:
            with self._open_connection(parts, deadline) as connection:
                answer = _read_answer(parts, connection)
            # A body without a length ends with the connection, so one that the timer cut looks whole.
            if time.monotonic() >= deadline:
                raise TimeoutError
            return answer
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            is_late = isinstance(error, TimeoutError | TimedOut) or time.monotonic() >= deadline
            why = "does not answer in time" if is_late else _explain_error(error)
            raise PictureUnreadable(f"The host {parts.netloc} {why}.") from error

    @contextmanager
    def _open_connection(self, parts: Url, deadline: float) -> Iterator[HTTPSConnection]:
        """Yield a connection to a host, which ends at the deadline at the latest."""
        host = _strip_host(parts)
        port = parts.port or HTTPS_PORT
        seconds_left = deadline - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError
        with socket.create_connection((host, port), min(CONNECT_SECONDS, seconds_left)) as plain:
            # The handshake comes later, below, so that the timer cuts a server that never ends it.
            tls = self._tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            with closing(HTTPSConnection(host, port, timeout=self._seconds)) as connection:
                connection.sock = tls
                with _cut_at_deadline(deadline, tls):
                    tls.do_handshake()
                    yield connection


def _join_address(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:  # such as brackets around something other than an IPv6 address
        raise PictureUnreadable("It is redirected to what is no address.") from error


@contextmanager
def _cut_at_deadline(deadline: float, connection_socket: socket.socket) -> Iterator[None]:
    """Cut a connection at the deadline, also if a few bytes keep arriving.

    The socket's own timeout starts again with each byte.
    """
    timer = Timer(deadline - time.monotonic(), _cut_connection, [connection_socket])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _cut_connection(connection_socket: socket.socket) -> None:
    with suppress(OSError):  # the server has closed it already
        connection_socket.shutdown(socket.SHUT_RDWR)


def _read_answer(parts: Url, connection: HTTPSConnection) -> bytes | str:
    """Send the request, and return the bytes of the picture, or the address of a redirect as text."""
    connection.request(
        "GET", parts.request_uri, headers=_HEADERS, preload_content=False, decode_content=False
    )
    with closing(connection.getresponse()) as response:
        location = response.headers.get("Location")
        if response.status in _REDIRECT_STATUSES and location:
            return location.strip()
        if response.status != 200:
            raise PictureUnreadable(f"The host {parts.netloc} answers with status {response.status}.")
        return _read_content(response)


def _read_content(response: HTTPResponse) -> bytes:
    """Return the whole body; urllib3 raises an error if the end is missing."""
    content = bytearray()
    is_too_large = (response.length_remaining or 0) > MAX_BYTES
    while not is_too_large and (piece := response.read(PIECE_BYTES)):
        content += piece
        is_too_large = len(content) > MAX_BYTES
    if is_too_large:
        raise PictureUnreadable(f"It has more than {MAX_BYTES:,} bytes, which is the most that is read.")
    return bytes(content)


def _explain_error(error: Exception) -> str:
    """Return a sentence about an error, without words of the server, since tables and terminals show it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted: {error.verify_message.rstrip('.')}"
    cause = error if isinstance(error, OSError) else error.__cause__
    reason = cause.strerror if isinstance(cause, OSError) else None
    return f"cannot be read: {reason or type(error).__name__}"
