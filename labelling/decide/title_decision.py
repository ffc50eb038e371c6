"""Decide the class and the kind of a row with the title of its list. This module is pure.

inference/title_rule.py has the rule. This file reads what the list says about a row, and writes the decision
into the answers of the row. titles.py finds the columns with titles.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.garment_evidence import PhotoAnswer
from inference.kinds import GARMENT_SET_KIND, KIND
from inference.reasons import DecidedBy, Reason
from inference.release_labels import ReleaseLabels, find_release_labels
from inference.title_rule import NO_MINIMUM_SHARES, MinimumShares, TitleDecision, decide_with_title
from labelling.lists.list_meaning import ListMeaning, ListReader, combine_title_meanings
from labelling.lists.own_words import Meaning
from labelling.rows import HeadAnswer, ProductRecord, Record
from labelling.run_settings import RunSettings

NO_RELEASE_LABELS: Final = ReleaseLabels(classes={})


class ListedRow(NamedTuple):
    """A row of a list that names a photo of a product.

    Attributes:
        product: the name of the product.
        number: the position of the row's photo in the source, counted from 0.
        path: the path of the photo.
        sha256: the SHA-256 of the photo's bytes in hexadecimal; empty if the photo has no answer.
        cells: the cells with titles and categories, by column.
    """

    product: str
    number: int
    path: str
    sha256: str
    cells: Mapping[str, str]


class ProductTitle(NamedTuple):
    """The facts of a list about one product.

    Attributes:
        product: the name of the product.
        number: the position of its first photo in the source, counted from 0.
        title: its title; empty without one.
        meaning: the kinds that its title and category allow.
        shown_kinds: the kinds that its photos may show: those of the meaning, and the parts of a set.
        photo_hashes: the sha256 of its photos that have an answer.
    """

    product: str
    number: int
    title: str
    meaning: ListMeaning
    shown_kinds: Meaning
    photo_hashes: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ListTitles:
    """The titles of a list, and the facts of a release that are needed to decide with them.

    Attributes:
        list_reader: the reader that finds kinds of garments in titles and categories.
        release_labels: the labels of the release, with the kinds that they stand for.
        minimum_shares: the probabilities that a photo has to give to the kinds in a title, so that title and
            photo together can accept.
        labels_by_head: the labels of the class (LABEL) and of each attribute of the release.
        product_meanings: the kinds that the list allows for each product, by its name; empty without
            products. Products with the same kinds share one object, because a list may have millions of
            products.
        contradicting_products: the names of products whose titles share no kind of garment, in the order of
            their first photos.
    """

    list_reader: ListReader = field(default_factory=ListReader)
    release_labels: ReleaseLabels = NO_RELEASE_LABELS
    minimum_shares: MinimumShares = NO_MINIMUM_SHARES
    labels_by_head: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    product_meanings: Mapping[str, ListMeaning] = field(default_factory=dict)
    contradicting_products: tuple[str, ...] = ()

    def find_meaning(self, record: Record) -> ListMeaning:
        """Return the kinds of garments that the list allows for a photo or a product.

        For a photo, the title of its product is used. If the titles of the product contradict each other, the
        photo's own title is used.
        """
        meaning = self.product_meanings.get(record.product)
        is_photo = not isinstance(record, ProductRecord)
        if meaning and not (is_photo and meaning.conflict == Reason.CONTRADICTING):
            return meaning
        return self.list_reader.read_meaning(record.cells, find_parent_folder(record.photos[0].path))

    def find_title_kinds(self, record: Record) -> frozenset[str]:
        """Return the kinds of garments that the list allows for a row; an empty set if it names none."""
        return self.find_meaning(record).kinds

    def is_label_allowed(self, head: str, label: str | None, title_kinds: frozenset[str]) -> bool | None:
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
            return self.release_labels.admit_class(label, title_kinds)
        return self.release_labels.admit_kind(label, title_kinds) if head in self.title_heads else None

    @property
    def title_heads(self) -> tuple[str, ...]:
        """The heads that titles decide about: the class, and the attribute `kind` if the release has it."""
        return (LABEL, KIND) if self.release_labels.kinds else (LABEL,)

    def label_probabilities(self, record: Record, head: str) -> dict[str, float]:
        """Return the probability of each label of a head, from all photos of a row.

        Args:
            record: the photo or product, which has an answer of this head.
            head: the class (LABEL), or the name of an attribute.
        """
        return dict(zip(self.labels_by_head[head], record.find_probabilities(head), strict=True))


def read_product_titles(reader: ListReader, rows: Iterable[ListedRow]) -> Iterator[ProductTitle]:
    """Yield the facts of a list about each product.

    The kinds of a product are those that all its titles share. Of its other cells, the first one of each
    column that is not empty is used.

    Args:
        reader: the reader that finds kinds of garments in titles and categories.
        rows: the rows of the list, those of a product together, in the order of the source.
    """
    for _, group in groupby(rows, attrgetter("product")):
        yield _read_product_title(reader, list(group))


def _read_product_title(reader: ListReader, rows: Sequence[ListedRow]) -> ProductTitle:
    words = reader.list_words
    first = rows[0]
    cells = {
        column: next((row.cells[column] for row in rows if row.cells[column]), "") for column in first.cells
    }
    different = {tuple(row.cells.values()): row.cells for row in rows}
    titles = {reader.read_title_meaning(cells_of_row) for cells_of_row in different.values()}
    meaning = reader.read_meaning(cells, find_parent_folder(first.path), combine_title_meanings(list(titles)))
    return ProductTitle(
        product=first.product,
        number=first.number,
        title=words.read_title(cells),
        meaning=meaning,
        shown_kinds=meaning.kinds
        | (words.read_set_kinds(cells) if meaning.kinds == {GARMENT_SET_KIND} else frozenset()),
        photo_hashes=frozenset(row.sha256 for row in rows if row.sha256),
    )


def collect_titles(
    settings: RunSettings, reader: ListReader, products: Iterable[ProductTitle] = ()
) -> ListTitles:
    """Return the titles of a list, with the facts of the release that are needed to decide with them.

    Args:
        reader: the reader that finds kinds of garments in titles and categories.
        products: the facts of the list about each product; none if its titles are not read.
    """
    heads = settings.heads
    distinct = dict[ListMeaning, ListMeaning]()
    meanings = dict[str, ListMeaning]()
    contradicting_products = list[tuple[int, str]]()
    for product in products:
        meanings[product.product] = distinct.setdefault(product.meaning, product.meaning)
        if product.meaning.conflict == Reason.CONTRADICTING:
            contradicting_products.append((product.number, product.product))
    labels = find_release_labels(heads[LABEL], heads.get(KIND), reader.list_words.language)
    return ListTitles(
        list_reader=reader,
        release_labels=labels if reader.has_words else NO_RELEASE_LABELS,
        minimum_shares=settings.shares,
        labels_by_head=heads,
        product_meanings=meanings,
        contradicting_products=tuple(name for _, name in sorted(contradicting_products)),
    )


def find_parent_folder(path: str) -> str:
    """Return the folder in the path of a picture, as a table has the path; empty if there is no folder."""
    return path.rpartition("/")[0]


def decide_record_with_title(record: Record, titles: ListTitles) -> TitleDecision | None:
    """Decide the class and the kind of a row with the title in its list.

    Args:
        record: the photo or product, with the answers of the model.

    Returns:
        The decision; None if the row has no answer about the class, or if the list names no kind for it. If
        the words of the list contradict each other, the decision is that a person has to look.
    """
    meaning = titles.find_meaning(record)
    if not meaning.kinds or LABEL not in record.answers:
        return None
    label_scores = _photo_answer(record, LABEL)
    kind_scores = _photo_answer(record, KIND) if KIND in record.answers else None
    decision = decide_with_title(
        meaning.kinds, label_scores, kind_scores, titles.release_labels, titles.minimum_shares
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
    return PhotoAnswer(label=answer.label, reason=answer.reason, scores=record.find_probabilities(head))


def make_answers_with_title(
    record: Record, decision: TitleDecision, titles: ListTitles
) -> dict[str, HeadAnswer]:
    """Return the answers to a row by head, with class and kind as they were decided with the title.

    Args:
        record: the photo or product, with the answers of the model.
        decision: the decision about this row.
    """
    answers = dict(record.answers)
    for head in titles.title_heads:
        if head not in answers:
            continue
        reason = decision.label_reason if head == LABEL else decision.kind_reason
        if reason:
            answers[head] = make_review_answer(answers[head], head, decision, reason)
            continue
        label = decision.label if head == LABEL else decision.kind
        if label and label != answers[head].label:
            share = titles.label_probabilities(record, head).get(label)
            answers[head] = replace(answers[head], label=label, confidence=share, also=())
        answers[head] = replace(answers[head], reason=None, decided_by=decision.decided_by)
    return answers


def make_review_answer(answer: HeadAnswer, head: str, decision: TitleDecision, reason: Reason) -> HeadAnswer:
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
