"""The outermost layer of the service: it gives each request an id, headers, a log line and counts.

It is WSGI middleware around the Flask app. It also chooses the release that answers: a request keeps the one
with which it begins, so that its answer and the header X-Model-Version always agree. Views read all this with
`get_request_context`.
"""

import logging
import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import has_request_context, request
from werkzeug.wsgi import get_content_length, get_path_info

from app.errors import BadRequest
from app.middleware.headers import SECURITY_HEADERS
from app.observability.log_format import AccessFields, is_access_logged, log_request
from app.observability.metrics import Metrics
from app.prediction.timing import READ_STAGE, StageTimer
from app.releases.serving import ModelHolder, ServedModel
from app.security.refused_origins import RefusedOriginLog
from inference.classifier import LabelAnswer, Prediction
from inference.decision import ACCEPT

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Pattern of the values of X-Request-ID that are accepted from clients. In place of any other value, a
request gets a new id."""

CONTEXT_KEY = "wardrobe.context"
"""Key of the `RequestContext` in a WSGI environment. A client cannot set it, since headers have other
keys."""

STATIC_ROUTES = frozenset({"/page/<name>", "/docs/<name>", "/favicon.ico"})
"""URL rules of static files. Requests for them are logged with level DEBUG, so that a visit of the page gives
one line and not twenty."""


@dataclass(slots=True)
class RequestContext:
    """Facts about one request, collected while it is answered, for its headers, log line and metrics.

    Attributes:
        request_id: the id of the request, which is sent as X-Request-ID and logged.
        model: the release that answers the request, even if another one becomes current meanwhile.
        timing: the time that each stage of the prediction took.
        predictions: the predictions for the pictures of the request, for the metrics.
        status: the HTTP status of the answer; 0 until there is one.
        route: the URL rule under which the request is counted; None if Flask found none.
        key: the name of the API key of the client; None without a key.
        problem: the `type` of the problem document (RFC 9457) in the answer; None if there is no error.
    """

    request_id: str
    model: ServedModel
    timing: StageTimer = field(default_factory=StageTimer)
    predictions: list[Prediction] = field(default_factory=list)
    status: int = 0
    route: str | None = None
    key: str | None = None
    problem: str | None = None


def get_request_context() -> RequestContext:
    """Return the `RequestContext` of the current Flask request: its id, its model, and the facts to log."""
    context: RequestContext = request.environ[CONTEXT_KEY]
    return context


def get_served_model() -> ServedModel:
    """Return the release that answers the current request."""
    return get_request_context().model


class RequestMiddleware:
    """A WSGI application around the Flask app that gives each request an id, headers, a log line and counts.

    Args:
        app: the WSGI application that answers.
        models: the holder of the served release.
        metrics: the Prometheus metrics of the app.
    """

    def __init__(self, app: WSGIApplication, models: ModelHolder, metrics: Metrics) -> None:
        self._app = app
        self._models = models
        self._metrics = metrics
        self._refused_origins = RefusedOriginLog()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as the inner application does, with the added headers, log line and counts."""
        began = time.perf_counter()
        request_id = choose_request_id(environ.get("HTTP_X_REQUEST_ID"))
        context = environ[CONTEXT_KEY] = RequestContext(request_id, self._models.current)

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - WSGI's own
            context.status = int(line[:3])
            context.route = _find_rule()  # read now, because Flask's context ends before this layer goes on
            if "HTTP_ORIGIN" in environ:
                self._refused_origins.log_refusal(environ, headers)
            return start_response(line, _add_headers(headers, context), *error)

        body = self._app(environ, start)
        context.timing.end()  # a request may have failed within a stage
        return self._send_and_report(body, environ, context, time.perf_counter() - began)

    def _send_and_report(
        self, body: Iterable[bytes], environ: WSGIEnvironment, context: RequestContext, seconds: float
    ) -> Iterator[bytes]:
        """Yield the answer, then count and log it, when the server has sent it and no client waits."""
        try:
            yield from body
        finally:
            if hasattr(body, "close"):
                body.close()
            self._report_request(environ, context, seconds)

    def _report_request(self, environ: WSGIEnvironment, context: RequestContext, seconds: float) -> None:
        method = environ["REQUEST_METHOD"]
        stages = context.timing.milliseconds
        # The client decides how long its body takes, so that time is no latency of the service.
        answering = seconds - stages.get(READ_STAGE, 0.0) / 1000
        self._metrics.count_request(context.route or "none", method, context.status, answering, stages)
        for prediction in context.predictions:
            self._metrics.count_prediction(prediction)
        if context.problem is not None:
            self._metrics.count_problem(context.problem)
        is_static = context.route in STATIC_ROUTES and context.problem is None
        level = logging.DEBUG if is_static else logging.INFO
        if is_access_logged(level):
            log_request(_create_access_fields(environ, context, seconds), level)


