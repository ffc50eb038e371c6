"""Log which sites' pages cannot read the answers of this service, since only the operator can allow them.

A browser that keeps an answer from a page shows "CORS error" to its user, but here the request has status
200. So the log is the only place in which an operator can see it.
"""

import logging
from urllib.parse import urlsplit
from wsgiref.types import WSGIEnvironment

MAX_LOGGED_ORIGINS = 100
"""Largest number of origins that a worker logs, since a client could invent any number."""

MAX_ORIGIN_LENGTH = 100
"""Largest number of characters of an origin that a log line shows."""

log = logging.getLogger("wardrobe")


class RefusedOriginLog:
    """The web origins, such as `https://shop.example`, whose pages could not read an answer.

    Each is logged once.
    """

    def __init__(self) -> None:
        self._logged = set[str]()

    def log_refusal(self, environ: WSGIEnvironment, headers: list[tuple[str, str]]) -> None:
        """Log the origin of a request if its browser will not let the page read the answer.

        Nothing is logged if the origin is allowed, is this service itself, or was logged before.

        Args:
            environ: the WSGI environment of a request with an Origin header.
            headers: the headers of its answer.
        """
        origin = environ["HTTP_ORIGIN"][:MAX_ORIGIN_LENGTH]
        if (
            origin in self._logged
            or len(self._logged) >= MAX_LOGGED_ORIGINS
            or not _is_refused(origin, environ, headers)
        ):
            return
        self._logged.add(origin)
        log.warning(
            "A page of %r cannot read this service's answers: its browser asks for CORS headers. "
            "To allow it, add it to WARDROBE_CORS_ORIGINS.",
            origin,
        )


def _is_refused(origin: str, environ: WSGIEnvironment, headers: list[tuple[str, str]]) -> bool:
    """Return whether a page of another origin got an answer that its browser does not let it read."""
    if any(name.lower() == "access-control-allow-origin" for name, _ in headers):
        return False
    if environ.get("HTTP_SEC_FETCH_SITE") == "same-origin":
        return False
    # Schemes are not compared: behind a proxy that ends TLS, a request comes by http although the page has
    # https.
    return _get_host(origin) != environ.get("HTTP_HOST")


def _get_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as an unclosed bracket
        return ""
