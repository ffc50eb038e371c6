"""Make the JSON object that answers a picture, with the extra fields that its request asks for.

docs/reference/http.md explains the fields to clients.
"""

import base64

from app.prediction.answer_fields import (
    LikelyFields,
    PredictionFields,
    ProvenanceFields,
    create_prediction_fields,
)
from app.prediction.outcomes import ClassifiedPicture
from app.prediction.parameters import QueryParameters
from app.prediction.platform_categories import LocalizedCategories
from inference.classifier import LabelAnswer


def create_picture_answer(
    picture: ClassifiedPicture,
    parameters: QueryParameters,
    categories: LocalizedCategories | None = None,
) -> PredictionFields:
    """Return the JSON object that answers one picture, with the unrounded probability of every class.

    Args:
        picture: the picture with its prediction, and with whatever the client asked for besides.
        parameters: the query parameters, which choose the extra fields.
        categories: the categories of the operator's shop system; None if none are configured.
    """
    answer = create_prediction_fields(picture.prediction)
    if picture.is_enlarged:
        answer["enlarged"] = True
    if categories is not None:
        answer["category"] = categories.classes[picture.prediction.answer.class_id]
        for name, attribute_categories in categories.attributes.items():
            if attribute_answer := picture.prediction.attributes.get(name):
                category = attribute_categories[attribute_answer.class_id]
                answer["attributes"][name]["category"] = category
    if parameters.top is not None:
        answer["top"] = _list_likeliest(picture.prediction.answer, parameters.top)
    if picture.seen is not None:
        answer["seen"] = _encode_data_url(picture.seen)
    if picture.explained is not None:
        answer["explanation"] = {
            "label": picture.prediction.answer.label,
            "drops": picture.explained.drops.tolist(),
            "heat_map": _encode_data_url(picture.explained.heat_map),
        }
    return answer


def create_provenance_fields(version: str, request_id: str) -> ProvenanceFields:
    """Return the fields that name the release that answered, and the request."""
    return {"model": {"version": version}, "request_id": request_id}


def _encode_data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _list_likeliest(answer: LabelAnswer, count: int) -> list[LikelyFields]:
    return [
        {"label": answer.labels[index], "class_id": index, "probability": float(answer.probabilities[index])}
        for index in answer.rank_labels(count)
    ]
