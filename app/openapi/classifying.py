"""The operations of routes_predict.py: one picture, and many."""

from typing import Final

from app.api.problems import problem_of
from app.errors import BadRequest, Busy, TooLarge
from app.openapi import examples
from app.openapi.answer_models import BatchAnswer, PredictAnswer
from app.openapi.examples import Told
from app.openapi.operations import Answer, Content, Operation, Parameter
from app.openapi.request_models import BatchDocument, PictureDocument, PixelsDocument
from app.openapi.schemas import Json, reference
from app.openapi.subject import Subject
from app.prediction.answers import SWITCH, Extras
from inference.errors import BadPixels, BrokenPicture, PictureTooLarge, UnknownFormat, UploadError

TAG = "Classify"

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff")
"""What is read; the bytes say which, whatever the Content-Type does."""

FILE: Final[Json] = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
"""A part of a form. OpenAPI 3.1 wants contentMediaType; tools that grew up with 3.0 look for the format."""

RATES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
"""Where there is a rate."""

LANGUAGE = Parameter(
    name="Accept-Language",
    place="header",
    description="In which language `category` is named.",
    schema={"type": "string"},
)


def operations(subject: Subject) -> tuple[Operation, ...]:
    """What `/predict` and `/predict/batch` take and answer."""
    told = examples.answers_by(subject.served)
    return (_one(subject, told), _many(subject, told))


def _one(subject: Subject, told: Told) -> Operation:
    own = examples.provenance(subject.served)
    answers = {
        "plain": told(Extras(None, seen=False)) | own,
        "with-top-and-seen": told(Extras(3, seen=True)) | own,
    }
    return Operation(
        endpoint="predict.predict",
        method="post",
        tag=TAG,
        summary="Classify one picture",
        description=(
            "A single-channel 28 x 28 picture is taken as it is, light on black; anything else is converted "
            "as Fashion-MNIST was made. Uploads are neither stored nor logged."
        ),
        parameters=_parameters(subject),
        body=_single_bodies(),
        body_description=(
            "The bytes decide what it is, not the Content-Type: a picture as the body is read whatever it is "
            "called. Any size, depth and orientation; alpha is laid over white; of a GIF the first frame."
        ),
        answers=(
            Answer(
                description="What it is, how sure that is, and whether a person should look.",
                contents={"application/json": Content(schema=reference(PredictAnswer), examples=answers)},
                headers=RATES,
            ),
        ),
        raises=(BadRequest, TooLarge, PictureTooLarge, UnknownFormat, UploadError, BadPixels, Busy),
        limited=True,
    )


def _many(subject: Subject, told: Told) -> Operation:
    own = examples.provenance(subject.served)
    return Operation(
        endpoint="predict.predict_batch",
        method="post",
        tag=TAG,
        summary="Classify many pictures",
        description=(
            f"At most {subject.settings.max_batch}. Results come in order; an item that cannot be classified "
            "gets its own problem and spoils nothing else."
        ),
        parameters=_parameters(subject),
        body=_batch_bodies(subject),
        answers=(
            Answer(
                description="An answer or a problem for each picture, in order.",
                contents={
                    "application/json": Content(
                        schema=reference(BatchAnswer),
                        examples={"one-good-one-bad": {"predictions": _results(told)} | own},
                    )
                },
                headers=RATES,
            ),
        ),
        raises=(BadRequest, TooLarge, Busy),
        limited=True,
    )


def _results(told: Told) -> list[Json]:
    """What the batch example's two items come to."""
    broken = BrokenPicture("The PNG ends too early: it was cut short on its way.")
    return [told(Extras(None, seen=False)), {"error": problem_of(broken)}]


def _parameters(subject: Subject) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="top",
            place="query",
            description="Adds `top`, that many of the likeliest classes; takes nothing away.",
            schema={"type": "integer", "minimum": 1, "maximum": len(subject.labels)},
        ),
        Parameter(
            name="seen",
            place="query",
            description="1 adds `seen`, the 28 x 28 PNG that the model saw, as a data: URL.",
            schema={"type": "string", "enum": sorted(SWITCH), "default": "0"},
        ),
        *([LANGUAGE] if subject.served.categories is not None else []),
    )


def _single_bodies() -> dict[str, Content]:
    form: Json = {
        "type": "object",
        "properties": {"image": FILE, "file": FILE | {"description": "The same, where there is no `image`."}},
        "anyOf": [{"required": ["image"]}, {"required": ["file"]}],
    }
    kinds = {"contentType": ", ".join(PICTURES)}
    document = {"oneOf": [reference(PictureDocument), reference(PixelsDocument)]}
    return {
        # First what a page can fill in by itself, so that trying out takes two clicks.
        "application/json": Content(schema=document, examples=_documents()),
        "multipart/form-data": Content(schema=form, encoding={"image": kinds, "file": kinds}),
        **dict.fromkeys((*PICTURES, "application/octet-stream"), Content()),
    }


def _documents() -> dict[str, Json]:
    text = examples.upload_as_text()
    return {
        "base64": {"image": text},
        "data-url": {"image": f"data:image/png;base64,{text}"},
        "pixels": {"pixels": examples.pixels().tolist()},
    }


def _batch_bodies(subject: Subject) -> dict[str, Content]:
    most = {"maxItems": subject.settings.max_batch}
    files: Json = {
        "type": "object",
        "properties": {"image": {"type": "array", "items": FILE, "minItems": 1} | most},
        "required": ["image"],
        "description": "Fields of any name will do, and ZIPs among the files.",
    }
    text = examples.upload_as_text()
    images = {"images": [text, text[: len(text) // 8 * 4]]}
    return {
        "application/json": Content(schema=reference(BatchDocument), examples={"one-good-one-bad": images}),
        "multipart/form-data": Content(schema=files),
        "application/zip": Content(),
    }
