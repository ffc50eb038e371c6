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
from labelling.rows import HeadAnswer, Record
from labelling.run_settings import RunSettings
from labelling.titles import ListWords

NO_NAMES: Final = Names(classes={})


class ProductTitle(NamedTuple):
    """What a list has about one product.

    Attributes:
        meaning: its words.
        variant_words: the words of its title but those of colour and size; empty without a title.
    """

    meaning: Says = NOTHING
    variant_words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListTitles:
    """What the titles of a list say.

    Attributes:
        list_words: how they are read.
        names: what the labels of the release are called among kinds.
        minimum_shares: from which share of a photo they decide.
        heads: the labels of each head of the release.
        products: what the list has about each; empty without products.
    """

    list_words: ListWords = field(default_factory=ListWords)
    names: Names = NO_NAMES
    minimum_shares: Shares = NO_SHARES
    heads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, ProductTitle] = field(default_factory=dict)

    def title_kinds(self, record: Record) -> frozenset[str]:
        """The kinds that the list admits of a photo, or of a product; empty where it says nothing."""
        of_product = self.products.get(record.product)
        return (of_product.meaning if of_product else self.list_words.says(record.cells)).kinds

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

    def label_probabilities(self, record: Record, head: str) -> dict[str, float]:
        """What all photos of a row give to each label."""
        return dict(zip(self.heads[head], record.probabilities_of(head), strict=True))

    def suggest_class(self, record: Record, label: str) -> str | None:
        """A class that the words admit, where the photos give it the share from which words decide."""
        least = least_of(self.title_kinds(record), self.names, self.minimum_shares) or 0.0
        return label if self.label_probabilities(record, LABEL).get(label, 1.0) >= least else None


def collect_titles(
    settings: RunSettings, words: ListWords, listed: Iterable[tuple[str, Mapping[str, str]]]
) -> ListTitles:
    """What the titles of a list say.

    Args:
        settings: that its rows become.
        words: how they are read.
        listed: the product of each row and its cells that have words; of a product the first ones count.
    """
    of_products: dict[str, dict[str, str]] = {}
    for product, cells in listed:
        of_product = of_products.setdefault(product, {}) if product else {}
        for column in words.columns:
            of_product[column] = of_product.get(column) or cells[column]
    is_read, heads = words.is_read, settings.heads
    names = names_of(heads[LABEL], heads.get(KIND), words.language) if is_read else NO_NAMES
    return ListTitles(
        list_words=words,
        names=names,
        minimum_shares=settings.shares,
        heads=heads,
        products={
            product: ProductTitle(words.says(cells), without_variant(words.title(cells)))
            for product, cells in of_products.items()
        },
    )


def with_photo(record: Record, titles: ListTitles) -> Listed | None:
    """What words and photos say together of class and kind; None where the words decide nothing."""
    listed, names, answers = titles.title_kinds(record), titles.names, record.answers
    if least_of(listed, names, titles.minimum_shares) is None or LABEL not in answers:
        return None
    if names.kinds and KIND not in answers:  # of the network that reads pixels nothing is shown
        return None
    kind = answers.get(KIND)
    alone = Alone(
        label=answers[LABEL].label,
        reason=answers[LABEL].reason,
        classes=record.probabilities_of(LABEL),
        kind=kind.label if kind else None,
        is_kind_accepted=kind is not None and kind.is_accepted,
        kinds=record.probabilities_of(KIND) if names.kinds else (),
    )
    return decide_listed(listed, alone, names, titles.minimum_shares)


def answer_with_photo(
    record: Record, head: str, together: Listed, reason: Reason | None, titles: ListTitles
) -> HeadAnswer:
    """Class or kind as words and photos say it together.

    Args:
        record: as the model answered it.
        head: LABEL or KIND.
        together: of `with_photo`.
        reason: why a person has to look: then the photos' own label stays, beside what is suggested.
        titles: of the list.
    """
    answer = record.answers[head]
    label = together.label if head == LABEL else together.kind
    if reason:
        suggested = titles.suggest_class(record, together.label) if head == LABEL else label
        return replace(answer, reason=reason, suggested_label=suggested)
    if label and label != answer.label:
        share = titles.label_probabilities(record, head).get(label)
        answer = replace(answer, label=label, confidence=share, also=())
    return replace(answer, reason=None, decided_by=together.decided_by)


def denied(record: Record, head: str, titles: ListTitles) -> HeadAnswer:
    """An accepted answer that the words do not admit, beside the likeliest class that they do."""
    answer, suggested = record.answers[head], None
    if head == LABEL:
        shares = zip(titles.names.classes.items(), answer.probabilities, strict=True)
        admitted = [(share, label) for (label, kinds), share in shares if kinds & titles.title_kinds(record)]
        suggested = titles.suggest_class(record, max(admitted)[1] if admitted else NONE)
    return replace(answer, reason=Reason.TITLE_CONFLICT, suggested_label=suggested)
