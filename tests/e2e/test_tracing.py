"""Traces, as whoever collects them sees them: a real service, and a collector that takes its spans."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.otlp_receiver import Receiver, receiving
from tests.service import Service, running
from tests.uploads import a_garment, in_base64, png
from tests.waiting import wait_for

UPLOAD = png(a_garment())
STAGES = ["queue", "decode", "convert", "infer"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers that are told where to send their spans, and send them at once."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    folder = tmp_path_factory.mktemp("traced")
    with running(folder, WEB_CONCURRENCY="2", LOG_FORMAT="json", **environment) as service:
        yield service


def traceparent(trace_id: str, span_id: str) -> dict[str, str]:
    """The header of a client whose request is a part of a trace (W3C Trace Context)."""
    return {"traceparent": f"00-{trace_id}-{span_id}-01"}


def test_a_prediction_is_a_child_of_its_clients_span_with_its_stages_within(
    service: Service, receiver: Receiver
) -> None:
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

    answer = service.post("/predict", data=UPLOAD, headers=traceparent(trace_id, span_id))

    wait_for("five spans", lambda: len(receiver.of_trace(trace_id)) == 5)
    request, *stages = receiver.of_trace(trace_id)
    assert (request.name, request.parent_id, request.service) == ("POST /predict", span_id, "wardrobe")
    assert [stage.name for stage in stages] == STAGES
    assert {stage.parent_id for stage in stages} == {request.span_id}
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["wardrobe.request_id"] == answer.headers["X-Request-ID"]
    assert request.attributes["wardrobe.model.version"] == answer.headers["X-Model-Version"]


def test_stages_follow_one_another_within_their_request(service: Service, receiver: Receiver) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4737"

    service.post("/predict", data=UPLOAD, headers=traceparent(trace_id, "00f067aa0ba902b7"))

    wait_for("five spans", lambda: len(receiver.of_trace(trace_id)) == 5)
    request, *stages = receiver.of_trace(trace_id)
    times = [time for stage in stages for time in stage.nanoseconds]
    assert times == sorted(times)
    assert request.nanoseconds[0] <= times[0]
    assert times[-1] <= request.nanoseconds[1]


def test_the_log_line_of_a_request_names_its_trace(service: Service) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4738"

    answer = service.post("/predict", data=b"%PDF-", headers=traceparent(trace_id, "00f067aa0ba902b7"))

    line = wait_for("the log line", lambda: logged(service, answer.headers["X-Request-ID"]))
    assert (line["trace_id"], line["problem"]) == (trace_id, "unknown-format")


def test_what_is_refused_has_the_type_of_its_problem_and_only_the_stages_it_reached(
    service: Service, receiver: Receiver
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4739"

    service.post("/predict", data=b"%PDF-", headers=traceparent(trace_id, "00f067aa0ba902b7"))

    wait_for("three spans", lambda: len(receiver.of_trace(trace_id)) == 3)
    request, *stages = receiver.of_trace(trace_id)
    assert request.attributes["error.type"] == "urn:wardrobe:problem:unknown-format"
    assert not request.failed  # a client's mistake is no failure of the server
    assert [stage.name for stage in stages] == ["queue", "decode"]


def test_a_batch_has_one_span_a_stage_however_many_pictures(service: Service, receiver: Receiver) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e473a"

    service.post(
        "/predict/batch",
        json={"images": [in_base64(UPLOAD)] * 3},
        headers=traceparent(trace_id, "00f067aa0ba902b7"),
    )

    wait_for("five spans", lambda: len(receiver.of_trace(trace_id)) == 5)
    assert [span.name for span in receiver.of_trace(trace_id)] == ["POST /predict/batch", *STAGES]


def test_a_client_that_wants_no_trace_is_not_traced(service: Service, receiver: Receiver) -> None:
    unwanted, wanted = "4bf92f3577b34da6a3ce929d0e0e473b", "4bf92f3577b34da6a3ce929d0e0e473c"

    service.get("/healthz", headers={"traceparent": f"00-{unwanted}-00f067aa0ba902b7-00"})
    service.get("/healthz", headers=traceparent(wanted, "00f067aa0ba902b7"))

    wait_for("the wanted span", lambda: receiver.of_trace(wanted))
    assert receiver.of_trace(unwanted) == []


def test_spans_that_wait_are_sent_when_the_service_stops(receiver: Receiver, tmp_path: Path) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e473d"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "60000"}

    with running(tmp_path, WEB_CONCURRENCY="1", **environment) as service:
        service.get("/healthz", headers=traceparent(trace_id, "00f067aa0ba902b7"))
        status = service.stop()

    assert status == 0
    assert [span.name for span in receiver.of_trace(trace_id)] == ["GET /healthz"]


def logged(service: Service, request_id: str) -> dict[str, str] | None:
    """The log line of a request, once it is there."""
    lines = [json.loads(line) for line in service.log.read_text("utf-8").splitlines() if line[:1] == "{"]
    return next((line for line in lines if line.get("request_id") == request_id), None)
