"""POST /predict and POST /predict/batch: read, admit, classify, answer."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.api.problems import problem_of
from app.errors import BadRequest
from app.middleware.request_context import RequestContext, current_request
from app.native_threads import run_in_native_thread
from app.observability.metrics import Metrics
from app.payloads.body import Bodies, client_has_left
from app.payloads.items import RequestItem
from app.payloads.reading import find_many, find_one, max_body_bytes
from app.prediction.answers import answer_of
from app.prediction.categories import Named
from app.prediction.parameters import Parameters, read_parameters
from app.prediction.predictor import Failed, Outcome, Predictor
from app.prediction.timing import READ
from app.settings import Settings


def predict_routes(settings: Settings, bodies: Bodies, predictor: Predictor, metrics: Metrics) -> Blueprint:
    """The routes that classify."""
    routes = Blueprint("predict", __name__)
    upload_limit = f"MAX_UPLOAD_BYTES ({settings.max_upload_bytes:,} for the picture itself)"

    @routes.post("/predict")
    def predict() -> Response:
        context = current_request()
        parameters = read_parameters(request.args, len(context.served.networks.contract.labels))
        context.timing.begin(READ)
        with (
            bodies.read(request, max_body_bytes(settings), upload_limit) as body,
            predictor.admitted(context.timing) as slot,
        ):
            find = partial(find_one, body, settings, context.served.networks.largest_input)
            item = run_in_native_thread(find) if body.is_large else find()
            classified = predictor.one(item, context.served, context.timing, slot, parameters)
        context.predictions.append(classified.prediction)
        return _answer(answer_of(classified, parameters, _categories(context)), context)

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        context = current_request()
        parameters = read_parameters(request.args, len(context.served.networks.contract.labels))
        if parameters.explain:
            raise BadRequest("`explain` is for one picture: send it to POST /predict.")
        context.timing.begin(READ)
        with (
            bodies.read(request, settings.max_batch_bytes, "MAX_BATCH_BYTES") as body,
            predictor.admitted(context.timing) as slot,
        ):
            find = partial(find_many, body, settings, context.served.networks.largest_input)
            items = run_in_native_thread(find) if body.is_large else find()
            has_left = partial(client_has_left, request)
            outcomes = predictor.many(items, context.served, context.timing, slot, has_left, parameters)
        _count(outcomes, metrics, context)
        categories = _categories(context)
        predictions = [
            _named(item) | _result(outcome, parameters, categories)
            for item, outcome in zip(items, outcomes, strict=True)
        ]
        return _answer({"predictions": predictions}, context)

    return routes


def _answer(answer: dict[str, Any], context: RequestContext) -> Response:
    provenance = {"model": {"version": context.served.version}, "request_id": context.request_id}
    response = jsonify(answer | provenance)
    categories = context.served.categories
    if categories is not None and categories.languages:
        response.vary.add("Accept-Language")
    return response


def _categories(context: RequestContext) -> Named | None:
    """The platform's category of each class, in the client's language, where there are any."""
    categories = context.served.categories
    return None if categories is None else categories.named_for(request.headers.get("Accept-Language"))


def _named(item: RequestItem) -> dict[str, Any]:
    name = getattr(item, "name", None)
    return {} if name is None else {"name": name}


def _result(outcome: Outcome, parameters: Parameters, categories: Named | None) -> dict[str, Any]:
    if isinstance(outcome, Failed):
        return {"error": problem_of(outcome.error)}
    return answer_of(outcome, parameters, categories)


def _count(outcomes: list[Outcome], metrics: Metrics, context: RequestContext) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            metrics.count_problem(problem_of(outcome.error)["type"])
        else:
            context.predictions.append(outcome.prediction)
