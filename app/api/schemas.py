"""Create the JSON schemas of reports and answers for the OpenAPI document, from the types of their values.

The types and the descriptions of their fields are in reports/ and in app/prediction/answer_fields.py.
The document differs from pydantic's schemas in three points:

1. It has no titles.
2. A number from 0 to 1 refers to the schema `Share`.
3. A field that may be null has `"type": ["number", "null"]`. If such a field is left out of the JSON instead,
   its schema has no null.
"""

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NotRequired, TypeAlias, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter, WithJsonSchema
from pydantic.fields import FieldInfo

from app.prediction.answer_fields import (
    SCHEMAS,
    AttributeFields,
    BatchAnswerFields,
    CategoryFields,
    ExplanationFields,
    FailedItemFields,
    LikelyFields,
    ListedFields,
    ModelReferenceFields,
    NamedPredictionFields,
    PredictAnswerFields,
    PredictionFields,
)
from inference.contract import ACCEPT_NOTHING
from model_store.manifest import FrozenModel
from reports.values import Report

Json: TypeAlias = dict[str, Any]

ANSWER_TYPES: Final = (
    AttributeFields,
    BatchAnswerFields,
    CategoryFields,
    ExplanationFields,
    FailedItemFields,
    LikelyFields,
    ListedFields,
    ModelReferenceFields,
    NamedPredictionFields,
    PredictAnswerFields,
    PredictionFields,
)
"""Types of the objects in an answer. The schema of `AttributeFields` is called `Attribute`, and so on."""


@cache
def create_report_schemas() -> Json:
    """Return the JSON schemas of `Report`, the stored evaluation, and of all types within it, by name."""
    return {kind.__name__: _create_schema(kind) for kind in list_inner_types(Report)}


def list_inner_types(kind: type[FrozenModel]) -> list[type[FrozenModel]]:
    """Return a type, the types of its fields, the types of their fields, and so on, each once."""
    found = dict.fromkeys([kind])
    for field in kind.model_fields.values():
        for inner in _list_types_in_annotation(field.annotation):
            found |= dict.fromkeys(list_inner_types(inner))
    return list(found)


def _list_types_in_annotation(annotation: object) -> list[type[FrozenModel]]:
    """Return the FrozenModel types in an annotation such as `dict[str, tuple[Promise, ...]] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, FrozenModel) else []
    return [kind for inner in get_args(annotation) for kind in _list_types_in_annotation(inner)]


def _create_schema(kind: type[FrozenModel]) -> Json:
    """Return the JSON schema of one type, with references to the schemas of other types."""
    schema = kind.model_json_schema(mode="serialization", ref_template=f"{SCHEMAS}{{model}}")
    schema = {key: value for key, value in schema.items() if key not in {"title", "$defs"}}
    properties = {
        name: _create_property(schema["properties"][name], field) for name, field in kind.model_fields.items()
    }
    required = [name for name, field in kind.model_fields.items() if field.exclude_if is None]
    return schema | {"properties": properties, "required": required}


def _create_property(schema: Json, field: FieldInfo) -> Json:
    """Return the JSON schema of a field of a report, in the form that the OpenAPI document uses."""
    plain = {key: value for key, value in schema.items() if key not in {"title", "default"}}
    if plain.get("maximum") == ACCEPT_NOTHING:  # app/releases/shown_values.py shows null in place of it
        plain |= {"type": ["number", "null"], "maximum": 1}
        plain["description"] = plain["description"].replace("above 1 if", "null if")
    if (is_left_out := field.exclude_if) is not None:
        if "anyOf" in plain and is_left_out(None):  # left out instead of null, so only the type remains
            plain |= plain.pop("anyOf")[0]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if default and not is_left_out(default):
            plain["default"] = default
    return dict(_convert_to_contract(plain))


def _convert_to_contract(schema: Any) -> Any:  # noqa: ANN401 - a part of a schema, of whatever kind
    """Return a part of a JSON schema in the form of the OpenAPI document, with all parts within it."""
    if isinstance(schema, list):
        return [_convert_to_contract(part) for part in schema]
    if isinstance(schema, float) and schema.is_integer():  # a bound, which pydantic writes as 0.0
        return int(schema)
    match schema:
        case {"anyOf": [{"type": "array"}, _]}:  # a list or null stays as pydantic writes it
            pass
        case {"anyOf": [{"type": kind, **limits}, {"type": "null"}], **more}:
            return more | limits | {"type": [kind, "null"]}
        case {"type": "number", "minimum": 0, "maximum": 1, **more}:
            return {"$ref": f"{SCHEMAS}Share"} | more
        case {"$ref": reference} if reference == f"{SCHEMAS}JsonValue":
            return True  # the schema of any value
    return (
        {key: _convert_to_contract(part) for key, part in schema.items()}
        if isinstance(schema, dict)
        else schema
    )


@cache
def create_answer_schemas() -> Json:
    """Return `properties` and `required` of each object in an answer, by the name of its schema.

    The answer to one picture, and that to a picture of a batch, have the fields of `Prediction` and further
    ones. For these two, only the further ones are returned.
    """
    return {get_schema_name(kind): _create_fields(kind) for kind in ANSWER_TYPES}


def get_schema_name(kind: type) -> str:
    """Return the name that the contract gives the schema of a type, such as `Attribute`."""
    return kind.__name__.removesuffix("Fields")


def _create_fields(kind: type) -> Json:
    has_base = kind in (PredictAnswerFields, NamedPredictionFields)
    inherited = get_type_hints(PredictionFields) if has_base else {}
    own = [name for name in get_type_hints(kind) if name not in inherited]
    annotations = get_type_hints(kind, include_extras=True)
    required = [name for name in own if get_origin(annotations[name]) is not NotRequired]
    properties = {name: _create_field(annotations[name]) for name in own}
    return {"properties": properties} | ({"required": required} if required else {})


def _create_field(annotation: Any) -> Json:  # noqa: ANN401 - an annotation, of whatever kind
    """Return the JSON schema of a field of an answer, with its description."""
    if get_origin(annotation) is NotRequired:
        (annotation,) = get_args(annotation)
    # Annotated[kind, mark, ...] has a description, or a schema that is written out, among its marks.
    kind, *marks = get_args(annotation) if hasattr(annotation, "__metadata__") else (annotation,)
    if explicit := [mark.json_schema for mark in marks if isinstance(mark, WithJsonSchema)]:
        return dict(explicit[-1] or {})
    if (reference := _refer_to_fields(kind)) is None:
        schema = TypeAdapter(annotation).json_schema()
        return dict(_convert_to_contract({key: value for key, value in schema.items() if key != "title"}))
    described = [mark.description for mark in marks if isinstance(mark, FieldInfo)]
    return reference | ({"description": described[-1]} if described else {})


def _refer_to_fields(kind: Any) -> Json | None:  # noqa: ANN401 - as above
    """Return a reference to the schema of an object, a list of objects, or objects by name.

    None for any other type, whose schema is written where it is used.
    """
    if is_typeddict(kind):
        return {"$ref": f"{SCHEMAS}{get_schema_name(kind)}"}
    *_, inner = get_args(kind) or (None,)
    if not is_typeddict(inner):
        return None
    reference = {"$ref": f"{SCHEMAS}{get_schema_name(inner)}"}
    if get_origin(kind) in (list, Sequence):
        return {"type": "array", "items": reference}
    return {"type": "object", "additionalProperties": reference}
