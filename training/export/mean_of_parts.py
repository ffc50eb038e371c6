"""Whether a mean of networks is as sure of its answers as the networks that chose its thresholds.

With `--average-folds` the networks of the folds answer the photos and choose, and the mean of their weights
is served. On the held-out pictures, which none of them learnt, both can be compared. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from scipy.special import log_softmax

from inference.arrays import Probabilities
from inference.contract import ModelContract
from training.decide import fit_temperature


@dataclass(frozen=True)
class MeanOfParts:
    """The mean first, then each of its parts.

    Attributes:
        temperatures: that each would need on the held-out pictures.
        accepted: share of these that each accepts with temperature and threshold of the release.
    """

    temperatures: tuple[float, ...]
    accepted: tuple[float, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """What the report records, in the training's configuration."""
        return {"mean_and_parts": {"temperature": [*self.temperatures], "accepted": [*self.accepted]}}

    def __str__(self) -> str:
        temperature, *warmth = self.temperatures
        accepted, *reach = self.accepted
        return (
            f"On the held-out pictures the mean of {len(warmth)} networks needs the temperature "
            f"{temperature:.3f} and accepts {accepted:.1%}; the networks, whose answers choose thresholds, "
            f"need {min(warmth):.3f} to {max(warmth):.3f} and accept {min(reach):.1%} to {max(reach):.1%}."
        )


def compared(
    mean: Probabilities, parts: Sequence[Probabilities], labels: NDArray[np.uint8], contract: ModelContract
) -> MeanOfParts:
    """Compare a mean with its parts.

    Args:
        mean: float32 (N, C), its answers to the held-out pictures, before temperature.
        parts: the same of each.
        labels: uint8 (N,), the truth.
        contract: of the release.
    """
    answers = (mean, *parts)
    return MeanOfParts(
        tuple(fit_temperature(one, labels) for one in answers),
        tuple(_accepted(one, contract) for one in answers),
    )


def _accepted(probabilities: Probabilities, contract: ModelContract) -> float:
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    confidences = np.exp(log_softmax(logits / contract.temperature, axis=1)).max(axis=1)
    return float(np.mean(confidences >= contract.thresholds.confidence))
