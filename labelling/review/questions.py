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
from labelling.products import row_of_product
from labelling.row import REVIEW, Row
from reports.products import CONTRADICTING, UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""

TITLES: Final = frozenset({"title", "name"})
"""What a list calls the title of a product, in small letters."""


def photos_of(row: Row) -> list[Row]:
    """The photos that a question is about and that could be read: of a product familiar ones first."""
    photos = {photo.path: photo for photo in sorted(row.photos or (row,), key=_place) if photo.sha256}
    return list(photos.values())


def _place(photo: Row) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return 2 if photo.label.label is None else int(photo.label.reason == UNFAMILIAR)


def title_of(row: Row) -> str:
    """The title of a product, as its list has it; empty for a picture."""
    cells = (
        cell for photo in row.photos for name, cell in photo.further.items() if name.casefold() in TITLES
    )
    return next(filter(None, cells), "")


def answers(journal: Journal, head: str) -> Iterator[Row]:
    """All rows that a head answers, in any order: of products, and of pictures of none."""
    for photos in journal.products():
        row = row_of_product(photos, journal.run)
        if head in row.heads:
            yield row
    for row in journal.answered():
        if not row.product and head in row.heads:
            yield _of_picture(row, head)


def _of_picture(row: Row, head: str) -> Row:
    """A picture's row; why an attribute needs a review, tables of photos do not say."""
    if head == LABEL or row.heads[head].reason is None:
        return row
    return _with_reason(row, head, REVIEW)


def _with_reason(row: Row, head: str, reason: str) -> Row:
    return replace(row, heads={**row.heads, head: replace(row.heads[head], reason=reason)})


def unanswered(journal: Journal, head: str, limit: int) -> list[Row]:
    """The first doubtful rows that no person answered, and those whose photos people answered differently."""
    given = journal.answers()
    if head == LABEL and not journal.run.by:
        return list(islice(_open(journal.doubtful(), given, head), limit))
    return heapq.nsmallest(
        limit, _open(answers(journal, head), given, head), key=lambda row: _doubt(row, head)
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


def _doubt(row: Row, head: str) -> tuple[bool, float]:
    answer = row.heads[head]
    return answer.reason != UNFAMILIAR, answer.confidence or 0.0
