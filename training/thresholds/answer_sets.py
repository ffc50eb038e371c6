"""Divide the answers of a network by set of pictures, so that each set can be judged on its own.

Photos are divided by tier and by source. A tier says how a photo was taken: A on a plain background, B worn,
C by a user. A source is the shop or collection that the photo comes from. A service does not know either of
them, so one confidence threshold has to keep the promise of every set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import Familiarity
from inference.decision import calibrate_probabilities, compute_familiarity
from inference.sessions.session import Scores
from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.grouped_answers import WeightedWrongShares, estimate_wrong_shares
from reports.intervals import count_needed_answers
from reports.promises import SOURCE_PHOTOS_PREFIX, TIER_PHOTOS_PREFIX


@dataclass(frozen=True)
class AnswerSet:
    """The answers to one set of pictures, such as all photos of tier A, and the promise about them.

    Attributes:
        set_name: the name of the set, such as HELD_OUT_PICTURES, a tier of photos or a source of photos.
        confidences: float32 (N,), 0 to 1; NaN for an answer that is reviewed at every threshold, because the
            picture is unfamiliar or its label needs more confidence than it has.
        is_right: bool (N,), whether each answer is right.
        promised_accuracy: the share of accepted answers that is promised to be right, such as 0.95; None
            without a promise.
        groups: int64 (N,), a number that is equal for answers that are not independent, such as photos of one
            sender; None if all are independent.
        minimum_confidence: the confidence that each accepted answer needs, 0 to 1.
    """

    set_name: str
    confidences: NDArray[np.float32]
    is_right: NDArray[np.bool_]
    promised_accuracy: float | None
    groups: NDArray[np.int64] | None = None
    minimum_confidence: float = 0.0

    @property
    def familiar_confidences(self) -> NDArray[np.float32]:
        """The confidences that are not NaN, of the answers that a threshold can accept."""
        return self.confidences[~np.isnan(self.confidences)]

    def count_accepted(self, thresholds: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count the answers that each threshold accepts, and the right ones among them, int64 (T,) each.

        Args:
            thresholds: float32 (T,), the confidence thresholds.
        """
        order = self._sort_by_confidence()
        # side="right": as in a service, a confidence that equals the threshold is accepted.
        count = np.searchsorted(-self.confidences[order], -thresholds, side="right")
        return count, np.append(0, np.cumsum(self.is_right[order]))[count]

    def estimate_wrong_share(self, thresholds: NDArray[np.float32]) -> WeightedWrongShares:
        """Estimate the share of wrong answers among those that each threshold accepts, with its bounds.

        Args:
            thresholds: float32 (T,), the confidence thresholds.
        """
        order = self._sort_by_confidence()
        counts, _ = self.count_accepted(thresholds)
        groups = None if self.groups is None else self.groups[order]
        return estimate_wrong_shares(~self.is_right[order], groups, counts)

    def select_answers(self, name: str, is_selected: NDArray[np.bool_]) -> "AnswerSet":
        """Return the answers that a mask picks, as a set of its own.

        Args:
            name: the name of the new set.
            is_selected: bool (N,), the mask.
        """
        groups = None if self.groups is None else self.groups[is_selected]
        return replace(
            self,
            set_name=name,
            confidences=self.confidences[is_selected],
            is_right=self.is_right[is_selected],
            groups=groups,
        )

    def _sort_by_confidence(self) -> NDArray[np.int64]:
        return np.argsort(-self.confidences, kind="stable")  # NaN comes last, so no threshold reaches it


