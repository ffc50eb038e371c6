"""How often each client may classify: one count for all routes that do.

flask-limiter counts in this worker's memory, or in a Redis that workers and containers share. While that
Redis is away, each worker counts for itself, and the log says so: clients keep their answers, and none gets
more than every worker alone would give. settings.py checks the rate and the storage's address.
"""

import ipaddress
import logging
import math
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask, Response, g, request
from flask_limiter import HeaderNames, Limiter, RequestLimit
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, RedisStorage, storage_from_string

from app.settings import SettingsError
from model_store.deadlines import at_most, seconds_left

log = logging.getLogger("wardrobe")

WAIT = "X-RateLimit-Wait"
"""The header that flask-limiter writes how long the rate lasts into; never sent."""

COUNT_SECONDS = 1.0
"""The longest that a request waits for a connection to the storage, and for a whole answer from it."""

AWAY_SECONDS = 5.0
"""Between two questions whether a storage that is away is back."""

IPV6_CLIENT_BITS = 64
"""What one subscriber holds at least (RFC 6177), and can change addresses in for ever."""

N = TypeVar("N", int, float)

WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
"""An address as some gateways write it into X-Forwarded-For."""


def limit_rate(app: Flask, rate: str, storage: str, *routes: Blueprint) -> None:
    """Hold each client of all `routes` to one rate, counted in `storage`. Call before they are registered.

    Raises:
        SettingsError: the storage cannot be used.
    """
    _send_wait_with_refusals_only(app)
    try:
        limiter = _limiter(app, storage)
        limiter.storage.get("start")  # logs why it cannot count, where it cannot
    except ConfigurationError as error:
        raise SettingsError(
            f"WARDROBE_RATE_LIMIT_STORAGE: {error}. Is the redis package installed?"
        ) from error
    except (TypeError, ValueError) as error:  # redis-py's, of an option in the address
        raise SettingsError(
            f"WARDROBE_RATE_LIMIT_STORAGE: {error}. Leave out the options behind the ?, or correct them."
        ) from error
    limit = limiter.shared_limit(
        rate,
        scope="classify",
        error_message=lambda: _refusal(limiter),
        # Preflights do not count: the request that they ask for does.
        exempt_when=lambda: request.method == "OPTIONS",
    )
    for blueprint in routes:
        limit(blueprint)


def client_of(address: str | None) -> str:
    """The client that an address belongs to: itself without its port, or the network of an IPv6 subscriber.

    Args:
        address: of the connection, or from a trusted proxy; what is no IP address counts as it is.
    """
    if with_port := WITH_PORT.fullmatch(address or ""):
        address = with_port[1] or with_port[2]
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), IPV6_CLIENT_BITS), strict=False))


def _send_wait_with_refusals_only(app: Flask) -> None:
    """Send how long the rate lasts with a 429 alone. Call before flask-limiter registers its own hook.

    flask-limiter writes it into every answer, over the one second of an answer of a busy service.
    """

    @app.after_request  # these are called last in, first out: flask-limiter has written its header by now
    def move_wait(response: Response) -> Response:
        wait = response.headers.pop(WAIT, None)
        if wait is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = str(g.get("wait", wait))
        return response


def _limiter(app: Flask, storage: str) -> Limiter:
    in_memory = storage.startswith("memory://")
    return Limiter(
        lambda: client_of(request.remote_addr),
        app=app,
        storage_uri="own://" if in_memory else "shared://",
        storage_options={} if in_memory else {"address": storage},
        headers_enabled=True,
        header_name_mapping={HeaderNames.RETRY_AFTER: WAIT},
    )


