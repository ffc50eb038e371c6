"""The JSON of a prediction.

Pure: values in, dictionaries out. The field names are the HTTP contract; docs/reference/http.md lists them.
"""

import base64
from typing import Any

from app.prediction.categories import Fields
from app.prediction.parameters import Parameters
from app.prediction.predictor import Classified
from inference.classifier import Prediction


def answer_of(
    classified: Classified,
    labels: tuple[str, ...],
    parameters: Parameters,
    categories: tuple[Fields, ...] | None = None,
) -> dict[str, Any]:
    """The answer for one picture; probabilities in index order and unrounded.

    `explanation` has the class that it is about, the drops in rows, and the same as a picture.

    Args:
        classified: the prediction, and what was encoded with it.
        labels: in index order.
        parameters: of the query.
        categories: the platform's own, in index order; None where it has none.
    """
    answer = classified.prediction.as_answer(labels)
    if classified.enlarged:
        answer["enlarged"] = True
    if categories is not None:
        answer["category"] = categories[classified.prediction.class_id]
    if parameters.top is not None:
        answer["top"] = _likeliest(classified.prediction, labels, parameters.top)
    if classified.seen is not None:
        answer["seen"] = _data_url(classified.seen)
    if classified.explained is not None:
        answer["explanation"] = {
            "label": classified.prediction.label,
            "drops": classified.explained.drops.tolist(),
            "heat_map": _data_url(classified.explained.heat_map),
        }
    return answer


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _likeliest(prediction: Prediction, labels: tuple[str, ...], count: int) -> list[dict[str, Any]]:
    return [
        {"label": labels[index], "class_id": index, "probability": float(prediction.probabilities[index])}
        for index in prediction.likeliest(count)
    ]
