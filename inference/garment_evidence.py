"""The evidence about a garment: the answers of its photos, and what its list says about it.

garment_decision.py decides with them. reasons.py has the reasons of the photos' answers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from inference.posterior import Shares
from inference.reasons import Reason


@dataclass(frozen=True, kw_only=True)
class PhotoAnswer:
    """The answer of one head to a photo, or to the photos of a product, without the words of a list.

    Attributes:
        label: the label of the answer.
        reason: why a person should look; None if the answer is accepted.
        scores: the probability of each label, in the order of the labels. For a product, the mean over its
            distinct photos, with unfamiliar ones.
    """

    label: str
    reason: Reason | None
    scores: Sequence[float]


class WordEvidence(NamedTuple):
    """The kinds that a title, or the word of a category, admits.

    Attributes:
        kinds: the kinds that the words admit; empty if they name none.
        is_confirmed: whether a person explained these words.
        is_broad: whether the words count as broad whatever they admit, because their language was guessed.
    """

    kinds: frozenset[str] = frozenset()
    is_confirmed: bool = False
    is_broad: bool = False


NO_WORDS: Final = WordEvidence()
"""Words that name no kind, or none at all."""


@dataclass(frozen=True, kw_only=True)
class PhotoKinds:
    """The probabilities of kinds by one photo and by its parts.

    Attributes:
        whole: the probability of each kind by the whole photo, in the order of the labels.
        parts: the same by each part that says something, by its name (`upper`).
    """

    whole: Sequence[float]
    parts: Mapping[str, Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class GarmentEvidence:
    """All that is known about a photo or a product, before people answer about it.

    Attributes:
        label: the photos' answer about the class.
        kind: the photos' answer about the attribute `kind`; None without one.
        title: the words of the title.
        category: the word of the category, or the answer of a person about it.
        other_products: the number that says how much more frequent each kind is among the other products than
            in general, from `compute_frequency_ratios`; None if they say nothing.
        photos: the distinct photos with what their parts show; empty if their network answers no parts.
    """

    label: PhotoAnswer
    kind: PhotoAnswer | None = None
    title: WordEvidence = NO_WORDS
    category: WordEvidence = NO_WORDS
    other_products: Shares | None = None
    photos: tuple[PhotoKinds, ...] = ()

    @property
    def known_words(self) -> tuple[WordEvidence, ...]:
        """The title and the category, without one that names no kind."""
        return tuple(words for words in (self.title, self.category) if words.kinds)

    @property
    def has_witness(self) -> bool:
        """Whether a title, a category's word or the other products of a category say anything."""
        return bool(self.title.kinds or self.category.kinds) or self.other_products is not None

    @property
    def has_finite_scores(self) -> bool:
        """Whether all probabilities of the photos are numbers, none of them NaN or infinite."""
        return math.isfinite(sum(self.label.scores) + (sum(self.kind.scores) if self.kind else 0.0))
