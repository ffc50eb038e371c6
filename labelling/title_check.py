"""Answers beside the words of their list, and against photos that lie under two products. Pure.

Where the release shows from which share of a photo words may decide, class and kind are decided with them
(inference/title_rule.py); elsewhere an accepted answer that the words do not admit needs a person. So does
one that rests on photos of two products alone. titles.py reads the words, and decide.py hands rows through
here, before people's answers come in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.title_rule import (
    LIST,
    NO_SHARES,
    NONE,
    OTHER,
    Alone,
    Listed,
    Names,
    Shares,
    admits,
    decide_listed,
    least_of,
    names_of,
)
from inference.words import KIND, KINDS, NOTHING, Says, without_variant
from labelling.row import ACCEPT, MODEL, NO_ANSWER, REVIEW, HeadAnswer, Row, TableOf, distinct
from labelling.titles import ListWords
from reports.products import UNFAMILIAR, mean_of

NO_NAMES: Final = Names(classes={})

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


class Shared(NamedTuple):
    """What the list has about the products under which one photo lies.

    Attributes:
        kinds: that the words of each admit.
        variants: of each, see Product.
    """

    kinds: frozenset[frozenset[str]]
    variants: frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ListCheck:
    """What the answers to the pictures of one table are held against.

    Attributes:
        words: how the list's words are read.
        names: what the labels of the release are called among kinds.
        shares: from which share of a photo the words decide.
        products: what the list has about each; empty without products.
        shared: of the products under which a photo lies, by its sha256, where there are several.
        supported: product, head and label of what a familiar photo answers that lies under no other product.
    """

    words: ListWords = field(default_factory=ListWords)
    names: Names = NO_NAMES
    shares: Shares = NO_SHARES
    products: Mapping[str, Product] = field(default_factory=dict)
    shared: Mapping[str, Shared] = field(default_factory=dict)
    supported: frozenset[tuple[str, str, str]] = frozenset()

    def checked(self, row: Row) -> Row:
        """A row that is decided beside its list; `listed` is what the list admits."""
        says = self.says(row)
        together = self._together(row, says.kinds)
        if together is None:
            heads = {head: self._checked(row, head, answer, says) for head, answer in row.heads.items()}
        else:
            others = {head: answer for head, answer in row.heads.items() if head not in {LABEL, KIND}}
            heads = {head: self._checked(row, head, answer, says) for head, answer in others.items()}
            heads = {**self._decided(row, says.kinds, together), **heads}
        ordered = {head: heads[head] for head in row.heads}
        return replace(row, heads=ordered, listed=says.kinds)

    def says(self, row: Row) -> Says:
        """What the list says about a picture, or about a product."""
        of_product = self.products.get(row.product)
        return of_product.says if of_product else self.words.says(row.further)

    def admits(self, head: str, answer: HeadAnswer, listed: frozenset[str]) -> bool | None:
        """Whether the list's words admit an answer; None where one of the two says nothing of a kind."""
        if answer.reason == LIST:
            return False
        kinds = self.names.classes.get(answer.label or "", frozenset()) if head == LABEL else frozenset[str]()
        if head == KIND and answer.label in KINDS:
            kinds = frozenset({answer.label})
        if head == KIND and answer.label == OTHER and listed:
            return not listed <= self.names.answered
        return admits(listed, kinds)

    def _likeliest(self, row: Row, listed: frozenset[str]) -> str:
        """The likeliest class that the list's words admit; NONE where they admit none of the release."""
        shares = zip(self.names.classes.items(), row.label.probabilities, strict=True)
        admitted = [(share, label) for (label, kinds), share in shares if kinds & listed]
        return max(admitted)[1] if admitted else NONE

    def _suggestion(self, row: Row, listed: frozenset[str], label: str) -> str | None:
        """A class that the words admit, where the photos give it the share from which words decide."""
        shares = dict(zip(self.names.classes, mean_over(row, LABEL), strict=True))
        least = least_of(listed, self.names, self.shares) or 0.0
        return label if shares.get(label, 1.0) >= least else None

    def _together(self, row: Row, listed: frozenset[str]) -> Listed | None:
        """What words and photos say together; None where the words decide nothing."""
        if least_of(listed, self.names, self.shares) is None or LABEL not in row.heads:
            return None
        if self.names.kinds and KIND not in row.heads:  # of the network that reads pixels nothing is shown
            return None
        kind = row.heads.get(KIND, NO_ANSWER)
        alone = Alone(
            label=row.label.label or "",
            reason=row.label.reason,
            classes=mean_over(row, LABEL),
            kind=kind.label,
            is_kind_accepted=kind.decision == ACCEPT,
            kinds=mean_over(row, KIND) if self.names.kinds else (),
        )
        return decide_listed(listed, alone, self.names, self.shares)

    def _decided(self, row: Row, listed: frozenset[str], together: Listed) -> dict[str, HeadAnswer]:
        """Class and kind, as words and photos decide them."""
        reason = together.reason
        if reason is None and not self._shows(row, together):
            reason = SHARED
        heads = {head: row.heads[head] for head in (LABEL, KIND) if head in row.heads}
        if reason is not None:
            of_class = self._suggestion(row, listed, together.label)
            suggested = {LABEL: of_class, KIND: together.kind}
            return {
                head: replace(answer, decision=REVIEW, reason=reason, suggested=suggested[head])
                for head, answer in heads.items()
            }
        labels = {LABEL: together.label, KIND: together.kind or heads.get(KIND, NO_ANSWER).label}
        named = {head: self._relabelled(row, head, answer, labels[head]) for head, answer in heads.items()}
        return {
            head: replace(answer, decision=ACCEPT, reason=None, decided_by=together.decided_by)
            for head, answer in named.items()
        }

    def _relabelled(self, row: Row, head: str, answer: HeadAnswer, label: str | None) -> HeadAnswer:
        """An answer with another label, and what the photos give to that one."""
        if label == answer.label:
            return answer
        names = self.names.kinds if head == KIND else tuple(self.names.classes)
        shares = dict(zip(names, mean_over(row, head), strict=True))
        return replace(answer, label=label, confidence=shares.get(label or ""), also=())

    def _shows(self, row: Row, together: Listed) -> bool:
        """Whether an accepted answer rests on a photo of its product alone, or on one that may be of all."""
        if together.decided_by == MODEL:
            head = LABEL if row.label.decision == ACCEPT else KIND
            return self._is_enough(row, head, row.heads[head].label or "")
        shared = [self.shared.get(photo.sha256) for photo in row.photos or (row,)]
        says = {kinds for of in shared if of for kinds in of.kinds}
        if not row.product or None in shared:
            return True
        return all(self.admits(KIND, HeadAnswer(label=together.kind), kinds) for kinds in says)

    def _checked(self, row: Row, head: str, answer: HeadAnswer, by_list: Says) -> HeadAnswer:
        if answer.decision != ACCEPT:
            return answer
        if self.admits(head, answer, by_list.kinds) is False:
            suggested = None
            if head == LABEL:
                suggested = self._suggestion(row, by_list.kinds, self._likeliest(row, by_list.kinds))
            return replace(answer, decision=REVIEW, reason=LIST, suggested=suggested)
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
        shared = self.shared.get(photo.sha256)
        if shared is None:
            return True
        label = HeadAnswer(label=photo.label.label)
        is_admitted = all(self.admits(LABEL, label, kinds) for kinds in shared.kinds)
        return is_admitted or (len(shared.variants) == 1 and () not in shared.variants)


