"""Traces as a collector receives them from a real service."""

from collections.abc import Iterator
from secrets import token_hex

import pytest

from tests.e2e.conftest import Serve
from tests.otlp_receiver import Receiver, attributes, receiving
from tests.service import Service, running
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

CLIENTS_SPAN = "00f067aa0ba902b7"
STAGES = ["read", "queue", "decode", "convert", "infer"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(
    receiver: Receiver, little_store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Two workers that send their spans to the receiver at once."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    environment |= {"MODEL_STORE": little_store, "WEB_CONCURRENCY": "2", "LOG_FORMAT": "json"}
    with running(tmp_path_factory.mktemp("traced"), **environment) as service:
        yield service


def part_of(trace_id: str) -> dict[str, str]:
    """The header of a client whose request is a part of a trace (W3C Trace Context)."""
    return {"traceparent": f"00-{trace_id}-{CLIENTS_SPAN}-01"}


def test_a_request_is_a_child_of_its_clients_span_with_one_span_a_stage_within(
    service: Service, receiver: Receiver
) -> None:
    trace = token_hex(16)

    answer = service.post("/predict", data=UPLOAD, headers=part_of(trace))

    wait_for("six spans", lambda: len(receiver.of_trace(trace)) == 6)
    request, *stages = receiver.of_trace(trace)
    assert (request.name, request.parent_span_id.hex()) == ("POST /predict", CLIENTS_SPAN)
    assert receiver.services() == {"wardrobe"}
    assert [stage.name for stage in stages] == STAGES
    assert {stage.parent_span_id for stage in stages} == {request.span_id}
    assert attributes(request)["http.response.status_code"] == 200
    assert attributes(request)["wardrobe.request_id"] == answer.headers["X-Request-ID"]
    assert attributes(request)["wardrobe.model.version"] == answer.headers["X-Model-Version"]


def test_a_refused_uploads_span_has_its_problem_type(service: Service, receiver: Receiver) -> None:
    trace = token_hex(16)

    service.post("/predict", data=b"%PDF-", headers=part_of(trace))

    wait_for("four spans", lambda: len(receiver.of_trace(trace)) == 4)
    request, *stages = receiver.of_trace(trace)
    [line] = wait_for("its line", lambda: [one for one in service.lines() if one.get("trace_id") == trace])
    assert attributes(request)["error.type"] == "urn:wardrobe:problem:unknown-format"
    assert request.status.code != request.status.STATUS_CODE_ERROR  # a client's mistake is no failure of ours
    assert [stage.name for stage in stages] == ["read", "queue", "decode"]
    assert line["problem"] == "unknown-format"


def test_spans_that_wait_are_sent_when_the_service_stops(receiver: Receiver, serve: Serve) -> None:
    trace = token_hex(16)
    later = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "60000"}

    with serve(WEB_CONCURRENCY="1", **later) as service:
        service.get("/healthz", headers=part_of(trace))
        status = service.stop()

    assert status == 0
    assert [span.name for span in receiver.of_trace(trace)] == ["GET /healthz"]
