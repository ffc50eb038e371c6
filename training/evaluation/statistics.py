"""Compute figures of the report that no library has, and compare two evaluations of one model.

Most of the figures are about calibration: whether answers are as often right as their confidence says.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reports.network_figures import TestFigures

ECE_BINS: Final = 15
"""Equal-width bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) use."""

NULL_BAND_DRAWS: Final = 1000
"""Number of random draws from which `simulate_calibration_error_band` takes its band."""

MAX_CLASSES_SHOWN: Final = 12
"""Largest number of classes whose probabilities are drawn as bars beside a picture."""

FIGURE_TOLERANCE: Final = 1e-3
"""Largest difference of a figure, and largest share of pictures with another answer, that rounding on another
processor explains. On the same processor both are zero."""


def find_likeliest_classes(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the indexes of the MAX_CLASSES_SHOWN likeliest of C probabilities, ascending."""
    order = np.argsort(-probabilities, kind="stable")[:MAX_CLASSES_SHOWN]
    return np.sort(order).astype(np.int64)


def assign_confidence_bins(confidences: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the number of the bin of each confidence, 0 to ECE_BINS - 1, int64 (N,).

    Args:
        confidences: (N,), 0..1; a confidence on the edge of two bins belongs to the lower one.
    """
    return np.asarray(np.digitize(confidences, np.linspace(0, 1, ECE_BINS + 1)[1:-1], right=True))


def compute_expected_calibration_error(
    confidences: NDArray[np.floating[Any]], is_right: NDArray[np.bool_]
) -> float:
    """Return the mean difference between confidence and accuracy in ECE_BINS bins of confidence (ECE).

    Bins are weighted by the number of their answers. The result is 0 to 1, and 0 is best.

    Args:
        confidences: (N,), 0..1.
        is_right: (N,), whether the answer was right.
    """
    excess = np.bincount(assign_confidence_bins(confidences), weights=confidences - is_right)
    return float(np.abs(excess).sum() / len(confidences))


def simulate_calibration_error_band(confidences: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Simulate the calibration error of N answers that are as often right as their confidence says.

    Even such answers have an error above 0, by chance. An error within the band of 95% of the simulations
    shows nothing against the calibration.

    Args:
        confidences: (N,), the confidences of the answers, 0..1.

    Returns:
        The lower and the upper end of the band.
    """
    random = np.random.default_rng(0)
    errors = [
        compute_expected_calibration_error(confidences, random.random(len(confidences)) < confidences)
        for _ in range(NULL_BAND_DRAWS)
    ]
    low, high = np.quantile(errors, (0.025, 0.975)).tolist()
    return low, high


def compute_overconfidence(confidences: NDArray[np.floating[Any]], is_right: NDArray[np.bool_]) -> float:
    """Return mean confidence minus accuracy, -1..1; above 0 if answers are surer than they are right.

    Args:
        confidences: (N,), the confidences of the answers, 0..1.
        is_right: (N,), whether each answer was right.
    """
    return float(np.mean(confidences) - np.mean(is_right))


def describe_differences(stored_figures: TestFigures, new_figures: TestFigures) -> list[str]:
    """Return a sentence for each figure that two evaluations give differently (see FIGURE_TOLERANCE)."""
    if stored_figures.n != new_figures.n:
        return [f"n: the report has {stored_figures.n}, found {new_figures.n}."]
    figure_pairs = {
        "accuracy": (stored_figures.accuracy, new_figures.accuracy),
        "loss": (stored_figures.loss, new_figures.loss),
        "ece": (stored_figures.ece, new_figures.ece),
        "coverage": (stored_figures.decisions.coverage, new_figures.decisions.coverage),
    }
    sentences = [
        f"{name}: the report has {before:.4f}, found {now:.4f}."
        for name, (before, now) in figure_pairs.items()
        if not abs(before - now) <= FIGURE_TOLERANCE
    ]
    # A picture with another answer leaves one cell and enters another, so it changes two counts.
    moved = (
        np.abs(np.array(stored_figures.confusion_matrix) - np.array(new_figures.confusion_matrix)).sum() // 2
    )
    if moved > FIGURE_TOLERANCE * new_figures.n:
        sentences.append(f"confusion matrix: {moved} of {new_figures.n} pictures have another answer.")
    return sentences
