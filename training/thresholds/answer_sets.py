"""Sets of answers, one for each set of pictures, from which thresholds, reports and warnings are made.

Serving does not know a photo's tier (how it was taken), so a threshold keeps the promise of every set. Pure.
Decisions: decide.py; promises: acceptance.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import Familiarity
from inference.decision import calibrate, compute_familiarity
from inference.session import Scores
from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.intervals import WeightedErrors, count_needed_answers_with_errors, estimate_errors
from reports.values import SOURCE_PHOTOS_PREFIX, TIER_PHOTOS_PREFIX


@dataclass(frozen=True)
class AnswerSet:
    """The answers to one set of pictures, such as a tier of photos, with the share promised to be right.

    Attributes:
        pictures: the name of the set: HELD_OUT, a tier of photos or a source of photos.
        confidences: float32 (N,), 0 to 1; NaN for an answer that is reviewed as unfamiliar.
        right: bool (N,), whether each answer is right.
        accuracy: the share of accepted answers that is promised to be right, 0 to 1; None without a promise.
        groups: int64 (N,), a number that is equal for answers that are not independent; None if all are
            independent.
        least: the confidence that each accepted answer needs, 0 to 1.
    """

    pictures: str
    confidences: NDArray[np.float32]
    right: NDArray[np.bool_]
    accuracy: float | None
    groups: NDArray[np.int64] | None = None
    least: float = 0.0

    @property
    def familiar(self) -> NDArray[np.float32]:
        """The confidences of familiar answers, which a threshold can accept."""
        return self.confidences[~np.isnan(self.confidences)]

    def accepted(self, thresholds: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count the answers that each threshold accepts, and the right ones among them, int64 (T,) each.

        Args:
            thresholds: float32 (T,), the confidence thresholds.
        """
        order = self._surest_first()
        count = np.searchsorted(-self.confidences[order], -thresholds, side="right")
        return count, np.append(0, np.cumsum(self.right[order]))[count]

    def shown(self, thresholds: NDArray[np.float32]) -> WeightedErrors:
        """Estimate the share of wrong answers among those that each threshold accepts.

        Args:
            thresholds: float32 (T,), the confidence thresholds.
        """
        order, (counts, _) = self._surest_first(), self.accepted(thresholds)
        groups = None if self.groups is None else self.groups[order]
        return estimate_errors(~self.right[order], groups, counts)

    def part(self, name: str, which: NDArray[np.bool_]) -> "AnswerSet":
        """Return the answers that a mask picks, as a set of its own.

        Args:
            name: the name of the new set.
            which: bool (N,), the mask.
        """
        groups = None if self.groups is None else self.groups[which]
        return replace(
            self, pictures=name, confidences=self.confidences[which], right=self.right[which], groups=groups
        )

    def _surest_first(self) -> NDArray[np.int64]:
        return np.argsort(-self.confidences, kind="stable")  # what is not a number comes last


def photo_answer_sets(
    answers: Answers,
    confidences: NDArray[np.float32],
    promised: Mapping[str, float],
    least: float = DEFAULT_ACCEPT_CONFIDENCE,
) -> tuple[AnswerSet, ...]:
    """Return the sets of answers to photos: one for each tier, and one for each of several sources.

    A tier that was drawn at random may contain photos of none of the classes; to accept one is wrong. Sources
    such as shops differ: most accepted answers to a rare one may be wrong without a trace in its tier or in
    all photos. So each source of `sources_of` has to keep the promise as well.

    Args:
        answers: the answers to N photos, from networks that did not learn them.
        confidences: float32 (N,), from `confidences_of`.
        promised: the share of accepted answers that must be right, by tier; other tiers have no promise.
        least: the confidence that each accepted answer needs, 0 to 1.
    """
    tiers, together = answers.sets, answers.group_numbers

    def answer_set(name: str, which: NDArray[np.bool_], accuracy: float | None) -> AnswerSet:
        senders = None if together is None else together[which]
        return AnswerSet(name, confidences[which], answers.is_right[which], accuracy, senders, least)

    of_tiers = [
        answer_set(f"{TIER_PHOTOS_PREFIX}{tier}", tiers == tier, promised.get(tier))
        for tier in sorted(set(tiers[answers.has_class].tolist()))
    ]
    if not promised:
        return tuple(of_tiers)
    is_promised, accuracy = np.isin(tiers, list(promised)), max(promised.values())
    return (
        *of_tiers,
        *(
            answer_set(f"{SOURCE_PHOTOS_PREFIX}{source}", is_promised & (answers.sources == source), accuracy)
            for source in sources_of(answers.select_rows(is_promised), accuracy)
        ),
    )


def sources_of(answers: Answers, accuracy: float) -> list[str]:
    """Return the names of the sources of photos (shops, collections) that help to choose the threshold.

    Such a source shares a tier with another one, and has at least twice as many photos of known class in the
    tier as can show the promise with one wrong answer. A source alone in its tier is judged as the tier.
    Unknown sources, of which the network that answered had learnt nothing, are judged in figures of their
    own.

    Args:
        answers: the answers to photos.
        accuracy: the promised share of right answers, 0 to 1 exclusive.
    """
    of_known_source = answers.has_class & (answers.sources != "") & ~answers.is_from_unknown_source
    of_sources, least = (
        answers.select_rows(of_known_source),
        2 * count_needed_answers_with_errors(1, accuracy),
    )
    deciding = set[str]()
    for tier in np.unique(of_sources.sets):
        names, counts = np.unique(of_sources.sources[of_sources.sets == tier], return_counts=True)
        if len(enough := names[counts >= least]) > 1:
            deciding |= set(enough.tolist())
    return sorted(deciding)


def confidences_of(
    scores: Scores, temperature: float, familiarity: Familiarity | None
) -> NDArray[np.float32]:
    """Return the calibrated confidence of each answer, float32 (N,); NaN for an unfamiliar picture.

    Args:
        scores: the probabilities and distances of N pictures, before temperature.
        temperature: the temperature of the network.
        familiarity: the familiarity of the network; None if no picture is to count as unfamiliar.
    """
    confidences: NDArray[np.float32] = np.array(
        [max(calibrate(row, temperature)) for row in scores.class_probabilities.tolist()], np.float32
    )
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([compute_familiarity(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= familiarity.threshold, confidences, np.float32(np.nan))


def scores_in(answers: Answers) -> Scores:
    """Return the probabilities and distances of answers as scores, without distances if any is missing."""
    distances = None if np.isnan(answers.distances).any() else answers.distances.astype(np.float32)
    return Scores.make_class_scores(answers.probabilities.astype(np.float32), distances)
