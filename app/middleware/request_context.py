"""What surrounds every request: its id, the model it will be answered with, its headers, log line and counts.

The outermost layer of the service, around Flask; views ask `exchange()` for what was settled here. The model
is taken when the request begins, so an answer and its X-Model-Version always agree.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import getrandbits
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask.globals import request_ctx
from werkzeug.wsgi import get_content_length, get_path_info

from app.middleware.headers import HEADERS
from app.middleware.timing import Timing
from app.observability.log_format import Fields, log_request
from app.observability.metrics import Metrics
from app.releases.serving import Models, Served

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is taken over from a client's X-Request-ID; anything else gets an id of ours."""

EXCHANGE = "wardrobe.exchange"
"""Where a request's environment holds its `RequestContext`; no header of a client's gets into such a key."""

TRACE_ID = "wardrobe.trace_id"
"""Where it holds the id of its trace, if it is traced."""


@dataclass(slots=True)
class RequestContext:
    """One request and what becomes of it.

    Attributes:
        request_id: told in X-Request-ID and in the log.
        served: the model that this request is answered with, from its beginning to its end.
        timing: the stages of its prediction, if it has any.
        route: the rule that it is counted under; None before Flask has found it, or when there is none.
        key: the name of its API key.
        problem: the `type` of the problem that it is answered with, if it is.
    """

    request_id: str
    served: Served
    timing: Timing
    route: str | None = None
    key: str | None = None
    problem: str | None = None


def exchange() -> RequestContext:
    """The exchange of the request that is being answered."""
    found: RequestContext = request_ctx.request.environ[EXCHANGE]
    return found


def served() -> Served:
    """The model that this request began with."""
    return exchange().served


class RequestMiddleware:
    """A WSGI application in all that surrounds a request.

    In WSGI, not in Flask's hooks, which cost 0.1 ms a request; and so what is turned away before Flask gets
    the same headers and the same log line.

    Args:
        app: what answers.
        models: where a request finds its model.
        instruments: where its answer is counted.
        timing: what measures its stages.
    """

    def __init__(
        self, app: WSGIApplication, models: Models, instruments: Metrics, timing: type[Timing] = Timing
    ) -> None:
        self._app = app
        self._models = models
        self._instruments = instruments
        self._timing = timing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, with headers, a log line and counts."""
        began = time.perf_counter()
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        current = RequestContext(request_id, self._models.current, self._timing())
        environ[EXCHANGE] = current
        status = ""

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - WSGI's own
            nonlocal status
            status = line
            current.route = current.route or _rule(environ)  # now, since Flask forgets its request afterwards
            return start_response(line, _surrounded(headers, current), *error)

        self._instruments.begin_request()
        try:
            body = self._app(environ, start)
        finally:
            self._instruments.end_request()
        current.timing.end()  # of a request that failed, within a stage
        self._tell(environ, current, int(status[:3]), time.perf_counter() - began)
        return body

    def _tell(self, environ: WSGIEnvironment, current: RequestContext, status: int, seconds: float) -> None:
        method, stages = environ["REQUEST_METHOD"], current.timing.milliseconds
        self._instruments.count_request(current.route or "none", method, status, seconds, stages)
        if current.problem is not None:
            self._instruments.count_problem(current.problem)
        log_request(_told(environ, current, status, seconds))


def _told(environ: WSGIEnvironment, current: RequestContext, status: int, seconds: float) -> Fields:
    """The access line of a request: what its client wrote, save for query and key, and what became of it."""
    fields: Fields = {
        "method": environ["REQUEST_METHOD"],
        "path": get_path_info(environ),
        "status": status,
        "ms": seconds * 1000,
    }
    for stage, milliseconds in current.timing.milliseconds.items():
        fields[f"{stage}_ms"] = milliseconds
    if (size := get_content_length(environ)) is not None:
        fields["bytes"] = size
    if (client := environ.get("REMOTE_ADDR")) is not None:
        fields["client"] = client
    if current.key is not None:
        fields["key"] = current.key
    fields["version"] = current.served.version
    fields["request_id"] = current.request_id
    if current.problem is not None:
        fields["problem"] = current.problem.rpartition(":")[2]
    if TRACE_ID in environ:
        fields["trace_id"] = environ[TRACE_ID]
    return fields


def request_id_of(offered: str | None) -> str:
    """The id of a request: the one that its client offered, if it is fit to be logged, or a new one."""
    if offered and REQUEST_ID.fullmatch(offered):
        return offered
    # Python's own generator, seeded anew in each worker: no secret hangs on it, and the kernel's takes 10 us.
    return f"{getrandbits(128):032x}"


def _surrounded(headers: list[tuple[str, str]], current: RequestContext) -> list[tuple[str, str]]:
    """The answer's headers with ours; one that a view set itself stays as it is."""
    set_already = _NAMES.intersection([name.lower() for name, _ in headers])
    return [
        *headers,
        *([header for header in _OURS if header[0].lower() not in set_already] if set_already else _OURS),
        ("X-Request-ID", current.request_id),
        ("X-Model-Version", current.served.version),
    ]


_OURS = tuple(HEADERS.items())
_NAMES = frozenset(name.lower() for name in HEADERS)


def _rule(environ: WSGIEnvironment) -> str | None:
    """The rule that Flask found for a request; paths would let strangers make up what is counted."""
    asked = environ.get("werkzeug.request")
    return asked.url_rule.rule if asked is not None and asked.url_rule else None