class OwnCounts(MemoryStorage):
    """Counts in this process."""

    STORAGE_SCHEME = ["own"]  # noqa: RUF012 - as its base has it

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a request; a window that ends too late began before the clock was set back, and is over."""
        if self.expirations.get(key, 0.0) > time.time() + expiry:
            self.clear(key)
        return super().incr(key, expiry, amount)


class SharedCounts(OwnCounts):
    """Counts in a storage that workers share, and while that is away in this process.

    One that answers what no Redis would, or slower than COUNT_SECONDS, is away. Each count falls back by
    itself, so that of requests in flight none fails and none goes uncounted; flask-limiter's own fallback
    holds for the first of them alone.

    Raises:
        TypeError, ValueError: redis-py's, of an option in the address.
    """

    STORAGE_SCHEME = ["shared"]  # noqa: RUF012 - as above

    def __init__(self, uri: str, address: str) -> None:
        super().__init__(uri)
        timeouts = dict.fromkeys(("socket_connect_timeout", "socket_timeout"), COUNT_SECONDS)
        self._shared = cast("RedisStorage", storage_from_string(address, **timeouts))
        _answer_in_time(self._shared.storage.connection_pool)
        self._is_away = False
        self._try_at = 0.0  # time.monotonic() from which it is tried again

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a request."""
        return self._answer(self._shared.incr, super().incr, key, expiry, amount)

    def get(self, key: str) -> int:
        """How many were counted."""
        return self._answer(self._shared.get, super().get, key)

    def get_expiry(self, key: str) -> float:
        """When that count ends."""
        return self._answer(self._shared.get_expiry, super().get_expiry, key)

    def _answer(self, shared: Callable[..., N], own: Callable[..., N], *arguments: object) -> N:
        now = time.monotonic()
        if self._is_away:
            if now < self._try_at:
                return own(*arguments)
            self._try_at = now + AWAY_SECONDS  # other requests do not wait for the answer to this one
        try:
            with at_most(COUNT_SECONDS):
                answer = shared(*arguments)
            if answer < 0:
                raise ValueError(f"a count of {answer}")
        except Exception as error:  # noqa: BLE001 - redis-py raises of any kind for an answer that no Redis gives
            if not self._is_away:
                log.error(
                    "WARDROBE_RATE_LIMIT_STORAGE: %s. Until it answers, each worker counts for itself.",
                    self._cause(error),
                )
            self._is_away, self._try_at = True, time.monotonic() + AWAY_SECONDS
            return own(*arguments)
        if self._is_away:
            self._is_away = False
            log.info("WARDROBE_RATE_LIMIT_STORAGE answers again.")
        return answer

    def _cause(self, error: Exception) -> str:
        if isinstance(error, self._shared.base_exceptions):
            return str(error).rstrip(".")
        return f"it does not answer as Redis does ({type(error).__name__}: {error})"


def _answer_in_time(pool: Any) -> None:  # noqa: ANN401 - redis-py is imported where its storage is used
    """Let the connections of a pool of redis-py keep to the end of `at_most`.

    Its own timeout is one of each read: a server that sends a byte now and then would never reach it.

    Raises:
        TypeError, ValueError: of an option that no connection takes.
    """

    class InTime(pool.connection_class):  # type: ignore[misc]
        def _connect(self) -> _SocketInTime:
            return _SocketInTime(super()._connect())

    pool.connection_class = InTime
    InTime(**pool.connection_kwargs)  # connects by its first command


class _SocketInTime:
    """A connected socket that waits for an answer no longer than `at_most` allows."""

    def __init__(self, connected: Any) -> None:  # noqa: ANN401 - socket.socket or ssl.SSLSocket, perhaps gevent's
        self._socket = connected

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a socket has
        return getattr(self._socket, name)

    def recv(self, size: int) -> bytes:
        """Receive; TimeoutError where no time is left."""
        left, timeout = seconds_left(), self._socket.gettimeout()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left if timeout is None else min(left, timeout))
        try:
            return cast("bytes", self._socket.recv(size))
        finally:
            self._socket.settimeout(timeout)


def _refusal(limiter: Limiter) -> str:
    """Which limit a request has exceeded, and when it ends."""
    exceeded = cast("RequestLimit", limiter.current_limit)
    g.wait = seconds = max(1, math.ceil(exceeded.window.reset_time - time.time()))
    return (
        f"The rate limit of this client is {exceeded.limit} (WARDROBE_RATE_LIMIT). Try again in {seconds} s."
    )
