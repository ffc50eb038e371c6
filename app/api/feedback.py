"""POST /feedback: a person says what a picture showed that was answered before; counted, nothing is stored.

The client repeats version, label and decision of the answer. Neither a picture nor a name is asked for. What
is counted has few values: the releases that this worker knows, their labels, and two outcomes.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from flask import Blueprint, Response, jsonify, request

from app.errors import BadFeedback, BadRequest
from app.middleware.request_context import current_request
from app.observability.metrics import Metrics
from app.payloads.body import Bodies
from app.payloads.documents import read_object
from app.releases.serving import Models
from inference.decision import Decision

MAX_BYTES: Final = 65_536
"""Of a body, far more than four fields have."""

NONE: Final = "none of these"
"""The true label of a picture that shows none of the classes."""

FIELDS: Final = ("version", "label", "decision", "true_label")

FORM: Final = (
    'Send {"version": ..., "label": ..., "decision": ..., "true_label": ...}: the first three from an answer '
    "of POST /predict, the last as a person sees the picture."
)


class Feedback(NamedTuple):
    """What a client repeats of an answer, and what the picture shows.

    Attributes:
        version: of the release that answered.
        true_label: one of its labels, or NONE.
    """

    version: str
    label: str
    decision: str
    true_label: str

    @property
    def outcome(self) -> Literal["right", "wrong"]:
        """Whether the answer was right."""
        return "right" if self.label == self.true_label else "wrong"


def feedback_routes(models: Models, bodies: Bodies, metrics: Metrics) -> Blueprint:
    """The route that counts what people say of answers."""
    routes = Blueprint("feedback", __name__)

    @routes.post("/feedback")
    def feedback() -> Response:
        context = current_request()
        if not request.is_json:  # other sites' pages may send any other type without asking first (CORS)
            raise BadRequest(f"Send Content-Type: application/json. {FORM}")
        with bodies.read(request, MAX_BYTES, "feedback") as body:
            document = read_object(body.inflated(), 1, context.served.contract.input, FORM)
        given = read_feedback(document, models.known_labels)
        metrics.count_feedback(given.version, given.decision, given.label, given.outcome)
        return jsonify({"outcome": given.outcome, "request_id": context.request_id})

    return routes


def read_feedback(document: Mapping[str, Any], known: Mapping[str, tuple[str, ...]]) -> Feedback:
    """The feedback that a JSON object is; its other fields are ignored.

    Args:
        document: from a client.
        known: the labels of each release that feedback can be of, by version.

    Raises:
        BadRequest: a field is missing, or is no string.
        BadFeedback: it names a version, label or decision that no answer of these releases has.
    """
    for name in FIELDS:
        if not isinstance(document.get(name), str):
            raise BadRequest(f"The JSON has no string `{name}`. {FORM}")
    given = Feedback(*(document[name] for name in FIELDS))
    _check("version", given.version, tuple(known))
    labels = known[given.version]
    _check("label", given.label, labels)
    _check("decision", given.decision, get_args(Decision))
    _check("true_label", given.true_label, (*labels, NONE))
    return given


def _check(name: str, value: str, possible: tuple[str, ...]) -> None:
    if value not in possible:
        raise BadFeedback(f"`{name}` is {value[:60]!r}, which is none of {', '.join(possible)}.")
