"""POST /predict and POST /predict/batch: classify one picture, or many, in the service's own protocol."""

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, request

from app.api.classify import ParsedRequest, RouteServices, classify_request
from app.api.problems import create_problem
from app.middleware.request_context import RequestContext, get_request_context
from app.observability.metrics import Metrics
from app.payloads.body import RequestBody
from app.payloads.limits import make_batch_limits, make_single_limits
from app.payloads.reading import read_picture_batch, read_single_picture
from app.payloads.request_items import RequestItem
from app.payloads.request_title import PictureTitle
from app.prediction.answer_fields import (
    BatchAnswerFields,
    FailedItemFields,
    FileFields,
    NamedPredictionFields,
    PredictAnswerFields,
    TitledFields,
)
from app.prediction.answer_json import create_picture_answer, create_provenance_fields
from app.prediction.outcomes import FailedPicture, Outcome
from app.prediction.parameters import (
    BATCH_PARAMETERS,
    NO_PARAMETERS,
    SINGLE_PARAMETERS,
    ParameterDefinition,
    QueryParameters,
    read_parameters,
)
from app.prediction.platform_categories import LocalizedCategories
from app.prediction.title_answer import create_listed_fields


def create_predict_routes(services: RouteServices, metrics: Metrics) -> Blueprint:
    """Create the routes /predict and /predict/batch, which classify pictures.

    Args:
        services: the objects that every route needs to classify pictures.
        metrics: the Prometheus metrics, which count the predictions.
    """
    routes = Blueprint("predict", __name__)
    single_limits = make_single_limits(services.settings)
    batch_limits = make_batch_limits(services.settings)

    @routes.post("/predict")
    def predict() -> Response:
        parameters = _read_parameters(SINGLE_PARAMETERS)

        def parse_body(body: RequestBody) -> ParsedRequest:
            item, title = read_single_picture(body, parameters.titles)
            return [item], lambda outcomes: _create_single_response(outcomes[0], parameters, title)

        return classify_request(services, single_limits, parse_body, parameters)

    @routes.post("/predict/batch")
    def predict_batch() -> Response:
        parameters = _read_parameters(BATCH_PARAMETERS)

        def parse_body(body: RequestBody) -> ParsedRequest:
            items = read_picture_batch(body)
            return items, lambda outcomes: _create_batch_response(items, outcomes, parameters, metrics)

        return classify_request(services, batch_limits, parse_body, parameters)

    return routes


def _read_parameters(accepted: Sequence[ParameterDefinition]) -> QueryParameters:
    if not request.query_string:
        return NO_PARAMETERS
    classes = len(get_request_context().model.networks["pixels"].contract.labels)
    return read_parameters(request.args, classes, accepted)


def _create_single_response(
    outcome: Outcome, parameters: QueryParameters, title: PictureTitle | None
) -> Response:
    if isinstance(outcome, FailedPicture):
        raise outcome.error
    context = get_request_context()
    titled: TitledFields = {}
    if title is not None:
        titled["listed"] = create_listed_fields(title, outcome, context.model)
    answer: PredictAnswerFields = {
        **create_picture_answer(outcome, parameters, _choose_categories(context)),
        **titled,
        **create_provenance_fields(context.model.version, context.request_id),
    }
    return _create_response(answer, context)


def _create_batch_response(
    items: list[RequestItem], outcomes: list[Outcome], parameters: QueryParameters, metrics: Metrics
) -> Response:
    context = get_request_context()
    categories = _choose_categories(context)
    for outcome in outcomes:
        if isinstance(outcome, FailedPicture):
            metrics.count_problem(create_problem(outcome.error)["type"])
    answer: BatchAnswerFields = {
        "predictions": [
            _create_result(getattr(item, "name", None), outcome, parameters, categories)
            for item, outcome in zip(items, outcomes, strict=True)
        ],
        **create_provenance_fields(context.model.version, context.request_id),
    }
    return _create_response(answer, context)


def _create_response(answer: PredictAnswerFields | BatchAnswerFields, context: RequestContext) -> Response:
    response = jsonify(answer)
    categories = context.model.categories
    if categories is not None and categories.languages:
        response.vary.add("Accept-Language")
    return response


def _choose_categories(context: RequestContext) -> LocalizedCategories | None:
    """Return the operator's own categories, named in the client's language; None if none are configured."""
    categories = context.model.categories
    return (
        None if categories is None else categories.localize_categories(request.headers.get("Accept-Language"))
    )


def _create_result(
    name: str | None, outcome: Outcome, parameters: QueryParameters, categories: LocalizedCategories | None
) -> NamedPredictionFields | FailedItemFields:
    """Create the answer to one picture of a batch, or its error, beginning with the name of its file."""
    named: FileFields = {} if name is None else {"name": name}
    if isinstance(outcome, FailedPicture):
        return {**named, "error": create_problem(outcome.error)}
    return {**named, **create_picture_answer(outcome, parameters, categories)}
