"""The fields of the answers of `/predict` and `/predict/batch`, as types with descriptions.

The schemas of /openapi.json are made from these types, so each description is read by clients. Nothing is
validated while a request is answered, but mypy checks the names of the fields where an answer is made. A
field that is `NotRequired` is in the answer only if its description says so.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NotRequired, TypedDict

from pydantic import Field, WithJsonSchema

from inference.classifier import LabelAnswer, Prediction
from inference.contract import PARTS
from inference.decision import Decision
from inference.reasons import ReasonPlace, find_reasons
from model_store.manifest import Share

SCHEMAS: Final = "#/components/schemas/"
"""Beginning of a reference to a schema of the OpenAPI document."""

PNG_PATTERN: Final = "^data:image/png;base64,"
"""Pattern of the beginning of a PNG that is sent as a data: URL."""

DROPS_SCHEMA: Final = {
    "description": (
        "Eight rows of eight drops, from the top left. A drop is positive if the hidden square speaks for "
        "the label."
    ),
    "type": "array",
    "minItems": 8,
    "maxItems": 8,
    "items": {
        "type": "array",
        "minItems": 8,
        "maxItems": 8,
        "items": {"type": "number", "minimum": -1, "maximum": 1},
    },
}
"""Schema of `drops`: by how much the probability of the label falls if one of 8 x 8 squares is hidden."""

BATCH_ITEMS_SCHEMA: Final = {
    "type": "array",
    "items": {"anyOf": [{"$ref": f"{SCHEMAS}NamedPrediction"}, {"$ref": f"{SCHEMAS}FailedItem"}]},
}
"""Schema of the answers to a batch: a prediction or an error for each picture."""


def refer_to_schema(name: str) -> WithJsonSchema:
    """Return an annotation that replaces the schema of a type by one of openapi.json, such as `Label`."""
    return WithJsonSchema({"$ref": f"{SCHEMAS}{name}"})


def describe_reasons(place: ReasonPlace) -> WithJsonSchema:
    """Return the JSON schema of a field `reason`: the possible values, each with its meaning.

    Args:
        place: the object of the answer that has the field, such as an attribute. The possible values depend
            on it.
    """
    reasons = find_reasons([place])
    meanings = " ".join(f"`{reason}`: {reason.sentence}" for reason in reasons)
    return WithJsonSchema(
        {
            "description": f"Why a person should look; null with `accept`. {meanings}",
            "type": ["string", "null"],
            "enum": [*map(str, reasons), None],
        }
    )


LabelField = Annotated[str, refer_to_schema("Label")]
ClassIdField = Annotated[int, Field(description="Index of the label.", ge=0)]
ConfidenceField = Annotated[Share, Field(description="The probability of `label`, calibrated.")]
DecisionField = Annotated[Decision, Field(description="`accept` the label, or let a person `review` it.")]
RequestIdField = Annotated[str, refer_to_schema("RequestId")]
FileNameField = Annotated[str, refer_to_schema("FileName")]


class LikelyFields(TypedDict):
    """The fields of a class in `top`, the list of the likeliest ones."""

    label: LabelField
    class_id: ClassIdField
    probability: Share


class CategoryFields(TypedDict):
    """The fields of the category that the operator's shop system uses for a label."""

    id: Annotated[str, Field(description="The category's id in the operator's platform.")]
    name: Annotated[
        str | None,
        Field(description="The name in the language that Accept-Language prefers; null without any name."),
    ]
    names: Annotated[Mapping[str, str], Field(description="The names by language.")]


class ExplanationFields(TypedDict):
    """The fields of an explanation: by how much the label's probability falls if a square is hidden."""

    label: LabelField
    drops: Annotated[list[list[float]], WithJsonSchema(DROPS_SCHEMA)]
    heat_map: Annotated[
        str,
        Field(
            description="The drops as a PNG to lay over the model's input, as a data: URL: red speaks for "
            "the label, blue against it.",
            pattern=PNG_PATTERN,
        ),
    ]


class AttributeFields(TypedDict):
    """The fields of the answer to a further question about a picture, such as its colour."""

    label: Annotated[str, Field(description="The likeliest label of the attribute.")]
    confidence: ConfidenceField
    decision: DecisionField
    reason: Annotated[str | None, describe_reasons(ReasonPlace.ATTRIBUTE)]
    also: Annotated[
        list[str],
        Field(description="Further labels with a probability of at least .25, the likeliest first."),
    ]
    probabilities: Annotated[
        Mapping[str, Share],
        Field(description="The probability of every label, unrounded, in index order."),
    ]
    category: NotRequired[
        Annotated[
            CategoryFields,
            Field(
                description="The category of the label in the operator's shop system; only if the operator's "
                "file has the attribute."
            ),
        ]
    ]


