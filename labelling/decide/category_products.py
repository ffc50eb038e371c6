"""Compare each product with the other products of its category: what are they, and how often?

Ten products lie in the category "Nowości", which names no garment. Photos and titles say of nine that they
are dresses. The tenth may be a dress or a coat. Its nine neighbours speak for the dress:

               general share    among the others    among them and four products in general    ratio
    dress      .10              .95                 .69                                        6.9
    coat       .15              .01                 .05                                        .35

A kind is a garment as shops name it. The ratio (.69 / .10 = 6.9) says how much more frequent a kind is
among the other products than in general. Four products with the general shares are added to the others, so
that one or two neighbours do not decide alone.

A list is read twice. The first time, `CategoryProductCollector` collects the categories of each product, and
finds products that are alike (one row for each size). The second time, each product adds its part: the
probability of each kind by its photos and its title. `CategoryProductSums` has the sums of the parts. It
subtracts the part of a product before it compares, so that no product is evidence about itself.

Parts and sums are whole numbers (millionths), so that the order of rows cannot change a decision.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.posterior import Shares, compute_frequency_ratios
from inference.words.words import remove_variant_words
from labelling.decide.product_titles import ProductTitle

MILLION: Final = 1_000_000
"""The whole number that stands for a probability of 1 in parts and sums."""

MIN_WORDS_OF_ALIKE: Final = 3
"""Number of words, without those for colour and size, from which two equal titles name one product. Titles of
fewer words, such as "Anna" or "Summer dress", are equal by chance."""

Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class CategoryProductSums:
    """The products of a table, summed up by category: P products, C categories, K kinds of garments.

    A part is the probability of each kind by which a product adds to its category, in millionths.

    Attributes:
        numbers: the number of each product that has a category, by its name.
        categories: int32 (P,), the category of each product. If it has several, the one with most products.
        parts: int32 (P, K), the part of each product. For products that are alike, the mean of their parts.
        is_counted: bool (P,), whether the part is in the sum of the product's category.
        sums: int64 (C, K), the sum of the parts of each category.
        counts: int64 (C,), the number of parts in each sum.
        general: the frequency of each of the K kinds in general, by its name, such as {"dress": .1}; all
            above 0.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    categories: Int32 = field(default_factory=lambda: np.zeros(0, np.int32))
    parts: Int32 = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    is_counted: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    sums: Int64 = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    counts: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    general: Shares = field(default_factory=dict)

    def compare_other_products(self, product: str) -> Shares | None:
        """Return how much more frequent each kind is among the other products of a category than in general.

        Args:
            product: the name of a product, whose own part is left out.

        Returns:
            A number for each kind, by its name, such as {"dress": 6.9}; None if there are no other products.
        """
        number = self.numbers.get(product)
        if number is None:
            return None
        if number not in self._cached_comparison:  # the photos of a product mostly follow one another
            self._cached_comparison.clear()
            self._cached_comparison[number] = self._compare_others(number)
        return self._cached_comparison[number]

    @cached_property
    def _cached_comparison(self) -> dict[int, Shares | None]:
        """The last result of `compare_other_products`, by the number of its product; at most one entry."""
        return {}

    def _compare_others(self, number: int) -> Shares | None:
        category, is_counted = self.categories[number], bool(self.is_counted[number])
        other_count = int(self.counts[category]) - is_counted
        if other_count < 1:
            return None
        # Without the product's own part, so that it is no evidence about itself.
        sums = self.sums[category] - self.parts[number] * is_counted
        shares = dict(zip(self.general, (sums / MILLION).tolist(), strict=True))
        return compute_frequency_ratios(shares, other_count, self.general)


NO_CATEGORY_PRODUCTS: Final = CategoryProductSums()
"""No products, for a table in which the products of a category say nothing about one another."""


