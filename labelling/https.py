"""Fetch pictures over HTTPS from hosts that are allowed, at the very addresses that were checked.

A name is resolved once for each request, and the connection goes to one of the addresses found: what DNS says
later changes nothing. The certificate has to be of the name. Redirects are followed one by one, each checked
like the first. Bytes and seconds are bounded while reading. No proxy, no cookie, no compression. The rules
are in permits.py.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from threading import Timer
from typing import Final, NamedTuple
from urllib.parse import urljoin

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.response import HTTPResponse

from labelling.errors import Unreadable
from labelling.items import AT_ONCE, MAX_BYTES
from labelling.permits import Endpoint, Permits

SECONDS: Final = 20.0
"""For one picture with all its redirects, from the first look-up of a name to the last byte."""

CONNECT_SECONDS: Final = 5.0
"""For connecting to one address, and again for the TLS handshake."""

PIECE: Final = 1 << 16
"""Bytes that are read at a time."""

REDIRECTS: Final = 5
"""That are followed for one picture."""

_REDIRECTING: Final = (301, 302, 303, 307, 308)
_HEADERS: Final = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "User-Agent": "wardrobe",
    "Connection": "close",
}


class _Elsewhere(NamedTuple):
    location: str


class Fetcher:
    """Fetches pictures one at a time; threads may share it."""

    def __init__(self, permits: Permits, seconds: float = SECONDS) -> None:
        """Load the certificate authorities that the system trusts, or `SSL_CERT_FILE` names.

        Args:
            permits: which hosts and networks are allowed.
            seconds: for one picture.
        """
        self._permits = permits
        self._seconds = seconds
        self._tls = ssl.create_default_context()
        self._look_ups = ThreadPoolExecutor(AT_ONCE)  # nothing else ends one that takes too long

    def fetch(self, url: str) -> bytes:
        """The bytes of a picture, at most MAX_BYTES.

        Raises:
            Unreadable: it may not be fetched, or could not be.
        """
        deadline = time.monotonic() + self._seconds
        for _ in range(1 + REDIRECTS):
            endpoint = self._permits.endpoint(url)
            answer = self._asked(endpoint, deadline)
            if isinstance(answer, bytes):
                return answer
            url = _joined(url, answer.location)
        raise Unreadable(f"{endpoint} redirects more than {REDIRECTS} times.")

    def _asked(self, endpoint: Endpoint, deadline: float) -> bytes | _Elsewhere:
        try:
            connection = self._connected(endpoint, deadline)
            with _until(deadline, connection):
                answer = _answer(endpoint, connection)
            if time.monotonic() >= deadline:  # what was cut may look whole
                raise TimeoutError
            return answer
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            is_late = isinstance(error, TimeoutError | TimedOut) or time.monotonic() >= deadline
            raise Unreadable(
                f"{endpoint} {'does not answer in time' if is_late else _why(error)}."
            ) from error

    def _connected(self, endpoint: Endpoint, deadline: float) -> HTTPSConnection:
        """A connection to the first of the host's addresses that takes one."""
        *others, last = self._addresses(endpoint, deadline)
        for address in others:
            with suppress(ConnectTimeoutError, NewConnectionError):
                return self._connection(address, endpoint, deadline)
        return self._connection(last, endpoint, deadline)

    def _connection(self, address: str, endpoint: Endpoint, deadline: float) -> HTTPSConnection:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection = HTTPSConnection(
            address,
            endpoint.port,
            timeout=min(CONNECT_SECONDS, left),
            ssl_context=self._tls,
            server_hostname=endpoint.host,
        )
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        connection.timeout = self._seconds
        return connection

    def _addresses(self, endpoint: Endpoint, deadline: float) -> list[str]:
        """The host's IP addresses that may be connected to, at least one.

        Raises:
            Unreadable: there is none.
            OSError, UnicodeError: the name cannot be resolved; TimeoutError, not in time.
        """
        look_up = self._look_ups.submit(
            socket.getaddrinfo, endpoint.host, endpoint.port, type=socket.SOCK_STREAM
        )
        resolved = look_up.result(max(0.0, deadline - time.monotonic()))
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in resolved))
        admitted = [address for address in addresses if self._permits.admits(address)]
        if not admitted:
            raise Unreadable(
                f"{endpoint} is at {addresses[0]}, which is not public. --allow-network {addresses[0]} "
                "allows it."
            )
        return admitted


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:  # brackets that are no IPv6
        raise Unreadable("It is redirected to what is no address.") from error


@contextmanager
def _until(deadline: float, connection: HTTPSConnection) -> Iterator[None]:
    """Cut a connection at the deadline and close it at the end.

    The socket's own timeout starts again with each byte that arrives.
    """
    timer = Timer(deadline - time.monotonic(), _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        connection.close()


def _cut(opened: socket.socket) -> None:
    with suppress(OSError):  # the server was faster
        opened.shutdown(socket.SHUT_RDWR)


def _answer(endpoint: Endpoint, connection: HTTPSConnection) -> bytes | _Elsewhere:
    headers = {**_HEADERS, "Host": endpoint.authority}
    connection.request("GET", endpoint.request, headers=headers, preload_content=False, decode_content=False)
    with closing(connection.getresponse()) as response:
        location = response.headers.get("Location")
        if response.status in _REDIRECTING and location:
            return _Elsewhere(location.strip())
        if response.status != 200:
            raise Unreadable(f"{endpoint} answers with status {response.status}.")
        return _content(response)


def _content(response: HTTPResponse) -> bytes:
    """The whole body; urllib3 notices at its end that some of it is missing."""
    content = bytearray()
    is_too_large = (response.length_remaining or 0) > MAX_BYTES
    while not is_too_large and (piece := response.read(PIECE)):
        content += piece
        is_too_large = len(content) > MAX_BYTES
    if is_too_large:
        raise Unreadable(f"It has more than {MAX_BYTES:,} bytes, which is the most that is read.")
    return bytes(content)


def _why(error: Exception) -> str:
    """What went wrong, without a word that the server wrote: the table and a terminal show it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted: {error.verify_message.rstrip('.')}"
    cause = error if isinstance(error, OSError) else error.__cause__
    reason = cause.strerror if isinstance(cause, OSError) else None
    return f"cannot be read: {reason or type(error).__name__}"
