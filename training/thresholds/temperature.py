"""Fit the temperature of a network: the number by which logits are divided, so that probabilities are honest.

Of the answers with a probability of 80%, 80% should then be right. A network is usually too sure, and needs a
temperature above 1. All answers to pictures that the network did not learn fit one temperature.

Two other ways were tried. When each fifth of the photos got a temperature from the others, the accepted share
of users' photos depended on the partition. An additional bias for each class (Alexandari et al. 2020, arXiv
1901.06852) lowers the loss, but it changes the class of photos without accepting more.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from reports.answers import Answers
from training.data.photos import CORRECTED_TIER

MIN_TEMPERATURE: Final = 0.5
"""The lowest temperature. Pictures without an error say little about it: 300 right answers of 300 would give
.22. A service would then show 91% for a label with 50%, if the next label has 30%."""

MAX_TEMPERATURE: Final = 20.0
"""The highest temperature. A network that needs more has another fault."""


def fit_temperature(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Fit the temperature that minimises the negative log likelihood, with one pseudo-observation.

    This is temperature scaling (Guo et al. 2017, arXiv 1706.04599). The pseudo-observation is spread over the
    second likeliest classes of all pictures. Without it, a few hundred pictures without an error would always
    give the lowest temperature.

    Args:
        probabilities: (N, C), N >= 1 and C >= 2, before temperature.
        labels: integers (N,), the index of the right class of each picture.
        weights: float64 (N,), the weight of each answer; None for equal weights.

    Returns:
        The temperature, MIN_TEMPERATURE to MAX_TEMPERATURE.
    """
    # A probability may have underflowed to zero. The smallest float32 takes its place, as log 0 is infinite.
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    n = len(labels)
    shares = np.full(n, 1 / n) if weights is None else weights / weights.sum()
    seconds = probabilities.argsort(axis=1)[:, -2]
    rows = np.arange(n)

    # The loss is convex in 1 / temperature, so the bounded search finds its only minimum.
    def compute_loss(inverse: float) -> float:
        logs = log_softmax(logits * inverse, axis=1)
        return float(-(shares @ (logs[rows, labels] + logs[rows, seconds] / n)))

    bounds = (1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE)
    return float(
        1 / minimize_scalar(compute_loss, bounds=bounds, method="bounded", options={"xatol": 1e-8}).x
    )


def fit_temperature_to_answers(answers: Answers, *, has_equal_class_weights: bool = False) -> float:
    """Fit the temperature to the answers about pictures that show one of the classes.

    Photos that people looked at because the model doubted them are left out, because they would make every
    answer less confident.

    Args:
        answers: the answers, with probabilities before temperature. At least one must be to a picture that is
            not left out.
        has_equal_class_weights: whether all classes have the same weight, and within a class all tiers,
            however many photos there are. Otherwise each picture has the same weight.
    """
    class_answers = answers.select_rows(answers.has_class & (answers.sets != CORRECTED_TIER))
    weights = _compute_weights(class_answers.truth, class_answers.sets) if has_equal_class_weights else None
    return fit_temperature(class_answers.probabilities, class_answers.truth, weights)


def _compute_weights(labels: NDArray[np.int64], tiers: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return the weight of each photo, float64 (N,), sum 1: equal for classes, and for tiers in each."""
    # A cell is one class in one tier.
    cells, cell_of_photo = np.unique(np.stack([labels.astype(str), tiers]), axis=1, return_inverse=True)
    classes, class_of_cell = np.unique(cells[0], return_inverse=True)
    photos = np.bincount(cell_of_photo)
    tiers_of_class = np.bincount(class_of_cell)
    return np.asarray(1 / (len(classes) * tiers_of_class[class_of_cell] * photos)[cell_of_photo])
