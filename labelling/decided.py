"""What people answered, and the platform's categories, in a row: what tables, feeds and copies see. Pure.

Answers belong to the content of a picture, or to a product. review/corrections.py reads them of files, the
journal keeps them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

from inference.contract import LABEL
from labelling.row import NO_ANSWER, REVIEW, Categories, Category, HeadAnswer, Row
from reports.products import CONTRADICTING

NONE: Final = "none of these"
"""The label of a picture that shows none of the classes."""

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""

MODEL, PERSON = "model", "person"
"""Who decided."""


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


Answers: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""The label that people gave, by head, by what that holds for: a sha256 and no product, or no sha256 and a
product."""


def by_holder(answers: Mapping[Question, HumanAnswer]) -> Answers:
    """What people answered, by what it holds for. Of several answers to a product the latest counts."""
    labels: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for question, answer in sorted(answers.items(), key=lambda item: item[1].at):
        holder = ("", question.product) if question.product else (question.sha256, "")
        labels[holder][question.attribute] = answer.label
    return dict(labels)


def decided(row: Row, answers: Answers, categories: Categories) -> Row:
    """A row with people's answers, who gave them, and the platform's categories.

    Where people answered differently to the photos of a product, it needs a review.

    Args:
        row: of a photo, or of a product with its photos.
        answers: from `by_holder`.
        categories: of the platform; empty for none.
    """
    of_photos = [answers.get((photo.sha256, ""), {}) for photo in row.photos or (row,)]
    of_product = answers.get(("", row.product), {})
    heads = dict.fromkeys([*row.heads, *of_product, *(head for labels in of_photos for head in labels)])
    after = dict[str, HeadAnswer]()
    for head in heads:
        of_head = agreed(labels.get(head) for labels in of_photos)
        labels = {of_product[head]} if head in of_product else of_head
        after[head] = _decided(row.heads.get(head, NO_ANSWER), labels, categories.get(head, {}))
    return replace(row, heads=after)


def _decided(answer: HeadAnswer, labels: set[str], categories: Mapping[str, Category]) -> HeadAnswer:
    """An answer of the model, NO_ANSWER for none, with the labels that people gave."""
    label, decided_by = answer.label, MODEL if answer.label else None
    if len(labels) > 1:
        answer = replace(answer, decision=REVIEW, reason=CONTRADICTING)
    elif labels:
        label, decided_by = labels.pop() or None, PERSON
    return replace(
        answer,
        label=label,
        also=() if decided_by == PERSON else answer.also,
        predicted=answer.label,
        decided_by=decided_by,
        category=categories.get(label or "", (None, None)),
    )


def agreed(labels: Iterable[str | None]) -> set[str]:
    """What people say of a product by what they say of its photos: one label where they agree.

    Args:
        labels: of each photo; LEFT_OUT where a person left it out, None without an answer.
    """
    given = set(labels)
    return {label for label in given if label} or ({LEFT_OUT} if given == {LEFT_OUT} else set())
