"""How often each client may classify: one count for all routes that do.

Counted by flask-limiter in this worker's memory, or in a Redis that workers and containers share. When that
Redis is away, each worker counts for itself until it is back: clients keep their answers, nobody gets without
limit what one worker would not give, and the log says so.
"""

import ipaddress
import logging
from http import HTTPStatus

from flask import Blueprint, Flask, Response, request
from flask_limiter import HeaderNames, Limiter
from limits import parse_many
from limits.errors import ConfigurationError
from limits.storage import Storage

from app.settings import Settings, SettingsError

log = logging.getLogger("wardrobe")

STORAGES = ("memory", "redis", "rediss", "redis+unix")
"""The schemes of RATE_LIMIT_STORAGE; Valkey and KeyDB answer to `redis` too."""

WAIT = "X-RateLimit-Wait"
"""Where flask-limiter writes how long the rate lasts; never sent."""

REDIS_SECONDS = 1
"""What a Redis may take to be connected to, and to answer; a request never waits longer for its count."""

IPV6_CLIENT_BITS = 64
"""What one subscriber holds at least (RFC 6177), and could change addresses in for ever."""


def limit_rate(app: Flask, settings: Settings, *routes: Blueprint) -> None:
    """Hold each client of all `routes` to one RATE_LIMIT, if there is one. Call before they are registered.

    Raises:
        SettingsError: the rate or the storage cannot be understood.
    """
    if settings.rate_limit is None:
        return
    _check_rate(settings.rate_limit)
    _keep_other_waits(app)
    limiter = _limiter(app, settings.rate_limit_storage)
    _tell_if_away(limiter.storage)
    limit = limiter.shared_limit(settings.rate_limit, scope="classify")
    for blueprint in routes:
        limit(blueprint)


def client_of(address: str | None) -> str:
    """Whom an address is counted as: itself, or its network where one client has many.

    Args:
        address: as the connection or a trusted proxy tells it; what is no IP address counts as it is.
    """
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), IPV6_CLIENT_BITS), strict=False))


def _check_rate(rate: str) -> None:
    try:
        parse_many(rate)
    except ValueError as error:
        raise SettingsError(f"WARDROBE_RATE_LIMIT: {rate!r} is no rate. Write it as 100/minute.") from error


def _keep_other_waits(app: Flask) -> None:
    """Tell how long the rate lasts only to those whom it refuses. Call before flask-limiter comes in.

    It would tell everybody, and make the second that a busy service asks for the minute of its rate.
    """

    @app.after_request  # these are called last in, first out: flask-limiter has written its header by now
    def tell(response: Response) -> Response:
        wait = response.headers.pop(WAIT, None)
        if wait is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = wait
        return response


def _limiter(app: Flask, storage: str) -> Limiter:
    scheme = storage.partition("://")[0]
    if scheme not in STORAGES:
        # Not the whole value: it may hold a password.
        raise SettingsError(
            f"WARDROBE_RATE_LIMIT_STORAGE: {scheme[:20]!r} is no storage. It is memory:// or redis://HOST:PORT."
        )
    try:
        return Limiter(
            lambda: client_of(request.remote_addr),
            app=app,
            storage_uri=storage,
            storage_options={} if scheme == "memory" else _redis_options(),
            in_memory_fallback_enabled=scheme != "memory",
            headers_enabled=True,
            header_name_mapping={HeaderNames.RETRY_AFTER: WAIT},
        )
    except ConfigurationError as error:
        raise SettingsError(
            f"WARDROBE_RATE_LIMIT_STORAGE: {error}. Is the redis package installed?"
        ) from error
    except ValueError as error:
        # Not the error's own words: they quote parts of the address.
        raise SettingsError(
            "WARDROBE_RATE_LIMIT_STORAGE: the address cannot be read. "
            "Write it as redis://:PASSWORD@HOST:PORT/0, with %2F for a / in the password."
        ) from error


def _tell_if_away(storage: Storage) -> None:
    """Log why the storage cannot count, once at the start: flask-limiter only ever says that it cannot."""
    try:
        storage.get("start")
    except storage.base_exceptions as error:
        log.error(
            "WARDROBE_RATE_LIMIT_STORAGE: %s. Until it answers, each worker counts for itself.",
            str(error).rstrip("."),
        )


def _redis_options() -> dict[str, str | int]:
    return {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
