"""The words in which an operation is described, and how they are written in OpenAPI 3.1.

An operation belongs to one endpoint of the app; its paths are asked of the app, so that they are said once.
What it may raise stands as error classes: statuses and problem types come from app/api/problems.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from app.openapi.answer_models import ProblemAnswer
from app.openapi.schemas import Json

STANDARD_HEADERS = ("X-Request-ID", "X-Model-Version")
"""On every answer, errors included."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter, a header, or a part of the path.

    Attributes:
        place: OpenAPI's `in`.
    """

    name: str
    place: str
    description: str
    schema: Json
    required: bool = False

    def as_openapi(self) -> Json:
        """The Parameter Object."""
        return {
            "name": self.name,
            "in": self.place,
            "description": self.description,
            "required": self.required,
            "schema": self.schema,
        }


@dataclass(frozen=True, kw_only=True)
class Content:
    """One form of a body.

    Attributes:
        schema: what it looks like; empty for bytes that are no JSON.
        examples: by name; each is a value in full.
        encoding: media types of the parts of a form.
    """

    schema: Json = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)
    encoding: Json = field(default_factory=dict)

    def as_openapi(self) -> Json:
        """The Media Type Object."""
        written: Json = {"schema": self.schema} if self.schema else {}
        if self.examples:
            written["examples"] = {name: {"value": value} for name, value in self.examples.items()}
        return written | ({"encoding": self.encoding} if self.encoding else {})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered when all goes well.

    Attributes:
        contents: by media type; none where there is no body.
        headers: beside those of every answer.
    """

    description: str
    contents: Mapping[str, Content] = field(default_factory=dict)
    status: HTTPStatus = HTTPStatus.OK
    headers: tuple[str, ...] = ()

    def as_openapi(self) -> Json:
        """The Response Object."""
        written: Json = {"description": self.description, "headers": header_references(self.headers)}
        if self.contents:
            written["content"] = {kind: content.as_openapi() for kind, content in self.contents.items()}
        return written


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one endpoint.

    Attributes:
        endpoint: Flask's name of it; its paths are those of the app's rules.
        method: in lower case, as OpenAPI has it.
        body: by media type; none where no body is read.
        raises: what may go wrong here, beside what may go wrong everywhere.
        limited: whether it counts towards RATE_LIMIT.
        problem: what its errors look like.
    """

    endpoint: str
    method: str
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Content] = field(default_factory=dict)
    body_description: str = ""
    raises: tuple[type[Exception], ...] = ()
    limited: bool = False
    problem: type[BaseModel] = ProblemAnswer


def header_references(names: tuple[str, ...]) -> Json:
    """The headers of an answer, the standard ones first."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*STANDARD_HEADERS, *names)}
