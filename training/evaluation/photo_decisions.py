"""What answers to photos decide about the network that gives them: temperature, familiarity, thresholds.

Each ground has thresholds of its own where its tiers have enough photos. Pure. The rules: calibration.py and
acceptance.py.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.contract import Calibration, Familiarity, Shown, Thresholds
from inference.session import Scores
from model_store.acceptance import needed
from training.evaluation.acceptance import Kind
from training.evaluation.calibration import (
    ACCEPTED_OF_PHOTOS,
    FAMILIARITY_OF_PHOTOS,
    Checked,
    confidences_of,
    fit_familiarity,
    fit_thresholds,
    photo_kinds,
)
from training.evaluation.photo_calibration import calibrated_out_of_fold, fit_photo_calibration


@dataclass(frozen=True)
class PhotoDecisions:
    """What photos decide.

    Attributes:
        calibration: of the network.
        familiarity: None where it has no OOD score.
        plain: thresholds of all photos, or of those on plain ground.
        cluttered: of the others; None where the same decide about all.
        kinds: the answers behind them.
        checked: the photos, each with probabilities that others calibrated.
    """

    calibration: Calibration
    familiarity: Familiarity | None
    plain: Thresholds
    cluttered: Thresholds | None
    kinds: tuple[Kind, ...]
    checked: Checked


def decide_on_photos(checked: Checked, parts: NDArray[np.int64]) -> PhotoDecisions:
    """Fit all of it.

    Args:
        checked: N photos, with groups and grounds, and probabilities as the network gave them.
        parts: int64 (N,), as `calibrated_out_of_fold` has them.
    """
    calibrated = calibrated_out_of_fold(checked, parts)
    familiarity = _familiarity(checked.scores, checked.known)
    confidences = confidences_of(calibrated.scores, 1.0, familiarity, FAMILIARITY_OF_PHOTOS)
    known = Counter(np.array(checked.tiers)[checked.known].tolist())
    promised = {
        tier: ACCEPTED_OF_PHOTOS for tier, n in sorted(known.items()) if n >= needed(ACCEPTED_OF_PHOTOS)
    }
    divided = checked.of_both_grounds
    kinds = photo_kinds(calibrated, confidences, promised, by_ground=divided)
    grounds: tuple[Shown, ...] = ("plain", "cluttered") if divided else ("plain",)
    least = dict.fromkeys(grounds, FAMILIARITY_OF_PHOTOS)
    thresholds = fit_thresholds(kinds, least)
    return PhotoDecisions(
        fit_photo_calibration(checked),
        familiarity,
        thresholds["plain"],
        thresholds.get("cluttered"),
        kinds,
        calibrated,
    )


def _familiarity(scores: Scores, known: NDArray[np.bool_]) -> Familiarity | None:
    return None if scores.distances is None else fit_familiarity(scores.distances[known])
