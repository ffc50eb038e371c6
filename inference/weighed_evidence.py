"""Weigh the evidence about one garment: apply the formula of posterior.py to the labels of a release.

The formula works on the kinds of garments, if the release answers them. If it does not, the same formula
works on the classes: a word speaks for a class if it admits one of the kinds that belong to it. "Names" are
the labels on which it works: kinds or classes.
"""

import math
from collections.abc import Collection, Set
from dataclasses import replace
from functools import cached_property, lru_cache

from inference.garment_evidence import GarmentEvidence, WordEvidence
from inference.posterior import (
    MIN_BROAD_KINDS,
    FormulaFigures,
    Shares,
    compute_category_factors,
    compute_posterior,
    compute_word_factors,
    doubt_other_kind,
    find_admitted_labels,
    has_other_among_labels,
    is_supported_by_words,
)
from inference.release_labels import NONE, OTHER_KIND, ReleaseLabels


class WeighedEvidence:
    """The evidence about one garment, with the probabilities by the formula. Each is computed once."""

    def __init__(
        self,
        evidence: GarmentEvidence,
        labels: ReleaseLabels,
        figures: FormulaFigures,
        *,
        is_other_doubted: bool = False,
    ) -> None:
        """Keep the evidence. Nothing is computed yet.

        Args:
            is_other_doubted: whether OTHER_KIND gets a smaller factor, if a word also admits a label.
        """
        self.evidence = _keep_common_kinds(evidence, labels)
        self.labels = labels
        self.is_other_doubted = is_other_doubted
        self.figures = figures
        self.names = labels.kinds if evidence.kind else tuple(labels.classes)
        classes_without_kinds = labels.classes_without_kinds | ({NONE} & labels.classes.keys())
        self.unknown_names = frozenset[str]() if evidence.kind else classes_without_kinds

    @cached_property
    def photo_shares(self) -> Shares:
        """The mean probability of each name by the photos."""
        return dict(zip(self.names, (self.evidence.kind or self.evidence.label).scores, strict=True))

    @cached_property
    def class_scores(self) -> Shares:
        """The mean probability of each class by the photos' answer about the class."""
        return dict(zip(self.labels.classes, self.evidence.label.scores, strict=True))

    @cached_property
    def posterior(self) -> dict[str, float]:
        """The probability of each name by photos, title and category."""
        evidence = self.evidence
        category = compute_category_factors(
            self._find_factors(evidence.category),
            evidence.other_products,
            is_confirmed=evidence.category.is_confirmed,
            figures=self.figures,
        )
        return compute_posterior(self.photo_shares, [self._find_factors(evidence.title), category])

    @cached_property
    def readings(self) -> "tuple[WeighedEvidence, ...]":
        """The evidence with each reading of its words: only if all agree is the formula certain.

        A word such as "purse" admits a bag, and also a wallet, which has no label. In the second reading,
        OTHER_KIND has a smaller factor. Without such a word there is one reading.
        """
        admitted = map(self.find_allowed_names, self.evidence.known_words)
        if self.is_other_doubted or not self.evidence.kind or not any(map(has_other_among_labels, admitted)):
            return (self,)
        return self, WeighedEvidence(self.evidence, self.labels, self.figures, is_other_doubted=True)

    @cached_property
    def photos_alone(self) -> "WeighedEvidence":
        """The answers of the same photos without any witness."""
        bare = GarmentEvidence(label=self.evidence.label, kind=self.evidence.kind)
        return WeighedEvidence(bare, self.labels, self.figures)

    @cached_property
    def ranked_names(self) -> list[str]:
        """All names, the most probable one first."""
        shares = self.posterior if self.evidence.has_witness else self.photo_shares
        return sorted(shares, key=shares.__getitem__, reverse=True)

    @cached_property
    def class_probabilities(self) -> dict[str, float]:
        """The probability of each class, and of NONE, by photos, title and category."""
        if not self.evidence.kind:
            return self.posterior
        sums = dict[str, float]()
        whole_classes = self.labels.class_by_kind
        for kind, probability in self.posterior.items():
            label = whole_classes.get(kind)
            if kind == OTHER_KIND and not self.figures.can_accept_other:
                continue
            if label is not None:
                sums[label] = sums.get(label, 0.0) + probability
                continue
            for sharing_label, share in self._share_out(kind).items():
                sums[sharing_label] = sums.get(sharing_label, 0.0) + share * probability
        return sums

    def _share_out(self, kind: str) -> Shares:
        """Return the part of a kind that belongs to each of its classes; empty if none is known.

        Classes that share a kind ("jeans slim", "jeans wide") get the parts that the photos give them.
        """
        classes = self.labels.classes_of_kinds[kind]
        total = sum(self.class_scores[label] for label in classes)
        return {label: self.class_scores[label] / total if total else 1 / len(classes) for label in classes}

    def find_class_of_kind(self, kind: str) -> str | None:
        """Return the class of a kind, or NONE; None if several classes share it and none is clear."""
        if kind == OTHER_KIND and not self.figures.can_accept_other:
            return None
        if kind in self.labels.class_by_kind:
            return self.labels.class_by_kind[kind]
        shares = self._share_out(kind)
        return next((label for label, share in shares.items() if share >= self.figures.threshold), None)

    def find_names_of_class(self, label: str) -> frozenset[str]:
        """Return the names that belong to a class or to NONE; empty if nobody can tell."""
        if not self.evidence.kind:
            return frozenset([label]) - self.unknown_names
        if label == NONE:
            classes_of_kinds = self.labels.classes_of_kinds.items()
            return frozenset(kind for kind, classes in classes_of_kinds if not classes)
        return self.labels.kinds_of_classes.get(label, frozenset())

    def find_kind_of_class(self, label: str) -> str | None:
        """Return the kind of a class, if it has only one, or if the words admit only one; None otherwise."""
        kinds = self.labels.classes.get(label, frozenset())
        for words in self.evidence.known_words:
            kinds = kinds & words.kinds or kinds
        return next(iter(kinds)) if len(kinds) == 1 else None

    def suggest_class(self, name: str) -> str:
        """Return the likeliest class of a name; NONE if no class is known for it."""
        classes = self.labels.classes_of_kinds[name] if self.evidence.kind else (name,)
        return max(classes, key=self.class_scores.__getitem__, default=NONE)

    def suggest_allowed_class(self, allowed_kinds: Set[str]) -> str:
        """Return the likeliest class of some kinds by the photos; NONE if no class is of these kinds."""
        admitted = [
            label for label in self.class_scores if self.labels.is_class_allowed(label, allowed_kinds)
        ]
        return max(admitted, key=self.class_scores.__getitem__, default=NONE)

    def find_allowed_names(self, words: WordEvidence) -> frozenset[str]:
        """Return the names that words admit."""
        if self.evidence.kind:
            return _find_admitted_kinds(words, self.names)
        classes = self.labels.classes.items()
        return frozenset(label for label, kinds in classes if not kinds.isdisjoint(words.kinds))

    def find_named_kinds(self) -> frozenset[str]:
        """Return the kinds with a label that title and category admit: both, or either if they share none."""
        if not self.evidence.kind:
            return frozenset()
        title, category = (
            self.find_allowed_names(words) for words in (self.evidence.title, self.evidence.category)
        )
        return (title & category or title | category) - {OTHER_KIND}

    def is_name_denied(self, name: str) -> bool:
        """Return whether the title, or the word of the category, does not admit a name."""
        if not self.evidence.kind:
            return self.is_class_denied(name)
        words = self.evidence.known_words
        return any(self.labels.is_kind_allowed(name, known.kinds) is False for known in words)

    def is_class_denied(self, label: str) -> bool:
        """Return whether the title, or the word of the category, admits no kind of a class."""
        return any(
            self.labels.is_class_allowed(label, words.kinds) is False for words in self.evidence.known_words
        )

    def compare_name_with_photos(self, name: str) -> float:
        """Return how many times as probable a name is by all witnesses as by the photos alone.

        It is 1 for a class of unknown name, because witnesses say nothing about it.
        """
        if name in self.unknown_names:
            return 1.0
        return self.posterior[name] / self.photos_alone.posterior[name]

    def compare_class_with_photos(self, label: str) -> float:
        """Return how many times as probable a class is by all witnesses as by the photos alone.

        Both probabilities are sums over its kinds. The photos' answer about the class is another head, which
        knows no garment outside the classes, so its numbers are higher. It is 1 for a class without kinds.
        """
        if not self.evidence.kind:
            return self.compare_name_with_photos(label)
        alone = self.photos_alone.class_probabilities.get(label)
        return self.class_probabilities[label] / alone if alone else 1.0

    def is_supported_by_words(self, names: Collection[str]) -> bool:
        """Return whether a word speaks for one of these names, or no word is known.

        A release without OTHER_KIND cannot tell a garment without a label from one with a label. There, words
        that admit a kind without a label speak for nothing.
        """
        named, silent = self.labels.named_kinds, dict.fromkeys(self.names, 0.0)
        factors = [
            (self._find_factors(words) or silent)
            if self.labels.has_other_kind or words.kinds <= named
            else silent
            for words in self.evidence.known_words
        ]
        return is_supported_by_words(
            frozenset(names) - self.unknown_names, factors, self.evidence.other_products
        )

    def _find_factors(self, words: WordEvidence) -> Shares | None:
        """Return the factors of words; None if they name no kind, or if no class has a known name."""
        if not words.kinds:
            return None
        if self.evidence.kind:
            return _find_kind_factors(words, self.names, self.figures, is_other_doubted=self.is_other_doubted)
        known_names = [name for name in self.names if name not in self.unknown_names]
        if not known_names:
            return None
        factors = _find_name_factors(words, self.find_allowed_names(words), self.names, self.figures)
        if not self.unknown_names:
            return factors
        # Words say nothing about a class of unknown name: it gets the geometric mean of the others' factors.
        mean = math.exp(math.fsum(math.log(factors[name]) for name in known_names) / len(known_names))
        return {name: mean if name in self.unknown_names else factor for name, factor in factors.items()}


