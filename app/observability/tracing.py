"""Tracing with OpenTelemetry. Imported by factory.py only where OpenTelemetry's own variables ask for it.

One span for each request, a child of its client's (W3C Trace Context), and one for each stage that it went
through. Where they go, how many of them, and what this service is called are settings of the SDK's own
(`OTEL_*`). Sent by a thread of each worker, as OTLP over HTTP; a collector that is away costs spans alone.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_trace_id,
    set_span_in_context,
)

from app.middleware.request_context import EXCHANGE, TRACE_ID, RequestContext
from app.middleware.timing import Timing

SERVICE_NAME = "wardrobe"
"""What the service is called where OTEL_SERVICE_NAME does not say."""

PROPAGATED = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE", "baggage": "HTTP_BAGGAGE"}
"""The headers that tell of a client's span, and where WSGI has them."""


@dataclass(slots=True)
class TracedTiming(Timing):
    """Timing that also remembers when each stage first began and last ended, in seconds of `perf_counter`.

    The stages of a batch take turns, so that their spans overlap; what each took in all is in `milliseconds`.
    """

    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def begin(self, stage: str | None) -> None:
        """End the stage that runs, and begin another one; None begins none."""
        before = self._stage
        Timing.begin(
            self, stage
        )  # the decorator makes another class of this one, which super() does not know
        if before is not None:
            self.ended[before] = self._since
        if stage is not None:
            self.began.setdefault(stage, self._since)


class Traced:
    """A WSGI application whose requests are traced; around what surrounds every request (requests.py)."""

    def __init__(self, app: WSGIApplication, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, and tell a span of it."""
        status = ""

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - WSGI's own
            nonlocal status
            status = line
            return start_response(line, headers, *error)

        carrier = {name: environ[key] for name, key in PROPAGATED.items() if key in environ}
        span = self._tracer.start_span(environ["REQUEST_METHOD"], propagate.extract(carrier), SpanKind.SERVER)
        environ[TRACE_ID] = format_trace_id(span.get_span_context().trace_id)
        wall = time.time() - time.perf_counter()
        try:
            body = self._app(environ, start)
            if span.is_recording():
                _describe(span, environ, int(status[:3]))
                _tell_stages(self._tracer, span, environ[EXCHANGE].timing, wall)
        finally:
            span.end()
        return body


def start_tracing() -> Tracer:
    """What makes spans, and a thread that sends them. Call in each worker: no thread survives a fork."""
    resource = Resource.create({"process.pid": os.getpid()})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE_NAME}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(SERVICE_NAME)


def _describe(span: Span, environ: WSGIEnvironment, status: int) -> None:
    """Name and attributes as OpenTelemetry's semantic conventions for HTTP servers have them, and our own."""
    current: RequestContext = environ[EXCHANGE]
    if current.route is not None:
        span.update_name(f"{environ['REQUEST_METHOD']} {current.route}")
        span.set_attribute("http.route", current.route)
    span.set_attributes(
        {
            "http.request.method": environ["REQUEST_METHOD"],
            "http.response.status_code": status,
            "url.path": environ.get("PATH_INFO", ""),
            "url.scheme": environ["wsgi.url_scheme"],
            "client.address": environ.get("REMOTE_ADDR", ""),
            "wardrobe.request_id": current.request_id,
            "wardrobe.model.version": current.served.version,
        }
    )
    if current.problem is not None:
        span.set_attribute("error.type", current.problem)
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def _tell_stages(tracer: Tracer, span: Span, timing: Timing, wall: float) -> None:
    """A child for each stage.

    Args:
        tracer: what makes it.
        span: its parent.
        timing: of the request.
        wall: seconds of the epoch at which `perf_counter` was 0.
    """
    if not isinstance(timing, TracedTiming):
        return
    parent = set_span_in_context(span)
    for stage, ended in timing.ended.items():
        child = tracer.start_span(
            stage,
            parent,
            attributes={"wardrobe.milliseconds": timing.milliseconds[stage]},
            start_time=_nanoseconds(wall + timing.began[stage]),
        )
        child.end(_nanoseconds(wall + ended))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
