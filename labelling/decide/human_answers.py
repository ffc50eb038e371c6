"""Replace the answers of the model and the list by those of people, and decide what people are asked.

A person answers on a review sheet or in a file of corrections, either about one picture or about a product.
An answer about a picture is valid for all its copies, since it belongs to the SHA-256 of the bytes. An answer
about a product overrides the answers about its photos. If people contradict each other, the row needs a
review.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from inference.contract import LABEL
from inference.decision import REVIEW
from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE
from inference.words.kinds import KIND
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.rows import Category, HeadAnswer, HeadDecision, PhotoRecord, Record


class RowHumanAnswers(NamedTuple):
    """The answers of people about one row of a table.

    Attributes:
        product_labels: the labels that people gave the product as a whole, by head (LABEL for the class, or
            an attribute): {"label": "Dress", "colour": "blue"}.
        photo_labels: the labels that people gave each photo of the row, by head, in the order of its photos.
    """

    product_labels: Mapping[str, str]
    photo_labels: Sequence[Mapping[str, str]]

    @property
    def heads(self) -> list[str]:
        """The questions (class or attribute) that people answered about the product or one of its photos.

        A question to which they answered more than once occurs more than once.
        """
        return [head for labels in (self.product_labels, *self.photo_labels) for head in labels]

    def find_labels(self, head: str) -> set[str]:
        """Return the labels that people gave for a head, which is the class (LABEL) or an attribute.

        Returns:
            One label; an empty set if nobody answered; or several labels if people contradict each other. An
            answer about the product is the only one, whatever people said about its photos.
        """
        if head in self.product_labels:
            return {self.product_labels[head]}
        return combine_photo_labels(labels.get(head) for labels in self.photo_labels)


def combine_photo_labels(labels: Iterable[str | None]) -> set[str]:
    """Return the labels of a product that follow from people's answers about its single photos.

    Args:
        labels: the label of each photo; LEFT_OUT_LABEL if a person left the photo out, None without an
            answer.

    Returns:
        One label if people agree; several labels if people contradict each other; LEFT_OUT_LABEL if they left
        out every photo; otherwise an empty set.
    """
    different_labels = set(labels)
    # A photo that was left out says nothing, unless there is no other.
    return {label for label in different_labels if label} or (
        {LEFT_OUT_LABEL} if different_labels == {LEFT_OUT_LABEL} else set()
    )


class HeadContext(NamedTuple):
    """The facts that the decision about the class or an attribute of a row needs beside the answers.

    Attributes:
        categories: the id and name of the category that a sales platform has for each label.
        is_allowed_by_title: whether the words of the list allow the answer; None if the list or the answer
            names no kind of garment.
    """

    categories: Mapping[str, Category]
    is_allowed_by_title: bool | None


@dataclass(frozen=True)
class HumanAnswers:
    """The answers of people about the pictures and products of a table.

    Attributes:
        labels_by_subject: the labels that people gave. The outer key is (sha256, "") for a picture, and
            ("", product) for a product. The inner key is a head: "label" for the class, or an attribute.
    """

    labels_by_subject: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def find_row_answers(self, record: Record) -> RowHumanAnswers:
        """Return the answers of people about the photos of a row, and about its product if it has one."""
        return self.find_answers_about_product(record.product, [photo.sha256 for photo in record.photos])

    def find_answers_about_product(self, product: str, hashes: Sequence[str]) -> RowHumanAnswers:
        """Return the answers of people about some photos, and about their product.

        Args:
            product: the name of the product; empty for a photo without one.
            hashes: the sha256 of each photo.
        """
        photo_labels = [self.labels_by_subject.get((sha256, ""), {}) for sha256 in hashes]
        product_labels = self.labels_by_subject.get(("", product), {}) if product else {}
        return RowHumanAnswers(product_labels, photo_labels)


def decide_head(
    record: Record,
    head: str,
    answer: HeadAnswer | None,
    human_answers: RowHumanAnswers,
    context: HeadContext,
) -> HeadDecision:
    """Decide the label that a table shows for the class or an attribute: by a person, or by model and list.

    If people contradict each other, the label of model and list stays and needs a review.

    Args:
        record: the photo or product of the row.
        head: the class (LABEL), or the name of an attribute.
        answer: the answer of model and list; None without one.
        human_answers: the answers of people about the row.
        context: the other facts about the head.
    """
    label = None
    decided_by = None
    reason = None if isinstance(record, PhotoRecord) else Reason.NO_PHOTO
    if answer:
        label, decided_by, reason = answer.label, answer.decided_by, answer.reason
    labels = human_answers.find_labels(head)
    if len(labels) == 1:
        [person_label] = labels
        label = person_label or None  # LEFT_OUT_LABEL is empty
        decided_by = DecidedBy.PERSON
    elif labels:
        reason = Reason.CONTRADICTING
    return HeadDecision(
        answer=answer,
        label=label,
        decided_by=decided_by,
        reason=reason,
        category=context.categories.get(label or "", (None, None)),
        is_allowed_by_title=context.is_allowed_by_title,
        question_reason=find_question_reason(record, head, reason, human_answers) if answer else None,
    )


def find_question_reason(
    record: Record, head: str, reason: Reason | None, human_answers: RowHumanAnswers
) -> str | None:
    """Return the reason why a review sheet asks a person about an answer; None if there is no need to ask.

    There is no need to ask about a picture of a product, because the sheet asks about the product. If people
    contradict each other, the reason is CONTRADICTING. Otherwise the reason for an attribute of a picture is
    REVIEW, because the table of photos has no column for a more exact one.

    Args:
        record: the photo or product of the row.
        head: the class (LABEL) or the attribute that was answered.
        reason: why the answer is not accepted; None if it is.
        human_answers: the answers of people about the row.
    """
    is_photo = isinstance(record, PhotoRecord)
    if head in human_answers.product_labels or (is_photo and record.product):
        return None
    photos_and_labels = zip(record.photos, human_answers.photo_labels, strict=True)
    # A photo without a hash could not be read, so nobody can answer it and its product must not wait for it.
    labels = {labels.get(head) for photo, labels in photos_and_labels if photo.sha256}
    if len(combine_photo_labels(labels)) > 1:
        return Reason.CONTRADICTING
    if None not in labels or reason is None:
        return None
    return REVIEW if is_photo and head != LABEL else reason


def adapt_kind_to_class(
    decisions: dict[str, HeadDecision],
    class_kinds: Mapping[str, frozenset[str]],
    kind_labels: Collection[str],
    categories: Mapping[str, Category],
) -> None:
    """Adapt the decision on the attribute `kind`, the garment as shops name it, to a person's class.

    If the class has exactly one kind, this kind is set. If the kind of the model contradicts the class, the
    kind needs a review. Nothing changes if no person gave the class, or if a person gave the kind.

    Args:
        decisions: the decisions by head, which are changed.
        class_kinds: the possible kinds of each class of the release: {"Ankle boot": {"boot"}}.
        kind_labels: the labels that the release has for the attribute `kind`.
        categories: the category that a sales platform has for each kind.
    """
    label = decisions[LABEL]
    kind = decisions.get(KIND)
    if label.decided_by != DecidedBy.PERSON or kind is None or kind.decided_by == DecidedBy.PERSON:
        return
    possible_kinds = class_kinds.get(label.label or "", frozenset())
    if len(possible_kinds) == 1 and possible_kinds <= {*kind_labels}:
        [name] = possible_kinds
        category = categories.get(name, (None, None))
        decisions[KIND] = replace(
            kind, label=name, decided_by=DecidedBy.PERSON, category=category, question_reason=None
        )
        return
    if label.label == NONE:
        # "None of these classes" fits each kind that belongs to no class. A kind that is not accepted needs
        # no further reason for a review.
        fits = not kind.is_accepted or kind.label not in frozenset[str]().union(*class_kinds.values())
    else:
        fits = not possible_kinds or (kind.is_accepted and kind.label in possible_kinds)
    if not fits:
        decisions[KIND] = replace(kind, reason=Reason.CONTRADICTING)
