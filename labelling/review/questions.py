"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Reads the journal of a table.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from inference.contract import LABEL
from labelling.decided import Answer, Question, agreed
from labelling.journal import Journal
from labelling.list_check import LIST, ListCheck
from labelling.list_words import word_columns
from labelling.products import row_of_product
from labelling.row import REVIEW, Row
from reports.products import CONTRADICTING, UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""

FIRST: Final = {LIST: 0, UNFAMILIAR: 1}
"""The reasons that are asked about before the others, in this order."""


def photos_of(row: Row) -> list[Row]:
    """The photos that a question is about and that could be read: of a product familiar ones first."""
    photos = {photo.path: photo for photo in sorted(row.photos or (row,), key=_place) if photo.sha256}
    return list(photos.values())


def _place(photo: Row) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return 2 if photo.label.label is None else int(photo.label.reason == UNFAMILIAR)


def title_of(row: Row) -> str:
    """The title of a product, as its list has it; empty for a picture."""
    return next(filter(None, (word_columns(photo.further).title(photo.further) for photo in row.photos)), "")


def answers(journal: Journal, head: str, check: ListCheck) -> Iterator[Row]:
    """All rows that a head answers, held against the list, in any order: of products and of pictures."""
    for photos in journal.products():
        row = row_of_product(photos, journal.run)
        if head in row.heads:
            yield check.checked(row)
    for row in journal.answered():
        if not row.product and head in row.heads:
            yield _of_picture(check.checked(row), head)


def _of_picture(row: Row, head: str) -> Row:
    """A picture's row; why an attribute needs a review, tables of photos do not say."""
    if head == LABEL or row.heads[head].reason is None:
        return row
    return _with_reason(row, head, REVIEW)


def _with_reason(row: Row, head: str, reason: str) -> Row:
    return replace(row, heads={**row.heads, head: replace(row.heads[head], reason=reason)})


def unanswered(journal: Journal, head: str, limit: int, check: ListCheck) -> list[Row]:
    """The first doubtful rows that no person answered, and those whose photos people answered differently."""
    given = journal.answers()
    if head == LABEL and not journal.run.by and not check.words.is_read:
        return list(islice(_open(journal.doubtful(), given, head), limit))
    return heapq.nsmallest(
        limit, _open(answers(journal, head, check), given, head), key=lambda row: _doubt(row, head)
    )


def _open(rows: Iterable[Row], given: Mapping[Question, Answer], head: str) -> Iterator[Row]:
    """Those that a person has to answer."""
    products = {question.product for question in given if question.attribute == head} - {""}
    for row in rows:
        if row.product in products:
            continue
        photos = [given.get(Question(photo.sha256, head)) for photo in photos_of(row)]
        labels = [answer.label if answer else None for answer in photos]
        if len(agreed(labels)) > 1:
            yield _with_reason(row, head, CONTRADICTING)
        elif row.heads[head].reason and None in labels:
            yield row


def _doubt(row: Row, head: str) -> tuple[int, float]:
    """What the list contradicts comes first, then what is unfamiliar."""
    answer = row.heads[head]
    is_measured = answer.reason == UNFAMILIAR and row.familiarity is not None
    measure = row.familiarity if is_measured else answer.confidence
    return FIRST.get(answer.reason or "", len(FIRST)), measure or 0.0
