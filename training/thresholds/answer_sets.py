"""The table of answers that thresholds, report and warnings rest on: a row for each set of pictures.

Serving does not know a photo's tier, so a threshold keeps the promise of every row. Pure. What is decided
from it: decide.py; what is promised by it: acceptance.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import Familiarity
from inference.decision import calibrate, compute_familiarity
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.intervals import Weighted, needed_with, weighted
from reports.values import PHOTOS_FROM, PHOTOS_OF_TIER


@dataclass(frozen=True)
class AnswerSet:
    """A row of the table: the answers to one set of pictures.

    Attributes:
        pictures: HELD_OUT, or a tier of photos.
        confidences: float32 (N,), 0..1; not a number where the answer is reviewed as unfamiliar.
        right: bool (N,), whether each is.
        accuracy: 0..1, promised of the accepted ones; None without a promise.
        groups: int64 (N,), equal where answers are not independent; None where all are.
        least: 0..1, confidence that a single accepted answer needs.
    """

    pictures: str
    confidences: NDArray[np.float32]
    right: NDArray[np.bool_]
    accuracy: float | None
    groups: NDArray[np.int64] | None = None
    least: float = 0.0

    @property
    def familiar(self) -> NDArray[np.float32]:
        """The confidences that a threshold decides about."""
        return self.confidences[~np.isnan(self.confidences)]

    def accepted(self, thresholds: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count the answers that each of these thresholds accepts, and those of them that are right."""
        order = self._surest_first()
        count = np.searchsorted(-self.confidences[order], -thresholds, side="right")
        return count, np.append(0, np.cumsum(self.right[order]))[count]

    def shown(self, thresholds: NDArray[np.float32]) -> Weighted:
        """Estimate the share of wrong answers among those that each of these thresholds accepts."""
        order, (counts, _) = self._surest_first(), self.accepted(thresholds)
        groups = None if self.groups is None else self.groups[order]
        return weighted(~self.right[order], groups, counts)

    def part(self, name: str, which: NDArray[np.bool_]) -> "AnswerSet":
        """Return the answers that a mask picks, bool (N,), as a row of this name."""
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
    least: float = ACCEPT_CONFIDENCE,
) -> tuple[AnswerSet, ...]:
    """Return the rows of the table that are tiers of photos, and sources if there are several.

    A tier that was drawn at random may hold photos that show none of the classes; to accept one is wrong.
    Shops differ: of one that is rare among the photos, most of what is accepted may be wrong, and neither its
    tier nor all photos show it. So each of `sources_of` keeps its tiers' promise as well.

    Args:
        answers: N photos, by networks that did not learn them.
        confidences: float32 (N,), from `confidences_of`.
        promised: share of accepted answers that must be right, by tier; others have no promise.
        least: 0..1, confidence that each accepted answer needs.
    """
    tiers, together = answers.sets, answers.together

    def answer_set(name: str, which: NDArray[np.bool_], accuracy: float | None) -> AnswerSet:
        senders = None if together is None else together[which]
        return AnswerSet(name, confidences[which], answers.right[which], accuracy, senders, least)

    of_tiers = [
        answer_set(f"{PHOTOS_OF_TIER}{tier}", tiers == tier, promised.get(tier))
        for tier in sorted(set(tiers[answers.known].tolist()))
    ]
    if not promised:
        return tuple(of_tiers)
    is_promised, accuracy = np.isin(tiers, list(promised)), max(promised.values())
    return (
        *of_tiers,
        *(
            answer_set(f"{PHOTOS_FROM}{source}", is_promised & (answers.sources == source), accuracy)
            for source in sources_of(answers.take(is_promised), accuracy)
        ),
    )


def sources_of(answers: Answers, accuracy: float) -> list[str]:
    """Return the sources that choose the threshold: those that share a tier with another one.

    In it each has so many known photos that half of them, were one wrong, could show the promise: of fewer,
    nearly all would have to be accepted. A source that has a tier to itself is judged as that tier; one that
    was left out whole is judged in the figures of unknown sources.
    """
    of_known_source = answers.known & (answers.sources != "") & ~answers.of_unknown_sources
    of_sources, least = answers.take(of_known_source), 2 * needed_with(1, accuracy)
    deciding = set[str]()
    for tier in np.unique(of_sources.sets):
        names, counts = np.unique(of_sources.sources[of_sources.sets == tier], return_counts=True)
        if len(enough := names[counts >= least]) > 1:
            deciding |= set(enough.tolist())
    return sorted(deciding)


def confidences_of(
    scores: Scores, temperature: float, familiarity: Familiarity | None
) -> NDArray[np.float32]:
    """Return the confidences of an AnswerSet, float32 (N,): not a number for an `unfamiliar` picture."""
    confidences: NDArray[np.float32] = np.array(
        [max(calibrate(row, temperature)) for row in scores.class_probabilities.tolist()], np.float32
    )
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([compute_familiarity(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= familiarity.threshold, confidences, np.float32(np.nan))


def scores_in(answers: Answers) -> Scores:
    """Return the scores of all pictures; distances only if all have them."""
    distances = None if np.isnan(answers.distances).any() else answers.distances.astype(np.float32)
    return Scores.make_class_scores(answers.probabilities.astype(np.float32), distances)
