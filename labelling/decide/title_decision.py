"""Decide the class and the kind of a row with the title of its list. This module is pure.

inference/title_rule.py has the rule. This file reads what the list says about a row, and writes the decision
into the answers of the row. titles.py finds the columns with titles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.kinds import KIND, SET
from inference.reasons import DecidedBy, Reason
from inference.title_rule import (
    NO_MINIMUM_SHARES,
    MinimumShares,
    PhotoAnswer,
    ReleaseLabels,
    TitleDecision,
    decide_with_title,
    find_release_labels,
)
from inference.words import without_variant
from labelling.lists.list_meaning import NO_MEANING, ListMeaning, ListReader, titles_meaning
from labelling.lists.own_words import Meaning
from labelling.rows import HeadAnswer, ProductRecord, Record
from labelling.run_settings import RunSettings

NO_LABELS: Final = ReleaseLabels(classes={})


class ProductTitle(NamedTuple):
    """The facts of a list about one product.

    Attributes:
        meaning: the kinds that its title and category allow.
        shown_kinds: the kinds that its photos may show: those of the meaning, and the parts of a set.
        variant_words: the words of its title except those of colour and size; empty without a title.
    """

    meaning: ListMeaning = NO_MEANING
    shown_kinds: Meaning = frozenset()
    variant_words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ListTitles:
    """The titles of a list, and the facts of a release that are needed to decide with them.

    Attributes:
        reader: the reader that finds kinds of garments in titles and categories.
        labels: the labels of the release, with the kinds that they stand for.
        minimum_shares: the probabilities that a photo has to give to the kinds in a title, so that title and
            photo together can accept.
        heads: the labels of the class (LABEL) and of each attribute of the release.
        products: the facts about each product, by its name; empty without products.
    """

    reader: ListReader = field(default_factory=ListReader)
    labels: ReleaseLabels = NO_LABELS
    minimum_shares: MinimumShares = NO_MINIMUM_SHARES
    heads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, ProductTitle] = field(default_factory=dict)

    def meaning(self, record: Record) -> ListMeaning:
        """Return the kinds of garments that the list allows for a photo or a product.

        For a photo, the title of its product is used. If the titles of the product contradict each other, the
        photo's own title is used.
        """
        of_product = self.products.get(record.product)
        is_photo = not isinstance(record, ProductRecord)
        if of_product and not (is_photo and of_product.meaning.conflict == Reason.CONTRADICTING):
            return of_product.meaning
        return self.reader.meaning(record.cells, folder_of(record.photos[0].path))

    def contradicting(self) -> list[str]:
        """Return the names of products whose titles contradict each other: they share no kind of garment."""
        products = self.products.items()
        return [name for name, title in products if title.meaning.conflict == Reason.CONTRADICTING]

    def title_kinds(self, record: Record) -> frozenset[str]:
        """Return the kinds of garments that the list allows for a row; an empty set if it names none."""
        return self.meaning(record).kinds

    def admits(self, head: str, label: str | None, title_kinds: frozenset[str]) -> bool | None:
        """Return whether the kinds in a title allow a label of the photos.

        Args:
            head: the class (LABEL), or the name of an attribute.
            label: the label of this head; None without an answer.
            title_kinds: the kinds of garments that the title allows; empty if it names none.

        Returns:
            True or False; None if the title or the label names no kind, or if titles do not decide about the
            head.
        """
        if head == LABEL:
            return self.labels.admit_class(label, title_kinds)
        return self.labels.admit_kind(label, title_kinds) if head in self.titled_heads else None

    @property
    def titled_heads(self) -> tuple[str, ...]:
        """The heads that titles decide about: the class, and the attribute `kind` if the release has it."""
        return (LABEL, KIND) if self.labels.kinds else (LABEL,)

    def label_probabilities(self, record: Record, head: str) -> dict[str, float]:
        """Return the probability of each label of a head, from all photos of a row.

        Args:
            record: the photo or product, which has an answer of this head.
            head: the class (LABEL), or the name of an attribute.
        """
        return dict(zip(self.heads[head], record.probabilities_of(head), strict=True))


def collect_titles(
    settings: RunSettings, reader: ListReader, listed: Iterable[tuple[str, str, Mapping[str, str]]]
) -> ListTitles:
    """Read the titles of all products of a list.

    Args:
        settings: the settings of the run.
        reader: the reader that finds kinds of garments in titles and categories.
        listed: the product and the path of each row, and its cells with titles. The kinds of a product are
            those that all its titles share. Of its other cells, and of its titles for sheets and colours, the
            first one that is not empty is used.
    """
    columns, heads = reader.list_words.columns, settings.heads
    of_products: dict[str, dict[str, str]] = {}
    folders: dict[str, str] = {}
    titles: dict[str, set[ListMeaning]] = {}
    for product, path, cells in listed:
        of_product = of_products.setdefault(product, {}) if product else {}
        titles.setdefault(product, set()).add(reader.title_meaning(cells))
        folders.setdefault(product, folder_of(path))
        for column in columns:
            of_product[column] = of_product.get(column) or cells[column]
    labels = find_release_labels(heads[LABEL], heads.get(KIND), reader.list_words.language)
    return ListTitles(
        reader=reader,
        labels=labels if reader.says_something else NO_LABELS,
        minimum_shares=settings.shares,
        heads=heads,
        products={
            product: _product_title(reader, cells, folders[product], titles[product])
            for product, cells in of_products.items()
        },
    )


def _product_title(
    reader: ListReader, cells: Mapping[str, str], folder: str, titles: Iterable[ListMeaning]
) -> ProductTitle:
    """Return the facts of the list about a product.

    Args:
        reader: the reader of titles and categories.
        cells: the first filled cell of each column.
        folder: the folder of its first photo.
        titles: the meaning of each of its titles.
    """
    words, meaning = reader.list_words, reader.meaning(cells, folder, titles_meaning(list(titles)))
    shown = meaning.kinds | (words.shown_kinds(cells) if meaning.kinds == {SET} else frozenset())
    return ProductTitle(meaning, shown, without_variant(words.title(cells)))


def folder_of(path: str) -> str:
    """Return the folder in the path of a picture, as a table has the path; empty if there is no folder."""
    return path.rpartition("/")[0]


def decide_record_with_title(record: Record, titles: ListTitles) -> TitleDecision | None:
    """Decide the class and the kind of a row with the title in its list.

    Args:
        record: the photo or product, with the answers of the model.
        titles: the titles of the list.

    Returns:
        The decision; None if the row has no answer about the class, or if the list names no kind for it. If
        the words of the list contradict each other, the decision is that a person has to look.
    """
    meaning = titles.meaning(record)
    if not meaning.kinds or LABEL not in record.answers:
        return None
    label_scores = _photo_answer(record, LABEL)
    kind_scores = _photo_answer(record, KIND) if KIND in record.answers else None
    decision = decide_with_title(
        meaning.kinds, label_scores, kind_scores, titles.labels, titles.minimum_shares
    )
    if not meaning.conflict:
        return decision
    return replace(
        decision,
        label=label_scores.label,
        kind=kind_scores.label if kind_scores else None,
        label_reason=meaning.conflict,
        kind_reason=meaning.conflict,
        decided_by=DecidedBy.MODEL,
        is_joint=True,
    )


def _photo_answer(record: Record, head: str) -> PhotoAnswer:
    answer = record.answers[head]
    return PhotoAnswer(label=answer.label, reason=answer.reason, scores=record.probabilities_of(head))


def make_titled_answers(record: Record, decision: TitleDecision, titles: ListTitles) -> dict[str, HeadAnswer]:
    """Return the answers to a row by head, with class and kind as they were decided with the title.

    Args:
        record: the photo or product, with the answers of the model.
        decision: the decision about this row.
        titles: the titles of the list.
    """
    answers = dict(record.answers)
    for head in titles.titled_heads:
        if head not in answers:
            continue
        reason = decision.label_reason if head == LABEL else decision.kind_reason
        if reason:
            answers[head] = make_doubted_answer(answers[head], head, decision, reason)
            continue
        label = decision.label if head == LABEL else decision.kind
        if label and label != answers[head].label:
            share = titles.label_probabilities(record, head).get(label)
            answers[head] = replace(answers[head], label=label, confidence=share, also=())
        answers[head] = replace(answers[head], reason=None, decided_by=decision.decided_by)
    return answers


def make_doubted_answer(answer: HeadAnswer, head: str, decision: TitleDecision, reason: Reason) -> HeadAnswer:
    """Return the answer of the photos as one that needs a review, with the label that the title suggests.

    Args:
        answer: the answer of the photos.
        head: LABEL for the class, or KIND.
        decision: the decision with the title, which may suggest a label.
        reason: the reason why a person should look.
    """
    suggested = decision.suggested_kind
    if head == LABEL:
        suggested = decision.suggested_label if decision.is_suggestion_shown else None
    return replace(answer, reason=reason, suggested_label=suggested)
