"""What every route that classifies does with a request, in any protocol: read, wait, parse, answer.

A protocol is a pair: `decode` finds the pictures in a body, `encode` makes the response of their outcomes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from flask import Response, request

from app.middleware.request_context import current_request
from app.native_threads import run_in_native_thread
from app.payloads.body import Bodies, Body
from app.payloads.connection import client_has_left
from app.payloads.items import RequestItem
from app.payloads.limits import RequestLimits
from app.prediction.admission import LARGE_BODY_BYTES, Admissions
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


class Parsed(Protocol):
    """What a protocol reads from a body."""

    @property
    def items(self) -> list[RequestItem]:
        """The pictures."""


P = TypeVar("P", bound=Parsed)


def classify(
    services: Services,
    limits: RequestLimits,
    decode: Callable[[Body], P],
    encode: Callable[[P, list[Outcome]], Response],
    parameters: Parameters = WITHOUT_QUERY,
) -> Response:
    """Answer the request: body, turn, pictures, outcomes, response.

    Raises:
        RequestError: the request is too large or malformed, or the service is busy.
        ModelError: the model failed.
    """
    context = current_request()
    context.timing.begin(READ)
    with services.bodies.read(request, limits) as body:
        context.timing.begin(QUEUE)
        with services.admissions.turn(LARGE_BODY_BYTES if body.is_compressed else len(body.data)) as turn:
            context.timing.end()
            read = partial(_inflated, body, decode)
            parsed = run_in_native_thread(read) if body.is_large else decode(body)
            has_left = partial(client_has_left, request)
            outcomes = answer(
                parsed.items, context.served, context.timing, turn, Budget(limits), has_left, parameters
            )
    context.predictions += [one.prediction for one in outcomes if isinstance(one, Classified)]
    return encode(parsed, outcomes)


def _inflated(body: Body, decode: Callable[[Body], P]) -> P:
    return decode(body.inflated())
