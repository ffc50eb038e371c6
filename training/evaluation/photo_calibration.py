"""How sure answers to photos are: probabilities of photos, calibrated on photos.

A network is less sure of photos than it is right, and prefers some classes to others there: a shirt on a
floor is most often right where it says trousers, and least where it says coat. Vector scaling (Guo et al.
2017, arXiv 1706.04599) fits one temperature and a bias per class. Pure. How serving applies them:
inference/decision.py; the thresholds: calibration.py.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from inference.arrays import Probabilities
from inference.contract import LARGEST_BIAS, Calibration
from inference.decision import calibrate
from inference.session import Scores
from training.evaluation.calibration import COLDEST, HOTTEST, Checked

SHRINKAGE: Final = 0.01
"""Penalty on the squared biases, in nats: a class with few photos keeps a bias near 0."""

FOLDS: Final = 5
"""In so many parts photos are calibrated by what the others say."""


def fit_photo_calibration(checked: Checked) -> Calibration:
    """The calibration that minimises the negative log likelihood of the photos that show a class.

    Each class of each tier counts the same, however many photos it has: how often sellers photograph a
    class is not to be learnt. A class without photos has the bias 0.

    Args:
        checked: probabilities as the network gave them, of at least one photo of a class.
    """
    known = checked.known
    labels, tiers = checked.labels[known], np.array(checked.tiers)[known]
    probabilities = checked.scores.probabilities[known].astype(np.float64)
    logarithms = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    classes = logarithms.shape[1]
    truth = np.eye(classes)[labels]
    weights = _weights(labels, tiers)
    there = np.isin(np.arange(classes), labels)

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        inverse, biases = values[0], values[1:] * there
        logits = logarithms * inverse + biases
        error = weights[:, None] * (softmax(logits, axis=1) - truth)
        nats = -(weights[:, None] * truth * log_softmax(logits, axis=1)).sum()
        slopes = (error.sum(axis=0) + 2 * SHRINKAGE * biases) * there
        return nats + SHRINKAGE * np.square(biases).sum(), np.append((error * logarithms).sum(), slopes)

    start = np.append(1.0, np.zeros(classes))
    bounds = [(1 / HOTTEST, 1 / COLDEST), *[(-LARGEST_BIAS, LARGEST_BIAS)] * classes]
    inverse, *biases = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x.tolist()
    return Calibration(temperature=1 / inverse, biases=tuple(biases))


def _weights(labels: NDArray[np.uint8], tiers: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo, float64 (N,), sum 1, the same sum for each class of each tier."""
    cells = np.unique(np.char.add(np.char.add(tiers, "/"), labels.astype(str)), return_inverse=True)[1]
    sizes = np.bincount(cells)
    return np.asarray(1 / (len(sizes) * sizes[cells]))


def calibrated_out_of_fold(checked: Checked, parts: NDArray[np.int64]) -> Checked:
    """The photos with the probabilities that serving would give them, had it not learnt from them.

    Args:
        checked: probabilities as the network gave them.
        parts: int64 (N,), 0..FOLDS - 1; photos of one group are in one part, and there are photos of classes
            in two parts at least. Each part is calibrated by what the others say.
    """
    probabilities = checked.scores.probabilities.copy()
    for part in range(FOLDS):
        mine = parts == part
        probabilities[mine] = _calibrated(probabilities[mine], fit_photo_calibration(checked.take(~mine)))
    return replace(checked, scores=Scores(probabilities, checked.scores.distances), calibrated=True)


def _calibrated(probabilities: Probabilities, calibration: Calibration) -> Probabilities:
    rows = [calibrate(row, calibration) for row in probabilities.tolist()]
    return np.array(rows, np.float32).reshape(probabilities.shape)
