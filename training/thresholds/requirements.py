"""State what accepted answers have to fulfil before a service may accept them without a person.

The main requirement is a promise: the share of accepted answers that must be right, such as 0.95. Others are
the least confidence of each accepted answer, and the share of pictures that may be reviewed as unfamiliar.
There is one set of requirements for classes, one for attributes, and one for photos by tier (how a photo was
taken: A on a plain background, B worn, C by a user).
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
from reports.photo_figures import MIN_SOURCES
from training.data.labels import Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.data.rare import MIN_PICTURES_PER_LABEL

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted answers that must be right if the data does not name its classes, as Fashion-MNIST. 299
answers without an error show it."""

OWN_CLASSES_ACCEPTED_ACCURACY: Final = 0.95
"""Share of accepted answers that must be right for a user's own classes, unless the training names another
share. Some hundred pictures show it if 98% of the answers are right."""

PHOTOS_ACCEPTED_ACCURACY: Final = 0.95
"""Share of accepted answers to photos that must be right, in each tier that has a promise. Some hundred
photos can show it if about 98% of the answers are right."""

UNFAMILIAR_SHARE: Final = 0.01
"""Share of held-out pictures that are reviewed as `unfamiliar`: the farthest from the learnt ones. Each of
them is a garment that a person reviews without need. So finding pictures of other things (out of
distribution) costs a review of 1% of the garments."""

OWN_CLASSES_UNFAMILIAR_SHARE: Final = 0.05
"""Share of pictures that are reviewed as `unfamiliar`, for own classes if photos of other things were learnt
as well. It is measured in cross-validation, by heads that learnt a part of the pictures. The released
head learnt all of them, so it calls fewer new pictures unfamiliar."""

PHOTO_UNFAMILIAR_SHARES_TRIED: Final = tuple(step / 100 for step in range(2, 16))
"""Shares of photos that may be reviewed as `unfamiliar`: .02, .03, ... .15. The share whose answers cost
least is chosen. A lower share accepts more photos of kinds that nothing has learnt; a higher one sends more
photos of garments to review."""

PHOTO_UNFAMILIAR_SHARE: Final = 0.04
"""Share of photos that are reviewed as `unfamiliar` if there are no answers to photos of unknown things, by
which a share could be chosen."""


