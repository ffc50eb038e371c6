"""The HTTP contract as OpenAPI 3.1: openapi.json, filled in for one release and its settings.

openapi.json is maintained by hand, except for the schemas of a report and the fields of an answer, which
schemas.py makes from types. This file fills in these, the languages of titles, the values of the settings
that the document names, and the labels, name, version and input size of the model. Parts about API keys and
rates stay only if these are configured. Tests compare the document with the routes of the app, with real
answers, and with problems.py.
"""

import json
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeAlias

from app import __version__
from app.api.schemas import create_answer_schemas, create_report_schemas
from app.payloads.request_title import list_title_languages
from app.releases.serving import ServedModel
from app.settings import Settings
from model_store.manifest import VERSION_PATTERN

Json: TypeAlias = dict[str, Any]

DOCUMENT = Path(__file__).with_name("openapi.json")
"""Path of the OpenAPI document, before it is filled in for one release."""

_VERSION_PATTERN = re.compile(VERSION_PATTERN)
"""Pattern of the version of a release in examples. The version of the served release replaces it."""

_SETTING_PATTERN = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
"""Pattern of the name of a setting in a description. The value of the setting is written behind it."""

_LABEL_EXAMPLES = ("Answer", "AnswerWithTopAndSeen", "BatchAnswer", "TfRows", "TfOutputs", "V2Answer")
"""Names of examples that are removed if the labels differ from the labels of the bundled release."""

_SIZE_EXAMPLES = ("Pixels", "TfNumbers", "V2Numbers")
"""Names of examples that are removed if the input size differs from that of the bundled release."""


def fill_document(model: ServedModel, settings: Settings, prefix: str = "") -> Json:
    """Return the OpenAPI document of the service, filled in with one release and the settings.

    Args:
        model: the release whose version, labels and input size the document has.
        settings: the settings, whose limits the document has.
        prefix: the path below which a proxy publishes the service, such as `/wardrobe`. If it is empty,
            clients use the folder of the document.
    """
    text = _VERSION_PATTERN.sub(model.version, DOCUMENT.read_text("utf-8"))
    document: Json = json.loads(_fill_limits(text, settings))
    document["servers"] = [{"url": prefix or "./"}]
    document["info"]["version"] = __version__
    document["components"]["schemas"] |= create_report_schemas()
    _fill_answers(document["components"]["schemas"])
    document["components"]["schemas"]["TitleLanguage"]["enum"] = list(list_title_languages())
    _fill_security(document, settings)
    _fill_model(document, model, settings)
    return document


def _fill_limits(text: str, settings: Settings) -> str:
    def add_value(setting: re.Match[str]) -> str:
        value = getattr(settings, setting[1].lower())
        return f"{setting[0]} ({value:,})" if isinstance(value, int) else f"{setting[0]} ({value})"

    return _SETTING_PATTERN.sub(add_value, text)


def _fill_answers(schemas: Json) -> None:
    """Fill in the fields of an answer, whose schemas have only a description in openapi.json."""
    for name, fields in deepcopy(create_answer_schemas()).items():
        schema = schemas[name]
        (schema["allOf"][-1] if "allOf" in schema else schema).update(fields)


def _fill_security(document: Json, settings: Settings) -> None:
    """Remove parts of the document that are not configured: API keys with status 401, and status 429."""
    absent = []
    if settings.api_keys_file is None:
        absent.append("401")
        del document["security"], document["components"]["securitySchemes"]
    if settings.rate_limit is None:
        absent.append("429")
    for operation in _iterate_operations(document):
        for status in absent:
            operation["responses"].pop(status, None)


def _fill_model(document: Json, model: ServedModel, settings: Settings) -> None:
    components = document["components"]
    schemas, parameters = components["schemas"], components["parameters"]
    labels = list(model.contract.labels)
    shape = model.contract.input.array_shape
    if labels != schemas["Label"]["enum"]:
        _remove_examples(document, _LABEL_EXAMPLES)
    if schemas["Pixels"] | _create_nested_schema(shape) != schemas["Pixels"]:
        _remove_examples(document, _SIZE_EXAMPLES)

    share = {"$ref": "#/components/schemas/Share"}
    schemas["Label"]["enum"] = labels
    schemas["Probabilities"] |= {"properties": dict.fromkeys(labels, share), "required": labels}
    if attributes := model.attributes:
        of = {name: {"$ref": "#/components/schemas/Attribute"} for name in attributes}
        schemas["Prediction"]["properties"]["attributes"] |= {"properties": of, "additionalProperties": False}
    schemas["Pixels"] |= _create_nested_schema(shape)
    schemas["PixelsWithChannel"] |= _create_nested_schema((*shape, 1) if len(shape) == 2 else shape)
    if model.manifest is None:
        schemas["Report"] = {
            "type": "object",
            "description": "The metrics file of a bare artifact.",
        }
    parameters["Top"]["schema"]["maximum"] = len(labels)
    parameters["ModelName"]["schema"]["enum"] = [settings.model_name]
    parameters["ModelVersion"]["schema"]["enum"] = [model.version]
    form = components["requestBodies"]["Batch"]["content"]["multipart/form-data"]["schema"]
    form["properties"]["image"]["maxItems"] = settings.max_batch


def _create_nested_schema(shape: Sequence[int]) -> Json:
    """Return the JSON schema of nested lists of this shape, with whole numbers from 0 to 255."""
    schema: Json = {"type": "integer", "minimum": 0, "maximum": 255}
    for size in reversed(shape):
        schema = {"type": "array", "minItems": size, "maxItems": size, "items": schema}
    return schema


def _remove_examples(document: Json, names: tuple[str, ...]) -> None:
    for name in names:
        del document["components"]["examples"][name]
    for content in _iterate_contents(document):
        kept = content.pop("examples", {}).items()
        content["examples"] = {key: to for key, to in kept if to["$ref"].rpartition("/")[2] not in names}


def _iterate_operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _iterate_contents(document: Json) -> Iterator[Json]:
    """Yield every Media Type Object of the document that has examples."""
    bodies = [*document["components"]["requestBodies"].values()]
    for operation in _iterate_operations(document):
        bodies += operation["responses"].values()
    for body in bodies:
        yield from (content for content in body.get("content", {}).values() if "examples" in content)