def mean_over(row: Row, head: str) -> tuple[float, ...]:
    """What all photos of a row give to the labels of a head, unfamiliar ones too; of copies the first."""
    photos = [photo for photo in distinct(row.photos or (row,)) if head in photo.heads]
    return tuple(mean_of([photo.heads[head].probabilities for photo in photos]))


def list_check(
    words: ListWords,
    run: TableOf,
    listed: Iterable[tuple[str, Mapping[str, str]]],
    photos: Iterable[Row],
    shared: Mapping[str, frozenset[str]],
) -> ListCheck:
    """What the rows of a table are held against.

    Args:
        words: how the list's words are read.
        run: that the rows are of.
        listed: the product of each row and its cells that have words; none where words are not read.
        photos: of the products that share a photo.
        shared: the products under which a photo lies, by its sha256, where there are several.
    """
    of_products: dict[str, dict[str, str]] = {}
    for product, cells in listed:
        if product:
            of_product = of_products.setdefault(product, {})
            for column in words.columns:
                of_product[column] = of_product.get(column) or cells[column]
    products = {
        product: Product(words.says(cells), without_variant(words.title(cells)))
        for product, cells in of_products.items()
    }
    return ListCheck(
        words=words,
        names=names_of(run.heads[LABEL], run.heads.get(KIND), words.language) if words.is_read else NO_NAMES,
        shares=run.shares,
        products=products,
        shared={
            sha256: _shared([products.get(name, Product()) for name in names])
            for sha256, names in shared.items()
        },
        supported=frozenset(
            (photo.product, head, answer.label or "")
            for photo in photos
            if photo.sha256 not in shared
            for head, answer in photo.heads.items()
            if answer.reason != UNFAMILIAR
        ),
    )


def _shared(products: Sequence[Product]) -> Shared:
    kinds = frozenset(product.says.kinds for product in products)
    return Shared(kinds, frozenset(product.variant_of for product in products))