def _keep_common_kinds(evidence: GarmentEvidence, labels: ReleaseLabels) -> GarmentEvidence:
    """Return evidence in which title and category speak for their common kinds alone, if one is ambiguous.

    "Purse" admits a bag and a wallet, which has no label. In the category "Handbags" it means the bag. Other
    words need no such rule: their factors, multiplied, leave the common kinds.
    """
    title, category = evidence.title, evidence.category
    common = title.kinds & category.kinds
    if not common:
        return evidence
    admitted = [find_admitted_labels(words.kinds, labels.named_kinds) for words in (title, category)]
    if not any(map(has_other_among_labels, admitted)):
        return evidence
    # A broad word stays a weak one, also if few of its kinds are left.
    narrowed = [
        words._replace(kinds=common, is_broad=words.is_broad or len(kinds) >= MIN_BROAD_KINDS)
        for words, kinds in zip((title, category), admitted, strict=True)
    ]
    return replace(evidence, title=narrowed[0], category=narrowed[1])


@lru_cache(maxsize=4096)
def _find_kind_factors(
    words: WordEvidence, names: tuple[str, ...], figures: FormulaFigures, *, is_other_doubted: bool
) -> Shares:
    """Return the factors of words over kinds. They are cached, since a list has few different words."""
    admitted = _find_admitted_kinds(words, names)
    factors = _find_name_factors(words, admitted, names, figures)
    is_doubted = is_other_doubted and has_other_among_labels(admitted)
    return doubt_other_kind(factors, figures) if is_doubted else factors


def _find_admitted_kinds(words: WordEvidence, names: tuple[str, ...]) -> frozenset[str]:
    return find_admitted_labels(words.kinds, names).intersection(names)


def _find_name_factors(
    words: WordEvidence, admitted: frozenset[str], names: tuple[str, ...], figures: FormulaFigures
) -> Shares:
    return compute_word_factors(
        admitted, names, is_confirmed=words.is_confirmed, is_broad=words.is_broad, figures=figures
    )
