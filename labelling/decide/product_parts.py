"""Compute how much each product says about its category: its probability of each kind, by photos and title.

Such a list of probabilities is called the part of a product: (.95, .01, ...) for dress, coat and the other
kinds (garments as shops name them). The parts of a category, added up, are evidence about a doubtful product
in it. The word of the category is not used here: all products of the category share it, and it would be
counted once for each of them.

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
from inference.garment_evidence import Words
from inference.posterior import DEFAULT_FIGURES, find_posterior, find_word_factors
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND
from inference.words.kinds import KIND
from labelling.decide.category_products import MILLION, Int32
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.shared_photos import SharedPhotos
from labelling.decide.title_decision import ListTitles
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.journal.journal_rows import ProductKinds
from labelling.lists.row_words import NO_ROW_WORDS
from reports.product_rule import average_probabilities

DECIDING_HEADS: Final = (KIND, LABEL)
"""The heads about which people's answers change the part of a product."""


@dataclass(frozen=True, kw_only=True)
class PartReader:
    """A reader of the parts of products, with the facts about the whole table.

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

    def read_parts(self, products: Iterable[ProductKinds], numbers: Mapping[str, int]) -> Int32:
        """Return the parts of products, int32 (P, K), in millionths; zeros for a product that adds nothing.

        Args:
            products: the photos of each product.
            numbers: the number of each product that has a category, by its name; other products are left out.
        """
        parts = np.zeros((len(numbers), len(self.titles.release_labels.kinds)), np.int32)
        for product in products:
            number = numbers.get(product.product)
            part = self.find_part(product) if number is not None else None
            if part:
                parts[number] = [round(share * MILLION) for share in part]
        return parts

    def find_part(self, product: ProductKinds) -> Sequence[float] | None:
        """Return the probability of each kind that a product adds to its category; None if it adds nothing.

        Args:
            product: the photos of the product, with their probabilities of the kinds.
        """
        people = self.human_answers.find_answers_of(product.product, product.hashes)
        said = {head: people.find_labels(head) for head in DECIDING_HEADS}
        if any(len(labels) > 1 or LEFT_OUT_LABEL in labels for labels in said.values()):
            return None
        # A person who named the kind decides. One who named only the class (below) leaves its kinds open.
        if said[KIND]:
            return self._make_certain(min(said[KIND]))
        photos = [
            probabilities
            for probabilities, labels in zip(product.probabilities, people.photo_labels, strict=True)
            if probabilities and LEFT_OUT_LABEL not in map(labels.get, DECIDING_HEADS)
        ]
        if not photos:
            return None
        words = self.titles.product_words.get(product.product, NO_ROW_WORDS)
        shares = self._find_posterior(average_probabilities(photos), words.title)
        if said[LABEL]:
            return self._restrict_to_class(shares, min(said[LABEL]))
        # Only now: a person who gave the class has settled such a conflict.
        is_contradicting = words.meaning.conflict == Reason.CONTRADICTING
        return None if is_contradicting or self._is_shared(product, shares) else shares

    def _find_posterior(self, photos: Sequence[float], title: Words) -> Sequence[float]:
        """Return the probability of each kind by photos and title, in the order of the labels of `kind`."""
        labels = self.titles.release_labels.kinds
        factors = None
        if title.kinds:
            factors = find_word_factors(
                title.kinds,
                labels,
                is_confirmed=title.is_confirmed,
                is_broad=title.is_broad,
                figures=self.titles.figures or DEFAULT_FIGURES,
            )
        return list(find_posterior(dict(zip(labels, photos, strict=True)), [factors]).values())

    def _make_certain(self, kind: str) -> Sequence[float] | None:
        """Return the part of a product whose kind a person gave; None if no label has that name."""
        labels = self.titles.release_labels.kinds
        return [float(label == kind) for label in labels] if kind in labels else None

    def _restrict_to_class(self, shares: Sequence[float], label: str) -> Sequence[float] | None:
        """Return the probabilities of the kinds of a class that a person gave; None if no kind is known."""
        labels, class_kinds = self.titles.release_labels.kinds, self.class_kinds
        if label == NONE:
            kinds = set(labels).difference(*class_kinds.values())
        else:
            kinds = {kind if kind in labels else OTHER_KIND for kind in class_kinds.get(label, ())}
        within = [share if kind in kinds else 0.0 for kind, share in zip(labels, shares, strict=True)]
        total = sum(within)
        return [share / total for share in within] if total else None

    def _is_shared(self, product: ProductKinds, shares: Sequence[float]) -> bool:
        """Return whether all photos also lie under other products that are not of the likeliest kind."""
        if not self.shared_photos.products_by_photo:
            return False
        kind = self.titles.release_labels.kinds[max(range(len(shares)), key=shares.__getitem__)]
        return not self.shared_photos.can_show_product(product.hashes, kind)
