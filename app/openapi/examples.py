"""The pictures in the document's requests, and what the served model answers to them.

One picture of Fashion-MNIST's training set (MIT), the first; ankle-boot.png holds it. Answers are made by the
code that makes every answer, so they have all that an answer has, the served release's labels among it.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from app.openapi.schemas import Json
from app.prediction.answers import Extras, answer_of
from app.prediction.predictor import Classified
from app.releases.serving import Served
from inference.arrays import Pixels
from inference.decode import decode

PICTURE = Path(__file__).with_name("ankle-boot.png")

REQUEST_ID = "0d5c7a1e9b8f4c63a2d1e0f9b8a7c6d5"
"""Made up: requests in the document were never sent."""

DIGITS = 4
"""Decimals of an example's figures: processors round differently further down, and readers want no more."""


def upload() -> bytes:
    """A PNG of 28 x 28 pixels, light on black."""
    return PICTURE.read_bytes()


def upload_as_text() -> str:
    """The same in base64."""
    return base64.b64encode(upload()).decode()


def pixels() -> Pixels:
    """The same as the model reads it."""
    decoded = decode(upload(), max_pixels=28 * 28).pixels
    assert decoded is not None  # noqa: S101 - narrows the type: this PNG has one channel and 28 x 28 pixels
    return decoded


Told: TypeAlias = Callable[[Extras], Json]


def answers_by(served: Served) -> Told:
    """What this model answers to the picture, as a function of what a client asks for beyond it."""
    seen = pixels()
    (prediction,) = served.classifier.classify(seen[np.newaxis])
    classified = Classified(seen, prediction)
    categories = None if served.categories is None else served.categories.told(None)

    def told(extras: Extras) -> Json:
        answer: Json = rounded(answer_of(classified, served.contract.labels, extras, categories))
        return answer

    return told


def probabilities_by(served: Served) -> list[float]:
    """The same model's probabilities alone, in index order."""
    (prediction,) = served.classifier.classify(pixels()[np.newaxis])
    told: list[float] = rounded(prediction.probabilities.tolist())
    return told


def provenance(served: Served) -> Json:
    """What every answer of ours ends with."""
    return {"model": {"version": served.version}, "request_id": REQUEST_ID}


def rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value with no float of more than `DIGITS` decimals."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value
