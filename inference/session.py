"""The interface of a loaded model: pixels in, raw scores out.

A session has neither labels nor thresholds: those belong to the contract, which classifier.py applies.
onnx_session.py serves; keras_session.py runs a bare `.keras` file where TensorFlow is installed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.contract import LABEL


@dataclass(frozen=True)
class Scores:
    """The output of a model for N pictures, before temperature.

    Attributes:
        probabilities: by head, float32, (N, C), each row with sum 1.
        distances: float32, (N,), OOD scores: higher is less familiar; None when the model has none.
    """

    probabilities: Mapping[str, Probabilities]
    distances: Distances | None

    @classmethod
    def make_class_scores(cls, probabilities: Probabilities, distances: Distances | None) -> "Scores":
        """The output of a model that answers the class alone."""
        return cls({LABEL: probabilities}, distances)

    @property
    def class_probabilities(self) -> Probabilities:
        """Of the class."""
        return self.probabilities[LABEL]

    def __len__(self) -> int:
        return len(self.class_probabilities)


class Session(Protocol):
    """A loaded model; several threads may call it."""

    @property
    def outputs(self) -> Mapping[str, int]:
        """Number of labels of each head; the class is LABEL."""

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score a batch of pixels, N >= 1, in one call of the model."""
