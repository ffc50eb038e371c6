"""Types to JSON Schema 2020-12: the components of the document, described in their own docstrings.

Pure. What is told of a field stands where the field is declared: below it, or in its class's `Attributes:`.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

Json: TypeAlias = dict[str, Any]

PREFIX = "#/components/schemas/"

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""One line of a Google-style `Attributes:`, with the lines that go on with it."""


class _Untitled(GenerateJsonSchema):
    """Without a title for every field, which would be its name again."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Json]:
    """The schema of each model, and of all that these hold, by name."""
    _, whole = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=PREFIX + "{model}",
        schema_generator=_Untitled,
    )
    return {name: _described(schema) for name, schema in whole["$defs"].items()}


def reference(model: type[BaseModel] | str) -> Json:
    """What points at a schema of the document."""
    return {"$ref": PREFIX + (model if isinstance(model, str) else model.__name__)}


def told_labels(schemas: dict[str, Json], labels: tuple[str, ...]) -> dict[str, Json]:
    """The schemas with the class names of one release: of labels, and of the probabilities' properties."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    probabilities = schemas["Probabilities"] | {
        "properties": dict.fromkeys(labels, share),
        "required": list(labels),
        "additionalProperties": False,
    }
    return schemas | {
        "Label": schemas["Label"] | {"enum": list(labels)},
        "Probabilities": probabilities,
    }


def _described(schema: Json) -> Json:
    """The schema with what its docstring says of attributes moved to these."""
    text, _, attributes = schema.get("description", "").partition("\n\nAttributes:\n")
    properties: dict[str, Json] = schema.get("properties", {})
    told = {name: " ".join(line.split()) for name, line in _ATTRIBUTE.findall(attributes)}
    described = {
        name: field | ({"description": told[name]} if name in told else {})
        for name, field in properties.items()
    }
    kept = {key: value for key, value in schema.items() if key != "title"}
    return (
        kept
        | ({"description": " ".join(text.split())} if text else {})
        | ({"properties": described} if properties else {})
    )
