"""Create the schemas of a report in the HTTP contract, from the types that parse a report.

reports/values.py defines the fields and their descriptions. The contract differs from pydantic's schemas in
three points: it has no titles, a share refers to the schema `Share`, and a field that may be null has
`"type": ["number", "null"]`. A field that is left out if it is empty is never null.
"""

import types
from functools import cache
from typing import Any, Final, TypeAlias, get_args

from pydantic.fields import FieldInfo

from model_store.manifest import FrozenModel
from reports.values import Report

Json: TypeAlias = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/"


@cache
def create_report_schemas() -> Json:
    """Return the JSON schemas of an evaluation (`Report`) and of all types within it, by type name."""
    return {kind.__name__: _create_schema(kind) for kind in types_within(Report)}


def types_within(kind: type[FrozenModel]) -> list[type[FrozenModel]]:
    """Return a type and all types of its fields, of their fields, and so on, each once.

    Args:
        kind: a type of immutable values, whose fields are searched.
    """
    found = dict.fromkeys([kind])
    for field in kind.model_fields.values():
        for inner in _types_in_annotation(field.annotation):
            found |= dict.fromkeys(types_within(inner))
    return list(found)


def _types_in_annotation(annotation: object) -> list[type[FrozenModel]]:
    """Return the FrozenModel types in an annotation such as `dict[str, tuple[Promise, ...]] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, FrozenModel) else []
    return [kind for inner in get_args(annotation) for kind in _types_in_annotation(inner)]


def _create_schema(kind: type[FrozenModel]) -> Json:
    """Return the JSON schema of one type, with references to the schemas of other types."""
    schema = kind.model_json_schema(mode="serialization", ref_template=f"{_SCHEMAS}{{model}}")
    schema = {key: value for key, value in schema.items() if key not in {"title", "$defs"}}
    properties = {
        name: _create_property(schema["properties"][name], field) for name, field in kind.model_fields.items()
    }
    required = [name for name, field in kind.model_fields.items() if field.exclude_if is None]
    return schema | {"properties": properties, "required": required}


def _create_property(schema: Json, field: FieldInfo) -> Json:
    """Return the JSON schema of a field, in the form that the OpenAPI document uses."""
    plain = {key: value for key, value in schema.items() if key not in {"title", "default"}}
    if (is_left_out := field.exclude_if) is not None:
        if "anyOf" in plain and is_left_out(None):
            plain |= plain.pop("anyOf")[0]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        plain |= {"default": default} if default and not is_left_out(default) else {}
    return dict(_convert_to_contract(plain))


def _convert_to_contract(schema: Any) -> Any:  # noqa: ANN401 - a part of a schema, of whatever kind
    """Return a part of a JSON schema with references to Share, and with null as a second type."""
    if isinstance(schema, list):
        return [_convert_to_contract(part) for part in schema]
    if isinstance(schema, float) and schema.is_integer():
        return int(schema)
    match schema:
        case {"anyOf": [{"type": "array"}, _]}:
            pass
        case {"anyOf": [{"type": kind, **limits}, {"type": "null"}], **more}:
            return more | limits | {"type": [kind, "null"]}
        case {"type": "number", "minimum": 0, "maximum": 1, **more}:
            return {"$ref": f"{_SCHEMAS}Share"} | more
        case {"$ref": reference} if reference == f"{_SCHEMAS}JsonValue":
            return True
    return (
        {key: _convert_to_contract(of) for key, of in schema.items()} if isinstance(schema, dict) else schema
    )
