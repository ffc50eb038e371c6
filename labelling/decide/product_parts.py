"""Compute what each product says about its category: its probability of each kind, by photos and title.

These probabilities are called the part of a product: (.95, .01, ...) for dress, coat and the other kinds,
which are garments as shops name them. The parts of a category, added up, are evidence about a doubtful
product in it. The word of the category is not used here: all products of the category share it, and it would
be counted once for each of them.

A product adds nothing in these cases:

1. It needs a person: its titles contradict each other, or its only photos are also listed under products that
   are something else.
2. People contradict each other, or left the product out, or gave it a class of which no kind is known.
3. None of its photos has an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.contract import LABEL
from inference.garment_evidence import WordEvidence
from inference.posterior import DEFAULT_FIGURES, compute_posterior, compute_word_factors
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND
from inference.words.kinds import KIND
from labelling.decide.category_products import MILLION, Int32
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.shared_photos import SharedPhotos
from labelling.decide.title_decision import ListTitles
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.journal.journal_rows import ProductKindProbabilities
from labelling.lists.row_words import NO_ROW_WORDS
from reports.product_rule import average_probabilities

DECIDING_HEADS: Final = (KIND, LABEL)
"""The questions about which people's answers change the part of a product: its kind and its class."""


@dataclass(frozen=True, kw_only=True)
class CategoryContributionReader:
    """A reader of the parts of products: what each of them says about the kinds of its category.

    Attributes:
        titles: the words of the list about each product.
        shared_photos: the photos that are listed under several products.
        human_answers: the answers of people about pictures and products.
        class_kinds: the kinds of garments that belong to each class of the release.
    """

    titles: ListTitles
    shared_photos: SharedPhotos
    human_answers: HumanAnswers
    class_kinds: Mapping[str, frozenset[str]]

    def read_contributions(
        self, products: Iterable[ProductKindProbabilities], numbers: Mapping[str, int]
    ) -> Int32:
        """Return the parts of P products as millionths, int32 (P, K); zeros for a product that adds nothing.

        Args:
            products: the photos of each product.
            numbers: the number of each product that has a category, by its name; other products are left out.
        """
        parts = np.zeros((len(numbers), len(self.titles.release_labels.kinds)), np.int32)
        for product in products:
            number = numbers.get(product.product)
            part = self.compute_contribution(product) if number is not None else None
            if part:
                parts[number] = [round(share * MILLION) for share in part]
        return parts

    def compute_contribution(self, product: ProductKindProbabilities) -> Sequence[float] | None:
        """Return the probability of each kind that a product adds to its category; None if it adds nothing.

        Args:
            product: the photos of the product, with their probabilities of the kinds.
        """
        people = self.human_answers.find_answers_about_product(product.product, product.hashes)
        labels_by_head = {head: people.find_labels(head) for head in DECIDING_HEADS}
        if any(len(labels) > 1 or LEFT_OUT_LABEL in labels for labels in labels_by_head.values()):
            return None
        # From here on there is at most one label, which `min` returns. A person who named the kind decides
        # it. A person who named only the class (below) leaves the kinds of this class open.
        if labels_by_head[KIND]:
            return self._make_certain(min(labels_by_head[KIND]))
        photos = [
            probabilities
            for probabilities, labels in zip(product.probabilities, people.photo_labels, strict=True)
            if probabilities and LEFT_OUT_LABEL not in map(labels.get, DECIDING_HEADS)
        ]
        if not photos:
            return None
        words = self.titles.product_words.get(product.product, NO_ROW_WORDS)
        shares = self._find_posterior(average_probabilities(photos), words.title)
        if labels_by_head[LABEL]:
            return self._restrict_to_class(shares, min(labels_by_head[LABEL]))
        # Only now: a person who gave the class has settled such a conflict.
        is_contradicting = words.meaning.conflict == Reason.CONTRADICTING
        return None if is_contradicting or self._is_shared(product, shares) else shares

    def _find_posterior(self, photos: Sequence[float], title: WordEvidence) -> Sequence[float]:
        """Return the probability of each kind by photos and title, in the order of the labels of `kind`.

        Args:
            photos: the mean probability of each kind over the photos.
        """
        labels = self.titles.release_labels.kinds
        factors = None
        if title.kinds:
            factors = compute_word_factors(
                title.kinds,
                labels,
                is_confirmed=title.is_confirmed,
                is_broad=title.is_broad,
                figures=self.titles.figures or DEFAULT_FIGURES,
            )
        return list(compute_posterior(dict(zip(labels, photos, strict=True)), [factors]).values())

    def _make_certain(self, kind: str) -> Sequence[float] | None:
        """Return the part of a product whose kind a person gave: 1 for this kind; None for an unknown one."""
        labels = self.titles.release_labels.kinds
        return [float(label == kind) for label in labels] if kind in labels else None

    def _restrict_to_class(self, shares: Sequence[float], label: str) -> Sequence[float] | None:
        """Return the probabilities of the kinds that belong to a person's class, scaled to the sum 1.

        Returns:
            A probability for each kind, 0 for those of other classes; None if the class has no known kind.
        """
        labels, class_kinds = self.titles.release_labels.kinds, self.class_kinds
        if label == NONE:
            kinds = set(labels).difference(*class_kinds.values())
        else:
            kinds = {kind if kind in labels else OTHER_KIND for kind in class_kinds.get(label, ())}
        within = [share if kind in kinds else 0.0 for kind, share in zip(labels, shares, strict=True)]
        total = sum(within)
        return [share / total for share in within] if total else None

    def _is_shared(self, product: ProductKindProbabilities, shares: Sequence[float]) -> bool:
        """Return whether the list also gives all photos to other products, which are of another kind."""
        if not self.shared_photos.products_by_photo:
            return False
        kind = self.titles.release_labels.kinds[max(range(len(shares)), key=shares.__getitem__)]
        return not self.shared_photos.can_show_product(product.hashes, kind)
