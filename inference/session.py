"""Interface of a loaded model: pixels in, raw scores out.

A session has neither labels nor thresholds. They belong to the contract, which classifier.py applies.
onnx_session.py runs the serving graph, and keras_session.py a bare `.keras` file if TensorFlow is installed.
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
        probabilities: the probabilities by head, float32, (N, C), each row with sum 1.
        distances: the OOD scores, float32, (N,); a higher one is less familiar. None if the model has none.
    """

    probabilities: Mapping[str, Probabilities]
    distances: Distances | None

    @classmethod
    def make_class_scores(cls, probabilities: Probabilities, distances: Distances | None) -> "Scores":
        """Return the output of a model that answers the class alone."""
        return cls({LABEL: probabilities}, distances)

    @property
    def class_probabilities(self) -> Probabilities:
        """The probabilities of the class, float32, (N, C)."""
        return self.probabilities[LABEL]

    def __len__(self) -> int:
        return len(self.class_probabilities)


class Session(Protocol):
    """Protocol of a loaded model that turns pixels into scores; several threads may call it."""

    @property
    def outputs(self) -> Mapping[str, int]:
        """The number of labels of each head, by name; LABEL is the head of the class."""

    def run(self, pixels: PixelsBatch) -> Scores:
        """Return the scores of a batch of N >= 1 pictures, by one call of the model."""
