"""The JSON of a prediction.

Pure: values in, dictionaries out. The field names are the HTTP contract; docs/reference/http.md lists them.
"""

import base64
from typing import Any

from app.prediction.classify_items import ClassifiedPicture
from app.prediction.parameters import Parameters
from app.prediction.platform_categories import NamedCategories
from inference.classifier import Answer


def create_answer(
    classified: ClassifiedPicture,
    parameters: Parameters,
    categories: NamedCategories | None = None,
) -> dict[str, Any]:
    """The answer for one picture; probabilities in index order and unrounded.

    `explanation` has the class that it is about, the drops in rows, and the same as a picture.

    Args:
        classified: the prediction, and what was encoded with it.
        parameters: of the query.
        categories: the platform's own, in index order; None where it has none.
    """
    answer = classified.prediction.as_answer()
    if classified.enlarged:
        answer["enlarged"] = True
    if categories is not None:
        answer["category"] = categories.classes[classified.prediction.answer.class_id]
        for name, of in categories.attributes.items():
            if head_answer := classified.prediction.attributes.get(name):
                answer["attributes"][name]["category"] = of[head_answer.class_id]
    if parameters.top is not None:
        answer["top"] = _list_likeliest(classified.prediction.answer, parameters.top)
    if classified.seen is not None:
        answer["seen"] = _encode_data_url(classified.seen)
    if classified.explained is not None:
        answer["explanation"] = {
            "label": classified.prediction.answer.label,
            "drops": classified.explained.drops.tolist(),
            "heat_map": _encode_data_url(classified.explained.heat_map),
        }
    return answer


def _encode_data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _list_likeliest(answer: Answer, count: int) -> list[dict[str, Any]]:
    return [
        {"label": answer.labels[index], "class_id": index, "probability": float(answer.probabilities[index])}
        for index in answer.likeliest(count)
    ]