def choose_request_id(client_id: str | None) -> str:
    """Return the client's X-Request-ID if it may be logged, otherwise a new random id.

    The id is not a secret.

    Args:
        client_id: the value of the header; None if the request has none.
    """
    return (
        client_id
        if client_id and REQUEST_ID_PATTERN.fullmatch(client_id)
        else f"{random.getrandbits(128):032x}"
    )


def _find_rule() -> str | None:
    """Return the URL rule of the request, such as `/page/<name>`; None if it matches no rule.

    Requests are counted by rule, because clients could invent any number of paths.
    """
    return request.url_rule.rule if has_request_context() and request.url_rule else None


# The lower-case names are compared for each answer, so they are made once.
_HEADER_PAIRS = [(name.lower(), (name, value)) for name, value in SECURITY_HEADERS.items()]


def _add_headers(headers: list[tuple[str, str]], context: RequestContext) -> list[tuple[str, str]]:
    """Return the headers of an answer with security headers and ids, unless the view has set them itself."""
    view_headers = {name.lower() for name, _ in headers}
    security_headers = [pair for lower, pair in _HEADER_PAIRS if lower not in view_headers]
    ids = [("X-Request-ID", context.request_id), ("X-Model-Version", context.model.version)]
    return headers + security_headers + ids


def _create_access_fields(environ: WSGIEnvironment, context: RequestContext, seconds: float) -> AccessFields:
    """Return the fields of the access log line: the request without query and key, and its outcome.

    A field without a value is left out.
    """
    fields: AccessFields = {
        "method": environ["REQUEST_METHOD"],
        "path": get_path_info(environ),
        "status": context.status,
        "ms": seconds * 1000,
    }
    for stage, milliseconds in context.timing.milliseconds.items():
        fields[f"{stage}_ms"] = milliseconds
    if (length := get_content_length(environ)) is not None:
        fields["bytes"] = length
    if (client := environ.get("REMOTE_ADDR")) is not None:
        fields["client"] = client
    if context.key is not None:
        fields["key"] = context.key
    fields["version"] = context.model.version
    fields["request_id"] = context.request_id
    if context.problem is not None:
        fields["problem"] = context.problem.rpartition(":")[2]  # urn:wardrobe:problem:too-large
    if context.predictions:
        fields["pictures"] = len(context.predictions)
    for prediction in context.predictions:
        _count_accepted("accepted", prediction.answer, fields)
        for name, answer in prediction.attributes.items():
            _count_accepted(f"{name}_accepted", answer, fields)
    return fields


def _count_accepted(field: str, answer: LabelAnswer, fields: AccessFields) -> None:
    """Add 1 to a field if the answer is accepted, and 0 otherwise."""
    fields[field] = fields.get(field, 0) + (answer.decision == ACCEPT)


def check_host() -> None:
    """Check that the current request has a Host header, as HTTP/1.1 demands (RFC 9112, 3.2).

    gunicorn does not check it.

    Raises:
        BadRequest: the request has no Host header.
    """
    if "HTTP_HOST" not in request.environ and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
        raise BadRequest("There is no Host header, which HTTP/1.1 demands. Send one.")
