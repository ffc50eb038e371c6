"""The calibration of photos for one's own pictures: temperature and thresholds of a release that exists.

The weights stay, and of a release with two networks everything about pixels. Pure. What the same rules decide
when a release is made: calibration.py; the release that comes of it: release/recalibrated.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import ModelContract, Thresholds
from inference.decision import familiarity_of
from reports.acceptance import ACCEPT_CONFIDENCE, SURENESS, needed
from reports.answers import Answers
from training.errors import NotShown
from training.measure.acceptance import Kind, confidence_threshold, in_words, possible_promises
from training.measure.calibration import (
    FAMILIARITY_OF_PHOTOS,
    confidences_of,
    photo_kinds,
    says_what_is_familiar,
)
from training.measure.evaluate import scores_in
from training.measure.photo_calibration import calibrated_out_of_fold
from training.measure.temperature import fit_temperature


@dataclass(frozen=True)
class OwnCalibration:
    """What one's own pictures decide.

    Attributes:
        contract: the parent's, of the network that answers photos, with another temperature and thresholds.
        kinds: the answers behind the thresholds, by tier.
        answers: to the pictures, with probabilities that were calibrated by other pictures.
    """

    contract: ModelContract
    kinds: tuple[Kind, ...]
    answers: Answers


def check_enough(tiers: Sequence[str], accuracy: float) -> None:
    """Check, before a network is asked, that there are so many pictures of each tier as a promise takes.

    Args:
        tiers: of the pictures that show a class.
        accuracy: 0..1, share of the accepted answers that is to be promised.

    Raises:
        NotShown: there are fewer; the message says how many are needed, and why.
    """
    least, counts = needed(accuracy), Counter(tiers)
    few = [f"{n:,} of tier {tier}" for tier, n in sorted(counts.items()) if n < least]
    if few or not counts:
        raise NotShown(
            f"Too few checked pictures: {', '.join(few) or 'none shows a class'}. To show with "
            f"{SURENESS:.0%} certainty that {100 * accuracy:g}% of accepted answers are right takes "
            f"{least:,} accepted pictures of each tier without an error, and more with some. Bring more, or "
            "ask for less with --accept-right."
        )


def calibrate_on(
    answers: Answers,
    parts: NDArray[np.int64],
    contract: ModelContract,
    accuracy: float,
    confidence: float = ACCEPT_CONFIDENCE,
) -> OwnCalibration:
    """Fit temperature and thresholds of photos; each tier keeps the promise by itself.

    Args:
        answers: probabilities as the network gave them, of pictures that it did not learn.
        parts: int64 (N,), 0..FOLDS - 1; pictures of one group are in one part.
        contract: of the release that gave them.
        accuracy: 0..1, share of the accepted answers that must be right.
        confidence: 0..1, that each of them needs.

    Raises:
        NotShown: no threshold keeps the promise, or all pictures are of one group.
    """
    if len(np.unique(parts[answers.known])) < 2:
        raise NotShown(
            "The checked pictures are of too few groups to calibrate on some and check on others. Bring "
            "pictures of other senders, or leave the column `group` out where pictures are independent."
        )
    calibrated = calibrated_out_of_fold(answers, parts, fit_own)
    least = _least_familiarity(answers, contract)
    confidences = confidences_of(scores_in(calibrated), 1.0, contract.familiarity, least)
    tiers = sorted(set(answers.sets[answers.known].tolist()))
    kinds = photo_kinds(calibrated, confidences, dict.fromkeys(tiers, accuracy), confidence)
    threshold = confidence_threshold(kinds)
    thresholds = Thresholds(confidence=threshold, familiarity=least)
    if thresholds.accept_nothing:
        raise NotShown(_why_nothing(kinds, accuracy))
    fitted = replace(contract, temperature=fit_own(answers), thresholds=thresholds)
    return OwnCalibration(fitted, kinds, calibrated)


def fit_own(answers: Answers) -> float:
    """The temperature of the pictures that show a class; each counts alike, as it will be asked.

    Args:
        answers: probabilities as the network gave them, of at least one picture that shows a class.
    """
    known = answers.take(answers.known)
    return fit_temperature(known.probabilities, known.truth)


def _least_familiarity(answers: Answers, contract: ModelContract) -> float:
    """Below it lie FAMILIARITY_OF_PHOTOS of the pictures; the parent's where these are too few to say."""
    familiarity, distances = contract.familiarity, scores_in(answers).distances
    if familiarity is None or distances is None or not says_what_is_familiar(answers):
        return contract.thresholds.familiarity
    ranks = [familiarity_of(distance, familiarity) for distance in distances[answers.known].tolist()]
    return float(np.quantile(ranks, FAMILIARITY_OF_PHOTOS, method="lower"))


def _why_nothing(kinds: Sequence[Kind], accuracy: float) -> str:
    """What a tier lacks that alone keeps no promise; of the first one where they fail together alone."""
    possible = {
        kind.pictures: [one for one in possible_promises(kind) if one.accuracy == accuracy] for kind in kinds
    }
    kind = min(kinds, key=lambda one: possible[one.pictures][0].accepted > 0)
    groups = 0 if kind.groups is None else len(np.unique(kind.groups))
    of_groups = f" of {groups:,} groups" if groups and groups < len(kind.right) else ""
    return (
        f"{len(kind.right):,} {kind.pictures}{of_groups}, {int(kind.right.sum()):,} of them answered right, "
        f"do not show with {SURENESS:.0%} certainty that {100 * accuracy:g}% of any accepted ones are right. "
        f"{' '.join(in_words(possible[kind.pictures]))} Bring more, ask for less with --accept-right, or "
        "train on some of them."
    )
