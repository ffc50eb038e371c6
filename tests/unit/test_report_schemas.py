"""The report's part of the HTTP contract: each field is described, and a changed text is seen in the diff.

If a text changes on purpose, write the new ones: python -m tests.unit.test_report_schemas
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.api.schemas import Json, create_report_schemas, list_inner_types
from model_store.manifest import FrozenModel
from reports.promises import Promise
from reports.values import Report

TEXTS = Path(__file__).parents[1] / "fixtures" / "report-texts.json"


def texts_of(schemas: Json) -> dict[str, str]:
    """Return the texts of all types and properties, by `Type` and `Type.property`."""
    texts = {name: schema["description"] for name, schema in schemas.items()}
    return texts | {
        f"{name}.{key}": of.get("description", "")
        for name, schema in schemas.items()
        for key, of in schema["properties"].items()
    }


def references_in(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of a schema refers to."""
    if isinstance(schema, dict):
        yield from (value.rpartition("/")[2] for key, value in schema.items() if key == "$ref")
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from references_in(part)


def test_the_texts_of_the_report_are_those_that_clients_were_given() -> None:
    assert texts_of(create_report_schemas()) == json.loads(TEXTS.read_text("utf-8"))


def test_every_schema_that_a_report_refers_to_is_there() -> None:
    schemas = create_report_schemas()

    assert {*references_in(schemas)} == ({*schemas} - {"Report"}) | {"Share"}


def test_a_type_is_found_by_the_fields_of_a_report_and_not_by_its_name() -> None:
    class Example(FrozenModel):
        """Another type of this name, which no report has."""

    class Outer(FrozenModel):
        inner: dict[str, tuple[Promise, ...]] | None = None

    assert Example not in list_inner_types(Report)
    assert list_inner_types(Outer) == [Outer, Promise]


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_python_without_docstrings_serves_the_texts_too(option: str) -> None:
    code = (
        "import json; from app.api.schemas import create_report_schemas as schemas; "
        "print(json.dumps(schemas()))"
    )

    printed = subprocess.run([sys.executable, option, "-c", code], capture_output=True, check=True).stdout

    assert json.loads(printed) == json.loads(json.dumps(create_report_schemas()))


if __name__ == "__main__":
    TEXTS.write_text(json.dumps(texts_of(create_report_schemas()), indent=1, sort_keys=True) + "\n", "utf-8")
