"""The JSON of a prediction, and the query parameters that shape it.

Pure: values in, dictionaries out. The field names are the HTTP contract; docs/http.md lists them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import BadRequest
from app.prediction.categories import Fields
from app.prediction.predictor import Classified
from inference.classifier import Prediction
from inference.pixels import pixels_to_png

SWITCH = {"0": False, "1": True, "false": False, "true": True}


@dataclass(frozen=True)
class Extras:
    """What a client asks for beyond the plain answer.

    Attributes:
        top: how many of the likeliest classes to list; None lists none.
        seen: whether to add the 28 x 28 picture that the model saw.
    """

    top: int | None
    seen: bool


PLAIN = Extras(top=None, seen=False)
"""What most clients ask for."""


def read_extras(query: Mapping[str, str], classes: int) -> Extras:
    """Parse `top` and `seen`.

    Raises:
        BadRequest: another name, or a value that these cannot have.
    """
    for name in query:
        if name not in ("top", "seen"):
            raise BadRequest(f"`{name}` is no query parameter here; `top` and `seen` are.")
    return Extras(_read_top(query.get("top"), classes), _read_seen(query.get("seen", "0")))


def answer_of(
    classified: Classified,
    labels: tuple[str, ...],
    extras: Extras,
    categories: tuple[Fields, ...] | None = None,
) -> dict[str, Any]:
    """The answer for one picture; probabilities in index order and unrounded.

    Args:
        classified: the prediction and its pixels.
        labels: in index order.
        extras: what the client asked for beyond.
        categories: the platform's own, in index order; None where it has none.
    """
    answer = classified.prediction.as_answer(labels)
    if categories is not None:
        answer["category"] = categories[classified.prediction.class_id]
    if extras.top is not None:
        answer["top"] = _likeliest(classified.prediction, labels, extras.top)
    if extras.seen:
        png = base64.b64encode(pixels_to_png(classified.pixels)).decode()
        answer["seen"] = f"data:image/png;base64,{png}"
    return answer


def _likeliest(prediction: Prediction, labels: tuple[str, ...], count: int) -> list[dict[str, Any]]:
    # A stable sort of the negated values keeps the lower index first among equals, as argmax does.
    order = (-prediction.probabilities).argsort(kind="stable")[:count]
    return [
        {
            "label": labels[index],
            "class_id": int(index),
            "probability": float(prediction.probabilities[index]),
        }
        for index in order
    ]


def _read_top(text: str | None, classes: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= classes):
        raise BadRequest(f"`top` is {text[:20]!r}; it must be a whole number from 1 to {classes}.")
    return int(text)


def _read_seen(text: str) -> bool:
    if text not in SWITCH:
        raise BadRequest(f"`seen` is {text[:20]!r}; it must be 1 or 0.")
    return SWITCH[text]
