"""What answers to photos decide about the network that gives them: temperature, familiarity, thresholds.

What people looked at because the model doubted it decides nothing. Pure. The rules: calibration.py and
acceptance.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING, Familiarity, Thresholds
from inference.session import Scores
from reports.acceptance import needed
from reports.answers import Answers
from reports.values import PHOTOS_OF_TIER
from training.measure.acceptance import Kind
from training.measure.calibration import (
    ACCEPTED_OF_OTHER_KINDS,
    ACCEPTED_OF_PHOTOS,
    FAMILIARITIES_OF_PHOTOS,
    FAMILIARITY_OF_PHOTOS,
    confidences_of,
    fit_familiarity,
    fit_thresholds,
    photo_kinds,
)
from training.measure.evaluate import scores_in
from training.measure.photo_calibration import calibrated_out_of_fold, fit_photo_calibration
from training.pictures.photos import CORRECTED_TIER, OWN_TIER


@dataclass(frozen=True)
class PhotoDecisions:
    """What photos decide.

    Attributes:
        temperature: of the network.
        familiarity: None where it has no OOD score.
        thresholds: of all photos.
        kinds: the answers behind them.
        answers: to the photos, each with probabilities that others calibrated.
    """

    temperature: float
    familiarity: Familiarity | None
    thresholds: Thresholds
    kinds: tuple[Kind, ...]
    answers: Answers


def decide_on_photos(
    answers: Answers,
    parts: NDArray[np.int64],
    of_other_kinds: Scores | None = None,
    before: float = ACCEPT_NOTHING,
) -> PhotoDecisions:
    """Fit all of it.

    Where there is a random sample of the user's own pictures, it alone decides about confidence. The parent's
    threshold stays where the sample holds too few accepted answers to show anything, and where corrections
    come without a sample and the other photos show no threshold.

    Args:
        answers: to N photos, with groups, and probabilities as the network gave them.
        parts: int64 (N,), as `calibrated_out_of_fold` has them.
        of_other_kinds: scores of photos of none of the classes, by heads that learnt nothing of their kinds.
        before: the parent's threshold of confidence.
    """
    calibrated = calibrated_out_of_fold(answers, parts)
    temperature = fit_photo_calibration(answers)
    familiarity = _familiarity(answers.take(answers.known & (answers.sets != CORRECTED_TIER)))
    promised = dict.fromkeys(_deciding_tiers(answers), ACCEPTED_OF_PHOTOS)
    for least in FAMILIARITIES_OF_PHOTOS if of_other_kinds else (FAMILIARITY_OF_PHOTOS,):
        confidences = confidences_of(scores_in(calibrated), 1.0, familiarity, least)
        kinds = photo_kinds(calibrated, confidences, promised)
        thresholds = fit_thresholds(kinds, least)
        if thresholds.accept_nothing and _parents_stays(answers, kinds, before):
            thresholds = replace(thresholds, confidence=before)
        if of_other_kinds is None or thresholds.accept_nothing:
            break
        others = confidences_of(of_other_kinds, temperature, familiarity, least)
        if np.mean(others >= thresholds.confidence) <= ACCEPTED_OF_OTHER_KINDS:
            break
    return PhotoDecisions(temperature, familiarity, thresholds, kinds, calibrated)


def _deciding_tiers(answers: Answers) -> list[str]:
    """The user's own pictures, where there are some; else each tier with as many as a promise takes."""
    known = Counter(answers.sets[answers.known].tolist())
    if known[OWN_TIER]:
        return [OWN_TIER]
    enough = {tier for tier, n in known.items() if n >= needed(ACCEPTED_OF_PHOTOS)}
    return sorted(enough - {CORRECTED_TIER})


def _parents_stays(answers: Answers, kinds: Sequence[Kind], threshold: float) -> bool:
    """Whether people's corrections leave the parent's threshold as it is.

    They do where too few of them were drawn at random, or none: then nothing of the user's pictures speaks
    against it. The figures of the other tiers show what it accepts.
    """
    own, at = f"{PHOTOS_OF_TIER}{OWN_TIER}", np.array([threshold], np.float32)
    drawn = [kind for kind in kinds if kind.pictures == own]
    if not drawn:
        return bool((answers.sets == CORRECTED_TIER).any())
    return any(kind.independent(at)[0] < needed(ACCEPTED_OF_PHOTOS) for kind in drawn)


def _familiarity(known: Answers) -> Familiarity | None:
    distances = scores_in(known).distances
    return None if distances is None else fit_familiarity(distances)
