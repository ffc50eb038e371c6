"""SageMaker's container contract: GET /ping and POST /invocations.

A record is a picture, so that batch transforms can split files by lines and join the lines of the answers.
deploy/sagemaker/serve starts the server on SageMaker's port.
"""

import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, json, jsonify, request

from app.api.classify import Decoded, Services, classify
from app.api.health import check_ready
from app.middleware.request_context import current_request
from app.payloads.body import Body
from app.payloads.documents import (
    CLAIMED_PER_OBJECT,
    claim_values,
    is_document,
    item_of_object,
    parse,
    read_json,
)
from app.payloads.items import Ready, RequestItem, Rows, Upload
from app.payloads.limits import limits_of_many
from app.payloads.reading import check_bytes, find_one
from app.prediction.answering import Classified, Outcome
from app.prediction.answers import answer_of
from app.prediction.parameters import WITHOUT_QUERY
from app.protocols.classification import FORMS, classified, item_of_value, limited, rows_of
from app.settings import Settings
from inference.contract import InputContract
from inference.errors import BadPixels
from inference.pixels import rows_to_pixels
from inference.signatures import format_of

JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
"""Formats of answers: one document, one JSON object a line, or one row of probabilities a line."""

LINES_TYPES = (LINES, "application/x-jsonlines", "application/jsonl", "application/x-ndjson")

LINE = re.compile(rb"\S[^\n]*")
"""A line that is not blank, from its first character that is no space."""

MAX_PAYLOAD_MB = 100
"""SageMaker's own limit of MaxPayloadInMB."""


def add_predict_routes(routes: Blueprint, services: Services) -> None:
    """Add what classifies to `routes`."""
    limits = limits_of_many(services.settings)

    @routes.post("/invocations", endpoint="invocations")
    def invocations() -> Response:
        contract = current_request().served.contract.input
        return classify(services, limits, partial(decode, contract))


def add_model_routes(routes: Blueprint, services: Services) -> None:
    """Add readiness and the parameters of batch transforms to `routes`."""

    @routes.get("/ping", endpoint="ping")
    def ping() -> Response:
        check_ready(services.models)
        return Response(status=200, mimetype=JSON)

    @routes.get("/execution-parameters", endpoint="execution_parameters")
    def execution_parameters() -> Response:
        return jsonify(_execution_parameters(services.settings))


def decode(contract: InputContract, body: Body) -> Decoded:
    """Parse a request: the Content-Type names lines; the bytes decide everything else, as in `/predict`.

    Raises:
        BadRequest: there are none, or they cannot be read.
        BadPixels: a line of CSV has not as many numbers as the model reads.
        TooLarge: they are more than MAX_BATCH, or have too many bytes.
    """
    if body.mimetype == CSV:
        body.claim(CLAIMED_PER_OBJECT * math.prod(contract.array_shape))  # one line's numbers at a time
        rows = (_item_of_row(line, contract) for line in _lines(body))
        return limited(rows, body.limits), partial(encode, CSV)
    if body.mimetype in LINES_TYPES:
        claim_values(body)
        lines = (_ready(item_of_value(parse(line), contract), contract) for line in _lines(body))
        return limited(lines, body.limits), partial(encode, LINES)
    if is_document(body) and format_of(body.data) is None:
        return _of_document(body, contract)
    return [find_one(body)[0]], partial(encode, JSON, is_single=True)


def _of_document(body: Body, contract: InputContract) -> Decoded:
    document = read_json(body)
    instances = document.get("instances") if isinstance(document, dict) else document
    if isinstance(instances, list):
        records = (item_of_value(instance, contract) for instance in instances)
        return limited(records, body.limits), partial(encode, JSON)
    item = item_of_object(document, FORMS)
    if isinstance(item, Upload):
        check_bytes(item.data, body.limits)
    return [item], partial(encode, JSON, is_single=True)


def _lines(body: Body) -> Iterator[bytes]:
    """The lines that are not blank, one at a time: fifty million of them would take gigabytes."""
    return (line[0] for line in LINE.finditer(body.data.removeprefix(BOM_UTF8)))


def _item_of_row(line: bytes, contract: InputContract) -> RequestItem:
    columns, expected = line.count(b",") + 1, math.prod(contract.array_shape)
    if columns != expected:
        raise BadPixels(f"A line has {columns:,} columns. It needs {expected} numbers of 0..255, no header.")
    return _ready(rows_of([_number(cell) for cell in line.split(b",")], contract), contract)


def _number(cell: bytes) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell.decode("utf-8", "replace")


def _ready(item: Upload | Rows, contract: InputContract) -> RequestItem:
    """The pixels of rows at once, so that the rows of one line alone take memory."""
    return Ready(rows_to_pixels(item.value, contract)) if isinstance(item, Rows) else item


def encode(media_type: str, outcomes: list[Outcome], *, is_single: bool = False) -> Response:
    """The answers in the format that the client accepts, else in that of its request.

    Args:
        media_type: of the request.
        outcomes: of its records.
        is_single: whether it is a single picture, as `/predict` takes it.
    """
    answered = classified(outcomes)
    match request.accept_mimetypes.best_match([media_type, JSON, LINES, CSV], media_type):
        case "text/csv":
            return Response(_csv(answered), mimetype=CSV)
        case "application/jsonlines":
            lines = (json.dumps(answer) + "\n" for answer in _answers(answered))
            return Response("".join(lines), mimetype=LINES)
    answers, context = _answers(answered), current_request()
    provenance = {"model": {"version": context.served.version}, "request_id": context.request_id}
    return jsonify((answers[0] if is_single else {"predictions": answers}) | provenance)


def _csv(answered: list[Classified]) -> str:
    rows = (",".join(map(repr, item.prediction.answer.probabilities.tolist())) for item in answered)
    return "".join(f"{row}\n" for row in rows)


def _answers(answered: list[Classified]) -> list[dict[str, Any]]:
    """The answers of `/predict`; the names of categories are in the first language of their file."""
    model = current_request().served
    categories = None if model.categories is None else model.categories.named_for(None)
    return [answer_of(item, WITHOUT_QUERY, categories) for item in answered]


def _execution_parameters(settings: Settings) -> dict[str, Any]:
    """The parameters of a batch transform: one record a request, since a file may exceed MAX_BATCH lines."""
    return {
        "MaxConcurrentTransforms": settings.slots,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": min(MAX_PAYLOAD_MB, max(1, settings.max_batch_bytes // 1_000_000)),
    }
