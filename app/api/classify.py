"""What every route that classifies does with a request, in any protocol: read, wait, parse, answer.

A protocol has a function that finds the pictures in a body, and returns with them what answers the request.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from flask import Response, request

from app.middleware.request_context import CONTEXT, RequestContext
from app.native_threads import run_in_native_thread
from app.payloads.body import Bodies, Body
from app.payloads.connection import client_has_left
from app.payloads.items import RequestItem
from app.payloads.limits import RequestLimits
from app.prediction.admission import Admissions
from app.prediction.answering import Budget, Classified, Outcome, answer
from app.prediction.parameters import WITHOUT_QUERY, Parameters
from app.prediction.timing import QUEUE, READ
from app.releases.serving import Models
from app.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """The objects of the service that every protocol works with."""

    settings: Settings
    models: Models
    bodies: Bodies
    admissions: Admissions


Decoded: TypeAlias = tuple[list[RequestItem], Callable[[list[Outcome]], Response]]
"""The pictures of a body, and what makes the response of their outcomes."""


def classify(
    services: Services,
    limits: RequestLimits,
    decode: Callable[[Body], Decoded],
    parameters: Parameters = WITHOUT_QUERY,
) -> Response:
    """Read the request's body, wait for a turn, find its pictures and answer them.

    The two pauses hold no slot. In them others go on that are ready, so that runs of the model follow one
    another, in place of alternating with what comes before and after them.

    Raises:
        RequestError: the request is too large or malformed, or the service is busy.
        ModelError: the model failed.
    """
    environ = request.environ
    context: RequestContext = environ[CONTEXT]
    timing = context.timing
    timing.begin(READ)
    with services.bodies.read(environ, limits) as body:
        timing.begin(QUEUE)
        time.sleep(0)
        with services.admissions.turn(is_large=body.is_large) as turn:
            timing.end()
            takes_long = turn.is_heavy and body.takes_long
            items, encode = run_in_native_thread(_decoded, body, decode) if takes_long else decode(body)
            has_left = partial(client_has_left, environ)
            budget = Budget(limits)
            outcomes = answer(items, context.served, timing, turn, budget, has_left, parameters)
    timing.end()
    time.sleep(0)
    context.predictions += [outcome.prediction for outcome in outcomes if isinstance(outcome, Classified)]
    return encode(outcomes)


def _decoded(body: Body, decode: Callable[[Body], Decoded]) -> Decoded:
    return decode(body.inflated())
