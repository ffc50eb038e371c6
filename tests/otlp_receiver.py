"""A little OpenTelemetry collector on loopback: takes OTLP over HTTP and keeps the spans."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Receiver:
    """What came so far: spans of OTLP, and the names of the services that sent them."""

    endpoint: str
    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def of_trace(self, trace_id: str) -> list[Any]:
        """The spans of one trace, the earliest first."""
        found = [span for span in self.spans if span.trace_id.hex() == trace_id]
        return sorted(found, key=lambda span: (span.start_time_unix_nano, span.end_time_unix_nano))

    def take(self, body: bytes) -> None:
        """Keep the spans of one request."""
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services.add(attributes(of_resource.resource)["service.name"])
            self.spans += [span for scope in of_resource.scope_spans for span in scope.spans]


def attributes(described: Any) -> dict[str, Any]:
    """Those of a span or a resource."""
    return {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in described.attributes
    }


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A collector for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            receiver.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the spans say it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()
