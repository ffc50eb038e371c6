"""Limit how often each client may classify pictures. All routes that classify share one count.

flask-limiter counts in the memory of this worker, or in a Redis that workers and containers share. While that
Redis does not answer, each worker counts for itself, and the log says so.
"""

import ipaddress
import math
import re
import time
from http import HTTPStatus
from typing import cast

from flask import Blueprint, Flask, Response, g, request
from flask_limiter import HeaderNames, Limiter, RequestLimit
from limits.errors import ConfigurationError
from limits.storage import RedisStorage

from app.settings import SettingsError

WAIT_HEADER = "X-RateLimit-Wait"
"""Name of a header by which flask-limiter tells this file after how many seconds the client may send another
request. No client sees it."""

STORAGE_TIMEOUT_SECONDS = 1
"""Largest number of seconds for which a request waits for a connection to the storage of the counts (such as
Redis), and for each part of its answer."""

IPV6_CLIENT_BITS = 64
"""Length in bits of the prefix of an IPv6 network that belongs to one subscriber (RFC 6177). A subscriber can
use any address in it, and so counts as one client."""

ADDRESS_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
"""Pattern of an IP address with a port, as some gateways write it into X-Forwarded-For."""


def limit_request_rate(app: Flask, rate: str, storage: str, *routes: Blueprint) -> None:
    """Make `app` refuse requests of a client that exceeds the rate with status 429.

    Call this before the routes are registered.

    Args:
        rate: the largest rate of each client, such as `100/minute`.
        storage: the address of the storage of counts, such as `memory://` or `redis://...`.
        routes: the blueprints whose requests are counted together.

    Raises:
        SettingsError: the storage cannot be used.
    """
    _limit_retry_after_to_429(app)
    try:
        limiter = _create_limiter(app, storage)
        _check_options(limiter)
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
        error_message=lambda: _describe_refusal(limiter),
        # Preflights do not count: the request that they ask for does.
        exempt_when=lambda: request.method == "OPTIONS",
    )
    for blueprint in routes:
        limit(blueprint)


def identify_client(address: str | None) -> str:
    """Return the text under which the requests of a client are counted: its IP address without a port.

    For IPv6, the network of the subscriber is returned, since a subscriber can use any address in it.

    Args:
        address: the address of the connection, or the one that a trusted proxy reports. A text that is not an
            IP address is returned as it is.
    """
    if with_port := ADDRESS_WITH_PORT.fullmatch(address or ""):
        address = with_port[1] or with_port[2]
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    # By its number: the text of an address may have a zone (fe80::1%eth0), which a network must not have.
    return str(ipaddress.ip_network((int(ip), IPV6_CLIENT_BITS), strict=False))


def _limit_retry_after_to_429(app: Flask) -> None:
    """Send flask-limiter's Retry-After only with status 429. Call this before the limiter is created.

    flask-limiter sends it with every answer. In an answer with status 503, it would replace the Retry-After
    of that answer.
    """

    @app.after_request  # these are called last in, first out: flask-limiter has written its header by now
    def move_wait(response: Response) -> Response:
        wait = response.headers.pop(WAIT_HEADER, None)
        if wait is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = str(g.get("wait", wait))
        return response


def _create_limiter(app: Flask, storage: str) -> Limiter:
    return Limiter(
        lambda: identify_client(request.remote_addr),
        app=app,
        storage_uri=storage,
        storage_options=dict.fromkeys(("socket_connect_timeout", "socket_timeout"), STORAGE_TIMEOUT_SECONDS),
        in_memory_fallback_enabled=True,
        swallow_errors=True,  # a request that finds the storage gone is let in
        headers_enabled=True,
        header_name_mapping={HeaderNames.RETRY_AFTER: WAIT_HEADER},
    )


def _check_options(limiter: Limiter) -> None:
    """Check the options in the address of a Redis, which redis-py reads only when it connects.

    Raises:
        TypeError, ValueError: an option is unknown.
    """
    if isinstance(limiter.storage, RedisStorage):
        limiter.storage.storage.connection_pool.make_connection()


def _describe_refusal(limiter: Limiter) -> str:
    """Return a sentence that says which limit a request has exceeded, and when it ends.

    `g.wait` keeps the seconds of the sentence, so that Retry-After says the same.
    """
    exceeded = cast("RequestLimit", limiter.current_limit)
    g.wait = seconds = max(1, math.ceil(exceeded.window.reset_time - time.time()))
    return (
        f"The rate limit of this client is {exceeded.limit} (WARDROBE_RATE_LIMIT). Try again in {seconds} s."
    )
