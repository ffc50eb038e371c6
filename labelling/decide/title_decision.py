"""Decide the class and the kind of a row by its photos and by the words of its title and category.

The class is a label of the release (Dress). The kind is the garment as shops name it (skirt). This file
collects the evidence of one row: the answers of its photos, the kinds that its title and its category name,
and what the other products of the category are. `decide_garment`, which the service uses, too, weighs the
evidence. Then its decision replaces the photos' answers about class and kind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from inference.contract import LABEL
from inference.garment_decision import GarmentDecision, decide_garment
from inference.garment_evidence import GarmentEvidence, PhotoAnswer, PhotoKinds, WordEvidence
from inference.posterior import FormulaFigures, Shares
from inference.reasons import DecidedBy, Reason
from inference.release_labels import ReleaseLabels, translate_release_labels
from inference.words.kinds import KIND
from labelling.decide.product_titles import ProductTitle, find_parent_folder
from labelling.lists.list_meaning import ListReader
from labelling.lists.row_words import ListMeaning, RowWords
from labelling.rows import FoundPlace, HeadAnswer, PhotoRecord, ProductRecord, Record
from labelling.run_settings import RunSettings

NO_RELEASE_LABELS: Final = ReleaseLabels(classes={})
"""The labels of no release, for a table whose titles decide nothing."""


@dataclass(frozen=True, kw_only=True)
class ListTitles:
    """The titles and categories of a list, and the facts of a release that are needed to decide with them.

    Attributes:
        list_reader: the reader that finds kinds of garments in titles and categories.
        release_labels: the labels of the release, with the kinds that they stand for.
        figures: the measured numbers with which the release weighs words against photos; None if it has none,
            so that words can only contradict photos.
        labels_by_head: the labels of the class (LABEL) and of each attribute of the release.
        product_words: the words of the list about each product, by its name; empty without products. Products
            with equal words share one object, because a list may have millions of products.
        contradicting_products: the names of products whose titles share no kind of garment, in the order of
            their first photos.
    """

    list_reader: ListReader = field(default_factory=ListReader)
    release_labels: ReleaseLabels = NO_RELEASE_LABELS
    figures: FormulaFigures | None = None
    labels_by_head: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    product_words: Mapping[str, RowWords] = field(default_factory=dict)
    contradicting_products: tuple[str, ...] = ()

    def find_row_words(self, record: Record) -> RowWords:
        """Return the kinds of garments that the list's words name for a photo or a product.

        For a photo, the words of its product are used. If the titles of the product contradict each other,
        the words of the photo's own row are used.
        """
        words = self.product_words.get(record.product)
        is_photo = not isinstance(record, ProductRecord)
        if words and not (is_photo and words.meaning.conflict == Reason.CONTRADICTING):
            return words
        return self.list_reader.read_row_words(record.cells, find_parent_folder(record.photos[0].path))

    def find_meaning(self, record: Record) -> ListMeaning:
        """Return the kinds of garments that title and category of a row allow together, and any conflict."""
        return self.find_row_words(record).meaning

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
            return self.release_labels.is_class_allowed(label, title_kinds)
        return self.release_labels.is_kind_allowed(label, title_kinds) if head in self.title_heads else None

    @property
    def title_heads(self) -> tuple[str, ...]:
        """The heads that titles decide about: the class, and the attribute `kind` if the release has it."""
        return (LABEL, KIND) if self.release_labels.kinds else (LABEL,)

    def compute_label_probabilities(self, record: Record, head: str) -> dict[str, float]:
        """Return the probability of each label of a head by all photos of a row: {"Dress": .6, "Coat": .1}.

        Args:
            record: the photo or product, which has an answer of this head.
            head: the class (LABEL), or the name of an attribute.
        """
        return dict(zip(self.labels_by_head[head], record.find_probabilities(head), strict=True))


def collect_titles(
    settings: RunSettings, reader: ListReader, products: Iterable[ProductTitle] = ()
) -> ListTitles:
    """Collect the titles of a list, with the facts of the release that are needed to decide with them.

    Args:
        reader: the reader that finds kinds of garments in titles and categories.
        products: the facts of the list about each product; none if its titles are not read.
    """
    heads = settings.heads
    # A list of millions of products has few different words, so equal ones are kept once to save memory.
    distinct = dict[RowWords, RowWords]()
    words_by_product = dict[str, RowWords]()
    contradicting_products = list[tuple[int, str]]()
    for product in products:
        words_by_product[product.product] = distinct.setdefault(product.words, product.words)
        if product.words.meaning.conflict == Reason.CONTRADICTING:
            contradicting_products.append((product.number, product.product))
    labels = translate_release_labels(heads[LABEL], heads.get(KIND), reader.list_words.language)
    return ListTitles(
        list_reader=reader,
        release_labels=labels,
        figures=settings.figures,
        labels_by_head=heads,
        product_words=words_by_product,
        contradicting_products=tuple(name for _, name in sorted(contradicting_products)),
    )


def decide_row_garment(
    record: Record, titles: ListTitles, other_products: Shares | None = None
) -> GarmentDecision | None:
    """Decide the class and the kind of a row by its photos, its title and its category.

    Args:
        record: the photo or product, with the answers of the model.
        other_products: the ratio in which each kind is more frequent among the other products of the category
            than in general, such as {"dress": 6.9}; None if they say nothing.

    Returns:
        The decision; None if the row has no answer about the class. If the words of the list contradict each
        other, the decision is that a person has to look.
    """
    if LABEL not in record.answers:
        return None
    words = titles.find_row_words(record)
    label = _make_photo_answer(record, LABEL)
    kind = _make_photo_answer(record, KIND) if KIND in record.answers else None
    if titles.figures:
        evidence = GarmentEvidence(
            label=label,
            kind=kind,
            title=words.title,
            category=words.category,
            # Other products are compared by kind, so without one of its own they say nothing here.
            other_products=other_products if kind else None,
            photos=_collect_photo_kinds(record),
        )
    else:
        # Without figures nothing can be weighed. Title and category are then one witness, with which the
        # photos agree or not.
        evidence = GarmentEvidence(label=label, kind=kind, title=WordEvidence(words.meaning.kinds))
    decision = decide_garment(evidence, titles.release_labels, titles.figures)
    conflict = _find_conflict(words, titles)
    return _hold_for_person(decision, evidence, conflict) if conflict else decision


def _find_conflict(words: RowWords, titles: ListTitles) -> Reason | None:
    """Return the reason why a person has to decide a row, whatever its photo shows; None without one."""
    conflict = words.meaning.conflict
    # If the title and what the shop said about the category share no kind, the formula weighs both. Without
    # figures there is no formula, and a person has to look.
    is_weighed = conflict == Reason.TITLE_CONFLICT and bool(words.title.kinds)
    return None if is_weighed and titles.figures else conflict


def _hold_for_person(decision: GarmentDecision, evidence: GarmentEvidence, reason: Reason) -> GarmentDecision:
    """Return a decision that sends the row to a person, and keeps the suggestions of the given decision."""
    return replace(
        decision,
        label=evidence.label.label,
        kind=evidence.kind.label if evidence.kind else None,
        label_reason=reason,
        kind_reason=reason,
        label_confidence=None,
        kind_confidence=None,
        label_decided_by=DecidedBy.MODEL,
        kind_decided_by=DecidedBy.MODEL,
        found=None,
        # The words spoke, although no formula weighed them.
        has_witness=True,
    )


def _make_photo_answer(record: Record, head: str) -> PhotoAnswer:
    answer = record.answers[head]
    return PhotoAnswer(label=answer.label, reason=answer.reason, scores=record.find_probabilities(head))


def _collect_photo_kinds(record: Record) -> tuple[PhotoKinds, ...]:
    """Return the kinds by each distinct photo of a row and by its parts."""
    answers = [photo.answers[KIND] for photo in _list_photos_with_kind(record)]
    return tuple(PhotoKinds(whole=answer.probabilities, parts=answer.parts) for answer in answers)


def _list_photos_with_kind(record: Record) -> list[PhotoRecord]:
    return [photo for photo in record.distinct_photos if KIND in photo.answers]


def _find_place(record: Record, decision: GarmentDecision) -> FoundPlace | None:
    """Return the photo and the part in which the garment was found; None if it was not looked for there."""
    if decision.found is None:
        return None
    photo = _list_photos_with_kind(record)[decision.found.photo]
    return FoundPlace(photo.path, decision.found.part or "")


def make_answers_with_title(
    record: Record, decision: GarmentDecision, titles: ListTitles
) -> dict[str, HeadAnswer]:
    """Return the answers to a row by head, with class and kind as photos and list decided them together.

    Args:
        record: the photo or product, with the answers of the model.
        decision: the decision about this row.
    """
    answers = dict(record.answers)
    for head in titles.title_heads:
        if head not in answers:
            continue
        is_class = head == LABEL
        if reason := decision.label_reason if is_class else decision.kind_reason:
            answers[head] = make_review_answer(answers[head], head, decision, reason)
            continue
        label = (decision.label if is_class else decision.kind) or answers[head].label
        share = decision.label_confidence if is_class else decision.kind_confidence
        photo_answer = answers[head]
        answers[head] = HeadAnswer(
            label=label,
            confidence=photo_answer.confidence if share is None else share,
            # The further labels were found beside the photos' label, and may contradict another one.
            also=photo_answer.also if label == photo_answer.label else (),
            probabilities=photo_answer.probabilities,
            decided_by=decision.label_decided_by if is_class else decision.kind_decided_by,
            found_in=_find_place(record, decision),
        )
    return answers


def make_review_answer(
    answer: HeadAnswer, head: str, decision: GarmentDecision, reason: Reason
) -> HeadAnswer:
    """Return the answer of the photos as a review, with the label that a review sheet suggests.

    Args:
        answer: the answer of the photos.
        head: LABEL for the class, or KIND.
        decision: the decision with the list, which may suggest labels.
        reason: the reason why a person should look.
    """
    suggestions = decision.suggested_labels if head == LABEL else decision.suggested_kinds
    return replace(answer, reason=reason, suggested_label=next(iter(suggestions), None))
