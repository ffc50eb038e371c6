"""POST /predict and POST /predict/batch: read, admit, classify, answer."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.api.problems import problem_of
from app.errors import BadRequest
from app.middleware.request_context import RequestContext, current_request
from app.observability.metrics import Metrics
from app.payloads.body import Bodies, client_has_left
from app.payloads.items import Item
from app.payloads.reading import find_many, find_one, max_body_bytes
from app.prediction.answers import Parameters, answer_of, explanation_of, read_parameters
from app.prediction.categories import Fields
from app.prediction.predictor import Failed, Outcome, Predictor, parse
from app.prediction.timing import READ
from app.settings import Settings


def predict_routes(settings: Settings, bodies: Bodies, predictor: Predictor, metrics: Metrics) -> Blueprint:
    """The routes that classify."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        current = current_request()
        labels = current.served.contract.labels
        parameters = read_parameters(request.args, len(labels))
        current.timing.begin(READ)
        with (
            bodies.read(request, max_body_bytes(settings), "MAX_UPLOAD_BYTES") as body,
            predictor.admitted(current.timing) as slot,
        ):
            item = parse(find_one, body, settings, current.served.contract.input)
            classified = predictor.one(item, current.served, current.timing, slot)
            if parameters.explain:
                drops = predictor.explain(classified, current.served, current.timing, slot)
        current.classified.append(classified)
        answer = answer_of(classified, labels, parameters, _categories(current))
        if parameters.explain:
            answer["explanation"] = explanation_of(drops, classified)
        return _answer(answer, current)

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        current = current_request()
        labels = current.served.contract.labels
        parameters = read_parameters(request.args, len(labels))
        if parameters.explain:
            raise BadRequest("`explain` is for one picture: send it to POST /predict.")
        current.timing.begin(READ)
        with (
            bodies.read(request, settings.max_batch_bytes, "MAX_BATCH_BYTES") as body,
            predictor.admitted(current.timing) as slot,
        ):
            items = parse(find_many, body, settings, current.served.contract.input)
            has_left = partial(client_has_left, request)
            outcomes = predictor.many(items, current.served, current.timing, slot, has_left)
        _count(outcomes, metrics, current)
        categories = _categories(current)
        predictions = [
            _named(item) | _result(outcome, labels, parameters, categories)
            for item, outcome in zip(items, outcomes, strict=True)
        ]
        return _answer({"predictions": predictions}, current)

    return routes


def _answer(answer: dict[str, Any], current: RequestContext) -> Response:
    provenance = {"model": {"version": current.served.version}, "request_id": current.request_id}
    response = jsonify(answer | provenance)
    categories = current.served.categories
    if categories is not None and categories.languages:
        response.vary.add("Accept-Language")
    return response


def _categories(current: RequestContext) -> tuple[Fields, ...] | None:
    """The platform's category of each class, in the client's language, where there are any."""
    categories = current.served.categories
    return None if categories is None else categories.named_for(request.headers.get("Accept-Language"))


def _named(item: Item) -> dict[str, Any]:
    name = getattr(item, "name", None)
    return {} if name is None else {"name": name}


def _result(
    outcome: Outcome, labels: tuple[str, ...], parameters: Parameters, categories: tuple[Fields, ...] | None
) -> dict[str, Any]:
    if isinstance(outcome, Failed):
        return {"error": problem_of(outcome.error)}
    return answer_of(outcome, labels, parameters, categories)


def _count(outcomes: list[Outcome], metrics: Metrics, current: RequestContext) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            metrics.count_problem(problem_of(outcome.error)["type"])
        else:
            current.classified.append(outcome)
