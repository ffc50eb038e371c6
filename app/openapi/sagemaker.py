"""The operations of app/protocols/sagemaker.py, and the JSON that they take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, Strict

from app.openapi import examples
from app.openapi.answer_models import ModelReference, PredictAnswer, Prediction, Told
from app.openapi.classifying import PICTURES
from app.openapi.dialects import CLASSIFYING, READY
from app.openapi.operations import Answer, Content, Operation
from app.openapi.request_models import PictureDocument, PixelsDocument
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject
from app.openapi.tf_serving import Instance
from app.prediction.answers import Extras

TAG = "SageMaker"


class InstancesDocument(BaseModel):
    """Many pictures."""

    instances: Annotated[list[Instance], Strict(), Field(min_length=1)]


class RecordsAnswer(Told):
    """An answer to each record, in order."""

    predictions: list[Prediction]
    model: ModelReference
    request_id: str
    """As in the header X-Request-ID."""


class ExecutionParameters(Told):
    """How a batch transform is to ask."""

    MaxConcurrentTransforms: int
    BatchStrategy: Literal["SINGLE_RECORD"]
    MaxPayloadInMB: int


MODELS = (ExecutionParameters, InstancesDocument, RecordsAnswer)


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What `/ping`, `/invocations` and `/execution-parameters` take and answer."""
    return (
        Operation(
            endpoint="dialect_models.ping",
            method="get",
            tag=TAG,
            summary="Is the container ready?",
            answers=(Answer(description="It is. There is nothing in the answer."),),
            raises=READY,
        ),
        Operation(
            endpoint="dialect_models.execution_parameters",
            method="get",
            tag=TAG,
            summary="How a batch transform is to ask",
            answers=(
                Answer(
                    description="A record a request.",
                    contents={"application/json": Content(schema=reference(ExecutionParameters))},
                ),
            ),
        ),
        _invocations(subject),
    )


def _invocations(subject: Subject) -> Operation:
    answered = {"oneOf": [reference(PredictAnswer), reference(RecordsAnswer)]}
    lines = {"text/csv": Content(), "application/jsonlines": Content()}
    return Operation(
        endpoint="dialects.invocations",
        method="post",
        tag=TAG,
        summary="Classify",
        description="`Accept` chooses the answer; without it, lines are answered by lines, all else in JSON.",
        body={
            "application/json": Content(schema=_document(), examples=_documents()),
            **lines,
            **dict.fromkeys((*PICTURES, "application/octet-stream"), Content()),
        },
        body_description=(
            "A picture as in `/predict`; CSV lines of 784 numbers, or JSON lines of a picture each; or JSON."
        ),
        answers=(
            Answer(
                description="One answer, or one for each record.",
                contents={
                    "application/json": Content(schema=answered, examples=_answers(subject)),
                    **lines,
                },
            ),
        ),
        raises=CLASSIFYING,
        limited=True,
    )


def _document() -> Json:
    forms = (InstancesDocument, PictureDocument, PixelsDocument)
    return {"anyOf": [reference(form) for form in forms]}


def _documents() -> dict[str, Json]:
    rows = examples.pixels().tolist()
    return {"one": {"pixels": rows}, "many": {"instances": [rows, {"image": examples.upload_as_text()}]}}


def _answers(subject: Subject) -> dict[str, Json]:
    own = examples.provenance(subject.served)
    answer = examples.answers_by(subject.served)(Extras(None, seen=False))
    return {"one": answer | own, "many": {"predictions": [answer, answer]} | own}
