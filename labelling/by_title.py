"""What the title of a row decides: with the photo its class and kind, or that a person has to look. Pure.

Where the release shows from which share of a photo words may decide, class and kind are decided with them
(inference/title_rule.py); elsewhere an accepted answer that the words do not admit needs a person. titles.py
finds the words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.kinds import KIND, KINDS
from inference.reasons import Reason
from inference.title_rule import (
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
from inference.words import NOTHING, Says, without_variant
from labelling.row import Answer, Subject
from labelling.table_of import TableOf
from labelling.titles import ListWords

NO_NAMES: Final = Names(classes={})


class OfProduct(NamedTuple):
    """What a list has about one product.

    Attributes:
        says: its words.
        variant_of: the words of its title but those of colour and size; empty without a title.
    """

    says: Says = NOTHING
    variant_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Titles:
    """What the titles of a list say.

    Attributes:
        words: how they are read.
        names: what the labels of the release are called among kinds.
        least: from which share of a photo they decide.
        heads: the labels of each head of the release.
        products: what the list has about each; empty without products.
    """

    words: ListWords = field(default_factory=ListWords)
    names: Names = NO_NAMES
    least: Shares = NO_SHARES
    heads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, OfProduct] = field(default_factory=dict)

    def kinds(self, subject: Subject) -> frozenset[str]:
        """The kinds that the list admits of a photo, or of a product; empty where it says nothing."""
        of_product = self.products.get(subject.product)
        return (of_product.says if of_product else self.words.says(subject.cells)).kinds

    def admits(self, head: str, label: str | None, listed: frozenset[str]) -> bool | None:
        """Whether words admit a label; None where one of the two says nothing of a kind."""
        if head == KIND and label == OTHER and listed:
            return not listed <= self.names.answered
        kinds = frozenset[str]()
        if head == LABEL:
            kinds = self.names.classes.get(label or "", kinds)
        elif head == KIND and label in KINDS:
            kinds = frozenset({label})
        return admits(listed, kinds)

    def shares(self, subject: Subject, head: str) -> dict[str, float]:
        """What all photos of a row give to each label."""
        return dict(zip(self.heads[head], subject.shares(head), strict=True))

    def suggested(self, subject: Subject, label: str) -> str | None:
        """A class that the words admit, where the photos give it the share from which words decide."""
        least = least_of(self.kinds(subject), self.names, self.least) or 0.0
        return label if self.shares(subject, LABEL).get(label, 1.0) >= least else None


def titles_of(table: TableOf, words: ListWords, listed: Iterable[tuple[str, Mapping[str, str]]]) -> Titles:
    """What the titles of a list say.

    Args:
        table: that its rows become.
        words: how they are read.
        listed: the product of each row and its cells that have words; of a product the first ones count.
    """
    of_products: dict[str, dict[str, str]] = {}
    for product, cells in listed:
        of_product = of_products.setdefault(product, {}) if product else {}
        for column in words.columns:
            of_product[column] = of_product.get(column) or cells[column]
    is_read, heads = words.is_read, table.heads
    names = names_of(heads[LABEL], heads.get(KIND), words.language) if is_read else NO_NAMES
    return Titles(
        words=words,
        names=names,
        least=table.shares,
        heads=heads,
        products={
            product: OfProduct(words.says(cells), without_variant(words.title(cells)))
            for product, cells in of_products.items()
        },
    )


def with_photo(subject: Subject, titles: Titles) -> Listed | None:
    """What words and photos say together of class and kind; None where the words decide nothing."""
    listed, names, answers = titles.kinds(subject), titles.names, subject.answers
    if least_of(listed, names, titles.least) is None or LABEL not in answers:
        return None
    if names.kinds and KIND not in answers:  # of the network that reads pixels nothing is shown
        return None
    kind = answers.get(KIND)
    alone = Alone(
        label=answers[LABEL].label,
        reason=answers[LABEL].reason,
        classes=subject.shares(LABEL),
        kind=kind.label if kind else None,
        is_kind_accepted=kind is not None and kind.is_accepted,
        kinds=subject.shares(KIND) if names.kinds else (),
    )
    return decide_listed(listed, alone, names, titles.least)


def answer_with_photo(
    subject: Subject, head: str, together: Listed, reason: Reason | None, titles: Titles
) -> Answer:
    """Class or kind as words and photos say it together.

    Args:
        subject: as the model answered it.
        head: LABEL or KIND.
        together: of `with_photo`.
        reason: why a person has to look: then the photos' own label stays, beside what is suggested.
        titles: of the list.
    """
    answer = subject.answers[head]
    label = together.label if head == LABEL else together.kind
    if reason:
        suggested = titles.suggested(subject, together.label) if head == LABEL else label
        return replace(answer, reason=reason, suggested=suggested)
    if label and label != answer.label:
        share = titles.shares(subject, head).get(label)
        answer = replace(answer, label=label, confidence=share, also=())
    return replace(answer, reason=None, by=together.decided_by)


def denied(subject: Subject, head: str, titles: Titles) -> Answer:
    """An accepted answer that the words do not admit, beside the likeliest class that they do."""
    answer, suggested = subject.answers[head], None
    if head == LABEL:
        shares = zip(titles.names.classes.items(), answer.probabilities, strict=True)
        admitted = [(share, label) for (label, kinds), share in shares if kinds & titles.kinds(subject)]
        suggested = titles.suggested(subject, max(admitted)[1] if admitted else NONE)
    return replace(answer, reason=Reason.TITLE_CONFLICT, suggested=suggested)
