"""Turn requests away while every place is taken, before Flask has begun with them.

Ten times too many requests have to cost little, or turning nine away leaves no time for the tenth: a refusal
takes 0.47 ms of a core here, with gunicorn's part, and 0.72 through Flask. Whoever gets past is still counted
in by slots.py. Pages of other origins go Flask's way, since their browsers want CORS headers.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from app.api.problems import MEDIA_TYPE, problem_body, problem_of
from app.errors import Busy, headers_of
from app.middleware.request_context import EXCHANGE, RequestContext
from app.prediction.slots import Slots

STATUS = f"{HTTPStatus.SERVICE_UNAVAILABLE.value} {HTTPStatus.SERVICE_UNAVAILABLE.phrase.upper()}"
"""In capitals, as Werkzeug writes it."""


class TurningAway:
    """The service behind a look at its places; within what surrounds every request (requests.py).

    Args:
        app: what answers while there is room.
        routes: the rule of each path whose requests take a place.
        slots: whose places they are.
    """

    def __init__(self, app: WSGIApplication, routes: Mapping[str, str], slots: Slots) -> None:
        self._app = app
        self._routes = routes
        self._slots = slots

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request on, or answer 503 with Retry-After (RFC 9110, section 15.6.4)."""
        if self._takes_a_place(environ):
            try:
                self._slots.check_room()
            except Busy as busy:
                return _refuse(environ, start_response, busy, self._routes[environ["PATH_INFO"]])
        return self._app(environ, start_response)

    def _takes_a_place(self, environ: WSGIEnvironment) -> bool:
        return (
            environ["REQUEST_METHOD"] == "POST"
            and environ["PATH_INFO"] in self._routes
            and "HTTP_ORIGIN" not in environ
        )


def _refuse(environ: WSGIEnvironment, start_response: StartResponse, busy: Busy, route: str) -> list[bytes]:
    current: RequestContext = environ[EXCHANGE]
    current.route = route
    document = problem_of(busy)
    current.problem = document["type"]
    body = problem_body(document, current.request_id, environ["PATH_INFO"]).encode()
    headers = headers_of(busy) | {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    start_response(STATUS, list(headers.items()))
    return [body]
