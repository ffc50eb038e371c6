"""Requirements for accepted answers: about own classes, about attributes, and about photos by tier.

`decide_thresholds` in decide.py chooses thresholds that fulfil them. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from inference.contract import ACCEPT_NOTHING, Familiarity, ModelContract
from inference.sessions.session import Scores
from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.intervals import count_needed_answers
from reports.values import MIN_SOURCES
from training.data.labels import Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.data.rare import MIN_PICTURES_PER_LABEL

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong.
299 answers without an error show it."""

OWN_CLASSES_ACCEPTED_ACCURACY: Final = 0.95
"""Share of accepted answers about classes of one's own that must be right, unless the training names another
share: some hundred pictures show it where 98% are right."""

PHOTOS_ACCEPTED_ACCURACY: Final = 0.95
"""Share of accepted answers to photos that must be right, in each tier that has a promise: some hundred
photos can show it where about 98% are right."""

UNFAMILIAR_SHARE: Final = 0.01
"""Share of held-out pictures that is `unfamiliar`: those with the largest distances. Each of them is a
garment that a person reviews without need, so this fixes the price of finding out-of-distribution pictures at
1%."""

OWN_CLASSES_UNFAMILIAR_SHARE: Final = 0.05
"""Share of held-out pictures that is `unfamiliar`, for own classes whose score was fitted against photos of
other things. The answers are from heads of folds, which know less, so fewer of truly hidden pictures are
`unfamiliar`."""

PHOTO_UNFAMILIAR_SHARES_TRIED: Final = tuple(step / 100 for step in range(2, 16))
"""Shares of photos that may be `unfamiliar`, of which the one with the lowest cost of answers is chosen. A
lower share accepts more photos of kinds that nothing has learnt; a higher one sends more photos of garments
to review."""

PHOTO_UNFAMILIAR_SHARE: Final = 0.04
"""Share of photos that is `unfamiliar`, if no head was fitted without some kinds of other things."""


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """Requirements for accepted answers, and values of the network that were already decided elsewhere.

    Attributes:
        accuracy: the share of accepted answers that must be right, 0 to 1, in each of the tiers by itself.
        minimum_confidence: the confidence that each accepted answer needs, 0 to 1.
        tiers: the tiers of photos (how they were taken) that have the promise; None if all answers together
            have it, as HELD_OUT_PICTURES.
        has_equal_class_weights: whether each class, and each tier in it, has the same weight in the fit of
            the temperature.
        temperature: the temperature of the network; None to fit it.
        familiarity: the familiarity of the network; None to fit it.
        unfamiliar_shares: shares of the known pictures that may be `unfamiliar`, 0 to 1; the one with the
            lowest cost is chosen.
        ood_scores: scores of photos of none of the classes, from heads that did not learn their things; None
            if there are none.
        parent_confidence: the confidence threshold of the parent, which stays if the answers say too little
            about it.
        withheld_label_ids: the indices of labels that are never accepted.
        stricter_confidences: the confidence, 0 to 1, that accepted answers with a label need in addition, by
            the index of the label.
        can_accept_unfamiliar: whether answers about unfamiliar pictures may be accepted, too, if they show
            the share `accuracy`.
    """

    accuracy: float
    minimum_confidence: float = DEFAULT_ACCEPT_CONFIDENCE
    tiers: frozenset[str] | None = None
    has_equal_class_weights: bool = False
    temperature: float | None = None
    familiarity: Familiarity | None = None
    unfamiliar_shares: tuple[float, ...] = (UNFAMILIAR_SHARE,)
    ood_scores: Scores | None = None
    parent_confidence: float = ACCEPT_NOTHING
    withheld_label_ids: tuple[int, ...] = ()
    stricter_confidences: Mapping[int, float] = field(default_factory=dict)
    can_accept_unfamiliar: bool = False

    def adopt_label_rules(self, contract: ModelContract) -> "Requirements":
        """Return these requirements with the stricter and the withheld labels of a release's contract."""
        head = contract.class_head
        index = contract.labels.index
        stricter_confidences = {index(label): least for label, least in head.stricter.items()}
        return replace(
            self,
            stricter_confidences=stricter_confidences,
            withheld_label_ids=tuple(map(index, head.withheld)),
        )


