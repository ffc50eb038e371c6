"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Reads the journal of a table.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Final, NamedTuple

from inference.contract import LABEL
from labelling.decided import Question, agreed
from labelling.journal import Journal
from labelling.list_check import LIST, ListCheck
from labelling.list_words import word_columns
from labelling.products import as_fed, row_of_product
from labelling.row import REVIEW, Row
from reports.products import CONTRADICTING, UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""


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


class Asked(NamedTuple):
    """A question that a sheet may ask.

    Attributes:
        path: of the picture, or the product's name.
        label: that the model answered.
        reason: of a review; None where the answer is accepted.
        number: the picture's place in the source; 0 for a product.
        product: empty for a picture.
    """

    path: str
    label: str
    reason: str | None
    number: int
    product: str


class Questions(AbstractContextManager["Questions"]):
    """All questions that a sheet may ask of products, and of pictures of none: one pass over a journal.

    A temporary database orders them, so that memory does not grow with the table.
    """

    def __init__(self, journal: Journal, heads: Sequence[str], check: ListCheck, feed: str = "") -> None:
        """Read the journal.

        Args:
            journal: opened.
            heads: that are asked for.
            check: what answers are held against.
            feed: the head of a feed, of which products that it takes are not doubtful; empty for none.
        """
        self._journal, self._check, self._feed = journal, check, feed
        self._db = sqlite3.connect("")
        self._db.execute(_TABLE)
        self._given = journal.answers()
        self._products = {(question.product, question.attribute) for question in self._given}
        for row in self._rows():
            self._db.executemany(_ADDED, [self._question(row, head) for head in heads if head in row.heads])

    @property
    def of_products(self) -> bool:
        """Whether rows are products, but for pictures of none."""
        return self._journal.run.by is not None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def _rows(self) -> Iterator[Row]:
        for photos in self._journal.products():
            yield self._check.checked(row_of_product(photos, self._journal.run))
        for row in self._journal.rows():
            if not row.product:
                yield self._check.checked(row)

    def _question(self, row: Row, head: str) -> tuple[object, ...]:
        """What the database keeps; why an attribute of a picture needs a review, tables do not say."""
        answer, product = row.heads[head], row.product if row.photos else ""
        reason = answer.reason if head == LABEL or product or answer.reason is None else REVIEW
        scores = answer.confidence, row.familiarity
        doubt = self._doubt(
            row, head, self._reason_in_feed(row) if product and head == self._feed else reason
        )
        return (head, row.path, answer.label, reason, doubt, *scores, row.number, product)

    def _reason_in_feed(self, row: Row) -> str | None:
        """Why a feed leaves a product out; None where it takes it."""
        by = self._journal.run.by
        fed = self._check.checked(as_fed(row, self._feed, by)) if by else row
        return fed.heads[self._feed].reason

    def _doubt(self, row: Row, head: str, reason: str | None) -> str | None:
        """Why a person has to answer; None where no one has to."""
        if row.product and (row.product, head) in self._products:
            return None
        answers = [self._given.get(Question(photo.sha256, head)) for photo in photos_of(row)]
        labels = [answer.label if answer else None for answer in answers]
        if len(agreed(labels)) > 1:
            return CONTRADICTING
        return reason if None in labels else None

    def answered(self, head: str) -> Iterator[Asked]:
        """All questions about what a head answered."""
        return map(Asked._make, self._db.execute(f"{_ASKED.format('reason')} WHERE head = ?", (head,)))

    def doubtful(self, head: str, limit: int) -> list[Row]:
        """The first rows that no person answered and that need a review, or whose photos people contradict.

        What the list contradicts comes first, then what is unfamiliar. Within each, the measure that decided
        is compared first, the other one on ties, then the order of the table.
        """
        return [
            self.row(Asked._make(question), head) for question in self._db.execute(_DOUBTFUL, (head, limit))
        ]

    def row(self, question: Asked, head: str) -> Row:
        """The row that a question is about, with its reason."""
        if question.product:
            row = row_of_product(self._journal.photos_of(question.product), self._journal.run)
        else:
            row = self._journal.picture(question.number)
        checked = self._check.checked(row)
        return replace(
            checked, heads={**checked.heads, head: replace(checked.heads[head], reason=question.reason)}
        )


_TABLE: Final = (
    "CREATE TABLE questions (head TEXT, path TEXT, label TEXT, reason TEXT, doubt TEXT, confidence REAL, "
    "familiarity REAL, number INTEGER, product TEXT)"
)
"""`doubt` is the reason why a sheet asks; NULL where it need not."""

_ADDED: Final = "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_ASKED: Final = "SELECT path, label, {}, number, product FROM questions"

_DOUBTFUL: Final = f"""
{_ASKED.format("doubt")} WHERE head = ? AND doubt IS NOT NULL
ORDER BY CASE doubt WHEN '{LIST}' THEN 0 WHEN '{UNFAMILIAR}' THEN 1 ELSE 2 END,
         iif(doubt = '{UNFAMILIAR}', coalesce(familiarity, confidence), confidence),
         iif(doubt = '{UNFAMILIAR}', confidence, familiarity), rowid
LIMIT ?
"""
