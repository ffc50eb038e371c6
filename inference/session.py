"""What runs a model: pixels in, raw scores out.

A session knows neither labels nor thresholds; those are the contract's, and classifier.py applies them.
Two of them exist: onnx_session.py serves, keras_session.py runs a bare `.keras` where TensorFlow is there.
"""

from dataclasses import dataclass
from typing import Protocol

from inference.arrays import Distances, PixelsBatch, Probabilities


@dataclass(frozen=True)
class Scores:
    """What a model says about N pictures, before temperature.

    Attributes:
        probabilities: float32, (N, C), each row with sum 1.
        distances: float32, (N,), more is stranger; None when the model measures no distance.
    """

    probabilities: Probabilities
    distances: Distances | None


class Session(Protocol):
    """A loaded model, safe to be called from several threads."""

    @property
    def outputs(self) -> int:
        """How many classes the model tells apart."""

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score uint8 (N, 28, 28) pixels, N >= 1, in one call of the model."""
