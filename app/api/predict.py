"""POST /predict and POST /predict/batch, in the service's own protocol."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.api.classify import Decoded, Services, classify
from app.api.problems import problem_of
from app.middleware.request_context import RequestContext, current_request
from app.observability.metrics import Metrics
from app.payloads.body import Body
from app.payloads.items import RequestItem
from app.payloads.limits import limits_of_many, limits_of_one
from app.payloads.reading import find_many, find_one
from app.payloads.titles import Title
from app.prediction.answering import Failed, Outcome
from app.prediction.answers import answer_of
from app.prediction.categories import Named
from app.prediction.parameters import OF_MANY, OF_ONE, WITHOUT_QUERY, Parameters, read_parameters
from app.prediction.title_answer import listed_of


def predict_routes(services: Services, metrics: Metrics) -> Blueprint:
    """The routes that classify."""
    routes = Blueprint("predict", __name__)
    of_one, of_many = limits_of_one(services.settings), limits_of_many(services.settings)

    @routes.post("/predict")
    def predict() -> Response:
        parameters = _parameters(OF_ONE)

        def decode(body: Body) -> Decoded:
            item, title = find_one(body, parameters.titles)
            return [item], lambda outcomes: _one(outcomes[0], parameters, title)

        return classify(services, of_one, decode, parameters)

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        parameters = _parameters(OF_MANY)

        def decode(body: Body) -> Decoded:
            items = find_many(body)
            return items, lambda outcomes: _many(items, outcomes, parameters, metrics)

        return classify(services, of_many, decode, parameters)

    return routes


def _parameters(names: Sequence[str]) -> Parameters:
    if not request.query_string:
        return WITHOUT_QUERY
    classes = len(current_request().served.networks["pixels"].contract.labels)
    return read_parameters(request.args, classes, names)


def _one(outcome: Outcome, parameters: Parameters, title: Title | None) -> Response:
    if isinstance(outcome, Failed):
        raise outcome.error
    context = current_request()
    answer = answer_of(outcome, parameters, _categories(context))
    if title is not None:
        answer["listed"] = listed_of(title, outcome, context.served)
    return _answer(answer, context)


def _many(
    items: list[RequestItem], outcomes: list[Outcome], parameters: Parameters, metrics: Metrics
) -> Response:
    context = current_request()
    categories = _categories(context)
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            metrics.count_problem(problem_of(outcome.error)["type"])
    predictions = [
        _named(item) | _result(outcome, parameters, categories)
        for item, outcome in zip(items, outcomes, strict=True)
    ]
    return _answer({"predictions": predictions}, context)


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
