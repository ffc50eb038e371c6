"""Answers against the words of their list, and against photos that lie under two products. Pure.

A word accepts nothing: an accepted answer that the words do not admit needs a person, and so does one that
rests on photos of two products alone. list_words.py reads the words; export.py and review/ hand rows through
here, before people's answers come in (decided.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from inference.contract import LABEL
from inference.words import KIND, KINDS, NOTHING, Says, label_kinds, without_variant
from labelling.list_words import ListWords
from labelling.row import ACCEPT, NO_ANSWER, REVIEW, HeadAnswer, Row
from reports.products import UNFAMILIAR

LIST: Final = "list"
"""The reason of an answer that the list's words do not admit."""

SHARED: Final = "shared"
"""The reason of an answer that rests on photos of two products alone."""


@dataclass(frozen=True)
class Product:
    """What a list has about one product.

    Attributes:
        says: its words.
        variant_of: the words of its title but those of colour and size; empty without a title.
    """

    says: Says = NOTHING
    variant_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListCheck:
    """What the answers to the pictures of one table are held against.

    Attributes:
        words: how the list's words are read.
        kinds: that each class is, in the order of the classes; see `label_kinds`.
        products: what the list has about each; empty without products.
        shared: the products under which a photo lies, by its sha256, where there are several.
        supported: product, head and label of what a familiar photo answers that lies under no other product.
    """

    words: ListWords = field(default_factory=ListWords)
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    products: Mapping[str, Product] = field(default_factory=dict)
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    supported: frozenset[tuple[str, str, str]] = frozenset()

    def checked(self, row: Row) -> Row:
        """A row whose accepted answers are held against the list; `listed` is what the list admits."""
        by_list = self.says(row)
        heads = {head: self._checked(row, head, answer, by_list) for head, answer in row.heads.items()}
        return replace(row, heads=heads, listed=by_list.kinds)

    def says(self, row: Row) -> Says:
        """What the list says about a picture, or about a product."""
        of_product = self.products.get(row.product)
        return of_product.says if of_product else self.words.says(row.further)

    def admits(self, head: str, label: str | None, listed: frozenset[str]) -> bool | None:
        """Whether the list's words admit a label; None where one of the two says nothing of a kind."""
        kinds = self.kinds.get(label or "", frozenset()) if head == LABEL else frozenset[str]()
        if head == KIND and label in KINDS:
            kinds = frozenset({label})
        return bool(kinds & listed) if kinds and listed else None

    def agrees(self, row: Row) -> bool | None:
        """Whether the list's words admit an accepted kind or, without one, the class; None as in `admits`."""
        kind = row.heads.get(KIND, NO_ANSWER)
        if kind.decision == ACCEPT and self.admits(KIND, kind.label, row.listed):
            return True
        return self.admits(LABEL, row.label.label, row.listed)

    def suggestion(self, row: Row, head: str) -> str | None:
        """The likeliest class that the list's words admit; None where they admit none of the release."""
        if head != LABEL or not self.kinds:
            return None
        shares = zip(self.kinds, row.heads[head].probabilities, strict=True)
        admitted = [(share, label) for label, share in shares if self.admits(head, label, row.listed)]
        return max(admitted)[1] if admitted else None

    def _checked(self, row: Row, head: str, answer: HeadAnswer, by_list: Says) -> HeadAnswer:
        if answer.decision != ACCEPT:
            return answer
        if self.admits(head, answer.label, by_list.kinds) is False:
            return replace(answer, decision=REVIEW, reason=LIST)
        if not self._is_enough(row, head, answer.label or ""):
            return replace(answer, decision=REVIEW, reason=SHARED)
        return answer

    def _is_enough(self, row: Row, head: str, label: str) -> bool:
        """Whether an answer rests on a photo of its product alone, or on one that may be of both."""
        if not row.product or (row.product, head, label) in self.supported:
            return True
        answers = [(photo, photo.heads.get(head, NO_ANSWER)) for photo in row.photos or (row,)]
        agreeing = [
            photo for photo, answer in answers if answer.label == label and answer.reason != UNFAMILIAR
        ]
        return not agreeing or any(self._may_be_of_all(photo) for photo in agreeing)

    def _may_be_of_all(self, photo: Row) -> bool:
        """Whether a photo lies under one product, or the list lets it show each of its products.

        It does where the words of each admit the photo's class, and where the titles differ in colour and
        size alone.
        """
        products = [self.products.get(name, Product()) for name in self.shared.get(photo.sha256, ())]
        if not products:
            return True
        admits = all(self.admits(LABEL, photo.label.label, product.says.kinds) for product in products)
        variants = {product.variant_of for product in products}
        return admits or (len(variants) == 1 and () not in variants)


def list_check(
    words: ListWords,
    labels: Sequence[str],
    listed: Iterable[tuple[str, Mapping[str, str]]],
    photos: Iterable[Row],
    shared: Mapping[str, frozenset[str]],
) -> ListCheck:
    """What the rows of a table are held against.

    Args:
        words: how the list's words are read.
        labels: the classes of the release.
        listed: the product of each row and its cells that have words; none where words are not read.
        photos: of the products that share a photo.
        shared: see ListCheck.
    """
    of_products: dict[str, dict[str, str]] = {}
    for product, cells in listed:
        if product:
            of_product = of_products.setdefault(product, {})
            for column in words.columns:
                of_product[column] = of_product.get(column) or cells[column]
    return ListCheck(
        words=words,
        kinds=label_kinds(labels, words.language) if words.is_read else {},
        products={
            product: Product(words.says(cells), without_variant(words.title(cells)))
            for product, cells in of_products.items()
        },
        shared=shared,
        supported=frozenset(
            (photo.product, head, answer.label or "")
            for photo in photos
            if photo.sha256 not in shared
            for head, answer in photo.heads.items()
            if answer.reason != UNFAMILIAR
        ),
    )
