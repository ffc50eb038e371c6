"""What the held-out pictures decide about a release: temperature, familiarity and, by them, its thresholds.

Pure numpy, no TensorFlow; never sees the test set. The thresholds: thresholds.py; how serving applies the
figures: inference/decision.py.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances, Probabilities
from inference.contract import PHOTOGRAPHS, Familiarity, InputContract, ModelContract
from inference.session import Scores
from training.evaluation.thresholds import Checked, Labels, fit_thresholds

COLDEST: Final = 0.05
HOTTEST: Final = 20.0
"""Bounds of the temperature; a network at either of them is broken in another way."""

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""


def fit_contract(
    scores: Scores, labels: Labels, names: tuple[str, ...], checked: Checked | None = None
) -> ModelContract:
    """What serving needs to know about a model, learnt from the held-out pictures.

    The temperature is the data set's alone: its probabilities are what the report checks.

    Args:
        scores: of the held-out pictures.
        labels: uint8 (N,), the truth.
        names: of the classes, in index order.
        checked: photos that familiarity and thresholds are learnt from, too.
    """
    temperature = fit_temperature(scores.probabilities, labels)
    familiarity = _familiarity(scores, checked)
    return ModelContract(
        labels=names,
        input=InputContract(imaging=PHOTOGRAPHS),
        temperature=temperature,
        thresholds=fit_thresholds(scores, labels, temperature, familiarity, checked),
        familiarity=familiarity,
    )


def _familiarity(scores: Scores, checked: Checked | None) -> Familiarity | None:
    if scores.distances is None:
        return None
    if checked is None or checked.scores.distances is None or not checked.known.any():
        return fit_familiarity(scores.distances)
    return fit_familiarity(scores.distances, checked.scores.distances[checked.known])


def fit_temperature(probabilities: Probabilities, labels: Labels) -> float:
    """The temperature that minimises the negative log likelihood (Guo et al. 2017, arXiv 1706.04599).

    The likelihood is concave in 1 / temperature, so bisecting its slope finds the one optimum.

    Args:
        probabilities: float32 (N, C), before temperature.
        labels: uint8 (N,), the truth.

    Returns:
        COLDEST..HOTTEST.
    """
    # A probability that underflowed to zero counts as the smallest float32: its logarithm is finite.
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(60):  # 20 / 2**60 is below float64's resolution
        middle = (low + high) / 2
        if _slope(logits, labels, middle) > 0:
            low = middle
        else:
            high = middle
    return 2 / (low + high)


def _slope(logits: NDArray[np.float64], labels: Labels, inverse: float) -> float:
    """Derivative of the mean log likelihood by 1 / temperature."""
    scaled = logits * inverse
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    truth = logits[np.arange(len(labels)), labels]
    return float(np.mean(truth - (weights * logits).sum(axis=1)))


def fit_familiarity(distances: Distances, of_photos: Distances | None = None) -> Familiarity:
    """Keep the distances of the held-out pictures at FAMILIARITY_POINTS evenly spaced ranks.

    Args:
        distances: float32 (N,), of the held-out pictures.
        of_photos: float32 (M,), of known photos, which count as much as these, however few they are.
    """
    groups = [distances] if of_photos is None else [distances, of_photos]
    values = np.concatenate(groups).astype(np.float64)
    weights = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) - weights[order]
    # So that the nearest has rank 0 and the farthest rank 1, as numpy's quantiles have it.
    ranks = below / below[-1] if len(values) > 1 else below
    evenly = np.linspace(0, 1, FAMILIARITY_POINTS)
    return Familiarity(quantiles=tuple(map(float, np.interp(evenly, ranks, values[order]))))
