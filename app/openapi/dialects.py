"""What the operations of app/protocols/ have in common: which model they ask for, and what may go wrong.

tf_serving.py, open_inference.py and sagemaker.py beside this file have a table each; docs/dialects.md is for
people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from werkzeug.exceptions import NotFound

from app.errors import BadRequest, Busy, NoSuchModel, NotReady, TooLarge
from app.openapi.answer_models import DialectProblem
from app.openapi.operations import Content, Operation, Parameter
from app.openapi.subject import Subject
from app.protocols.classifying import CURRENT
from inference.errors import BadPixels, PictureTooLarge, UnknownFormat, UploadError

CLASSIFYING: tuple[type[Exception], ...] = (
    BadRequest,
    TooLarge,
    PictureTooLarge,
    UnknownFormat,
    UploadError,
    BadPixels,
    Busy,
)
"""What may be wrong with the pictures of a request, or with its time."""

READY: tuple[type[Exception], ...] = (NotReady,)


def variants(subject: Subject, operation: Operation, endpoints: dict[str, str]) -> Iterable[Operation]:
    """An operation on the model, and the same on one version or one label of it.

    Args:
        subject: names them.
        operation: without its endpoint's part of the path.
        endpoints: each with what its path has besides the name: nothing, `version` or `label`.
    """
    for endpoint, more in endpoints.items():
        named = [_named(subject, "name"), *([_named(subject, more)] if more else [])]
        yield replace(
            operation,
            endpoint=endpoint,
            summary=operation.summary + (f", by {more}" if more else ""),
            parameters=(*named, *operation.parameters),
            body=_without_examples(operation.body) if more else operation.body,
            raises=(*operation.raises, NoSuchModel, NotFound),
            problem=DialectProblem,
        )


def _without_examples(body: Mapping[str, Content]) -> dict[str, Content]:
    # Once is enough: the examples are pictures.
    return {kind: replace(content, examples={}) for kind, content in body.items()}


def _named(subject: Subject, what: str) -> Parameter:
    known = {
        "name": ("The model, as the service calls it.", subject.settings.model_name),
        "version": ("The release that is served.", subject.served.version),
        "label": ("The alias of the release that is served.", CURRENT),
    }
    text, value = known[what]
    schema = {"type": "string", "enum": [value]}
    return Parameter(name=what, place="path", description=text, schema=schema, required=True)
