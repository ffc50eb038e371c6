"""SageMaker's container contract: GET /ping and POST /invocations.

A body is one picture, or a list of records, each of which is one picture. So SageMaker's batch transforms can
split a file into lines, and join the lines of the answers. deploy/sagemaker/serve starts the server on
SageMaker's port.
"""

import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, json, jsonify, request

from app.api.classify import ParsedRequest, RouteServices, classify_request
from app.api.health import check_not_draining
from app.middleware.request_context import get_request_context
from app.payloads.body import RequestBody
from app.payloads.json_bodies import (
    BYTES_PER_VALUE,
    is_json_body,
    parse_json,
    parse_json_body,
    parse_picture_object,
    reserve_parsing_memory,
)
from app.payloads.limits import make_batch_limits
from app.payloads.reading import check_upload_size, read_untitled_picture
from app.payloads.request_items import PixelRows, ReadyPixels, RequestItem, Upload
from app.payloads.request_title import check_no_title_fields
from app.prediction.answer_fields import PredictionFields
from app.prediction.answer_json import create_picture_answer, create_provenance_fields
from app.prediction.outcomes import ClassifiedPicture, Outcome
from app.prediction.parameters import NO_PARAMETERS
from app.protocols.classification import (
    INSTANCE_FORMS,
    collect_items,
    parse_picture_instance,
    require_predictions,
    reshape_pixel_rows,
)
from app.settings import Settings
from inference.contract import InputContract
from inference.errors import BadPixels
from inference.pictures.pixel_rows import parse_pixel_rows
from inference.pictures.signatures import find_picture_format

JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
"""Media types of answers: one JSON document, one JSON object in each line, or one row of probabilities in
each line."""

BODY_FORMS = f'Or send a list of pictures as {{"instances": [...]}}. {INSTANCE_FORMS}'
"""Sentences for the error message about a JSON object without a picture, such as MLflow's `inputs`."""

LINES_TYPES = (LINES, "application/x-jsonlines", "application/jsonl", "application/x-ndjson")
"""Media types of request bodies with one JSON value in each line."""

LINE_PATTERN = re.compile(rb"\S[^\n]*")
"""Pattern of a line that is not blank, beginning at its first character that is not white space."""

MAX_PAYLOAD_MB = 100
"""Largest payload in megabytes that SageMaker allows (MaxPayloadInMB)."""


