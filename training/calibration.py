"""What the held-out pictures decide about a release: temperature, thresholds, familiarity.

Pure numpy, no TensorFlow; never sees the test set. How serving applies the figures: inference/decision.py.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances, Probabilities
from inference.contract import PHOTOGRAPHS, Familiarity, InputContract, ModelContract, Thresholds
from inference.decision import calibrate, familiarity_of
from inference.session import Scores

Labels = NDArray[np.uint8]

COLDEST: Final = 0.05
HOTTEST: Final = 20.0
"""Bounds of the temperature; a network at either of them is broken in another way."""

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: what no person looks at may be wrong once in a hundred."""

CAUTION: Final = 1.0
"""Standard errors by which the held-out share must lie above ACCEPTED_ACCURACY: the threshold is chosen on
the same pictures, which flatters it."""

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""

FAMILIARITY_THRESHOLD: Final = 0.01
"""Held-out pictures rarer than one in a hundred are `unfamiliar`. Every one of them is a garment that a
person is asked about for nothing, so the price of spotting foreign ones is fixed at 1%."""


def fit_contract(scores: Scores, labels: Labels, names: tuple[str, ...]) -> ModelContract:
    """What serving needs to know about a model, learnt from the held-out pictures.

    Args:
        scores: of the held-out pictures.
        labels: uint8 (N,), the truth.
        names: of the classes, in index order.
    """
    temperature = fit_temperature(scores.probabilities, labels)
    familiarity = None if scores.distances is None else fit_familiarity(scores.distances)
    return ModelContract(
        labels=names,
        input=InputContract(imaging=PHOTOGRAPHS),
        temperature=temperature,
        thresholds=fit_thresholds(scores, labels, temperature, familiarity),
        familiarity=familiarity,
    )


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


def fit_familiarity(distances: Distances) -> Familiarity:
    """Keep the distances of the held-out pictures at FAMILIARITY_POINTS evenly spaced ranks."""
    ranks = np.linspace(0, 1, FAMILIARITY_POINTS)
    return Familiarity(quantiles=tuple(map(float, np.quantile(distances.astype(np.float64), ranks))))


def fit_thresholds(
    scores: Scores, labels: Labels, temperature: float, familiarity: Familiarity | None
) -> Thresholds:
    """The lowest confidence at which accepted held-out pictures are right often enough.

    Args:
        scores: of the held-out pictures, before temperature.
        labels: uint8 (N,), the truth.
        temperature: from `fit_temperature`.
        familiarity: from `fit_familiarity`; None where the model measures no distance.

    Returns:
        A confidence of 1.0 when no threshold reaches ACCEPTED_ACCURACY.
    """
    known = np.ones(len(labels), bool)
    if familiarity is not None and scores.distances is not None:
        ranks = [familiarity_of(float(distance), familiarity) for distance in scores.distances]
        known = np.array(ranks) >= FAMILIARITY_THRESHOLD
    calibrated = calibrate(scores.probabilities, temperature)[known]
    right = scores.probabilities.argmax(axis=1)[known] == labels[known]
    return Thresholds(
        confidence=confidence_threshold(calibrated.max(axis=1), right), familiarity=FAMILIARITY_THRESHOLD
    )


def confidence_threshold(confidences: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """The smallest confidence from which on ACCEPTED_ACCURACY holds with CAUTION standard errors to spare.

    Args:
        confidences: (N,), 0..1.
        right: (N,), whether the answer was.

    Returns:
        One of the confidences, or 1.0 when none will do.
    """
    order = np.argsort(-confidences, kind="stable")
    count = np.arange(1, len(order) + 1)
    share = np.cumsum(right[order]) / count
    error = np.sqrt(ACCEPTED_ACCURACY * (1 - ACCEPTED_ACCURACY) / count)
    # Equal confidences are accepted together, so only the last of them is a place to stop.
    last = np.append(np.diff(confidences[order]) != 0, True)
    enough = np.flatnonzero(last & (share >= np.minimum(ACCEPTED_ACCURACY + CAUTION * error, 1.0)))
    return float(confidences[order][enough[-1]]) if enough.size else 1.0
