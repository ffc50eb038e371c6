"""The figures of the report that no library has, each a few lines of numpy.

Pure. Precision, recall, F1 and the confusion matrix are sklearn's (measure.py).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from model_store.report import Z_95

ECE_BINS: Final = 15
"""Equal-width bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) use."""


SHOWN_CLASSES: Final = 12
"""The most classes that one picture's bars are drawn for."""


def likeliest(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The numbers of the SHOWN_CLASSES likeliest classes, ascending, of probabilities (C,)."""
    order = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES]
    return np.sort(order).astype(np.int64)


def macro_interval(right: Sequence[int], n: Sequence[int]) -> tuple[float, float]:
    """95% interval of the mean of several shares (Price and Bonett 2004, Comput. Stat. Data Anal. 45, 449).

    The normal approximation, after 2 right and 2 wrong answers are added, spread evenly over the
    shares. Without them a share of 0 or 1 would count as certain, however few it was counted on.

    Args:
        right: how many of each were right.
        n: of how many, each at least 1.
    """
    shares = len(n)
    counts = np.asarray(n, np.float64) + 4 / shares
    adjusted = (np.asarray(right, np.float64) + 2 / shares) / counts
    half = Z_95 * sqrt(float(np.sum(adjusted * (1 - adjusted) / counts))) / shares
    centre = float(adjusted.mean())
    return max(0.0, centre - half), min(1.0, centre + half)


def negative_log_likelihood(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    """Mean of -log p(truth), in nats; a probability of zero counts as the smallest float32.

    Args:
        probabilities: float32 (N, C).
        labels: uint8 (N,).
    """
    truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(truth, np.finfo(np.float32).tiny)).mean())


def reliability(
    confidences: NDArray[np.float32], right: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Sort answers into ECE_BINS bins of confidence; one on an edge belongs to the lower bin.

    Args:
        confidences: (N,), 0..1.
        right: (N,), whether the answer was.

    Returns:
        Per bin: how many, their mean confidence, the share that was right (0 in an empty one).
    """
    bins = np.clip(np.ceil(confidences.astype(np.float64) * ECE_BINS).astype(np.int64) - 1, 0, ECE_BINS - 1)
    count = np.bincount(bins, minlength=ECE_BINS)
    shown = np.maximum(count, 1)
    confidence = np.bincount(bins, weights=confidences, minlength=ECE_BINS) / shown
    accuracy = np.bincount(bins, weights=right, minlength=ECE_BINS) / shown
    return count, confidence, accuracy


def expected_calibration_error(confidences: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence from accuracy over the bins of `reliability`, weighted by size."""
    count, confidence, accuracy = reliability(confidences, right)
    return float(np.sum(count * np.abs(confidence - accuracy)) / len(confidences))
