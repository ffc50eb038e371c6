"""The operations of routes_model.py: what is served, how good it is, how it is doing."""

from collections.abc import Mapping
from http import HTTPStatus

from app.openapi.answer_models import ModelAnswer
from app.openapi.operations import Answer, Content, Operation
from app.openapi.pages import KNOWN
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject
from model_store.report import Report

TAG = "Model"


EXPOSITION: Mapping[str, Content] = {"text/plain": Content(), "application/openmetrics-text": Content()}


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What `/metrics`, `/metrics/prometheus` and `/model` answer."""
    return (
        _metrics(subject),
        Operation(
            endpoint="model.prometheus",
            method="get",
            tag=TAG,
            summary="How the service is doing",
            description="Counts over all workers, for Prometheus.",
            answers=(
                Answer(
                    description="Prometheus' text format, or OpenMetrics where that is accepted.",
                    contents=EXPOSITION,
                    headers=("Vary",),
                ),
            ),
        ),
        Operation(
            endpoint="model.model",
            method="get",
            tag=TAG,
            summary="Which model is served",
            answers=(
                Answer(
                    description="Its name, version, labels, and what its release says of itself.",
                    contents={"application/json": Content(schema=reference(ModelAnswer))},
                ),
            ),
        ),
    )


def _metrics(subject: Subject) -> Operation:
    return Operation(
        endpoint="model.metrics",
        method="get",
        tag=TAG,
        summary="How good the model is",
        description=(
            "The stored evaluation, byte for byte. `Accept: text/html` gets it as a page; what a Prometheus "
            "scraper accepts (`application/openmetrics-text`, or `text/plain` with `version=0.0.4`) gets the "
            "service's counts."
        ),
        parameters=(KNOWN,),
        answers=(
            Answer(
                description="The report, its page, or the counts.",
                contents={
                    "application/json": Content(schema=report_schema(subject)),
                    "text/html": Content(),
                    **EXPOSITION,
                },
                headers=("Vary",),
            ),
            Answer(description="The client has the page.", status=HTTPStatus.NOT_MODIFIED, headers=("Vary",)),
        ),
    )


def report_schema(subject: Subject) -> Json:
    """The shape of the report: ours, or that of whatever lies beside a bare model."""
    if subject.served.manifest is None:
        return {"type": "object", "description": "Whatever came along with the bare artifact."}
    return reference(Report)
