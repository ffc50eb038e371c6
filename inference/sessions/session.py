"""Interface of a loaded model, whatever library runs it: pixels in, probabilities out.

A session knows neither labels nor thresholds. There are two: one runs the graph of a release on ONNX Runtime,
the other a bare `.keras` file on TensorFlow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.contract import LABEL


@dataclass(frozen=True)
class Scores:
    """The output of a model for N pictures, before temperature.

    Attributes:
        probabilities: the probabilities by head, float32, (N, C), each row with sum 1.
        distances: a score of how unlike the learnt pictures each picture is, float32, (N,); None if the model
            does not measure it.
        parts: the probabilities of the attribute that is answered for parts (PARTS), float32 (N, P, C). Each
            row has the sum 1, or 0 for a blank part, which says nothing. None if the model answers no parts.
    """

    probabilities: Mapping[str, Probabilities]
    distances: Distances | None
    parts: Probabilities | None = None

    @classmethod
    def make_class_scores(cls, probabilities: Probabilities, distances: Distances | None) -> "Scores":
        """Return the output of a model that answers the class alone."""
        return cls({LABEL: probabilities}, distances)

    @property
    def class_probabilities(self) -> Probabilities:
        """The probabilities of the class, float32, (N, C)."""
        return self.probabilities[LABEL]

    @staticmethod
    def join_parts(several: "Sequence[Scores]") -> Probabilities | None:
        """Join the probabilities of parts of several sets of pictures, in this order; None without any."""
        parts = [scores.parts for scores in several if scores.parts is not None]
        return np.concatenate(parts) if parts else None

    def __len__(self) -> int:
        return len(self.class_probabilities)


class ModelSession(Protocol):
    """Protocol of a loaded model that turns pixels into scores; several threads may call it."""

    @property
    def outputs(self) -> Mapping[str, int]:
        """The number of labels of each head, by name; LABEL is the head of the class."""

    def run(self, pixels: PixelsBatch) -> Scores:
        """Return the scores of a batch of N >= 1 pictures, by one call of the model."""
