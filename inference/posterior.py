"""Compute how probable each kind of garment is by the photos, the title and the category of a product.

There is one formula. The probability of a kind is the mean probability of the photos, times one factor for
each witness. A witness is the title, the category, or a person who explained the category. It gives the
factor 1 to the kinds that it speaks for. All others get its chance of being wrong, so a witness never
excludes a kind. A product with the title "Pleated skirt" and one photo:

                             dress    skirt    coat
    the photo                .500     .300     .200
    title "Pleated skirt"    x .01    x 1      x .01
    product of both          .005     .300     .002
    probability              .016     .977     .007

The skirt is accepted, because .977 reaches the threshold .9, and because a word speaks for it. A clear photo
of trousers with the title "Leather handbag" goes to a person: trousers are the most probable kind, but no
word speaks for them.

A category is one witness, although it says two things: its word, and what its other products are. Thirty
products that are nearly all dresses make a doubtful one a dress, whatever the category is called. Both
together weigh as much as one exact word, so a product that was filed wrongly still goes to a person.

These are pure functions of numbers and names. garment_decision.py decides about photos and products with
them.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from inference.release_labels import OTHER_KIND

Shares: TypeAlias = Mapping[str, float]
"""A number for each label, by its name: a probability, or the factor of a witness. The labels are kinds of
garments, or the classes of a release that answers no kinds."""

THRESHOLD: Final = 0.9
"""Smallest probability of an accepted kind, if a title or a category has a known word."""

THRESHOLD_WITHOUT_WORDS: Final = 0.95
"""Smallest probability of an accepted kind if only the other products of the category speak."""

WRONG_WORD: Final = 0.01
"""Factor of the kinds that a title or category does not speak for: 3% of words are wrong, and a wrong word
names one of about three kinds that are ever confused."""

WRONG_BROAD_WORD: Final = 0.15
"""Factor of the kinds that a broad word ("Tops") does not speak for: shops put much else under such words."""

WRONG_PERSON: Final = 0.002
"""Factor of the kinds that a category does not speak for if a person explained the category."""

MIN_BROAD_KINDS: Final = 3
"""Number of kinds from which on a word is a broad one."""

MIN_PHOTO_PROBABILITY: Final = 1e-5
"""Number that is added to each probability of the photos, so that they never exclude a kind completely."""

GENERAL_WEIGHT: Final = 4
"""Weight of the frequency in general, in products: a category with fewer products says little."""

MIN_GENERAL_SHARE: Final = 0.005
"""Smallest frequency of a kind in general, so that a kind with few photos in a report stays possible."""


@dataclass(frozen=True, kw_only=True)
class FormulaFigures:
    """The numbers of the formula, which a release stores because they were tested with its answers.

    Attributes:
        wrong_word: the factor of kinds that a word does not speak for.
        wrong_broad_word: the same factor for a broad word, which speaks for MIN_BROAD_KINDS or more.
        wrong_person: the same factor if a person explained the word.
        threshold: the smallest probability of an accepted kind if a word is known.
        can_accept_other: whether OTHER_KIND, which stands for all kinds without a label, can be accepted.
        can_accept_outside: whether the class of photos alone can be `none of these`, if their accepted kind
            belongs to no class.
        second_threshold: the smallest probability of a kind that the second look accepts
            (second_look.py); None if there is no second look.
    """

    wrong_word: float = WRONG_WORD
    wrong_broad_word: float = WRONG_BROAD_WORD
    wrong_person: float = WRONG_PERSON
    threshold: float = THRESHOLD
    can_accept_other: bool = True
    can_accept_outside: bool = False
    second_threshold: float | None = None

    def find_threshold(self, *, has_words: bool) -> float:
        """Return the smallest probability of an accepted kind.

        Args:
            has_words: whether the title or the category has a known word.
        """
        return self.threshold if has_words else max(self.threshold, THRESHOLD_WITHOUT_WORDS)


DEFAULT_FIGURES: Final = FormulaFigures()
"""The numbers that were tested with the bundled release on the products of 17 shops."""


def compute_word_factors(
    kinds: Collection[str],
    labels: Collection[str],
    *,
    is_confirmed: bool = False,
    is_broad: bool = False,
    figures: FormulaFigures = DEFAULT_FIGURES,
) -> Shares:
    """Return the factors of a title or of a category's word.

    Args:
        kinds: the kinds that the words admit.
        labels: the labels of the network; a kind without a label is OTHER_KIND.
        is_confirmed: whether a person explained these words.
        is_broad: whether the words count as broad although they admit few kinds, because their language was
            guessed.
        figures: the numbers of the formula.
    """
    admitted = find_admitted_labels(kinds, labels)
    if is_confirmed:
        factor = figures.wrong_person
    elif is_broad or len(admitted) >= MIN_BROAD_KINDS:
        factor = figures.wrong_broad_word
    else:
        factor = figures.wrong_word
    return _make_factors(admitted, tuple(labels), factor)


def find_admitted_labels(kinds: Collection[str], labels: Collection[str]) -> frozenset[str]:
    """Return the labels that words admit; a kind without a label of its own is OTHER_KIND."""
    return frozenset(kind if kind in labels else OTHER_KIND for kind in kinds)


def has_other_among_labels(admitted: Collection[str]) -> bool:
    """Return whether words admit a kind with a label and one without, as "purse" does: bag and wallet."""
    return OTHER_KIND in admitted and len(admitted) > 1


def doubt_other_kind(factors: Shares, figures: FormulaFigures) -> Shares:
    """Return the factors of a word such as "purse" if it hardly speaks for the kind without a label."""
    return {**factors, OTHER_KIND: figures.wrong_broad_word}


@lru_cache(maxsize=4096)
def _make_factors(admitted: frozenset[str], labels: tuple[str, ...], factor: float) -> Shares:
    # One object for all products with the same words: a list has few different ones.
    return MappingProxyType({label: 1.0 if label in admitted else factor for label in labels})


def compute_general_shares(counts: Mapping[str, int], labels: Collection[str]) -> dict[str, float]:
    """Return how frequent each kind is in general, with the sum 1; empty if nothing was counted.

    Args:
        counts: the number of photos of each kind in the report of a release.
        labels: the kinds that the network answers; one without a number counts as 0.
    """
    total = sum(counts.get(label, 0) for label in labels)
    if not total:
        return {}
    shares = {label: max(MIN_GENERAL_SHARE, counts.get(label, 0) / total) for label in labels}
    return {label: share / sum(shares.values()) for label, share in shares.items()}


def compute_frequency_ratios(
    probability_sums: Shares, product_count: float, general_shares: Shares
) -> dict[str, float] | None:
    """Return how much more frequent each kind is among the other products of a category than in general.

    Args:
        probability_sums: the sum of the probabilities of each kind over the other products, by their photos
            and titles alone. The category's own word is left out, because all its products have it in common.
        product_count: the number of other products.
        general_shares: the share of each kind in general, above 0; empty if the release does not tell.

    Returns:
        The numbers, for each kind above 0; None if there are no other products, or if one is not finite.
    """
    if not general_shares or not product_count > 0:
        return None
    total = product_count + GENERAL_WEIGHT
    ratios = {
        kind: (probability_sums.get(kind, 0.0) + GENERAL_WEIGHT * share) / total / share
        for kind, share in general_shares.items()
    }
    return ratios if math.isfinite(sum(ratios.values())) else None


def compute_category_factors(
    word: Shares | None,
    other_products: Shares | None,
    *,
    is_confirmed: bool = False,
    figures: FormulaFigures = DEFAULT_FIGURES,
) -> Shares | None:
    """Return the factors of a category from its word and its other products, which are one witness.

    Args:
        word: the factors of its word, or of a person's answer about it; None if it names no kind.
        other_products: the numbers of `compute_frequency_ratios`; None without other products.
        is_confirmed: whether a person explained the category.
        figures: the numbers of the formula.
    """
    if other_products is None:
        return word
    # Limited before the word is known, too: else a word for two kinds would take from the rarer one of them.
    factors = _scale_factors(other_products, figures.wrong_word)
    if word is None:
        return factors
    both = {kind: factor * word[kind] for kind, factor in factors.items()}
    return _scale_factors(both, figures.wrong_person if is_confirmed else figures.wrong_word)


def _scale_factors(numbers: Shares, least: float) -> dict[str, float]:
    """Return numbers divided by the largest one, and not below the smallest allowed factor."""
    highest = max(numbers.values())
    return {kind: max(least, number / highest) for kind, number in numbers.items()}


def compute_posterior(photo_shares: Shares, witnesses: Sequence[Shares | None]) -> dict[str, float]:
    """Return the probability of each label from the photos and all witnesses, with the sum 1.

    The order of the witnesses makes no difference, not even in the last digit.

    Args:
        photo_shares: the mean probability of each label by the photos.
        witnesses: the factors of each witness; None is a witness that says nothing.

    Returns:
        The probabilities; all NaN if one of the photos is.
    """
    heard = [factors for factors in witnesses if factors is not None]
    least = MIN_PHOTO_PROBABILITY
    if len(heard) == 1:
        first = heard[0]
        weights = {label: (share + least) * first[label] for label, share in photo_shares.items()}
    elif len(heard) == 2:
        first, second = heard
        weights = {
            label: (share + least) * (first[label] * second[label]) for label, share in photo_shares.items()
        }
    else:
        weights = {label: share + least for label, share in photo_shares.items()}
        if heard:
            weights = _multiply_by_logarithms(weights, heard)
    total = sum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def _multiply_by_logarithms(weights: Shares, heard: Sequence[Shares]) -> dict[str, float]:
    """Return the products of many factors, relative to the largest, so that they do not become 0."""
    exponents = {
        label: math.fsum([math.log(weight), *(math.log(factors[label]) for factors in heard)])
        for label, weight in weights.items()
    }
    largest = max(exponents.values())
    return {label: math.exp(exponent - largest) for label, exponent in exponents.items()}


def is_supported_by_words(
    kinds: Collection[str], words: Sequence[Shares | None], other_products: Shares | None
) -> bool:
    """Return whether some word speaks for one of these kinds, or no word is known at all.

    The kind that the category's other products speak most for needs no word.

    Args:
        kinds: the accepted kind, or the kinds of the accepted class if only that is clear.
        words: the factors of the title and of the category's word; None for one that names no kind.
        other_products: the numbers of `compute_frequency_ratios`, or None without other products.
    """
    heard = [factors for factors in words if factors is not None]
    if not heard:
        return True
    most = max(other_products, key=other_products.__getitem__) if other_products else None
    return any(kind == most or any(factors[kind] == 1 for factors in heard) for kind in kinds)


class AcceptedAnswer(NamedTuple):
    """The class and the kind of a garment that the photos, or the formula, accept.

    Attributes:
        label: the accepted class, or `none of these`; None if a person has to look.
        kind: the accepted kind; None if a person has to look, or if only the class is clear.
    """

    label: str | None = None
    kind: str | None = None


def decide_by_formula(
    posterior: Shares, class_probabilities: Shares, threshold: float = THRESHOLD
) -> AcceptedAnswer:
    """Accept the most probable kind and class, if they are probable enough.

    Args:
        posterior: the probability of each kind, from `compute_posterior`.
        class_probabilities: the probability of each class: the sum over its kinds.
        threshold: the smallest probability of an accepted answer.
    """
    return AcceptedAnswer(
        label=_find_clear(class_probabilities, threshold), kind=_find_clear(posterior, threshold)
    )


def _find_clear(probabilities: Shares, threshold: float) -> str | None:
    """Return the most probable name, if its probability reaches the threshold; None with NaN among them."""
    if not math.isfinite(sum(probabilities.values())):
        return None
    likeliest = max(probabilities, key=probabilities.__getitem__, default=None)
    return likeliest if likeliest is not None and probabilities[likeliest] >= threshold else None
