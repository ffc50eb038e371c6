"""The operations of app/protocols/tf_serving.py, and the JSON that they take and answer."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, Strict

from app.openapi import examples
from app.openapi.answer_models import Told
from app.openapi.dialects import CLASSIFYING, variants
from app.openapi.operations import Answer, Content, Operation
from app.openapi.request_models import Base64, PictureDocument, Pixel, PixelsDocument, Rows
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject
from inference.contract import EDGE
from model_store.manifest import Share

TAG = "TensorFlow Serving"

Channel: TypeAlias = Annotated[list[Pixel], Strict(), Field(min_length=1, max_length=1)]
Deep: TypeAlias = Annotated[
    list[Annotated[list[Channel], Strict(), Field(min_length=EDGE, max_length=EDGE)]],
    Strict(),
    Field(min_length=EDGE, max_length=EDGE),
]


class Encoded(BaseModel):
    """A picture file."""

    b64: Base64


Instance: TypeAlias = Rows | Deep | Encoded | PixelsDocument | PictureDocument


class TfPredictDocument(BaseModel):
    """Either `instances`, a picture each, or `inputs`, all of them as one tensor."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}]},
        use_attribute_docstrings=True,
    )

    signature_name: Annotated[Literal["serving_default", ""], Field(default_factory=lambda: "")]
    instances: Annotated[list[Instance], Strict(), Field(min_length=1, default_factory=list)]
    """28 x 28 or 28 x 28 x 1 numbers of 0..255, or picture files in base64."""
    inputs: Annotated[list[Rows | Deep], Strict(), Field(min_length=1, default_factory=list)]
    """The tensor `pixels`; `{"pixels": tensor}` and `{"image": [{"b64": "..."}]}` are taken too."""


class TfPredictAnswer(Told):
    """Probabilities in index order, a row for each picture."""

    predictions: Annotated[list[list[Share]], Field(default_factory=list)]
    """To `instances`."""
    outputs: Annotated[list[list[Share]], Field(default_factory=list)]
    """To `inputs`."""


class TfVersionHealth(Told):
    """How a version is."""

    error_code: Literal["OK"]
    error_message: str


class TfVersionStatus(Told):
    """One version."""

    version: str
    state: Literal["AVAILABLE"]
    status: TfVersionHealth


class TfStatus(Told):
    """The one version that there is."""

    model_version_status: list[TfVersionStatus]


class TfModelSpec(Told):
    """Which model it is."""

    name: str
    signature_name: str
    version: str


class TfMetadata(Told):
    """What the model reads and answers."""

    model_spec: TfModelSpec
    metadata: dict[str, object]
    """`signature_def`, as TensorFlow Serving writes it."""


MODELS = (Encoded, TfMetadata, TfPredictAnswer, TfPredictDocument, TfStatus)


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What stands below `/v1/models`."""
    return (
        *variants(subject, _predict(subject), _classifying("tf_predict")),
        *variants(subject, _telling("Is the model there?", "TfStatus"), _telling_of("tf_status")),
        *variants(subject, _telling("What the model reads", "TfMetadata"), _telling_of("tf_metadata")),
    )


def _classifying(endpoint: str) -> dict[str, str]:
    return _of("dialects", endpoint)


def _telling_of(endpoint: str) -> dict[str, str]:
    return _of("dialect_models", endpoint)


def _of(blueprint: str, endpoint: str) -> dict[str, str]:
    plain = f"{blueprint}.{endpoint}"
    return {plain: "", f"{plain}_version": "version", f"{plain}_label": "label"}


def _predict(subject: Subject) -> Operation:
    rows = examples.pixels().tolist()
    probabilities = examples.probabilities_by(subject.served)
    body = {
        "numbers": {"instances": [rows]},
        "file": {"instances": [{"b64": examples.upload_as_text()}]},
        "columns": {"inputs": [rows]},
    }
    answers: dict[str, Json] = {
        "rows": {"predictions": [probabilities]},
        "columns": {"outputs": [probabilities]},
    }
    return Operation(
        endpoint="",
        method="post",
        tag=TAG,
        summary="Classify",
        body={"application/json": Content(schema=reference(TfPredictDocument), examples=body)},
        answers=(
            Answer(
                description="Probabilities in index order, a row for each picture.",
                contents={"application/json": Content(schema=reference(TfPredictAnswer), examples=answers)},
            ),
        ),
        raises=CLASSIFYING,
        limited=True,
    )


def _telling(summary: str, schema: str) -> Operation:
    answer = Answer(description=summary, contents={"application/json": Content(schema=reference(schema))})
    return Operation(endpoint="", method="get", tag=TAG, summary=summary, answers=(answer,))
