"""The calibration of photos, fitted to photos: a temperature and a bias per class.

The data set's temperature does not fit them: networks are under-confident on photos, and predict some classes
too often there, such as Shirt. The method is bias-corrected temperature scaling (Alexandari et al. 2020,
arXiv 1901.06852). Pure. Serving applies it in inference/decision.py; the thresholds are in calibration.py.
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

SPREAD: Final = 0.25
"""Prior standard deviation of the biases, in nats: few photos move them little. Of 0.1 to 0.8 this value has
the lowest out-of-fold loss on photos."""

FOLDS: Final = 5
"""How many parts the photos have; the calibration of one part is fitted to the other parts."""


def fit_photo_calibration(checked: Checked) -> Calibration:
    """The maximum a posteriori calibration, given the photos that show a class.

    All classes have the same weight, and within a class all its tiers, however many photos there are: the
    calibration does not learn how frequent a class is. A class without photos has the bias 0; the biases of
    the others have the mean 0.

    Args:
        checked: probabilities as the network gave them, of at least one photo of a class.
    """
    known = checked.known
    labels, tiers = checked.labels[known], np.array(checked.tiers)[known]
    classes = np.unique(labels)
    probabilities = checked.scores.probabilities[known].astype(np.float64)
    logarithms = np.log(np.maximum(probabilities[:, classes], np.finfo(np.float32).tiny))
    truth = labels[:, None] == classes
    weights = _weights(labels, tiers)[:, None]
    penalty = 1 / (2 * SPREAD**2 * len(labels))

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        inverse, biases = values[0], values[1:]
        logits = logarithms * inverse + biases
        error = weights * (softmax(logits, axis=1) - truth)
        nats = penalty * np.square(biases).sum() - (weights * truth * log_softmax(logits, axis=1)).sum()
        return nats, np.append((error * logarithms).sum(), error.sum(axis=0) + 2 * penalty * biases)

    start = np.append(1.0, np.zeros(len(classes)))
    bounds = [(1 / HOTTEST, 1 / COLDEST), *[(-LARGEST_BIAS, LARGEST_BIAS)] * len(classes)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    biases = np.zeros(checked.scores.probabilities.shape[1])
    biases[classes] = found[1:]
    return Calibration(temperature=1 / float(found[0]), biases=tuple(biases.tolist()))


def _weights(labels: NDArray[np.uint8], tiers: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo, float64 (N,), sum 1: the same for each class, and within it for each of its tiers."""
    # A cell is one class in one tier.
    cells, cell_of_photo = np.unique(np.stack([labels.astype(str), tiers]), axis=1, return_inverse=True)
    classes, class_of_cell = np.unique(cells[0], return_inverse=True)
    photos, tiers_of_class = np.bincount(cell_of_photo), np.bincount(class_of_cell)
    return np.asarray(1 / (len(classes) * tiers_of_class[class_of_cell] * photos)[cell_of_photo])


def calibrated_out_of_fold(checked: Checked, parts: NDArray[np.int64]) -> Checked:
    """The photos with calibrated probabilities; the calibration of each was fitted to other photos.

    So no photo is calibrated by its own label. The answers to the other photos may come from networks that
    learnt it.

    Args:
        checked: probabilities as the network gave them.
        parts: int64 (N,), 0..FOLDS - 1; photos of one group are in one part, and there are photos of classes
            in two parts at least.
    """
    probabilities = checked.scores.probabilities.copy()
    for part in range(FOLDS):
        mine = parts == part
        probabilities[mine] = _calibrated(probabilities[mine], fit_photo_calibration(checked.take(~mine)))
    return replace(checked, scores=Scores(probabilities, checked.scores.distances), calibrated=True)


def _calibrated(probabilities: Probabilities, calibration: Calibration) -> Probabilities:
    rows = [calibrate(row, calibration) for row in probabilities.tolist()]
    return np.array(rows, np.float32).reshape(probabilities.shape)
