"""The schemas of a report, of the types that parse it: reports/values.py alone says what a field is.

The docstring of a type is the description of its schema, each of its Attributes that of a property. Fields
that are left out where there is nothing to say are never null.
"""

import inspect
import re
from functools import cache
from typing import Any, Final, TypeAlias

from model_store.manifest import Frozen
from reports.values import Report

Json: TypeAlias = dict[str, Any]

_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.+(?:\n {5,}.+)*)", re.MULTILINE)
"""A name, and what is said of it, perhaps on several lines."""


@cache
def schemas_of_report() -> Json:
    """Report, and what is in one, by name."""
    report = Report.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas = {**report.pop("$defs"), "Report": report}
    del report["additionalProperties"]  # older reports have further fields
    types = _types()
    return {name: _described(types[name], of) if name in types else of for name, of in schemas.items()}


def _types(of: type[Frozen] = Frozen) -> dict[str, type[Frozen]]:
    """Types of values by their names."""
    found: dict[str, type[Frozen]] = {}
    for kind in of.__subclasses__():
        found |= {kind.__name__: kind} | _types(kind)
    return found


def _described(kind: type[Frozen], schema: Json) -> Json:
    """A type's schema, with what its docstring says in the places where readers of a contract look."""
    docstrings = [inspect.cleandoc(base.__doc__ or "") for base in reversed(kind.__mro__)]
    of_each = dict(found for text in docstrings for found in _ATTRIBUTE.findall(text))
    there = [name for name, field in kind.model_fields.items() if field.exclude_if is None]
    return schema | {
        "description": " ".join(docstrings[-1].partition("\n\nAttributes:\n")[0].split()),
        "properties": {
            name: _property(of, of_each.get(name, ""), is_there=name in there)
            for name, of in schema["properties"].items()
        },
        "required": there,
    }


def _property(schema: Json, said: str, *, is_there: bool) -> Json:
    schema = {key: value for key, value in schema.items() if key not in {"title", "default"}}
    if not is_there and "anyOf" in schema:
        schema |= schema.pop("anyOf")[0]
    text = re.sub(r"\bNone\b", "null" if is_there else "absent", " ".join(said.split()))
    text = text if is_there else re.sub(r"\bempty(?= in| where)", "absent", text)
    return schema | ({"description": text[:1].upper() + text[1:]} if text else {})
