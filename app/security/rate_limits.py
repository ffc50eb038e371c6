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
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g, request
from flask_limiter import HeaderNames, Limiter
from limits.errors import ConfigurationError
from limits.storage import Storage

from app.settings import SettingsError

log = logging.getLogger("wardrobe")

WAIT = "X-RateLimit-Wait"
"""The header that flask-limiter writes how long the rate lasts into; never sent."""

REDIS_OPTIONS: dict[str, str | int] = {"socket_connect_timeout": 1, "socket_timeout": 1}
"""Seconds for connecting and for an answer: the longest that a request waits for its count."""

IPV6_CLIENT_BITS = 64
"""What one subscriber holds at least (RFC 6177), and can change addresses in for ever."""

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
        _log_if_away(limiter.storage)
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
        storage_uri=storage,
        storage_options={} if in_memory else REDIS_OPTIONS,
        in_memory_fallback_enabled=not in_memory,
        headers_enabled=True,
        header_name_mapping={HeaderNames.RETRY_AFTER: WAIT},
    )


def _refusal(limiter: Limiter) -> str:
    """Which limit a request has exceeded, and when it ends."""
    exceeded = limiter.current_limit
    if exceeded is None:  # its storage went away between the count and this answer
        return "The rate limit of this client (WARDROBE_RATE_LIMIT) is used up. Try again later."
    g.wait = seconds = max(1, math.ceil(exceeded.window.reset_time - time.time()))
    return (
        f"The rate limit of this client is {exceeded.limit} (WARDROBE_RATE_LIMIT). Try again in {seconds} s."
    )


def _log_if_away(storage: Storage) -> None:
    """Log why the storage cannot count, once at the start: flask-limiter only ever says that it cannot."""
    try:
        storage.get("start")
    except storage.base_exceptions as error:
        log.error(
            "WARDROBE_RATE_LIMIT_STORAGE: %s. Until it answers, each worker counts for itself.",
            str(error).rstrip("."),
        )