def add_predict_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the route /invocations, which classifies pictures, to `routes`.

    Args:
        services: the objects that every route needs to classify pictures.
    """
    limits = make_batch_limits(services.settings)

    @routes.post("/invocations", endpoint="invocations")
    def invocations() -> Response:
        check_no_title_fields(request.args)
        contract = get_request_context().model.contract.input
        return classify_request(services, limits, partial(parse_body, contract))


def add_model_routes(routes: Blueprint, services: RouteServices) -> None:
    """Add the routes /ping, for readiness, and /execution-parameters, for batch transforms, to `routes`.

    Args:
        services: the objects that every route needs, such as the settings and the served model.
    """

    @routes.get("/ping", endpoint="ping")
    def ping() -> Response:
        check_not_draining(services.models)
        return Response(status=200, mimetype=JSON)

    @routes.get("/execution-parameters", endpoint="execution_parameters")
    def execution_parameters() -> Response:
        return jsonify(_create_execution_parameters(services.settings))


def parse_body(contract: InputContract, body: RequestBody) -> ParsedRequest:
    """Return the pictures in the body of a request, and the function that makes the response.

    The Content-Type says whether the body has one record in each line. Otherwise the content decides its
    form.

    Args:
        contract: the input contract of the model, which has the shape of a picture.

    Raises:
        BadRequest: there are no records, they cannot be read, or there is a title.
        BadPixels: a line of CSV does not have as many numbers as the model reads.
        RequestTooLarge: there are more records than MAX_BATCH, or they have too many bytes.
    """
    if body.mimetype == CSV:
        body.reserve_memory(BYTES_PER_VALUE * math.prod(contract.array_shape))  # one line's numbers at a time
        rows = (_parse_row(line, contract) for line in _iterate_lines(body))
        return collect_items(rows, body.limits), partial(create_response, CSV)
    if body.mimetype in LINES_TYPES:
        reserve_parsing_memory(body)
        lines = (
            _check_rows(parse_picture_instance(parse_json(line), contract), contract)
            for line in _iterate_lines(body)
        )
        return collect_items(lines, body.limits), partial(create_response, LINES)
    if is_json_body(body) and find_picture_format(body.data) is None:
        return _parse_document(body, contract)
    return [read_untitled_picture(body)], partial(create_response, JSON, is_single=True)


def _parse_document(body: RequestBody, contract: InputContract) -> ParsedRequest:
    document = parse_json_body(body)
    check_no_title_fields(document)
    if isinstance(document, dict):
        check_no_title_fields(document.get("parameters"), document.get("image"))
    instances = document.get("instances") if isinstance(document, dict) else document
    if isinstance(instances, list):
        records = (parse_picture_instance(instance, contract) for instance in instances)
        return collect_items(records, body.limits), partial(create_response, JSON)
    item = parse_picture_object(document, BODY_FORMS)
    if isinstance(item, Upload):
        check_upload_size(item.data, body.limits)
    return [item], partial(create_response, JSON, is_single=True)


def _iterate_lines(body: RequestBody) -> Iterator[bytes]:
    """Yield the lines of a body that are not blank."""
    # One at a time, since fifty million lines would take gigabytes.
    return (line[0] for line in LINE_PATTERN.finditer(body.data.removeprefix(BOM_UTF8)))


def _parse_row(line: bytes, contract: InputContract) -> RequestItem:
    columns = line.count(b",") + 1
    expected = math.prod(contract.array_shape)
    if columns != expected:
        raise BadPixels(f"A line has {columns:,} columns. It needs {expected} numbers of 0..255, no header.")
    return _check_rows(
        reshape_pixel_rows([_parse_number(cell) for cell in line.split(b",")], contract), contract
    )


def _parse_number(cell: bytes) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell.decode("utf-8", "replace")


def _check_rows(item: Upload | PixelRows, contract: InputContract) -> RequestItem:
    """Check the numbers of a picture, and make an array of them."""
    # An array takes less memory than the parsed rows, which are dropped line by line.
    return ReadyPixels(parse_pixel_rows(item.value, contract)) if isinstance(item, PixelRows) else item


def create_response(media_type: str, outcomes: list[Outcome], *, is_single: bool = False) -> Response:
    """Create the response in the format that the client accepts, or else in the format of its request.

    Args:
        media_type: the format of the request: JSON, LINES or CSV.
        is_single: whether the body is one picture, as for `/predict`, and not a list of records.
    """
    pictures = require_predictions(outcomes)
    match request.accept_mimetypes.best_match([media_type, JSON, LINES, CSV], media_type):
        case "text/csv":
            return Response(_create_csv(pictures), mimetype=CSV)
        case "application/jsonlines":
            lines = (json.dumps(answer) + "\n" for answer in _create_answers(pictures))
            return Response("".join(lines), mimetype=LINES)
    answers = _create_answers(pictures)
    context = get_request_context()
    provenance = create_provenance_fields(context.model.version, context.request_id)
    return jsonify({**answers[0], **provenance} if is_single else {"predictions": answers, **provenance})


def _create_csv(pictures: list[ClassifiedPicture]) -> str:
    rows = (",".join(map(repr, item.prediction.answer.probabilities.tolist())) for item in pictures)
    return "".join(f"{row}\n" for row in rows)


def _create_answers(pictures: list[ClassifiedPicture]) -> list[PredictionFields]:
    """Return the answers as `/predict` gives them, with the default names of the operator's categories."""
    model = get_request_context().model
    categories = None if model.categories is None else model.categories.localize_categories(None)
    return [create_picture_answer(item, NO_PARAMETERS, categories) for item in pictures]


def _create_execution_parameters(settings: Settings) -> dict[str, Any]:
    """Return the parameters with which SageMaker sends the records of a file (a batch transform)."""
    # One record a request, because a file may have more records than MAX_BATCH.
    return {
        "MaxConcurrentTransforms": settings.slots,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": min(MAX_PAYLOAD_MB, max(1, settings.max_batch_bytes // 1_000_000)),
    }
