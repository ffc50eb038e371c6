"""The query parameters that shape an answer: `top`, `seen` and `explain`, and what a query has of titles.

Pure: a query in, a value out. answer_json.py adds to the answer what they name; docs/reference/http.md
lists them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from app.errors import BadRequest
from app.payloads.titles import OF_TITLES, Given

SWITCH_VALUES = {"0": False, "1": True, "false": False, "true": True}


@dataclass(frozen=True)
class Parameters:
    """What the query of a request adds to its answer.

    Attributes:
        top: how many of the likeliest classes to list; None lists none.
        seen: whether to add the pixels that the model saw, as a PNG.
        explain: whether to add what each part of them adds to the answer.
        titles: the values of OF_TITLES; payloads/titles.py reads them with those of the body.
    """

    top: int | None = None
    seen: bool = False
    explain: bool = False
    titles: Given = field(default_factory=dict)


BATCH_PARAMETERS = ("top", "seen")
SINGLE_PARAMETERS = (*BATCH_PARAMETERS, "explain", *OF_TITLES)
"""The names that routes of many pictures have, and that of one."""

NO_PARAMETERS = Parameters()
"""Of a request without a query."""


def read_parameters(query: MultiDict[str, str], classes: int, names: Sequence[str]) -> Parameters:
    """Parse the parameters of a route.

    Args:
        query: of the request.
        classes: how many the release has.
        names: that the route has.

    Raises:
        BadRequest: another name, or a value that these cannot have.
    """
    for name in query:
        if name not in names:
            few = ", ".join(f"`{parameter}`" for parameter in names)
            raise BadRequest(f"The query parameter `{name}` is unknown. This route has {few}.")
    top = _read_top(query.get("top"), classes)
    titles = {name: query.getlist(name) for name in OF_TITLES if name in query}
    return Parameters(top, _read_switch("seen", query), _read_switch("explain", query), titles)


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
