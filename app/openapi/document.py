"""The OpenAPI document of one app: its routes, as the tables describe them, for the model that it serves.

Pure: rules, a model and settings in, a value that is JSON out. routes_docs.py serves it.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from werkzeug.routing import Rule

from app.api.problems import type_of
from app.openapi import classifying, health, model, open_inference, pages, report, sagemaker, tf_serving
from app.openapi.answer_models import (
    BatchAnswer,
    DialectProblem,
    Live,
    ModelAnswer,
    PredictAnswer,
    ProblemAnswer,
    Ready,
)
from app.openapi.contract_version import CONTRACT_VERSION
from app.openapi.operations import Operation
from app.openapi.problem_answers import (
    BEHIND_KEYS,
    EVERYWHERE,
    RATE,
    every_problem,
    problem_answers,
)
from app.openapi.request_models import BatchDocument, PictureDocument, PixelsDocument
from app.openapi.schemas import Json, schemas_of, told_labels
from app.openapi.subject import Subject
from app.security.api_keys import OPEN_ENDPOINTS
from model_store.report import Report

OPENAPI: Final = "3.1.0"


TABLES: tuple[Callable[[Subject], tuple[Operation, ...]], ...] = (
    classifying.operations,
    model.operations,
    report.operations,
    health.operations,
    tf_serving.operations,
    open_inference.operations,
    sagemaker.operations,
    pages.operations,
)
"""One for each kind of routes; whoever adds routes adds theirs."""

MODELS = (
    BatchAnswer,
    BatchDocument,
    DialectProblem,
    Live,
    ModelAnswer,
    PictureDocument,
    PixelsDocument,
    PredictAnswer,
    ProblemAnswer,
    Ready,
    Report,
    *tf_serving.MODELS,
    *open_inference.MODELS,
    *sagemaker.MODELS,
)

_ABOUT = """\
Clothing pictures in, class probabilities out.

Every answer carries `X-Request-ID` (the client's own, if it is 1 to 64 of `A-Z a-z 0-9 . _ -`) and
`X-Model-Version`, the release that gave it. GET routes answer HEAD too. Every error is
[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) `application/problem+json`; a path that is none gets 404, a
method that is not allowed 405 with `Allow`. The schema `ProblemAnswer` lists every type of problem.
"""

_HEADERS: Final[Json] = {
    "X-Request-ID": ("The request's id, in the log too.", {"type": "string"}),
    "X-Model-Version": ("The release that answered.", {"type": "string"}),
    "Retry-After": ("Seconds after which another try may do.", {"type": "integer", "minimum": 0}),
    "WWW-Authenticate": ("How to come in: `Bearer`.", {"type": "string"}),
    "ETag": ("Changes whenever the content does.", {"type": "string"}),
    "Vary": ("`Accept`: what is answered depends on it.", {"type": "string"}),
    "X-RateLimit-Limit": ("Requests of this client in the time of its rate.", {"type": "integer"}),
    "X-RateLimit-Remaining": ("How many of them are left.", {"type": "integer"}),
    "X-RateLimit-Reset": ("When there are more again, in seconds since 1970.", {"type": "integer"}),
}


def openapi_document(rules: Iterable[Rule], subject: Subject) -> Json:
    """Describe every route that has a description.

    Args:
        rules: the app's, from its URL map.
        subject: the model and settings that the description is about.
    """
    described = [operation for table in TABLES for operation in table(subject)]
    named: dict[str, Json] = {}
    paths = _paths(list(rules), described, subject, named)
    components: Json = {
        "schemas": _told_problems(told_labels(schemas_of(MODELS), subject.labels)),
        "responses": dict(sorted(named.items())),
        "headers": {
            name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()
        },
    }
    if subject.settings.api_keys_file is not None:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": OPENAPI,
        "info": {"title": "Wardrobe", "version": CONTRACT_VERSION, "description": _ABOUT},
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in described)],
        "paths": paths,
        "components": components,
    }


def _told_problems(schemas: dict[str, Json]) -> dict[str, Json]:
    """The schemas with every type of problem, and when it comes."""
    problems = every_problem()
    whole = schemas["ProblemAnswer"]
    kinds = {"enum": list(dict.fromkeys(type_of(problem) for problem, _ in problems))}
    table = "".join(f"| {int(problem.status)} | `{problem.slug}` | {when} |\n" for problem, when in problems)
    return schemas | {
        "ProblemAnswer": whole
        | {
            "description": f"{whole['description']}\n\n| status | type | when |\n|---|---|---|\n{table}",
            "properties": whole["properties"] | {"type": whole["properties"]["type"] | kinds},
        }
    }


def _paths(rules: list[Rule], described: list[Operation], subject: Subject, named: dict[str, Json]) -> Json:
    """The Paths Object; the answers that operations share are put under their names into `named`."""
    paths: Json = {}
    for operation in described:
        for rule in rules:
            if rule.endpoint == operation.endpoint:
                path = paths.setdefault(path_of(rule), {})
                path[operation.method] = _written(operation, subject, named)
    return paths


_PLACE = re.compile(r"<(?:[^:>]+:)?([^>]+)>")
"""Flask's `<converter:name>`."""


def path_of(rule: Rule) -> str:
    """A rule's path in OpenAPI's spelling: `/v2/models/{name}`."""
    return _PLACE.sub(r"{\1}", rule.rule)


def _written(operation: Operation, subject: Subject, named: dict[str, Json]) -> Json:
    """The Operation Object."""
    written: Json = {
        "operationId": operation.endpoint.replace(".", "_"),
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        written["description"] = operation.description
    if operation.parameters:
        written["parameters"] = [parameter.as_openapi() for parameter in operation.parameters]
    if operation.body:
        written["requestBody"] = _body(operation)
    written["responses"] = _responses(operation, named)
    if subject.settings.api_keys_file is not None and operation.endpoint not in OPEN_ENDPOINTS:
        written["security"] = [{"key": []}]
    return written


def _body(operation: Operation) -> Json:
    body: Json = {"required": True}
    if operation.body_description:
        body["description"] = operation.body_description
    return body | {"content": {kind: content.as_openapi() for kind, content in operation.body.items()}}


def _responses(operation: Operation, named: dict[str, Json]) -> Json:
    raised = [*operation.raises, *EVERYWHERE]
    if operation.limited:
        raised += RATE
    if operation.endpoint not in OPEN_ENDPOINTS:
        raised += BEHIND_KEYS
    responses: Json = {str(int(answer.status)): answer.as_openapi() for answer in operation.answers}
    for status, (name, response) in problem_answers(raised, operation.problem).items():
        named[name] = response
        responses[str(int(status))] = {"$ref": f"#/components/responses/{name}"}
    return responses