class PredictionFields(TypedDict):
    """The fields of the answer to a picture alone."""

    label: LabelField
    class_id: ClassIdField
    confidence: ConfidenceField
    familiarity: Annotated[
        Share | None,
        Field(
            description="How similar the picture is to the training data; null if the model does not measure "
            "it."
        ),
    ]
    decision: DecisionField
    reason: Annotated[str | None, describe_reasons(ReasonPlace.ANSWER)]
    probabilities: Annotated[Mapping[str, Share], refer_to_schema("Probabilities")]
    attributes: NotRequired[
        Annotated[
            dict[str, AttributeFields],
            Field(
                description="The answers about attributes, such as the colour, by their names; only if the "
                "network that answered has attributes."
            ),
        ]
    ]
    enlarged: NotRequired[
        Annotated[
            bool,
            Field(
                description="True if the picture is smaller than the model's input and was enlarged (framing "
                "`whole`), so that details may be missing; absent otherwise."
            ),
        ]
    ]
    category: NotRequired[
        Annotated[
            CategoryFields,
            Field(
                description="The category of the label in the operator's shop system; only if categories are "
                "configured."
            ),
        ]
    ]
    top: NotRequired[
        Annotated[
            Sequence[LikelyFields],
            Field(description="The likeliest classes, the likeliest first; only with `top=K`."),
        ]
    ]
    seen: NotRequired[
        Annotated[
            str,
            Field(
                description="The model's input as a PNG, as a data: URL; only with `seen=1`.",
                pattern=PNG_PATTERN,
            ),
        ]
    ]
    explanation: NotRequired[
        Annotated[
            ExplanationFields,
            Field(
                description="The contribution of each part of the picture to the answer; only with "
                "`explain=1`, for one picture."
            ),
        ]
    ]


class ListedFields(TypedDict):
    """The fields of `listed`, the decision about a picture and its title together."""

    kinds: Annotated[
        list[str],
        Field(description="The kinds of garments that the title names; empty if it names none."),
    ]
    label: Annotated[str, Field(description="A class, or `none of these`.")]
    kind: Annotated[
        str | None,
        Field(description="The kind of the garment, such as `skirt`; null if it is not known."),
    ]
    decision: DecisionField
    reason: Annotated[str | None, describe_reasons(ReasonPlace.LISTED)]
    confidence: Annotated[
        float,
        WithJsonSchema(
            {
                "description": "The probability of the accepted class by title and picture. In a review, or "
                "if the title names no garment, that of the picture's own class.",
                "type": "number",
                "minimum": 0,
                "maximum": 1,
            }
        ),
    ]
    part: NotRequired[
        Annotated[
            str,
            Field(
                description="The part of the picture that shows the accepted garment, if the whole picture "
                "does not show it clearly enough; absent otherwise.",
                json_schema_extra={"enum": [*PARTS]},
            ),
        ]
    ]


class ModelReferenceFields(TypedDict):
    """The fields that name the release that answered."""

    version: Annotated[str, Field(description="UTC time, and the first digits of the hash of the release.")]


class ProvenanceFields(TypedDict):
    """The fields that say which release answered, and which request."""

    model: ModelReferenceFields
    request_id: RequestIdField


class TitledFields(TypedDict):
    """The field that is added to an answer if the client has sent a title with the picture."""

    listed: NotRequired[ListedFields]


class PredictAnswerFields(PredictionFields, TitledFields, ProvenanceFields):
    """The fields of the answer of `/predict`."""


class FileFields(TypedDict):
    """The field with the name of the file that an answer of a batch is about."""

    name: NotRequired[FileNameField]


class NamedPredictionFields(PredictionFields, FileFields):
    """The fields of the answer to one picture of a batch."""


class FailedItemFields(FileFields):
    """The fields of the answer to a picture of a batch that cannot be classified."""

    error: Annotated[Mapping[str, object], refer_to_schema("ItemProblem")]


class BatchAnswerFields(ProvenanceFields):
    """The fields of the answer of `/predict/batch`."""

    predictions: Annotated[list[NamedPredictionFields | FailedItemFields], WithJsonSchema(BATCH_ITEMS_SCHEMA)]


def create_prediction_fields(prediction: Prediction) -> PredictionFields:
    """Return the fields of the answer to a picture: class, confidence, decision, and all probabilities."""
    answer = prediction.answer
    fields: PredictionFields = {
        "label": answer.label,
        "class_id": answer.class_id,
        "confidence": answer.confidence,
        "familiarity": prediction.familiarity,
        "decision": answer.decision,
        "reason": answer.reason,
        "probabilities": answer.label_probabilities,
    }
    if prediction.attributes:
        fields["attributes"] = {
            name: _create_attribute_fields(head_answer) for name, head_answer in prediction.attributes.items()
        }
    return fields


def _create_attribute_fields(answer: LabelAnswer) -> AttributeFields:
    return {
        "label": answer.label,
        "confidence": answer.confidence,
        "decision": answer.decision,
        "reason": answer.reason,
        "also": answer.also,
        "probabilities": answer.label_probabilities,
    }
