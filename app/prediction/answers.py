"""The JSON of a prediction, and the query parameters that shape it.

Pure: values in, dictionaries out. The field names are the HTTP contract; docs/reference/http.md lists them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import BadRequest
from app.prediction.categories import Fields
from app.prediction.predictor import Classified
from inference.classifier import Prediction
from inference.explanation import Drops, heat_map
from inference.pixels import pixels_to_png

SWITCH = {"0": False, "1": True, "false": False, "true": True}


@dataclass(frozen=True)
class Parameters:
    """What the query of a request adds to its answer.

    Attributes:
        top: how many of the likeliest classes to list; None lists none.
        seen: whether to add the pixels that the model saw, as a PNG.
        explain: whether to add what each part of them adds to the answer.
    """

    top: int | None = None
    seen: bool = False
    explain: bool = False


PLAIN = Parameters()
"""Of a request without a query."""


def read_parameters(query: Mapping[str, str], classes: int) -> Parameters:
    """Parse `top`, `seen` and `explain`.

    Raises:
        BadRequest: another name, or a value that these cannot have.
    """
    for name in query:
        if name not in ("top", "seen", "explain"):
            raise BadRequest(f"`{name}` is no query parameter here; `top`, `seen` and `explain` are.")
    top = _read_top(query.get("top"), classes)
    return Parameters(top, _read_switch("seen", query), _read_switch("explain", query))


def answer_of(
    classified: Classified,
    labels: tuple[str, ...],
    parameters: Parameters,
    categories: tuple[Fields, ...] | None = None,
) -> dict[str, Any]:
    """The answer for one picture; probabilities in index order and unrounded.

    Args:
        classified: the prediction and its pixels.
        labels: in index order.
        parameters: of the query.
        categories: the platform's own, in index order; None where it has none.
    """
    answer = classified.prediction.as_answer(labels)
    if classified.seen.enlarged:
        answer["enlarged"] = True
    if categories is not None:
        answer["category"] = categories[classified.prediction.class_id]
    if parameters.top is not None:
        answer["top"] = _likeliest(classified.prediction, labels, parameters.top)
    if parameters.seen:
        answer["seen"] = _data_url(pixels_to_png(classified.seen.pixels))
    return answer


def explanation_of(drops: Drops, classified: Classified) -> dict[str, Any]:
    """The answer's `explanation`: the class that it is about, the drops in rows, the same as a picture."""
    height, width = classified.seen.pixels.shape[:2]
    return {
        "label": classified.prediction.label,
        "drops": drops.tolist(),
        "heat_map": _data_url(heat_map(drops, height, width)),
    }


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _likeliest(prediction: Prediction, labels: tuple[str, ...], count: int) -> list[dict[str, Any]]:
    return [
        {"label": labels[index], "class_id": index, "probability": float(prediction.probabilities[index])}
        for index in prediction.likeliest(count)
    ]


def _read_top(text: str | None, classes: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= classes):
        raise BadRequest(f"`top` is {text[:20]!r}; it must be a whole number from 1 to {classes}.")
    return int(text)


def _read_switch(name: str, query: Mapping[str, str]) -> bool:
    text = query.get(name, "0")
    if text not in SWITCH:
        raise BadRequest(f"`{name}` is {text[:20]!r}; it must be 1 or 0.")
    return SWITCH[text]
