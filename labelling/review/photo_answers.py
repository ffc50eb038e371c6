"""Decide what an answer about one picture means for the products that have the picture.

    path,label
    a.jpg,Coat    a.jpg is the only photo of product A-17: an answer about A-17
    b.jpg,Coat    b.jpg is one of three photos of A-18: an answer about b.jpg alone

If people have also answered about A-18 itself, that answer stays, and the command says so.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from labelling.decide.valid_answers import read_valid_answers
from labelling.journal.journal_file import Journal
from labelling.review.corrections import Correction

_PHOTOS_OF_PRODUCTS: Final = """
SELECT DISTINCT product, sha256 FROM current JOIN photos USING (path, stamp)
WHERE sha256 <> '' AND (product IN (
    SELECT product FROM current JOIN photos USING (path, stamp)
    WHERE product <> '' AND sha256 IN (SELECT value FROM json_each(?1))
) OR (product = '' AND sha256 IN (SELECT value FROM json_each(?1))))
"""
"""SQL that reads all photos of the products that have one of some photos, and the rows of these photos that
have no product."""


class PictureProducts:
    """The products that have the pictures about which people answered.

    Attributes:
        hashes_by_product: the sha256 of all readable photos of each of these products; for the product '',
            the pictures that are listed without one.
        products_by_hash: the names of the products of each picture; '' if it is listed without one, too.
    """

    def __init__(self, journal: Journal, matched_corrections: Sequence[tuple[str, Correction]]) -> None:
        """Read the products from the journal of a table.

        Args:
            matched_corrections: pairs of a picture's sha256 and a correction of it.
        """
        hashes = {sha256 for sha256, correction in matched_corrections if not correction.product}
        self.hashes_by_product = defaultdict[str, set[str]](set)
        self.products_by_hash = defaultdict[str, list[str]](list)
        rows = journal.query(_PHOTOS_OF_PRODUCTS, json.dumps(sorted(hashes))) if hashes else ()
        for product, sha256 in rows:
            self.hashes_by_product[product].add(sha256)
            self.products_by_hash[sha256].append(product)

    def _has_one_photo(self, product: str) -> bool:
        return product != "" and len(self.hashes_by_product[product]) == 1

    def assign_to_products(
        self, matched_corrections: Sequence[tuple[str, Correction]]
    ) -> list[tuple[str, Correction]]:
        """Return corrections in which an answer about the only photo of a product is about the product.

        An answer about a picture stays beside these if the picture is also listed in another way.
        """
        assigned = list[tuple[str, Correction]]()
        for sha256, correction in matched_corrections:
            products = self.products_by_hash[sha256] if not correction.product else []
            single = [product for product in products if self._has_one_photo(product)]
            assigned += [(sha256, correction._replace(product=product)) for product in single]
            if len(single) < len(products) or not products:
                assigned.append((sha256, correction))
        return assigned

    def find_overruled_answers(
        self, journal: Journal, matched_corrections: Sequence[tuple[str, Correction]]
    ) -> list[str]:
        """Return the product of each answer about a photo that changes nothing about the product.

        Such a product has several photos, and people answered the same question about the product itself.
        Call this when all answers are stored.
        """
        answers = read_valid_answers(journal)
        overruled = list[str]()
        for sha256, correction in matched_corrections:
            if correction.product:
                continue
            products = (
                product
                for product in self.products_by_hash[sha256]
                if product and not self._has_one_photo(product)
            )
            overruled += [
                product
                for product in products
                if correction.attribute in answers.labels_by_subject.get(("", product), {})
            ][:1]
        return overruled
