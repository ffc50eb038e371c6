"""What a table says as a whole, added up chunk by chunk: the numbers of the summary.

Arrays, so that adding a chunk's to the run's costs nothing. Touches nothing else.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.classifier import Prediction
from inference.decision import Reason

BINS: Final = 20
"""Of the histogram of confidences, from 0 to 1."""

OUTCOMES: Final[tuple[Reason | None, ...]] = (None, "ambiguous", "unfamiliar")
"""The reasons for a review; None is `accept`."""


@dataclass(frozen=True)
class Tally:
    """Counts over some rows.

    Attributes:
        outcomes: int64, (C, 3): of each class, how many had each of OUTCOMES.
        confidences: int64, (BINS,): how many had a confidence in each twentieth; 1 is in the last.
        errors: rows that have an error in place of an answer.
    """

    outcomes: NDArray[np.int64]
    confidences: NDArray[np.int64]
    errors: int

    @staticmethod
    def nothing(classes: int) -> "Tally":
        """Of no rows."""
        return Tally(np.zeros((classes, len(OUTCOMES)), np.int64), np.zeros(BINS, np.int64), 0)

    @staticmethod
    def of(predictions: list[Prediction], errors: int, classes: int) -> "Tally":
        """Of these answers and so many errors."""
        tally = Tally.nothing(classes)
        for prediction in predictions:
            tally.outcomes[prediction.class_id, OUTCOMES.index(prediction.reason)] += 1
            tally.confidences[min(int(prediction.confidence * BINS), BINS - 1)] += 1
        return Tally(tally.outcomes, tally.confidences, errors)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.outcomes + other.outcomes, self.confidences + other.confidences, self.errors + other.errors
        )

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self.outcomes.sum()) + self.errors

    def as_json(self) -> dict[str, object]:
        """As `from_json` reads it."""
        return {
            "outcomes": self.outcomes.tolist(),
            "confidences": self.confidences.tolist(),
            "errors": self.errors,
        }

    @staticmethod
    def from_json(told: "dict[str, object]") -> "Tally":
        """What `as_json` made."""
        errors = told["errors"]
        assert isinstance(errors, int)  # noqa: S101 - our own file
        return Tally(np.array(told["outcomes"], np.int64), np.array(told["confidences"], np.int64), errors)
