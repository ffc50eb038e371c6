"""The interface of a loaded model: pixels in, raw scores out.

A session has neither labels nor thresholds: those belong to the contract, which classifier.py applies.
onnx_session.py serves; keras_session.py runs a bare `.keras` file where TensorFlow is installed.
"""

from dataclasses import dataclass
from typing import Protocol

from inference.arrays import Distances, PixelsBatch, Probabilities


@dataclass(frozen=True)
class Scores:
    """The output of a model for N pictures, before temperature.

    Attributes:
        probabilities: float32, (N, C), each row with sum 1.
        distances: float32, (N,), OOD scores: higher is less familiar; None when the model has none.
    """

    probabilities: Probabilities
    distances: Distances | None


class Session(Protocol):
    """A loaded model; several threads may call it."""

    @property
    def outputs(self) -> int:
        """Number of classes."""

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score a batch of pixels, N >= 1, in one call of the model."""
