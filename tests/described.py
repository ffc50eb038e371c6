"""An OpenAPI document as a test uses it: is this answer one that it describes, to the last field?"""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

Json = dict[str, Any]


SOMETIMES = ("X-RateLimit", "Accept-Encoding")
"""How headers begin that a status has with some settings, or for some of its reasons."""


class Described:
    """What a document says of answers.

    Args:
        document: OpenAPI 3.1.
    """

    def __init__(self, document: Json) -> None:
        self.document: Json = _inlined(document, document["components"])
        self._components = {"schemas": _closed(document["components"]["schemas"])}

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """Every method, path and Operation Object."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method, path, operation

    def response(self, method: str, path: str, status: int) -> Json:
        """The Response Object; KeyError where the status is not described."""
        response: Json = self.document["paths"][path][method.lower()]["responses"][str(status)]
        return response

    def complaints(self, method: str, path: str, answer: TestResponse) -> list[str]:
        """How an answer differs from what is described: its status, type, headers, and every field."""
        response = self.response(method, path, answer.status_code)
        missing = [
            f"no header {name}"
            for name in response.get("headers", {})
            if name not in answer.headers and not name.startswith(SOMETIMES)
        ]
        contents = response.get("content", {})
        if answer.mimetype not in contents:
            return [*missing, *([f"content of type {answer.mimetype}"] if answer.data else [])]
        schema = contents[answer.mimetype].get("schema")
        types = contents[answer.mimetype].get("x-problem-types")
        if types is not None and answer.get_json()["type"] not in types:
            missing.append(f"problem of type {answer.get_json()['type']}")
        return missing + (self.mismatches(schema, answer.get_json()) if schema else [])

    def mismatches(self, schema: Json, value: object) -> list[str]:
        """Where a value is not what a schema of the document says, fields that it does not name included."""
        whole = Draft202012Validator(_closed_below(schema) | {"components": self._components})
        return [f"{error.json_path}: {error.message[:300]}" for error in whole.iter_errors(value)]


def _inlined(value: Any, components: Json) -> Any:
    """The value with every reference replaced by what it names, except those to schemas."""
    if isinstance(value, list):
        return [_inlined(inner, components) for inner in value]
    if not isinstance(value, dict):
        return value
    _, _, kind, name = value.get("$ref", "#//schemas/").split("/", 3)
    if kind != "schemas":
        return _inlined(components[kind][name], components)
    return {key: _inlined(inner, components) for key, inner in value.items()}


def _closed(schemas: Json) -> Json:
    """The schemas without room for fields that they do not name, at any depth."""
    parts = {part.get("$ref") for schema in schemas.values() for part in schema.get("allOf", [])}
    return {
        name: _closed_below(schema, itself=f"#/components/schemas/{name}" not in parts)
        for name, schema in schemas.items()
    }


def _closed_below(value: Any, *, itself: bool = True) -> Any:
    """A part of a schema likewise; the parts of an `allOf` leave room for one another's fields."""
    if isinstance(value, list):
        return [_closed_below(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _closed_below(inner) for key, inner in value.items() if key != "allOf"}
    if "allOf" in value:
        closed["allOf"] = [_closed_below(part, itself=False) for part in value["allOf"]]
    is_object = value.keys() & {"allOf", "$ref"} or isinstance(value.get("properties"), dict)
    room = {"additionalProperties", "unevaluatedProperties"} & value.keys()
    return closed | ({"unevaluatedProperties": False} if itself and is_object and not room else {})
