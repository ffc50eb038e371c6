"""The two thresholds of the decision: what the service accepts without a person's review.

The service cannot know whether an upload is a product shot or a photo of a floor, so one confidence and one
familiarity have to keep every promise: on the held-out pictures, and on the photos of each tier that has one.
Pure numpy, no TensorFlow; never sees the test set. inference/decision.py applies them; calibration.py fits
temperature and familiarity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import Familiarity, Thresholds
from inference.decision import calibrate, familiarity_of
from inference.session import Scores
from training.photos.reading import OOD

Labels = NDArray[np.uint8]

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong."""

ACCEPTED_OF_PHOTOS: Final[Mapping[str, float]] = {"A": 0.95, "C": 0.90}
"""The same by tier: product shots, and users' own photos, of which people expect less. Other tiers have no
promise; the report measures them."""

CAUTION: Final = 1.0
"""Standard errors by which the share must lie above what is promised: the same pictures choose the
threshold, so its figures are optimistic."""

FAMILIARITY_THRESHOLD: Final = 0.01
"""Held-out pictures rarer than one in a hundred are `unfamiliar`. Every one of them is a garment that a
person reviews without need, so the price of finding out-of-distribution ones is fixed at 1%."""

FAMILIARITY_OF_PHOTOS: Final = 0.05
"""The same for a model that learnt photos: it separates them better, so a higher price gains more."""


@dataclass(frozen=True)
class Checked:
    """What a model says about photos that thresholds are chosen on.

    Attributes:
        scores: of N photos.
        labels: uint8 (N,), a class's index, or OOD.
        tiers: of each.
    """

    scores: Scores
    labels: Labels
    tiers: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which show one of the classes, bool (N,)."""
        return np.not_equal(self.labels, OOD)


@dataclass(frozen=True)
class Demand:
    """Answers of which a share must be right.

    Attributes:
        confidences: float32 (N,), 0..1, of the answers that are accepted if they are sure enough.
        right: bool (N,), whether each is.
        accuracy: 0..1, promised of the accepted ones.
    """

    confidences: NDArray[np.float32]
    right: NDArray[np.bool_]
    accuracy: float

    def kept(self, threshold: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether the promise holds at each of these thresholds, with CAUTION standard errors to spare.

        Where nothing is accepted, nothing is wrong.
        """
        order = np.argsort(-self.confidences, kind="stable")
        count = np.searchsorted(-self.confidences[order], -threshold, side="right")
        right = np.append(0, np.cumsum(self.right[order]))[count]
        at_least_one = np.maximum(count, 1)
        error = np.sqrt(self.accuracy * (1 - self.accuracy) / at_least_one)
        enough = np.minimum(self.accuracy + CAUTION * error, 1.0)
        kept: NDArray[np.bool_] = (count == 0) | (right / at_least_one >= enough)
        return kept


def fit_thresholds(
    scores: Scores,
    labels: Labels,
    temperature: float,
    familiarity: Familiarity | None,
    checked: Checked | None = None,
) -> Thresholds:
    """The lowest confidence at which every promise is kept.

    Args:
        scores: of the held-out pictures, before temperature.
        labels: uint8 (N,), the truth.
        temperature: from `calibration.fit_temperature`.
        familiarity: from `calibration.fit_familiarity`; None where the model measures no distance.
        checked: photos that choose, too.

    Returns:
        A confidence of 1.0 when no threshold keeps them all.
    """
    least = FAMILIARITY_THRESHOLD if checked is None else FAMILIARITY_OF_PHOTOS
    promises = [(scores, labels, ACCEPTED_ACCURACY), *(_of_tiers(checked) if checked else [])]
    demands = [
        _demand(some, truth, accuracy, _confidences(some, temperature, familiarity, least))
        for some, truth, accuracy in promises
    ]
    return Thresholds(confidence=confidence_threshold(demands), familiarity=least)


_Promise = tuple[Scores, Labels, float]
"""Scores, the truth, and the promised accuracy."""


def _of_tiers(checked: Checked) -> list[_Promise]:
    """The labelled photos of each tier that has a promise; an out-of-distribution one has no right answer."""
    tiers = np.array(checked.tiers)
    found = {name: np.flatnonzero((tiers == name) & checked.known) for name in ACCEPTED_OF_PHOTOS}
    return [
        (_some(checked.scores, photos), checked.labels[photos], ACCEPTED_OF_PHOTOS[name])
        for name, photos in found.items()
        if photos.size
    ]


def _some(scores: Scores, which: NDArray[np.int64]) -> Scores:
    distances = None if scores.distances is None else scores.distances[which]
    return Scores(scores.probabilities[which], distances)


def _confidences(
    scores: Scores, temperature: float, familiarity: Familiarity | None, least: float
) -> NDArray[np.float32]:
    """How sure each answer is; not a number where it is reviewed as unfamiliar, however sure it is."""
    sure = [max(calibrate(row, temperature)) for row in scores.probabilities.tolist()]
    confidences: NDArray[np.float32] = np.array(sure, np.float32)
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([familiarity_of(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= least, confidences, np.float32(np.nan))


def _demand(scores: Scores, labels: Labels, accuracy: float, confidences: NDArray[np.float32]) -> Demand:
    familiar = ~np.isnan(confidences)
    right = scores.probabilities.argmax(axis=1) == labels
    return Demand(confidences[familiar], right[familiar], accuracy)


def confidence_threshold(demands: Sequence[Demand]) -> float:
    """The smallest confidence at which every demand is met.

    Returns:
        One of the demands' confidences, or 1.0 when none keeps all.
    """
    candidates = np.unique(np.concatenate([demand.confidences for demand in demands]))
    kept = np.all([demand.kept(candidates) for demand in demands], axis=0)
    good = np.flatnonzero(kept)
    return float(candidates[good[0]]) if good.size else 1.0