class CategoryProductCollector:
    """The categories of each product, and the products that are alike, collected while a list is read.

    Products are alike if they have the same photo, or if their titles differ in colour and size alone. So a
    garment that the list has once for each size counts once.

    Attributes:
        numbers: the number of each product that has a category, by its name.
    """

    def __init__(self, shared_hashes: Iterable[str]) -> None:
        """Create a collection without products.

        Args:
            shared_hashes: the sha256 of each photo that is listed under several products.
        """
        self.numbers = dict[str, int]()
        self._shared_hashes = frozenset(shared_hashes)
        self._categories_by_key = dict[str, int]()
        # Plain arrays: a list may have hundreds of thousands of products.
        self._member_products, self._member_categories = array("i"), array("i")
        self._alike_keys, self._alike_products = array("q"), array("i")

    def observe_products(self, products: Iterable[ProductTitle]) -> Iterator[ProductTitle]:
        """Yield the given products unchanged, and collect the categories of each on the way.

        Collectors can be chained in this way, so that a list of millions of products is read once for all.
        """
        for product in products:
            self.add_product(product)
            yield product

    def add_product(self, product: ProductTitle) -> None:
        """Collect the categories of a product. Products with the same photo or title are noted as alike."""
        if not product.category_keys:
            return
        number = self.numbers.setdefault(product.product, len(self.numbers))
        for key in product.category_keys:
            self._member_products.append(number)
            self._member_categories.append(
                self._categories_by_key.setdefault(key, len(self._categories_by_key))
            )
        words = remove_variant_words(product.title)
        # Hashes take 8 bytes each. They differ between runs, but are compared within one only.
        alike_keys = [hash(sha256) for sha256 in product.photo_hashes & self._shared_hashes]
        if len(words) >= MIN_WORDS_OF_ALIKE:
            alike_keys.append(hash(words))
        for alike_key in alike_keys:
            self._alike_keys.append(alike_key)
            self._alike_products.append(number)

    def sum_contributions(self, parts: Int32, general_shares: Shares) -> CategoryProductSums:
        """Add up, for each category, the probabilities of the kinds that its products add.

        Args:
            parts: int32 (P, K), the probability of each kind for each product, in millionths; zeros for a
                product that adds nothing. This array is changed: products that are alike get their mean.
            general_shares: the frequency of each of the K kinds in general, by its name, in the order of the
                parts.
        """
        # Before the means are written, which also give a part to products that have none of their own.
        has_part: Bools = np.asarray(parts.any(axis=1))
        groups = _join_alike(len(parts), np.array(self._alike_keys), np.array(self._alike_products))
        _average_groups(parts, groups, has_part)
        products, categories = np.array(self._member_products), np.array(self._member_categories)
        # One number for each pair of category and group, so that a group counts once in a category.
        pairs = categories.astype(np.int64) * len(parts) + groups[products]
        counted_pairs = np.unique(pairs[has_part[products]])
        counted_categories, counted_groups = np.divmod(counted_pairs, max(len(parts), 1))
        counts = np.bincount(counted_categories, minlength=len(self._categories_by_key))
        sums = np.zeros((len(counts), parts.shape[1]), np.int64)
        if len(counted_pairs):
            # The pairs are sorted by category, so that each category is one stretch of them.
            unique_categories, starts = np.unique(counted_categories, return_index=True)
            sums[unique_categories] = np.add.reduceat(parts[counted_groups], starts, dtype=np.int64)
        chosen_members = self._choose_categories(counts)
        return CategoryProductSums(
            numbers=self.numbers,
            categories=categories[chosen_members],
            parts=parts,
            is_counted=np.isin(pairs[chosen_members], counted_pairs),
            sums=sums,
            counts=counts,
            general=general_shares,
        )

    def _choose_categories(self, counts: Int64) -> Int64:
        """Choose one category for each product, and return its position in `_member_categories`, int64 (P,).

        If a product has several categories, the one with the most counted products is chosen, because it
        tells most. Of equal ones, the first by its key is chosen, so that the order of rows cannot change a
        decision.
        """
        products, categories = np.array(self._member_products), np.array(self._member_categories)
        ranks = np.zeros(len(counts), np.int64)
        if len(products) > len(self.numbers):  # some product has several categories
            keys = list(self._categories_by_key)
            ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        order = np.lexsort((ranks[categories], -counts[categories], products))
        return order[np.unique(products[order], return_index=True)[1]]


def _join_alike(count: int, keys: NDArray[np.int64], products: Int32) -> Int64:
    """Return the group of each product, int64 (P,). Products with a common key are in one group.

    Groups grow over several keys: if A and B share a photo, and B and C a title, all three are one group.
    The algorithm is union-find.

    Args:
        count: the number of products, P.
        keys: int64 (N,), equal for products that are alike.
        products: int32 (N,), the product of each key.

    Returns:
        The number of the group's first product for each product.
    """
    order = np.lexsort((products, keys))
    is_same = keys[order][1:] == keys[order][:-1]
    # Each product leads to an earlier one of its group, and the first one to itself.
    first = list(range(count))

    def find_first(number: int) -> int:
        while first[number] != number:
            first[number] = first[first[number]]  # shortens the way, so that long chains stay fast
            number = first[number]
        return number

    pairs = zip(products[order][:-1][is_same].tolist(), products[order][1:][is_same].tolist(), strict=True)
    for one, other in pairs:
        lower, higher = sorted((find_first(one), find_first(other)))
        first[higher] = lower
    return np.array([find_first(number) for number in range(count)], np.int64)


def _average_groups(parts: Int32, groups: Int64, has_part: Bools) -> None:
    """Replace the part of each product by the mean of its group, such as the sizes of one garment.

    Args:
        parts: int32 (P, K), which is changed in place.
        groups: int64 (P,), the group of each product.
        has_part: bool (P,), whether a product has a part.
    """
    is_large = np.bincount(groups, minlength=len(parts))[groups] > 1
    averaged_products = np.flatnonzero(is_large & has_part)
    if not len(averaged_products):
        return
    # Sorted by group, so that each group is one stretch, which `reduceat` adds up.
    averaged_products = averaged_products[np.argsort(groups[averaged_products], kind="stable")]
    large_groups, starts, sizes = np.unique(groups[averaged_products], return_index=True, return_counts=True)
    sums = np.add.reduceat(parts[averaged_products], starts, dtype=np.int64)
    means = (2 * sums + sizes[:, None]) // (2 * sizes[:, None])  # rounded, without floats
    # All members get the mean, also those without a part. When a member is compared with its category, this
    # mean is subtracted, because the group is in the sum with it.
    members = np.flatnonzero(is_large)
    places = np.searchsorted(large_groups, groups[members])
    has_mean = large_groups[np.minimum(places, len(large_groups) - 1)] == groups[members]
    parts[members[has_mean]] = means[places[has_mean]]
