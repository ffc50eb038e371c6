"""The calibration of photos, fitted to photos: a temperature.

A bias per class beside it (Alexandari et al. 2020, arXiv 1901.06852) lowers the loss, and moves photos to
other classes without more accepted ones (docs/explanation/experiments.md). Pure. The thresholds are in
calibration.py.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.decision import calibrate
from reports.answers import Answers
from training.measure.temperature import fit_temperature
from training.pictures.photos import CORRECTED_TIER

FOLDS: Final = 5
"""How many parts the photos have; the calibration of one part is fitted to the other parts."""


def fit_photo_calibration(answers: Answers) -> float:
    """The temperature that minimises the negative log likelihood of the photos that show a class.

    All classes have the same weight, and within a class all its tiers, however many photos there are. What
    people looked at because the model doubted it is left out: it would make every answer less sure.

    Args:
        answers: probabilities as the network gave them, of at least one photo of a class.
    """
    known = answers.take(answers.known & (answers.sets != CORRECTED_TIER))
    weights = _weights(known.truth, known.sets)
    return fit_temperature(known.probabilities, known.truth, weights)


def _weights(labels: NDArray[np.int64], tiers: NDArray[np.str_]) -> NDArray[np.float64]:
    """Of each photo, float64 (N,), sum 1: the same for each class, and within it for each of its tiers."""
    # A cell is one class in one tier.
    cells, cell_of_photo = np.unique(np.stack([labels.astype(str), tiers]), axis=1, return_inverse=True)
    classes, class_of_cell = np.unique(cells[0], return_inverse=True)
    photos, tiers_of_class = np.bincount(cell_of_photo), np.bincount(class_of_cell)
    return np.asarray(1 / (len(classes) * tiers_of_class[class_of_cell] * photos)[cell_of_photo])


def calibrated_out_of_fold(
    answers: Answers,
    parts: NDArray[np.int64],
    fit: Callable[[Answers], float] = fit_photo_calibration,
) -> Answers:
    """The photos with calibrated probabilities; the calibration of each was fitted to other photos.

    So no photo is calibrated by its own label. The answers to the other photos may come from networks that
    learnt it.

    Args:
        answers: probabilities as the network gave them.
        parts: int64 (N,), 0..FOLDS - 1; photos of one group are in one part, and there are photos of classes
            in two parts at least.
        fit: the temperature of the others.
    """
    probabilities = answers.probabilities.copy()
    for part in range(FOLDS):
        mine = parts == part
        probabilities[mine] = _calibrated(probabilities[mine], fit(answers.take(~mine)))
    return replace(answers, probabilities=probabilities)


def _calibrated(probabilities: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    rows = [calibrate(row, temperature) for row in probabilities.tolist()]
    return np.array(rows, np.float64).reshape(probabilities.shape)
