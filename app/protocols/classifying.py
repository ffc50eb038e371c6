"""What every dialect does with a request: is it for our model, what is in it, what does the model say.

Bounded by the same concurrency limit, queue and sizes as `/predict`, and counted alike. These protocols have
no field for one bad picture among good ones, so that one spoils its whole request.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

from flask import request

from app.errors import BadRequest, NoSuchModel
from app.middleware.request_context import exchange
from app.observability.metrics import Metrics
from app.payloads.body import Bodies, Body, client_has_left
from app.payloads.items import Item, Upload
from app.payloads.reading import check_size, too_many
from app.prediction.admission import Slot
from app.prediction.predictor import Classified, Failed, Outcome, Predictor
from app.releases.serving import Models, Served
from app.settings import Settings

NAME_LENGTH = 60
"""Characters of a client's own words that are told back."""

CURRENT = "current"
"""The one label, in TensorFlow Serving's sense, that a version has here."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the dialects are built from."""

    settings: Settings
    models: Models
    bodies: Bodies
    predictor: Predictor
    instruments: Metrics

    @property
    def model_name(self) -> str:
        """The name under which clients ask for the model."""
        return self.settings.model_name


def model_asked_for(own: str, name: str, version: str | None = None, label: str | None = None) -> Served:
    """The model that this request is answered with, if it is the one that it asks for.

    Args:
        own: the name of the model that is served.
        name: what the client calls it.
        version: the release that the client wants; None takes whichever is served.
        label: TensorFlow Serving's alias of a version.

    Raises:
        NoSuchModel: another name, version or label; the message names the right one.
    """
    model = exchange().served
    if name != own:
        raise NoSuchModel(f"There is no model {told(name)} here. The one that is served is '{own}'.")
    if version is not None and version != model.version:
        raise NoSuchModel(
            f"Version {told(version)} is not served here; '{model.version}' is. "
            "Without a version in its path, a request gets whichever is."
        )
    if label not in (None, CURRENT):
        raise NoSuchModel(f"No version has the label {told(label)}. The one that is served has '{CURRENT}'.")
    return model


@contextmanager
def admitted_body(parts: Parts) -> Iterator[tuple[Body, Slot]]:
    """The body of a request that may hold many pictures, and a slot to work on it.

    Raises:
        BadRequest: it is compressed, or ends early.
        TooLarge: it has more than MAX_BATCH_BYTES.
        Busy: the queue is full, or the wait was too long.
    """
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise BadRequest(f"The body is coded as {told(coding)}. Send it as it is, without Content-Encoding.")
    with (
        parts.bodies.read(request, parts.settings.max_batch_bytes, "MAX_BATCH_BYTES") as body,
        parts.predictor.admitted(exchange().timing) as slot,
    ):
        yield body, slot


def gather(items: Iterable[Item], settings: Settings) -> list[Item]:
    """The pictures of a request, as many as may come at a time.

    Args:
        items: read one by one, so that those beyond the limit cost nothing.
        settings: hold the limits.

    Raises:
        BadRequest: there are none, or one cannot be read.
        TooLarge: they are more than MAX_BATCH, or one has more than MAX_UPLOAD_BYTES.
    """
    gathered = list(islice(items, settings.max_batch + 1))
    if len(gathered) > settings.max_batch:
        raise too_many(settings)
    if not gathered:
        raise BadRequest("There is no picture in this request.")
    for item in gathered:
        if isinstance(item, Upload):
            check_size(item.data, settings.max_upload_bytes)
    return gathered


def classify_all(items: list[Item], parts: Parts, slot: Slot) -> list[Classified]:
    """What the model says of each picture, in order, in one run.

    Raises:
        TooLarge: they have more than MAX_BATCH_PIXELS in all.
        ClientGone: the client has left.
        UploadError: a picture cannot be read; with several, the message begins with its place.
        ModelError: the model failed.
    """
    current = exchange()
    has_left = partial(client_has_left, request)
    outcomes = parts.predictor.many(items, current.served, current.timing, slot, has_left)
    classified = [_classified(outcome, place, len(outcomes)) for place, outcome in enumerate(outcomes)]
    for one in classified:
        parts.instruments.count_prediction(one.prediction, one.pixels)
    return classified


def told(value: object) -> str:
    """A client's own words, fit to be told back: short, and quoted if they are text."""
    return repr(value[:NAME_LENGTH]) if isinstance(value, str) else f"of type {type(value).__name__}"


def _classified(outcome: Outcome, place: int, count: int) -> Classified:
    if not isinstance(outcome, Failed):
        return outcome
    if count > 1:
        outcome.error.args = (f"Picture {place}, counted from 0: {outcome.error}",)
    raise outcome.error
