"""The HTTP contract as an OpenAPI 3.1 document, filled in for the release that is served.

openapi.json is written by hand. Added here are the schemas of reports and answers (schemas.py makes them from
types), the query parameters of /predict (app/prediction/parameters.py defines them), the languages of titles,
the limits of the settings, and the labels, name, version and input size of the model. Parts about API keys
and rates are removed if these are not configured. Tests compare the document with the routes of the app, with
real answers, and with problems.py.
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
from app.prediction.parameters import BATCH_PARAMETERS, SINGLE_PARAMETERS, describe_parameters
from app.releases.serving import ServedModel
from app.settings import Settings
from model_store.manifest import VERSION_PATTERN

Json: TypeAlias = dict[str, Any]

DOCUMENT = Path(__file__).with_name("openapi.json")
"""Path of the OpenAPI document as it is written by hand."""

_VERSION_PATTERN = re.compile(VERSION_PATTERN)
"""Pattern of a release's version in examples; the version of the served release is written in its place."""

_SETTING_PATTERN = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
"""Pattern of the name of a setting in a description; the value of the setting is written behind it."""

_LABEL_EXAMPLES = ("Answer", "AnswerWithTopAndSeen", "BatchAnswer", "TfRows", "TfOutputs", "V2Answer")
"""Names of examples that are removed if the labels differ from the labels of the bundled release."""

_SIZE_EXAMPLES = ("Pixels", "TfNumbers", "V2Numbers")
"""Names of examples that are removed if the input size differs from that of the bundled release."""


def fill_openapi_document(model: ServedModel, settings: Settings, prefix: str = "") -> Json:
    """Return the OpenAPI document of the service for one release.

    Args:
        model: the release whose version, labels and input size the document has.
        settings: the settings, whose limits the document has.
        prefix: the path below which a proxy publishes the service, such as `/wardrobe`; empty for the folder
            in which a client has found the document.
    """
    text = _VERSION_PATTERN.sub(model.version, DOCUMENT.read_text("utf-8"))
    document: Json = json.loads(_fill_limits(text, settings))
    document["servers"] = [{"url": prefix or "./"}]
    document["info"]["version"] = __version__
    document["components"]["schemas"] |= create_report_schemas()
    _fill_answers(document)
    _find_component(document, "schemas", "TitleLanguage")["enum"] = list(list_title_languages())
    _fill_security(document, settings)
    _fill_model(document, model, settings)
    return document


def _fill_limits(text: str, settings: Settings) -> str:
    def add_value(setting: re.Match[str]) -> str:
        value = getattr(settings, setting[1].lower())
        return f"{setting[0]} ({value:,})" if isinstance(value, int) else f"{setting[0]} ({value})"

    return _SETTING_PATTERN.sub(add_value, text)


def _find_component(document: Json, kind: str, name: str) -> Json:
    """Return a component that is filled in here.

    Args:
        kind: the kind of components, such as `schemas`.
        name: the name of the component in openapi.json.

    Raises:
        LookupError: openapi.json has no such component.
    """
    component: Json | None = document["components"][kind].get(name)
    if component is None:
        raise LookupError(
            f"app/api/openapi.json has no component `{name}` in `{kind}`, and app/api/openapi.py expects it. "
            "Give it the same name in both files."
        )
    return component


def _fill_answers(document: Json) -> None:
    """Fill in the fields of an answer, whose schemas have only a description in openapi.json."""
    for name, fields in deepcopy(create_answer_schemas()).items():
        schema = _find_component(document, "schemas", name)
        # The first part of an `allOf` refers to `Prediction`; the last one has the further fields.
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
    labels = list(model.contract.labels)
    _fill_schemas(document, model, labels)
    _fill_parameters(document, len(labels))
    _find_component(document, "parameters", "ModelName")["schema"]["enum"] = [settings.model_name]
    _find_component(document, "parameters", "ModelVersion")["schema"]["enum"] = [model.version]
    form = _find_component(document, "requestBodies", "Batch")["content"]["multipart/form-data"]["schema"]
    form["properties"]["image"]["maxItems"] = settings.max_batch


def _fill_schemas(document: Json, model: ServedModel, labels: list[str]) -> None:
    """Fill in the labels and the input size, and remove the examples that have others."""
    label, pixels = (_find_component(document, "schemas", name) for name in ("Label", "Pixels"))
    shape = model.contract.input.array_shape
    # The examples in openapi.json are answers of the bundled release.
    if labels != label["enum"]:
        _remove_examples(document, _LABEL_EXAMPLES)
    if pixels | _create_nested_schema(shape) != pixels:
        _remove_examples(document, _SIZE_EXAMPLES)

    share = {"$ref": "#/components/schemas/Share"}
    label["enum"] = labels
    probabilities = _find_component(document, "schemas", "Probabilities")
    probabilities |= {"properties": dict.fromkeys(labels, share), "required": labels}
    if attributes := model.attributes:
        named = {name: {"$ref": "#/components/schemas/Attribute"} for name in attributes}
        field = _find_component(document, "schemas", "Prediction")["properties"]["attributes"]
        field |= {"properties": named, "additionalProperties": False}
    pixels |= _create_nested_schema(shape)
    with_channel = _find_component(document, "schemas", "PixelsWithChannel")
    with_channel |= _create_nested_schema((*shape, 1) if len(shape) == 2 else shape)
    if model.manifest is None:
        document["components"]["schemas"]["Report"] = {
            "type": "object",
            "description": "The metrics file of a bare artifact.",
        }


def _fill_parameters(document: Json, classes: int) -> None:
    """Write the query parameters of /predict and /predict/batch before their other parameters."""
    for path, definitions in (("/predict", SINGLE_PARAMETERS), ("/predict/batch", BATCH_PARAMETERS)):
        operation = document["paths"][path]["post"]
        operation["parameters"] = describe_parameters(definitions, classes) + operation["parameters"]


def _create_nested_schema(shape: Sequence[int]) -> Json:
    """Return the JSON schema of nested lists of a shape, such as (28, 28), with whole numbers of 0 to 255."""
    schema: Json = {"type": "integer", "minimum": 0, "maximum": 255}
    for size in reversed(shape):
        schema = {"type": "array", "minItems": size, "maxItems": size, "items": schema}
    return schema


def _remove_examples(document: Json, names: tuple[str, ...]) -> None:
    for name in names:
        _find_component(document, "examples", name)
        del document["components"]["examples"][name]
    for content in _iterate_contents(document):
        content["examples"] = {
            key: reference
            for key, reference in content["examples"].items()
            if reference["$ref"].rpartition("/")[2] not in names
        }


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
