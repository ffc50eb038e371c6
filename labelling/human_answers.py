"""What people say, and what it does to the answers of a row. They have the last word. Pure.

An answer holds for a picture, by its content, or for a product whose photo it carries; of a product that
counts before what is said of its photos. review/correction_intake.py takes answers into the journal.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from inference.contract import LABEL
from inference.kinds import KIND
from inference.reasons import DecidedBy, Reason
from inference.title_rule import NONE
from labelling.rows import REVIEW, Category, HeadAnswer, HeadDecision, PhotoRecord, Record

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""


class Question(NamedTuple):
    """What a person answered.

    Attributes:
        sha256: of the picture.
        attribute: the head, LABEL for the class.
        product: whose picture it is, as its list names it; empty where the answer holds for the picture.
    """

    sha256: str
    attribute: str = LABEL
    product: str = ""


class HumanAnswer(NamedTuple):
    """What a person said of a picture.

    Attributes:
        label: a class, NONE or LEFT_OUT.
        at: when, in UTC; texts compare as times do.
    """

    label: str
    at: str


class RecordAnswers(NamedTuple):
    """What people said of one row.

    Attributes:
        product_labels: the label by head, for the product as a whole.
        photo_labels: the same of each of its photos, of a photo its own.
    """

    product_labels: Mapping[str, str]
    photo_labels: Sequence[Mapping[str, str]]

    @property
    def heads(self) -> list[str]:
        """That people answered."""
        return [head for labels in (self.product_labels, *self.photo_labels) for head in labels]

    def labels(self, head: str) -> set[str]:
        """What counts: one label, none, or several where people contradict each other."""
        if head in self.product_labels:
            return {self.product_labels[head]}
        return combine_photo_labels(labels.get(head) for labels in self.photo_labels)


def combine_photo_labels(labels: Iterable[str | None]) -> set[str]:
    """What people say of a product by what they say of its photos: one label where they agree.

    Args:
        labels: of each photo; LEFT_OUT where a person left it out, None without an answer.
    """
    given = set(labels)
    return {label for label in given if label} or ({LEFT_OUT} if given == {LEFT_OUT} else set())


class HeadContext(NamedTuple):
    """What is known about one head of a row beside its answer.

    Attributes:
        categories: the categories of the platform, by label.
        is_admitted: whether the list admits the answer; None if one of the two says nothing of a kind.
    """

    categories: Mapping[str, Category]
    is_admitted: bool | None


@dataclass(frozen=True)
class HumanAnswers:
    """What people said that holds for a table: labels by head, by sha256 or product; the other is empty."""

    labels: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def answers_to(self, record: Record) -> RecordAnswers:
        """What they said of a row."""
        of_photos = [self.labels.get((photo.sha256, ""), {}) for photo in record.photos]
        of_product = self.labels.get(("", record.product), {}) if record.product else {}
        return RecordAnswers(of_product, of_photos)


def decide_head(
    record: Record,
    head: str,
    answer: HeadAnswer | None,
    human_answers: RecordAnswers,
    context: HeadContext,
) -> HeadDecision:
    """Decide what a table says of a head: a person's label, or the answer before people.

    Args:
        record: the row.
        head: the class, or an attribute.
        answer: before people; None without one.
        human_answers: what people said of the row.
        context: what else is known about the head.
    """
    label, by, reason = None, None, None if isinstance(record, PhotoRecord) else Reason.NO_PHOTO
    if answer:
        label, by, reason = answer.label, answer.decided_by, answer.reason
    labels = human_answers.labels(head)
    if len(labels) == 1:
        label, by = min(labels) or None, DecidedBy.PERSON
    elif labels:
        reason = Reason.CONTRADICTING
    return HeadDecision(
        answer=answer,
        label=label,
        decided_by=by,
        reason=reason,
        category=context.categories.get(label or "", (None, None)),
        is_admitted=context.is_admitted,
        doubt=find_doubt(record, head, reason, human_answers) if answer else None,
    )


def find_doubt(record: Record, head: str, reason: Reason | None, human_answers: RecordAnswers) -> str | None:
    """Return why a sheet asks about an answer that no person gave; None if it need not.

    Pictures of a product are asked about with it. Tables do not say why an attribute of a picture needs a
    review.

    Args:
        record: the row.
        head: the head that answered.
        reason: why the answer is not accepted; None if it is.
        human_answers: what people said of the row.
    """
    is_photo = isinstance(record, PhotoRecord)
    if head in human_answers.product_labels or (is_photo and record.product):
        return None
    of_readable = zip(record.photos, human_answers.photo_labels, strict=True)
    labels = {labels.get(head) for photo, labels in of_readable if photo.sha256}
    if len(combine_photo_labels(labels)) > 1:
        return Reason.CONTRADICTING
    if None not in labels or reason is None:
        return None
    return REVIEW if is_photo and head != LABEL else reason


def carry_class_to_kind(
    decisions: dict[str, HeadDecision],
    kinds: Mapping[str, frozenset[str]],
    names: Collection[str],
    categories: Mapping[str, Category],
) -> None:
    """Make the kind that of a person's class, or ask a person where it contradicts it.

    Args:
        decisions: by head.
        kinds: that each class of the release may be.
        names: the labels of the attribute `kind`.
        categories: of these.
    """
    label, kind = decisions[LABEL], decisions.get(KIND)
    if label.decided_by != DecidedBy.PERSON or kind is None or kind.decided_by == DecidedBy.PERSON:
        return
    of_class = kinds.get(label.label or "", frozenset())
    if len(of_class) == 1 and of_class <= {*names}:
        [name] = of_class
        category = categories.get(name, (None, None))
        decisions[KIND] = replace(
            kind, label=name, decided_by=DecidedBy.PERSON, category=category, doubt=None
        )
        return
    if label.label == NONE:
        fits = not kind.is_accepted or kind.label not in frozenset[str]().union(*kinds.values())
    else:
        fits = not of_class or (kind.is_accepted and kind.label in of_class)
    if not fits:
        decisions[KIND] = replace(kind, reason=Reason.CONTRADICTING)
