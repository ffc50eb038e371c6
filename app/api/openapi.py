"""The HTTP contract as OpenAPI 3.1: openapi.json, filled in for one release and its settings.

openapi.json is maintained by hand, but for the schemas of a report (schemas.py). Filled in are the languages
of titles, the values of settings that it names, the labels, name, version and input size of the model, and,
where they are configured, API keys and rates. Tests hold the document to the app's routes, to real answers,
and to problems.py.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from app import __version__
from app.api.schemas import schemas_of_report
from app.payloads.titles import title_languages
from app.releases.serving import ServedModel
from app.settings import Settings
from model_store.manifest import VERSION_PATTERN

Json: TypeAlias = dict[str, Any]

DOCUMENT = Path(__file__).with_name("openapi.json")

_VERSION = re.compile(VERSION_PATTERN)
"""Of a release, in examples."""

_SETTING = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
"""A setting in a description; its value is written behind it."""

_OF_LABELS = ("Answer", "AnswerWithTopAndSeen", "BatchAnswer", "TfRows", "TfOutputs", "V2Answer")
_OF_SIZE = ("Pixels", "TfNumbers", "V2Numbers")
"""Examples that are right only for the bundled release's labels, or for its input size."""


def filled_document(model: ServedModel, settings: Settings, prefix: str = "") -> Json:
    """The document of a service.

    Args:
        model: the release that it serves.
        settings: those that it runs under.
        prefix: the path below which a proxy serves it, as `/wardrobe`; empty where none is named, and then
            clients take the folder of the document.
    """
    text = _VERSION.sub(model.version, DOCUMENT.read_text("utf-8"))
    document: Json = json.loads(_with_limits(text, settings))
    document["servers"] = [{"url": prefix or "./"}]
    document["info"]["version"] = __version__
    document["components"]["schemas"] |= schemas_of_report()
    document["components"]["schemas"]["TitleLanguage"]["enum"] = list(title_languages())
    _fill_security(document, settings)
    _fill_model(document, model, settings)
    return document


def _with_limits(text: str, settings: Settings) -> str:
    def with_value(setting: re.Match[str]) -> str:
        value = getattr(settings, setting[1].lower())
        return f"{setting[0]} ({value:,})" if isinstance(value, int) else f"{setting[0]} ({value})"

    return _SETTING.sub(with_value, text)


def _fill_security(document: Json, settings: Settings) -> None:
    """Remove what is not configured: the scheme and 401 without API keys, 429 without a rate."""
    absent = []
    if settings.api_keys_file is None:
        absent.append("401")
        del document["security"], document["components"]["securitySchemes"]
    if settings.rate_limit is None:
        absent.append("429")
    for operation in _operations(document):
        for status in absent:
            operation["responses"].pop(status, None)


def _fill_model(document: Json, model: ServedModel, settings: Settings) -> None:
    components = document["components"]
    schemas, parameters = components["schemas"], components["parameters"]
    labels, shape = list(model.contract.labels), model.contract.input.array_shape
    if labels != schemas["Label"]["enum"]:
        _remove_examples(document, _OF_LABELS)
    if schemas["Pixels"] | _nested(shape) != schemas["Pixels"]:
        _remove_examples(document, _OF_SIZE)

    share = {"$ref": "#/components/schemas/Share"}
    schemas["Label"]["enum"] = labels
    schemas["Probabilities"] |= {"properties": dict.fromkeys(labels, share), "required": labels}
    if attributes := model.attributes:
        of = {name: {"$ref": "#/components/schemas/Attribute"} for name in attributes}
        schemas["Prediction"]["properties"]["attributes"] |= {"properties": of, "additionalProperties": False}
    schemas["Pixels"] |= _nested(shape)
    schemas["PixelsWithChannel"] |= _nested((*shape, 1) if len(shape) == 2 else shape)
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


def _nested(shape: Sequence[int]) -> Json:
    """The schema of nested lists of whole numbers of 0..255."""
    schema: Json = {"type": "integer", "minimum": 0, "maximum": 255}
    for size in reversed(shape):
        schema = {"type": "array", "minItems": size, "maxItems": size, "items": schema}
    return schema


def _remove_examples(document: Json, names: tuple[str, ...]) -> None:
    for name in names:
        del document["components"]["examples"][name]
    for content in _contents(document):
        kept = content.pop("examples", {}).items()
        content["examples"] = {key: to for key, to in kept if to["$ref"].rpartition("/")[2] not in names}


def _operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _contents(document: Json) -> Iterator[Json]:
    """Every Media Type Object that has examples."""
    bodies = [*document["components"]["requestBodies"].values()]
    for operation in _operations(document):
        bodies += operation["responses"].values()
    for body in bodies:
        yield from (content for content in body.get("content", {}).values() if "examples" in content)
