"""A little OpenTelemetry collector on loopback: takes OTLP over HTTP and keeps the spans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.stub_server import answering


@dataclass
class Receiver:
    """What came so far."""

    endpoint: str
    posted: list[tuple[str, bytes]]

    def of_trace(self, trace_id: str) -> list[Any]:
        """The spans of one trace, the earliest first."""
        scopes = [scope for resource in self._resources() for scope in resource.scope_spans]
        found = [span for scope in scopes for span in scope.spans if span.trace_id.hex() == trace_id]
        return sorted(found, key=lambda span: (span.start_time_unix_nano, span.end_time_unix_nano))

    def services(self) -> set[str]:
        """The names of those that sent spans."""
        return {attributes(resource.resource)["service.name"] for resource in self._resources()}

    def _resources(self) -> list[Any]:
        assert {path for path, _ in self.posted} <= {"/v1/traces"}
        requests = [ExportTraceServiceRequest.FromString(body) for _, body in self.posted]
        return [resource for request in requests for resource in request.resource_spans]


def attributes(described: Any) -> dict[str, Any]:
    """Those of a span or a resource."""
    return {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in described.attributes
    }


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A collector for the length of the block."""

    with answering(200) as (endpoint, posted):
        yield Receiver(endpoint, posted)
