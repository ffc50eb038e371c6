"""Figures of the report that no library has, and the comparison of two evaluations of one model.

Pure numpy. Precision, recall, F1 and the confusion matrix are sklearn's (training/evaluation/evaluate.py).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reports.values import TestFigures

ECE_BINS: Final = 15
"""Equal-width bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) use."""

NULL_DRAWS: Final = 1000
"""Number of random draws from which `null_band` takes the band of a calibrated network."""

SHOWN_CLASSES: Final = 12
"""Largest number of classes whose probabilities are drawn as bars beside a picture."""

TOLERANCE: Final = 1e-3
"""Largest difference of a figure, and share of pictures with another answer, that rounding on another
processor explains; on the same one both are zero."""


def likeliest(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the indexes of the SHOWN_CLASSES likeliest of C probabilities, in ascending order of index."""
    order = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES]
    return np.sort(order).astype(np.int64)


def expected_calibration_error(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence from accuracy over ECE_BINS bins, weighted by their size.

    Args:
        confidences: (N,), 0..1; a confidence on the edge of two bins belongs to the lower one.
        right: (N,), whether the answer was right.
    """
    edges = np.linspace(0, 1, ECE_BINS + 1)[1:-1]
    excess = np.bincount(np.digitize(confidences, edges, right=True), weights=confidences - right)
    return float(np.abs(excess).sum() / len(confidences))


def null_band(confidences: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Simulate the 95% band of the calibration error of N answers that are right as often as they say.

    Args:
        confidences: (N,), the confidences of the answers, 0..1.

    Returns:
        The lower and the upper end of the band.
    """
    random = np.random.default_rng(0)
    errors = [
        expected_calibration_error(confidences, random.random(len(confidences)) < confidences)
        for _ in range(NULL_DRAWS)
    ]
    low, high = np.quantile(errors, (0.025, 0.975)).tolist()
    return low, high


def overconfidence(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Return mean confidence minus accuracy, -1..1; above 0 if answers are surer than they are right.

    Args:
        confidences: (N,), the confidences of the answers, 0..1.
        right: (N,), whether each answer was right.
    """
    return float(np.mean(confidences) - np.mean(right))


def differences(stored: TestFigures, measured: TestFigures) -> list[str]:
    """Return a sentence for each figure that differs by more than TOLERANCE between two evaluations."""
    if stored.n != measured.n:
        return [f"n: the report has {stored.n}, found {measured.n}."]
    named = {
        "accuracy": (stored.accuracy, measured.accuracy),
        "loss": (stored.loss, measured.loss),
        "ece": (stored.ece, measured.ece),
        "coverage": (stored.decisions.coverage, measured.decisions.coverage),
    }
    differences = [
        f"{name}: the report has {before:.4f}, found {now:.4f}."
        for name, (before, now) in named.items()
        if not abs(before - now) <= TOLERANCE
    ]
    # A picture with another answer leaves one cell and enters another.
    moved = np.abs(np.array(stored.confusion_matrix) - np.array(measured.confusion_matrix)).sum() // 2
    if moved > TOLERANCE * measured.n:
        differences.append(f"confusion matrix: {moved} of {measured.n} pictures have another answer.")
    return differences
