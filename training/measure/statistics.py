"""Figures of the report that no library has, and the comparison of two evaluations of one model.

Pure numpy. Precision, recall, F1 and the confusion matrix are sklearn's (training/measure/evaluate.py).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reports.values import Z_95, TestFigures

ECE_BINS: Final = 15
"""Equal-width bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) use."""

SHOWN_CLASSES: Final = 12
"""The most classes that one picture's bars are drawn for."""

TOLERANCE: Final = 1e-3
"""Largest difference of a figure, and share of pictures with another answer, that rounding on another
processor explains; on the same one both are zero."""


def likeliest(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The numbers of the SHOWN_CLASSES likeliest classes, ascending, of probabilities (C,)."""
    order = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES]
    return np.sort(order).astype(np.int64)


def macro_interval(
    right: Sequence[float] | NDArray[np.float64], n: Sequence[float] | NDArray[np.float64]
) -> tuple[float, float]:
    """95% interval of the mean of several shares (Price and Bonett 2004, Comput. Stat. Data Anal. 45, 449).

    The normal approximation, after 2 right and 2 wrong answers are added, spread evenly over the
    shares. Without them a share of 0 or 1 would count as certain, however few it was counted on.

    Args:
        right: how many of each were right.
        n: of how many, each above 0; perhaps effective numbers.
    """
    shares = len(n)
    counts = np.asarray(n, np.float64) + 4 / shares
    adjusted = (np.asarray(right, np.float64) + 2 / shares) / counts
    half = Z_95 * sqrt(float(np.sum(adjusted * (1 - adjusted) / counts))) / shares
    centre = float(adjusted.mean())
    return max(0.0, centre - half), min(1.0, centre + half)


def expected_calibration_error(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence from accuracy over ECE_BINS bins, weighted by their size.

    Args:
        confidences: (N,), 0..1; one on an edge belongs to the lower bin.
        right: (N,), whether the answer was.
    """
    edges = np.linspace(0, 1, ECE_BINS + 1)[1:-1]
    excess = np.bincount(np.digitize(confidences, edges, right=True), weights=confidences - right)
    return float(np.abs(excess).sum() / len(confidences))


def overconfidence(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Mean confidence minus accuracy, -1..1, of N answers; arguments as above."""
    return float(np.mean(confidences) - np.mean(right))


def differences(stored: TestFigures, found: TestFigures) -> list[str]:
    """What differs by more than TOLERANCE between two evaluations, a sentence each; empty if they agree."""
    if stored.n != found.n:
        return [f"n: the report has {stored.n}, found {found.n}."]
    named = {
        "accuracy": (stored.accuracy, found.accuracy),
        "loss": (stored.loss, found.loss),
        "ece": (stored.ece, found.ece),
        "coverage": (stored.decisions.coverage, found.decisions.coverage),
    }
    differences = [
        f"{name}: the report has {before:.4f}, found {now:.4f}."
        for name, (before, now) in named.items()
        if not abs(before - now) <= TOLERANCE
    ]
    # A picture with another answer leaves one cell and enters another.
    moved = np.abs(np.array(stored.confusion_matrix) - np.array(found.confusion_matrix)).sum() // 2
    if moved > TOLERANCE * found.n:
        differences.append(f"confusion matrix: {moved} of {found.n} pictures have another answer.")
    return differences
