"""What a review sheet asks of each picture, or each product: one question for the class and each attribute.

A product is asked about once, whatever the number of its photos. Reads the journal of a table.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from labelling.export import ACCEPT, REVIEW, by_of, heads_of
from labelling.journal import Journal, Labelled
from labelling.products import REASON, ProductRows, said_of_photos
from labelling.review.corrections import Answer, Question
from labelling.table import CONFIDENCE, DECISION, Cells, Form
from reports.answers import CLASS
from reports.products import CONTRADICTING, UNFAMILIAR

SHOWN: Final = 6
"""Photos of a product on its card."""

TITLES: Final = frozenset({"title", "name"})
"""What a list calls the title of a product, in small letters."""


class Asked(NamedTuple):
    """One question, and what the model answered.

    Attributes:
        name: of the picture in the table, or of the product.
        label, confidence, reason: the model's answer; `reason` is None where it is accepted.
        photos: path and sha256 of each; of a product familiar ones first.
        product: empty for a picture.
        title: of the product, as its list has it.
    """

    name: str
    label: str
    confidence: float
    reason: str | None
    photos: tuple[tuple[str, str], ...]
    product: str = ""
    title: str = ""


def of_row(row: Labelled, form: Form) -> Asked:
    """The question about the class of a picture."""
    sha256: str = form.cells(row.cells)["sha256"]
    return Asked(row.path, row.label, row.confidence, row.reason, ((row.path, sha256),))


def answers(journal: Journal, form: Form, head: str) -> Iterator[Asked]:
    """All questions about an attribute or the class, in any order: of products, and of pictures of none."""
    by = by_of(journal)
    if by:
        rows = ProductRows(form, heads_of(journal), by)
        for photos in journal.rows_together(rows.key):
            yield from _of_product(rows, form, photos, head)
    for row in journal.labelled():
        cells = form.cells(row.cells)
        if by and by.product_of(cells):
            continue
        if head == CLASS:
            yield of_row(row, form)
        elif cells[head] is not None:
            reason = None if cells[head + DECISION] == ACCEPT else REVIEW
            yield of_row(row, form)._replace(
                label=cells[head], confidence=cells[head + CONFIDENCE], reason=reason
            )


def _of_product(rows: ProductRows, form: Form, photos: Sequence[Sequence[Any]], head: str) -> Iterator[Asked]:
    row = rows.row(photos)
    if row[head or "label"] is None:
        return
    cells = [form.cells(one) for one in photos]
    read = {one["path"]: one["sha256"] for one in sorted(cells, key=_place) if one["sha256"]}
    yield Asked(
        row[rows.name],
        row[head or "label"],
        row[head + CONFIDENCE if head else "confidence"],
        row[head + REASON if head else "reason"],
        tuple(read.items()),
        product=row[rows.name],
        title=next((one[name] for one in cells for name in form.further if _is_title(name, one)), ""),
    )


def _place(cells: Cells) -> int:
    """Familiar photos come before others, and these before those without an answer."""
    return 2 if cells["label"] is None else int(cells["reason"] == UNFAMILIAR)


def _is_title(name: str, cells: Cells) -> bool:
    return name.casefold() in TITLES and bool(cells[name])


def unanswered(journal: Journal, form: Form, head: str, limit: int) -> list[Asked]:
    """The first doubtful questions that no person answered, and those that photos answer differently."""
    given = journal.answers()
    if head == CLASS and not by_of(journal):
        return list(islice(_open((of_row(row, form) for row in journal.doubtful()), given, head), limit))
    return heapq.nsmallest(limit, _open(answers(journal, form, head), given, head), key=_doubt)


def _open(asked: Iterable[Asked], given: Mapping[Question, Answer], head: str) -> Iterator[Asked]:
    """Those of some questions that a person has to answer."""
    products = {one.product for one in given if one.attribute == head} - {""}
    for one in asked:
        said = [given.get(Question(sha256, head)) for _, sha256 in one.photos]
        labels = [answer.label if answer else None for answer in said]
        if one.product in products:
            continue
        if len(said_of_photos(labels)) > 1:
            yield one._replace(reason=CONTRADICTING)
        elif one.reason and None in labels:
            yield one


def _doubt(one: Asked) -> tuple[bool, float]:
    return one.reason != UNFAMILIAR, one.confidence