@dataclass(frozen=True, kw_only=True)
class ThresholdRequirements:
    """Conditions for accepted answers, and numbers that are given instead of chosen.

    Attributes:
        accuracy: the share of accepted answers that must be right, such as 0.95. Each of `tiers` has to
            show it by itself.
        minimum_confidence: the confidence that each accepted answer needs, 0 to 1.
        tiers: the tiers of photos (how they were taken) that have the promise; None if all answers together
            have it, as HELD_OUT_PICTURES.
        has_equal_class_weights: whether each class, and each tier in it, has the same weight in the fit of
            the temperature.
        temperature: the number by which the network's logits are divided; None to fit it.
        familiarity: the table that turns distances into familiarities; None to fit it.
        confidence: the confidence threshold, 0 to 1; None to choose it.
        unfamiliar_shares: shares of the known pictures that may be `unfamiliar`, 0 to 1; the one with the
            lowest cost is chosen.
        ood_scores: scores of photos that show none of the classes (out of distribution, OOD), from heads that
            learnt no photo of the same thing; None if there are none.
        parent_confidence: the confidence threshold of the release that is corrected (the parent). It stays if
            the answers say too little about it.
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
    confidence: float | None = None
    unfamiliar_shares: tuple[float, ...] = (UNFAMILIAR_SHARE,)
    ood_scores: Scores | None = None
    parent_confidence: float = ACCEPT_NOTHING
    withheld_label_ids: tuple[int, ...] = ()
    stricter_confidences: Mapping[int, float] = field(default_factory=dict)
    can_accept_unfamiliar: bool = False

    def copy_label_rules(self, contract: ModelContract) -> "ThresholdRequirements":
        """Return these requirements with the rules of a release about single labels.

        Some labels need a higher confidence than others, and some are never accepted.
        """
        head = contract.class_head
        index = contract.labels.index
        stricter_confidences = {index(label): least for label, least in head.stricter.items()}
        return replace(
            self,
            stricter_confidences=stricter_confidences,
            withheld_label_ids=tuple(map(index, head.withheld)),
        )


def get_default_accuracy(*, has_own_classes: bool) -> float:
    """Return the share of accepted answers that must be right if the user names none, 0 to 1.

    Args:
        has_own_classes: whether the data names its classes, so that they are the user's own.
    """
    return OWN_CLASSES_ACCEPTED_ACCURACY if has_own_classes else ACCEPTED_ACCURACY


def make_photo_requirements(
    answers: Answers, ood_scores: Scores | None, parent_confidence: float
) -> ThresholdRequirements:
    """Return the requirements for photos, with the tiers (ways to take a photo) that have a promise.

    If there is a random sample of the user's own pictures, it alone has the promise. Otherwise each tier with
    enough photos of known class has one, which is at least 59 photos for a promise of 0.95.

    Args:
        answers: the answers by which thresholds are chosen; only their sets and right classes are read.
        ood_scores: scores of photos that show none of the classes, from heads that learnt no photo of the
            same thing; None if there are none.
        parent_confidence: the confidence threshold of the release that is corrected; ACCEPT_NOTHING for none.
    """
    counts = Counter(answers.sets[answers.has_class].tolist())
    # Photos of CORRECTED_TIER were chosen because the model doubted them, so no promise rests on them.
    large_tiers = {
        tier for tier, n in counts.items() if n >= count_needed_answers(PHOTOS_ACCEPTED_ACCURACY)
    } - {CORRECTED_TIER}
    # An audit draws its sample from the answers that the parent's threshold accepts. So the new threshold is
    # not below it.
    min_confidence = (
        parent_confidence
        if counts[OWN_TIER] and parent_confidence < ACCEPT_NOTHING
        else DEFAULT_ACCEPT_CONFIDENCE
    )
    return ThresholdRequirements(
        accuracy=PHOTOS_ACCEPTED_ACCURACY,
        minimum_confidence=max(min_confidence, DEFAULT_ACCEPT_CONFIDENCE),
        tiers=frozenset([OWN_TIER] if counts[OWN_TIER] else large_tiers),
        has_equal_class_weights=True,
        unfamiliar_shares=PHOTO_UNFAMILIAR_SHARES_TRIED if ood_scores else (PHOTO_UNFAMILIAR_SHARE,),
        ood_scores=ood_scores,
        parent_confidence=parent_confidence,
    )


def make_attribute_requirements(
    labels: Labels, class_requirements: ThresholdRequirements, familiarity: Familiarity | None
) -> ThresholdRequirements:
    """Return the requirements for an attribute such as the colour.

    The promise, the least confidence and the familiarity are those of the class. A label with fewer than
    MIN_PICTURES_PER_LABEL pictures is never accepted. If all classes have the attribute, answers about
    unfamiliar pictures may be accepted.

    Args:
        labels: the labels of the pictures by which thresholds are chosen.
        familiarity: the familiarity of the class; None if there is none.
    """
    counts = np.bincount(labels.main_codes[labels.main_codes >= 0], minlength=len(labels.names))
    return ThresholdRequirements(
        accuracy=class_requirements.accuracy,
        minimum_confidence=class_requirements.minimum_confidence,
        familiarity=familiarity,
        unfamiliar_shares=(familiarity.threshold if familiarity else 0.0,),
        withheld_label_ids=tuple(np.flatnonzero(counts < MIN_PICTURES_PER_LABEL).tolist()),
        # The class of an unfamiliar picture is not known. So the attribute must be one that every class has.
        can_accept_unfamiliar=labels.applies_to is None and familiarity is not None,
    )


def choose_deciding_answers(answers: Answers) -> Answers:
    """Return the answers to photos from which temperature and threshold are chosen.

    A shop that uses the release is an unknown source: nothing of it was learnt. Photos of known sources are
    answered better. So a tier (way to take a photo) with enough unknown sources uses photos from these alone.
    Other tiers use all their photos.
    """
    tiers = find_tiers_of_unknown_sources(answers)
    return answers.select_rows(answers.is_from_unknown_source | ~np.isin(answers.sets, tiers))


def find_tiers_of_unknown_sources(answers: Answers) -> list[str]:
    """Return the tiers whose photos from unknown sources are enough to choose a threshold.

    An unknown source is a shop or collection of which the network that answered had learnt nothing. There
    must be MIN_SOURCES of them in the tier, and enough photos of known class from these for a promise.
    """
    unknown_source_answers = answers.select_rows(answers.is_from_unknown_source & answers.has_class)
    return [
        tier
        for tier in np.unique(unknown_source_answers.sets).tolist()
        if len(np.unique(unknown_source_answers.select_set(tier).sources)) >= MIN_SOURCES
        and len(unknown_source_answers.select_set(tier)) >= count_needed_answers(PHOTOS_ACCEPTED_ACCURACY)
    ]
