"""What answers to photos decide about the network that gives them: temperature, familiarity, thresholds.

Each ground has thresholds of its own where its tiers have enough photos. What people looked at because the
model doubted it decides nothing. Pure. The rules: calibration.py and acceptance.py.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.contract import Calibration, Familiarity, Shown, Thresholds
from model_store.acceptance import needed
from model_store.answers import Answers
from training.evaluation.acceptance import Kind
from training.evaluation.calibration import (
    ACCEPTED_OF_PHOTOS,
    FAMILIARITY_OF_PHOTOS,
    confidences_of,
    fit_familiarity,
    fit_thresholds,
    of_both_grounds,
    photo_kinds,
)
from training.evaluation.photo_calibration import calibrated_out_of_fold, fit_photo_calibration
from training.measure import scores_in
from training.photos.reading import CORRECTED_TIER


@dataclass(frozen=True)
class PhotoDecisions:
    """What photos decide.

    Attributes:
        calibration: of the network.
        familiarity: None where it has no OOD score.
        plain: thresholds of all photos, or of those on plain ground.
        cluttered: of the others; None where the same decide about all.
        kinds: the answers behind them.
        answers: to the photos, each with probabilities that others calibrated.
    """

    calibration: Calibration
    familiarity: Familiarity | None
    plain: Thresholds
    cluttered: Thresholds | None
    kinds: tuple[Kind, ...]
    answers: Answers


def decide_on_photos(answers: Answers, parts: NDArray[np.int64]) -> PhotoDecisions:
    """Fit all of it.

    Args:
        answers: to N photos, with groups and grounds, and probabilities as the network gave them.
        parts: int64 (N,), as `calibrated_out_of_fold` has them.
    """
    calibrated = calibrated_out_of_fold(answers, parts)
    familiarity = _familiarity(answers.take(answers.known & (answers.sets != CORRECTED_TIER)))
    confidences = confidences_of(scores_in(calibrated), 1.0, familiarity, FAMILIARITY_OF_PHOTOS)
    known = Counter(answers.sets[answers.known].tolist())
    enough = {tier for tier, n in known.items() if n >= needed(ACCEPTED_OF_PHOTOS)}
    promised = dict.fromkeys(sorted(enough - {CORRECTED_TIER}), ACCEPTED_OF_PHOTOS)
    divided = of_both_grounds(answers)
    kinds = photo_kinds(calibrated, confidences, promised, by_ground=divided)
    grounds: tuple[Shown, ...] = ("plain", "cluttered") if divided else ("plain",)
    least = dict.fromkeys(grounds, FAMILIARITY_OF_PHOTOS)
    thresholds = fit_thresholds(kinds, least)
    return PhotoDecisions(
        fit_photo_calibration(answers),
        familiarity,
        thresholds["plain"],
        thresholds.get("cluttered"),
        kinds,
        calibrated,
    )


def _familiarity(known: Answers) -> Familiarity | None:
    distances = scores_in(known).distances
    return None if distances is None else fit_familiarity(distances)
