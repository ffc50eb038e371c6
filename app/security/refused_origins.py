"""Log which sites' pages cannot read our answers, which only the operator can allow.

A browser tells its user nothing but "CORS error", and such a request has status 200 here. Logs once for each
origin; changes no answer.
"""

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, request

MOST = 100
"""Origins that a worker logs: more are made up by a client."""

LONGEST = 100
"""Characters of an origin that a line shows."""

log = logging.getLogger("wardrobe")


def log_refused_origins(app: Flask) -> None:
    """Log, once for each origin, that WARDROBE_CORS_ORIGINS does not allow it."""
    logged = set[str]()

    @app.after_request
    def note(response: Response) -> Response:
        origin = request.headers.get("Origin", "")[:LONGEST]
        if origin and origin not in logged and len(logged) < MOST and _is_refused(origin, response):
            logged.add(origin)
            log.warning(
                "A page of %r cannot read this service's answers: its browser asks for CORS headers. "
                "To allow it, add it to WARDROBE_CORS_ORIGINS.",
                origin,
            )
        return response


def _is_refused(origin: str, response: Response) -> bool:
    """Whether a page of another origin got an answer that its browser keeps from it."""
    if "Access-Control-Allow-Origin" in response.headers:
        return False
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return False
    # The scheme is left out: behind a proxy that ends TLS, ours may be http where the page has https.
    return _host_of(origin) != request.host


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as an unclosed bracket
        return ""
