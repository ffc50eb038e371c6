"""The steps of every route that classifies pictures: read the body, wait, parse, classify, answer.

A protocol brings a function that finds the pictures in a body. It returns them together with a function that
makes the response.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from flask import Response, request

from app.middleware.request_context import CONTEXT_KEY, RequestContext
from app.native_threads import run_in_native_thread
from app.payloads.body import BodyReader, RequestBody
from app.payloads.connection import has_client_left
from app.payloads.limits import RequestLimits
from app.payloads.request_items import RequestItem
from app.prediction.admission import RequestQueues
from app.prediction.classify_items import classify_request_items
from app.prediction.outcomes import ClassifiedPicture, Outcome
from app.prediction.parameters import NO_PARAMETERS, QueryParameters
from app.prediction.picture_budget import PictureBudget
from app.prediction.timing import QUEUE_STAGE, READ_STAGE
from app.releases.serving import ModelHolder
from app.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RouteServices:
    """The objects that every route needs to classify pictures, created once for each app.

    Attributes:
        settings: the settings of the operator.
        models: the holder of the release that is served now.
        body_reader: the reader of request bodies, which limits the memory of all bodies together.
        queues: the queues in which requests wait until they may run.
    """

    settings: Settings
    models: ModelHolder
    body_reader: BodyReader
    queues: RequestQueues


ParsedRequest: TypeAlias = tuple[list[RequestItem], Callable[[list[Outcome]], Response]]
"""The pictures of a request, and a function that takes their outcomes (an answer or an error for each) and
returns the response."""


def classify_request(
    services: RouteServices,
    limits: RequestLimits,
    parse_body: Callable[[RequestBody], ParsedRequest],
    parameters: QueryParameters = NO_PARAMETERS,
) -> Response:
    """Classify the pictures of the current Flask request, and return the response.

    The body is read, the request waits for its turn, its pictures are classified, and the response is made.

    Args:
        limits: the limits of bytes, pictures and pixels for this route.
        parse_body: a function that finds the pictures in a body. It also returns the function that makes the
            response.
        parameters: the query parameters that change the answers.

    Raises:
        RequestError: the request is too large or malformed, or the service is busy.
        ModelError: the model failed.
    """
    environ = request.environ
    context: RequestContext = environ[CONTEXT_KEY]
    timing = context.timing
    timing.begin(READ_STAGE)
    with services.body_reader.read(environ, limits) as body:
        timing.begin(QUEUE_STAGE)
        # Under gevent, all other requests that are ready go on here and below. No slot is held meanwhile, so
        # that the model always has a request to work on.
        time.sleep(0)
        with services.queues.create_slot(is_large=body.is_large) as slot:
            timing.end()
            is_slow = slot.is_large and body.is_slow_to_parse
            items, make_response = (
                run_in_native_thread(_parse_inflated, body, parse_body) if is_slow else parse_body(body)
            )
            has_left = partial(has_client_left, environ)
            budget = PictureBudget(limits)
            outcomes = classify_request_items(
                items, context.model, timing, slot, budget, has_left, parameters
            )
    timing.end()
    time.sleep(0)
    context.predictions += [
        outcome.prediction for outcome in outcomes if isinstance(outcome, ClassifiedPicture)
    ]
    return make_response(outcomes)


def _parse_inflated(body: RequestBody, parse_body: Callable[[RequestBody], ParsedRequest]) -> ParsedRequest:
    return parse_body(body.decompress())
