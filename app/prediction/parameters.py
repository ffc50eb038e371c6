"""Define and read the query parameters that add fields to an answer: `top`, `seen`, `explain`, and the title.

/openapi.json and the table of docs/reference/http.md are written from the definitions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from app.errors import BadRequest
from app.payloads.request_title import LANGUAGE, TITLE, TITLE_FIELDS, FieldValues
from app.prediction.answer_fields import SCHEMAS

TOP: Final = "top"
SEEN: Final = "seen"
EXPLAIN: Final = "explain"

SWITCH_VALUES: Final = {"0": False, "1": True, "false": False, "true": True}
"""Allowed values of the query parameters `seen` and `explain`, with their meaning."""

SWITCH_SCHEMA: Final = {"type": "string", "enum": list(SWITCH_VALUES), "default": "0"}
"""JSON schema of a query parameter that has one of SWITCH_VALUES."""

_MARKDOWN_LINK: Final = re.compile(r"\[([^]]*)\]\([^)]*\)")
"""Pattern of a link in Markdown, whose text is the first group."""


@dataclass(frozen=True)
class ParameterDefinition:
    """A query parameter, as clients are told about it.

    Attributes:
        name: the name of the parameter.
        placeholder: the sign for its value on the page, such as `K`.
        effect: a sentence of the page that says what it does, with links within the page.
        schema: the JSON schema of its value.
        remark: further sentences, which only the OpenAPI document has.
        is_for_batches: whether a route for many pictures accepts it, too.
    """

    name: str
    placeholder: str
    effect: str
    schema: Mapping[str, object]
    remark: str = ""
    is_for_batches: bool = False

    def format_usage(self) -> str:
        """Return the parameter as it stands in an address, such as `top=K`, in Markdown."""
        return f"`{self.name}={self.placeholder}`"

    def describe(self) -> str:
        """Return the description in the OpenAPI document, which has no links to the page."""
        effect = _MARKDOWN_LINK.sub(r"\1", self.effect)
        return f"{self.format_usage()}: {effect} {self.remark}".strip()


SINGLE_PARAMETERS: Final = (
    ParameterDefinition(
        TOP,
        placeholder="K",
        effect="The answer has [`top`](#the-answer), a list of the K likeliest classes.",
        schema={"type": "integer", "minimum": 1},
        is_for_batches=True,
    ),
    ParameterDefinition(
        SEEN,
        placeholder="1",
        effect="The answer has [`seen`](#the-answer), the picture that the model saw.",
        schema=SWITCH_SCHEMA,
        is_for_batches=True,
    ),
    ParameterDefinition(
        EXPLAIN,
        placeholder="1",
        effect="The answer has [`explanation`](#explanation), which says which parts of the picture matter.",
        schema=SWITCH_SCHEMA,
        remark="It costs 65 inferences.",
    ),
    ParameterDefinition(
        TITLE,
        placeholder="TEXT",
        effect="The answer has [`listed`](#titles), the decision about the picture and its title together.",
        schema={"$ref": f"{SCHEMAS}Title"},
        remark="Proxies may log queries, so it is safer to send the title as a field of the form or a key of "
        "the JSON. If it comes twice, the request is refused.",
    ),
    ParameterDefinition(
        LANGUAGE,
        placeholder="CODE",
        effect="The service reads `title` in this language.",
        schema={"$ref": f"{SCHEMAS}TitleLanguage"},
        remark="It is sent in the same ways as `title`.",
    ),
)
"""Query parameters that the route for one picture accepts, in the order of the page."""

BATCH_PARAMETERS: Final = tuple(one for one in SINGLE_PARAMETERS if one.is_for_batches)
"""Query parameters that a route for many pictures accepts."""


@dataclass(frozen=True)
class QueryParameters:
    """The query parameters of a request, which add fields to its answers.

    Attributes:
        top: the number of likeliest classes to list; None for no list.
        seen: whether to add the pixels that the model saw, as a PNG.
        explain: whether to add the contribution of each part of the picture.
        titles: the values of `title` and `language`, not checked yet, because the body may have them, too.
    """

    top: int | None = None
    seen: bool = False
    explain: bool = False
    titles: FieldValues = field(default_factory=dict)


NO_PARAMETERS = QueryParameters()
"""Parameters of a request without a query string."""


def describe_parameters(definitions: Sequence[ParameterDefinition], classes: int) -> list[dict[str, Any]]:
    """Return the Parameter Objects with which the OpenAPI document describes query parameters.

    Args:
        definitions: the parameters that a route accepts.
        classes: the number of classes of the release, which is the largest allowed `top`.
    """
    limits = {TOP: {"maximum": classes}}
    return [
        {
            "name": one.name,
            "in": "query",
            "description": one.describe(),
            "schema": {**one.schema, **limits.get(one.name, {})},
        }
        for one in definitions
    ]


def read_parameters(
    query: MultiDict[str, str], classes: int, accepted: Sequence[ParameterDefinition]
) -> QueryParameters:
    """Parse and check the query string of a request.

    Args:
        classes: the number of classes of the release, which is the largest allowed `top`.
        accepted: the parameters that the route accepts.

    Raises:
        BadRequest: a name is unknown, or a value is not allowed.
    """
    names = [one.name for one in accepted]
    for name in query:
        if name not in names:
            known = ", ".join(f"`{parameter}`" for parameter in names)
            raise BadRequest(f"The query parameter `{name}` is unknown. This route has {known}.")
    titles = {name: query.getlist(name) for name in TITLE_FIELDS if name in query}
    return QueryParameters(
        _read_top(query.get(TOP), classes), _read_switch(SEEN, query), _read_switch(EXPLAIN, query), titles
    )


def _read_top(text: str | None, classes: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= classes):
        raise BadRequest(f"`{TOP}` is {text[:20]!r}; it must be a whole number from 1 to {classes}.")
    return int(text)


def _read_switch(name: str, query: Mapping[str, str]) -> bool:
    text = query.get(name, "0")
    if text not in SWITCH_VALUES:
        raise BadRequest(f"`{name}` is {text[:20]!r}; it must be 1 or 0.")
    return SWITCH_VALUES[text]