def make_photo_answer_sets(
    answers: Answers,
    confidences: NDArray[np.float32],
    promised_shares: Mapping[str, float],
    minimum_confidence: float = DEFAULT_ACCEPT_CONFIDENCE,
) -> tuple[AnswerSet, ...]:
    """Return the sets of answers to photos: one for each tier, and one for each large source.

    Sources such as shops differ. If a shop has few photos, most of its accepted answers may be wrong, and
    neither its tier nor all photos together show it. So a source that has enough photos for a test of its own
    (`find_deciding_sources`) has to keep the promise as well.

    Args:
        answers: the answers to N photos, from networks that did not learn them. A tier may contain photos of
            none of the classes; an accepted answer to such a photo is wrong.
        confidences: float32 (N,), from `compute_confidences`.
        promised_shares: the share of accepted answers that must be right, by tier, such as {"A": 0.95}; other
            tiers have no promise.
        minimum_confidence: the confidence that each accepted answer needs, 0 to 1.
    """
    tiers, group_numbers = answers.sets, answers.group_numbers

    def make_answer_set(name: str, is_in_set: NDArray[np.bool_], accuracy: float | None) -> AnswerSet:
        set_groups = None if group_numbers is None else group_numbers[is_in_set]
        return AnswerSet(
            name,
            confidences[is_in_set],
            answers.is_right[is_in_set],
            accuracy,
            set_groups,
            minimum_confidence,
        )

    tier_sets = [
        make_answer_set(f"{TIER_PHOTOS_PREFIX}{tier}", tiers == tier, promised_shares.get(tier))
        # Not tier X: its photos show none of the classes, so no answer to them can be right.
        for tier in sorted(set(tiers[answers.has_class].tolist()))
    ]
    if not promised_shares:
        return tuple(tier_sets)
    is_promised = np.isin(tiers, list(promised_shares))
    accuracy = max(promised_shares.values())  # a source may have photos of several tiers
    return (
        *tier_sets,
        *(
            make_answer_set(
                f"{SOURCE_PHOTOS_PREFIX}{source}", is_promised & (answers.sources == source), accuracy
            )
            for source in find_deciding_sources(answers.select_rows(is_promised), accuracy)
        ),
    )


def find_deciding_sources(answers: Answers, accuracy: float) -> list[str]:
    """Return the names of the sources of photos (shops, collections) that are judged alone.

    A source is judged alone if two conditions hold in some tier:

    1. It has at least twice as many photos of known class as show the promise with one wrong answer. For a
       promise of 0.95 these are 2 x 93 photos.
    2. Another source has as many in the same tier. A single large source is judged as the tier.

    Unknown sources, of which the network that answered had learnt nothing, are left out here. They have
    figures of their own in the report.

    Args:
        accuracy: the promised share of right answers, 0 to 1 exclusive.
    """
    is_from_known_source = answers.has_class & (answers.sources != "") & ~answers.is_from_unknown_source
    source_answers = answers.select_rows(is_from_known_source)
    min_photos = 2 * count_needed_answers(accuracy, errors=1)
    deciding_sources = set[str]()
    for tier in np.unique(source_answers.sets):
        names, counts = np.unique(source_answers.sources[source_answers.sets == tier], return_counts=True)
        if len(large_sources := names[counts >= min_photos]) > 1:
            deciding_sources |= set(large_sources.tolist())
    return sorted(deciding_sources)


def compute_confidences(
    scores: Scores, temperature: float, familiarity: Familiarity | None
) -> NDArray[np.float32]:
    """Return the calibrated confidence of each answer, float32 (N,); NaN for an unfamiliar picture.

    Args:
        scores: the probabilities before temperature, and the distances, of N pictures.
        temperature: the number by which logits are divided, > 0; above 1 lowers confidences.
        familiarity: the table that turns distances into familiarities (0 strange, 1 usual), with the least
            familiarity that is accepted; None if no picture is unfamiliar.
    """
    # These are the functions of the service, which take one picture at a time.
    confidences: NDArray[np.float32] = np.array(
        [max(calibrate_probabilities(row, temperature)) for row in scores.class_probabilities.tolist()],
        np.float32,
    )
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([compute_familiarity(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= familiarity.threshold, confidences, np.float32(np.nan))


def make_scores(answers: Answers) -> Scores:
    """Return the probabilities and distances of answers as the scores of a network.

    If one distance is missing (NaN), the scores have no distances.
    """
    distances = None if np.isnan(answers.distances).any() else answers.distances.astype(np.float32)
    return Scores.make_class_scores(answers.probabilities.astype(np.float32), distances)
