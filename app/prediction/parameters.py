"""Read the query parameters that add fields to an answer: `top`, `seen`, `explain`, and the title.

docs/reference/http.md explains them to clients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from app.errors import BadRequest
from app.payloads.request_title import TITLE_FIELDS, FieldValues

SWITCH_VALUES = {"0": False, "1": True, "false": False, "true": True}
"""Allowed values of the query parameters `seen` and `explain`, with their meaning."""


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


BATCH_PARAMETERS = ("top", "seen")
"""Names of the query parameters that a route for many pictures accepts."""

SINGLE_PARAMETERS = (*BATCH_PARAMETERS, "explain", *TITLE_FIELDS)
"""Names of the query parameters that the route for one picture accepts."""

NO_PARAMETERS = QueryParameters()
"""Parameters of a request without a query string."""


def read_parameters(query: MultiDict[str, str], classes: int, names: Sequence[str]) -> QueryParameters:
    """Parse and check the query string of a request.

    Args:
        classes: the number of classes of the release, which is the largest allowed `top`.
        names: the names of the parameters that the route accepts.

    Raises:
        BadRequest: a name is unknown, or a value is not allowed.
    """
    for name in query:
        if name not in names:
            known = ", ".join(f"`{parameter}`" for parameter in names)
            raise BadRequest(f"The query parameter `{name}` is unknown. This route has {known}.")
    top = _read_top(query.get("top"), classes)
    titles = {name: query.getlist(name) for name in TITLE_FIELDS if name in query}
    return QueryParameters(top, _read_switch("seen", query), _read_switch("explain", query), titles)


def _read_top(text: str | None, classes: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= classes):
        raise BadRequest(f"`top` is {text[:20]!r}; it must be a whole number from 1 to {classes}.")
    return int(text)


def _read_switch(name: str, query: Mapping[str, str]) -> bool:
    text = query.get(name, "0")
    if text not in SWITCH_VALUES:
        raise BadRequest(f"`{name}` is {text[:20]!r}; it must be 1 or 0.")
    return SWITCH_VALUES[text]
