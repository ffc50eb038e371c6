"""The operations of app/protocols/open_inference.py, and the JSON that they take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.openapi import examples
from app.openapi.answer_models import DialectProblem, Told
from app.openapi.dialects import CLASSIFYING, READY, variants
from app.openapi.operations import Answer, Content, Operation, Parameter
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject

TAG = "Open Inference Protocol v2"

LENGTH = "Inference-Header-Content-Length"


class V2Tensor(BaseModel):
    """The one input: `pixels`, UINT8, [N, 28, 28], or `image`, BYTES, [N], picture files in base64."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: Literal["pixels", "image"]
    datatype: Literal["UINT8", "BYTES"]
    shape: Annotated[list[int], Field(min_length=1, max_length=3)]
    data: Annotated[list[JsonValue], Field(default_factory=list)]
    """Flat or nested; left out where `binary_data_size` stands among the parameters."""
    parameters: Annotated[dict[str, JsonValue], Field(default_factory=dict)]


class V2Wanted(BaseModel):
    """One output that is asked for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: Literal["probabilities", "label", "confidence", "familiarity", "decision", "reason"]
    parameters: Annotated[dict[str, JsonValue], Field(default_factory=dict)]
    """`binary_data`, and for `probabilities` `classification`: how many classes to name."""


class V2InferDocument(BaseModel):
    """An inference request."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Annotated[str, Field(default_factory=str)]
    """Told back."""
    inputs: Annotated[list[V2Tensor], Field(min_length=1, max_length=1)]
    outputs: Annotated[list[V2Wanted], Field(default_factory=list)]
    """All of them, where none is asked for."""
    parameters: Annotated[dict[str, JsonValue], Field(default_factory=dict)]


class V2Output(Told):
    """One output tensor."""

    name: str
    datatype: Literal["FP32", "BYTES"]
    shape: list[int]
    data: Annotated[list[JsonValue], Field(default_factory=list)]
    """Left out where the tensor follows in bytes."""
    parameters: Annotated[dict[str, JsonValue], Field(default_factory=dict)]


class V2InferAnswer(Told):
    """The output tensors."""

    model_name: str
    model_version: str
    id: Annotated[str, Field(default_factory=str)]
    """The request's own."""
    outputs: list[V2Output]


class V2Server(Told):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class V2Live(Told):
    """The process lives."""

    live: Literal[True]


class V2Ready(Told):
    """A model is warm."""

    name: Annotated[str, Field(default_factory=str)]
    """The model, where one was asked for."""
    ready: Literal[True]


class V2TensorMetadata(Told):
    """One input or output; -1 stands for any number of pictures."""

    name: str
    datatype: str
    shape: list[int]


class V2Metadata(Told):
    """What the model reads and answers."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[V2TensorMetadata]
    outputs: list[V2TensorMetadata]


class V2ConfigTensor(Told):
    """One input or output, for one picture."""

    name: str
    data_type: str
    dims: list[int]


class V2Config(Told):
    """The model's configuration, as Triton tells it."""

    name: str
    platform: str
    max_batch_size: int
    input: list[V2ConfigTensor]
    output: list[V2ConfigTensor]


MODELS = (V2Config, V2InferAnswer, V2InferDocument, V2Live, V2Metadata, V2Ready, V2Server)


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What stands below `/v2`."""
    ready = _telling("Is the model ready?", V2Ready, raises=READY)
    return (
        _telling("Who answers", V2Server, "v2_server"),
        _telling("Does the process live?", V2Live, "v2_live"),
        _telling("Is the server ready?", V2Ready, "v2_ready", raises=READY),
        *variants(subject, ready, _of("dialect_models", "v2_model_ready", "v2_version_ready")),
        *variants(
            subject,
            _telling("What the model reads and answers", V2Metadata),
            _of("dialect_models", "v2_model", "v2_version"),
        ),
        *variants(
            subject,
            _telling("Its configuration", V2Config),
            _of("dialect_models", "v2_model_config", "v2_version_config"),
        ),
        *variants(subject, _infer(subject), _of("dialects", "v2_infer", "v2_infer_version")),
    )


def _of(blueprint: str, plain: str, by_version: str) -> dict[str, str]:
    return {f"{blueprint}.{plain}": "", f"{blueprint}.{by_version}": "version"}


def _telling(
    summary: str, model: type[BaseModel], endpoint: str = "", raises: tuple[type[Exception], ...] = ()
) -> Operation:
    answer = Answer(description=summary, contents={"application/json": Content(schema=reference(model))})
    return Operation(
        endpoint=f"dialect_models.{endpoint}",
        method="get",
        tag=TAG,
        summary=summary,
        answers=(answer,),
        raises=raises,
        problem=DialectProblem,
    )


def _infer(subject: Subject) -> Operation:
    length = Parameter(
        name=LENGTH,
        place="header",
        description="How many bytes the JSON has, where tensors follow it in bytes.",
        schema={"type": "integer", "minimum": 0},
    )
    answer = Answer(
        description="The outputs, in JSON or with those in bytes behind it.",
        contents={
            "application/json": Content(schema=reference(V2InferAnswer), examples=_answers(subject)),
            "application/octet-stream": Content(),
        },
    )
    return Operation(
        endpoint="",
        method="post",
        tag=TAG,
        summary="Classify",
        parameters=(length,),
        body={
            "application/json": Content(schema=reference(V2InferDocument), examples=_documents()),
            "application/octet-stream": Content(),
        },
        answers=(answer,),
        raises=CLASSIFYING,
        limited=True,
    )


def _documents() -> dict[str, Json]:
    flat = examples.pixels().ravel().tolist()
    pixels = {"name": "pixels", "datatype": "UINT8", "shape": [1, 28, 28], "data": flat}
    image = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [examples.upload_as_text()]}
    wanted = [{"name": "probabilities"}]
    return {
        "numbers": {"inputs": [pixels], "outputs": wanted},
        "file": {"inputs": [image], "outputs": wanted},
    }


def _answers(subject: Subject) -> dict[str, Json]:
    row = examples.probabilities_by(subject.served)
    output = {"name": "probabilities", "datatype": "FP32", "shape": [1, len(row)], "data": row}
    head = {"model_name": subject.settings.model_name, "model_version": subject.served.version}
    return {"probabilities": head | {"outputs": [output]}}
