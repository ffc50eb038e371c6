"""gunicorn's request and answer, without finding out anew what stays the same from one to the next.

Used by worker.py and connection.py. What is a request and what an answer is gunicorn's affair: it is asked
once, and its word is remembered.
"""

import time
from functools import lru_cache

from gunicorn.http.message import HeaderPolicy, Request
from gunicorn.http.wsgi import Response
from gunicorn.util import http_date

from app.headers import HEADERS

CONSTANT = frozenset(HEADERS.items())
"""What most answers carry; checked by a test, instead of seven times an answer."""

_CONSTANT_LINES = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())


class Asked(Request):  # type: ignore[misc] # gunicorn has no types
    """A request of a client whose address was parsed once."""

    def _peer_is_trusted_proxy(self) -> bool:
        return _is_trusted_proxy(self.cfg, self.peer_addr)


@lru_cache(maxsize=1024)
def _is_trusted_proxy(cfg: object, peer: object) -> bool:
    policy = HeaderPolicy()
    policy.cfg, policy.peer_addr = cfg, peer
    return bool(policy._peer_is_trusted_proxy())


class Answer(Response):  # type: ignore[misc] # gunicorn has no types
    """An answer whose constant headers were checked once, and whose date was written once a second."""

    _has_constant = False

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Check what may differ from answer to answer."""
        differing = [header for header in headers if header not in CONSTANT]
        as_many = len(headers) - len(differing) == len(CONSTANT)
        self._has_constant = as_many and CONSTANT.issubset(headers)
        super().process_headers(differing if self._has_constant else headers)

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