def get_default_accuracy(*, own_classes: bool) -> float:
    """Return the default share of accepted answers that must be right, 0 to 1.

    Args:
        own_classes: whether the classes are the user's own.
    """
    return OWN_CLASSES_ACCEPTED_ACCURACY if own_classes else ACCEPTED_ACCURACY


def make_photo_requirements(
    answers: Answers, ood_scores: Scores | None, parent_confidence: float
) -> Requirements:
    """Return the requirements for photos by tier (how they were taken).

    If there is a random sample of the user's own pictures, it alone has the promise, and the threshold is not
    below the parent's, from which an audit draws. Otherwise each tier with enough known photos for a promise
    has it, except photos that people looked at because the model doubted them.

    Args:
        ood_scores: scores of photos of none of the classes, from heads that did not learn their things; None
            if there are none.
    """
    counts = Counter(answers.sets[answers.has_class].tolist())
    large_tiers = {
        tier for tier, n in counts.items() if n >= count_needed_answers(PHOTOS_ACCEPTED_ACCURACY)
    } - {CORRECTED_TIER}
    min_confidence = (
        parent_confidence
        if counts[OWN_TIER] and parent_confidence < ACCEPT_NOTHING
        else DEFAULT_ACCEPT_CONFIDENCE
    )
    return Requirements(
        accuracy=PHOTOS_ACCEPTED_ACCURACY,
        minimum_confidence=max(min_confidence, DEFAULT_ACCEPT_CONFIDENCE),
        tiers=frozenset([OWN_TIER] if counts[OWN_TIER] else large_tiers),
        has_equal_class_weights=True,
        unfamiliar_shares=PHOTO_UNFAMILIAR_SHARES_TRIED if ood_scores else (PHOTO_UNFAMILIAR_SHARE,),
        ood_scores=ood_scores,
        parent_confidence=parent_confidence,
    )


def make_attribute_requirements(
    labels: Labels, class_requirements: Requirements, familiarity: Familiarity | None
) -> Requirements:
    """Return the requirements for an attribute: those of the class, with the familiarity of the class.

    A label with fewer than MIN_PICTURES_PER_LABEL pictures is never accepted. If all classes have the
    attribute, answers about unfamiliar pictures may be accepted, too.

    Args:
        labels: the labels of the pictures by which thresholds are chosen.
        familiarity: the familiarity of the class; None if there is none.
    """
    counts = np.bincount(labels.main_codes[labels.main_codes >= 0], minlength=len(labels.names))
    return Requirements(
        accuracy=class_requirements.accuracy,
        minimum_confidence=class_requirements.minimum_confidence,
        familiarity=familiarity,
        unfamiliar_shares=(familiarity.threshold if familiarity else 0.0,),
        withheld_label_ids=tuple(np.flatnonzero(counts < MIN_PICTURES_PER_LABEL).tolist()),
        can_accept_unfamiliar=labels.applies_to is None and familiarity is not None,
    )


def choose_deciding_answers(answers: Answers) -> Answers:
    """Return the answers from which temperature and threshold are chosen.

    In tiers with enough unknown sources, only photos from unknown sources are used, because a shop that uses
    the release is a further source, and photos of known sources are answered better. In other tiers all are
    used.
    """
    tiers = find_tiers_of_unknown_sources(answers)
    return answers.select_rows(answers.is_from_unknown_source | ~np.isin(answers.sets, tiers))


def find_tiers_of_unknown_sources(answers: Answers) -> list[str]:
    """Return the tiers with enough unknown sources, and enough known photos from these for a promise.

    An unknown source is a shop or collection of which the network that answered had learnt nothing.
    """
    unknown_source_answers = answers.select_rows(answers.is_from_unknown_source & answers.has_class)
    return [
        tier
        for tier in np.unique(unknown_source_answers.sets).tolist()
        if len(np.unique(unknown_source_answers.select_set(tier).sources)) >= MIN_SOURCES
        and len(unknown_source_answers.select_set(tier)) >= count_needed_answers(PHOTOS_ACCEPTED_ACCURACY)
    ]
