"""POST /predict and POST /predict/batch: parse, call, answer."""

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.answers import Extras, answer_of, read_extras
from app.items import Item
from app.predicting import Failed, Outcome, Predictor
from app.problems import problem_of
from app.prometheus import Instruments
from app.reading import read_many, read_one
from app.requests import served, timing
from app.settings import Settings


def predict_routes(settings: Settings, predictor: Predictor, instruments: Instruments) -> Blueprint:
    """The routes that classify."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        model = served()
        extras = read_extras(request.args, len(model.contract.labels))
        with predictor.place():
            classified = predictor.one(read_one(request, settings), model, timing())
        instruments.count_prediction(classified.prediction)
        return jsonify(answer_of(classified, model.contract.labels, extras) | _provenance())

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        model = served()
        extras = read_extras(request.args, len(model.contract.labels))
        with predictor.place():
            items = read_many(request, settings)
            outcomes = predictor.many(items, model, timing())
        _count(outcomes, instruments)
        predictions = [
            _named(item) | _result(outcome, model.contract.labels, extras)
            for item, outcome in zip(items, outcomes, strict=True)
        ]
        return jsonify({"predictions": predictions} | _provenance())

    return routes


def _provenance() -> dict[str, Any]:
    return {"model": {"version": served().version}, "request_id": g.request_id}


def _named(item: Item) -> dict[str, Any]:
    name = getattr(item, "name", None)
    return {} if name is None else {"name": name}


def _result(outcome: Outcome, labels: tuple[str, ...], extras: Extras) -> dict[str, Any]:
    if isinstance(outcome, Failed):
        return {"error": problem_of(outcome.error)}
    return answer_of(outcome, labels, extras)


def _count(outcomes: list[Outcome], instruments: Instruments) -> None:
    for outcome in outcomes:
        if not isinstance(outcome, Failed):
            instruments.count_prediction(outcome.prediction)
