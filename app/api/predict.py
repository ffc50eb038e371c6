"""POST /predict and POST /predict/batch: parse, call, answer."""

from typing import Any

from flask import Blueprint, Response, request
from flask.globals import request_ctx

from app.api.problems import problem_of
from app.json_provider import JSONAnswer
from app.middleware.request_context import RequestContext, exchange
from app.observability.metrics import Metrics
from app.payloads.items import Item
from app.payloads.reading import read_many, read_one
from app.prediction.answers import PLAIN, Extras, answer_of, read_extras
from app.prediction.categories import Fields
from app.prediction.predictor import Failed, Outcome, Predictor
from app.settings import Settings


def predict_routes(settings: Settings, predictor: Predictor, instruments: Metrics) -> Blueprint:
    """The routes that classify."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        asked = request_ctx.request  # `request` finds it anew with each of its attributes, 1 us
        current = exchange()
        labels = current.served.contract.labels
        extras = read_extras(asked.args, len(labels)) if asked.query_string else PLAIN
        with predictor.place():
            classified = predictor.one(read_one(asked, settings), current.served, current.timing)
        instruments.count_prediction(classified.prediction, classified.pixels)
        answer = answer_of(classified, labels, extras, _categories(current))
        return _answer(answer, current)

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        current = exchange()
        labels = current.served.contract.labels
        extras = read_extras(request.args, len(labels))
        with predictor.place():
            items = read_many(request, settings)
            outcomes = predictor.many(items, current.served, current.timing)
        _count(outcomes, instruments)
        categories = _categories(current)
        predictions = [
            _named(item) | _result(outcome, labels, extras, categories)
            for item, outcome in zip(items, outcomes, strict=True)
        ]
        return _answer({"predictions": predictions}, current)

    return routes


def _answer(answer: dict[str, Any], current: RequestContext) -> Response:
    provenance = {"model": {"version": current.served.version}, "request_id": current.request_id}
    response = JSONAnswer(answer | provenance)
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
    outcome: Outcome, labels: tuple[str, ...], extras: Extras, categories: tuple[Fields, ...] | None
) -> dict[str, Any]:
    if isinstance(outcome, Failed):
        return {"error": problem_of(outcome.error)}
    return answer_of(outcome, labels, extras, categories)


def _count(outcomes: list[Outcome], instruments: Metrics) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            instruments.count_problem(problem_of(outcome.error)["type"])
        else:
            instruments.count_prediction(outcome.prediction, outcome.pixels)
