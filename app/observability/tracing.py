"""Tracing with OpenTelemetry. Imported by factory.py only where OpenTelemetry's own variables ask for it.

One span for each request, a child of its client's (W3C Trace Context), and one for each stage of its
prediction. The SDK's own settings (`OTEL_*`) say where spans go, how many, and under which service name. Each
worker sends them, as OTLP over HTTP; a collector that is away costs spans alone. OpenTelemetry's WSGI
instrumentation is not used: it is a beta, and its attributes follow the old conventions by default.
"""

import os
import time
from collections.abc import Iterable
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

from app.middleware.request_context import CONTEXT, RequestContext
from app.prediction.timing import Timing

SERVICE_NAME = "wardrobe"
"""The service's name where OTEL_SERVICE_NAME gives none."""

PROPAGATED = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE", "baggage": "HTTP_BAGGAGE"}
"""The headers that carry a client's span, and their names in WSGI."""


class TracedApp:
    """A WSGI application whose requests are traced; within RequestMiddleware, which makes their context."""

    def __init__(self, app: WSGIApplication, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, within a span."""
        context: RequestContext = environ[CONTEXT]
        carrier = {name: environ[key] for name, key in PROPAGATED.items() if key in environ}
        span = self._tracer.start_span(environ["REQUEST_METHOD"], propagate.extract(carrier), SpanKind.SERVER)
        context.trace_id = format_trace_id(span.get_span_context().trace_id)
        epoch = time.time() - time.perf_counter()
        try:
            body = self._app(environ, start_response)
            if span.is_recording():
                _describe(span, environ, context)
                context.timing.end()
                _add_stages(self._tracer, span, context.timing, epoch)
        finally:
            span.end()
        return body


def start_tracing() -> Tracer:
    """What makes spans, and the thread that sends them. Call in each worker: no thread survives a fork."""
    resource = Resource.create({"process.pid": os.getpid()})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": SERVICE_NAME}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(SERVICE_NAME)


def _describe(span: Span, environ: WSGIEnvironment, context: RequestContext) -> None:
    """Name and attributes by OpenTelemetry's semantic conventions for HTTP servers, and our own."""
    if context.route is not None:
        span.update_name(f"{environ['REQUEST_METHOD']} {context.route}")
        span.set_attribute("http.route", context.route)
    span.set_attributes(
        {
            "http.request.method": environ["REQUEST_METHOD"],
            "http.response.status_code": context.status,
            "url.path": environ.get("PATH_INFO", ""),
            "url.scheme": environ["wsgi.url_scheme"],
            "client.address": environ.get("REMOTE_ADDR", ""),
            "wardrobe.request_id": context.request_id,
            "wardrobe.model.version": context.served.version,
        }
    )
    if context.problem is not None:
        span.set_attribute("error.type", context.problem)
    if context.status >= 500:
        span.set_status(StatusCode.ERROR)


def _add_stages(tracer: Tracer, span: Span, timing: Timing, epoch: float) -> None:
    """Add a child for each stage; `epoch` is the time, in seconds, at which `perf_counter` was 0."""
    parent = set_span_in_context(span)
    for stage, ended in timing.ended.items():
        child = tracer.start_span(
            stage,
            parent,
            attributes={"wardrobe.milliseconds": timing.milliseconds[stage]},
            start_time=_nanoseconds(epoch + timing.began[stage]),
        )
        child.end(_nanoseconds(epoch + ended))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
