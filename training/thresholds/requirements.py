"""Requirements for accepted answers: of own classes, of attributes, and of photos by tier.

What `decide` (decide.py) chooses thresholds for, whatever answered. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from inference.contract import ACCEPT_NOTHING, Familiarity, ModelContract
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.intervals import needed
from reports.values import FEW_SOURCES
from training.data.labels import Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.data.rare import FEWEST

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong.
299 answers without an error show it."""

ACCEPTED_OF_OWN: Final = 0.95
"""Share of accepted answers about classes of one's own that must be right, unless the training names another
share: some hundred pictures show it where 98% are right."""

ACCEPTED_OF_PHOTOS: Final = 0.95
"""Share of accepted answers to photos that must be right, in each tier that has a promise: some hundred
photos can show it where about 98% are right."""

FAMILIARITY_THRESHOLD: Final = 0.01
"""Held-out pictures rarer than one in a hundred are `unfamiliar`. Every one of them is a garment that a
person reviews without need, so the price of finding out-of-distribution ones is fixed at 1%."""

FAMILIARITY_OF_OWN: Final = 0.05
"""Share of held-out pictures that is `unfamiliar`, for own classes whose score was fitted against photos of
other things. These are answers of folds, which know less: of hidden pictures fewer are `unfamiliar`."""

FAMILIARITIES_OF_PHOTOS: Final = tuple(step / 100 for step in range(2, 16))
"""Shares of photos that may be `unfamiliar`: the one is chosen at which answers cost least. A lower one
accepts more photos of kinds that nothing has learnt, a higher one sends more photos of garments to review."""

FAMILIARITY_OF_PHOTOS: Final = 0.04
"""Used where no head left kinds out."""


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """Requirements for accepted answers, and values that other answers have decided about the network.

    Attributes:
        right: 0..1, share of the accepted answers that must be right: in each of the tiers by itself.
        confidence: 0..1, that each accepted answer needs.
        tiers: the tiers of photos that promise it; None if all answers do together, as HELD_OUT.
        alike: whether each class, and each tier of it, weighs alike in the temperature.
        temperature: the temperature of the network; None to fit it.
        familiarity: the familiarity of the network; None to fit it.
        unfamiliar: 0..1, shares of the known pictures that may be `unfamiliar`; the cheapest is chosen.
        others: scores of photos of none of the classes, by heads that learnt nothing of their kinds.
        before: the parent's threshold, which stays where the answers say too little about it.
        withheld: indices of labels that are never accepted.
        stricter: 0..1, by the index of a label, what its accepted answers need beyond `confidence`.
        of_unfamiliar: whether unfamiliar pictures may be answered, too, where such answers show `right`.
    """

    right: float
    confidence: float = ACCEPT_CONFIDENCE
    tiers: frozenset[str] | None = None
    alike: bool = False
    temperature: float | None = None
    familiarity: Familiarity | None = None
    unfamiliar: tuple[float, ...] = (FAMILIARITY_THRESHOLD,)
    others: Scores | None = None
    before: float = ACCEPT_NOTHING
    withheld: tuple[int, ...] = ()
    stricter: Mapping[int, float] = field(default_factory=dict)
    of_unfamiliar: bool = False

    def with_labels_of(self, contract: ModelContract) -> "Requirements":
        """Return these with the stricter and the withheld labels of a release."""
        head, index = contract.class_head, contract.labels.index
        stricter = {index(label): least for label, least in head.stricter.items()}
        return replace(self, stricter=stricter, withheld=tuple(map(index, head.withheld)))


def usual_accept_right(*, own_classes: bool) -> float:
    """Return the share of accepted answers that must be right, unless the training names another."""
    return ACCEPTED_OF_OWN if own_classes else ACCEPTED_ACCURACY


def of_photos(answers: Answers, others: Scores | None, before: float) -> Requirements:
    """Return the requirements for photos by tier.

    Where there is a random sample of the user's own pictures, it alone promises, and nothing below the
    parent's threshold, from which an audit draws; else each tier with as many known photos as a promise
    takes, but not what people looked at because the model doubted it.

    Args:
        answers: the answers to the photos.
        others: scores of photos of other kinds, as in Requirements.
        before: the parent's confidence, as in Requirements.
    """
    counts = Counter(answers.sets[answers.known].tolist())
    enough = {tier for tier, n in counts.items() if n >= needed(ACCEPTED_OF_PHOTOS)} - {CORRECTED_TIER}
    least = before if counts[OWN_TIER] and before < ACCEPT_NOTHING else ACCEPT_CONFIDENCE
    return Requirements(
        right=ACCEPTED_OF_PHOTOS,
        confidence=max(least, ACCEPT_CONFIDENCE),
        tiers=frozenset([OWN_TIER] if counts[OWN_TIER] else enough),
        alike=True,
        unfamiliar=FAMILIARITIES_OF_PHOTOS if others else (FAMILIARITY_OF_PHOTOS,),
        others=others,
        before=before,
    )


def of_attribute(labels: Labels, of_class: Requirements, familiarity: Familiarity | None) -> Requirements:
    """Return the requirements for an attribute: those of the class, with the class's familiarity.

    A label of fewer than FEWEST pictures is never accepted. An attribute that all classes have may answer
    unfamiliar pictures, too.

    Args:
        labels: the labels of the pictures that decide.
        of_class: the requirements of the class.
        familiarity: the familiarity of the class.
    """
    counts = np.bincount(labels.main[labels.main >= 0], minlength=len(labels.names))
    return Requirements(
        right=of_class.right,
        confidence=of_class.confidence,
        familiarity=familiarity,
        unfamiliar=(familiarity.threshold if familiarity else 0.0,),
        withheld=tuple(np.flatnonzero(counts < FEWEST).tolist()),
        of_unfamiliar=labels.applies_to is None and familiarity is not None,
    )


def that_decide(answers: Answers) -> Answers:
    """Return the answers that choose temperature and threshold: of unknown sources alone, in the tiers above.

    A shop that uses the release is a further source, and photos of known ones are answered better.
    """
    tiers = tiers_that_unknown_sources_decide(answers)
    return answers.take(answers.of_unknown_sources | ~np.isin(answers.sets, tiers))


def tiers_that_unknown_sources_decide(answers: Answers) -> list[str]:
    """Return tiers with FEW_SOURCES unknown sources, and as many known photos of these as a promise takes."""
    unknown = answers.take(answers.of_unknown_sources & answers.known)
    return [
        tier
        for tier in np.unique(unknown.sets).tolist()
        if len(np.unique(unknown.of_set(tier).sources)) >= FEW_SOURCES
        and len(unknown.of_set(tier)) >= needed(ACCEPTED_OF_PHOTOS)
    ]
