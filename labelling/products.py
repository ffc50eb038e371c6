"""The table of products: a row for all photos that a column of their list, or their folder, names together.

`TABLE-products.csv` stands beside the table of photos, and is made of the same journal. How photos answer for
a product: reports/products.py. export.py writes it, with people's answers and the platform's categories.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from inference.classifier import ALSO_FROM
from inference.contract import LABEL
from labelling.errors import SourceUnusable
from labelling.files import Folder
from labelling.items import Source
from labelling.review.corrections import LEFT_OUT
from labelling.table import ALSO, CONFIDENCE, DECISION, LONGEST_PATH, Cells, Form, kept_apart
from reports.answers import ACCEPT, CLASS
from reports.products import answer_of_product, is_shown
from reports.values import Promise, Report

FOLDER: Final = "folder"
"""The column of products that are folders."""

REASON: Final = "_reason"
"""What follows an attribute's name in the name of a further column, which the table of photos lacks."""

PHOTOS: Final = "photos"
RESTS_ON: Final = "rests_on"
"""How many photos a product has, and those that its answer is made of."""

BETWEEN: Final = "|"
"""Stands between these."""

SHOWN: Final = 3
"""Products that a message names."""


class By(NamedTuple):
    """What says which photos show one product.

    Attributes:
        column: of the table of photos, or FOLDER.
        folder: the source, with which the paths of its photos begin; None where a column says it.
        proven: attributes, CLASS for the class, of which the release shows its promise for products.
    """

    column: str
    folder: str | None
    proven: Sequence[str]

    def product_of(self, row: Cells) -> str:
        """The product of a photo's row: blanks count once, capitals count; empty where it has none."""
        if self.folder is None:
            return " ".join((row[self.column] or "").split())
        beside = os.path.dirname(row["path"]) or os.curdir  # noqa: PTH120 - as written
        inside = os.path.relpath(beside, self.folder)
        return "" if inside == os.curdir else inside


def check_by(source: Source, column: str) -> str:
    """The column of a list that names products.

    Args:
        source: that is labelled.
        column: of it; empty for the folders in which photos lie.

    Raises:
        SourceUnusable: the source has none of that kind; the message names what it has.
    """
    if not column and not isinstance(source, Folder):
        raise SourceUnusable(f"{source.address}: is no folder, as --by-folder needs. A list has --by COLUMN.")
    if column and column not in source.columns:
        known = ", ".join(f"`{one}`" for one in source.columns) or "none but `path`"
        near = get_close_matches(column, source.columns, 1)
        advice = f" Did you mean `{near[0]}`?" if near else " --by-folder takes the folders of a folder."
        raise SourceUnusable(f"{source.address}: has no column `{column}` for --by; it has {known}.{advice}")
    return column or FOLDER


def shown_by(report: Report) -> tuple[str, ...]:
    """The attributes, CLASS for the class, of which a release shows its promise for products."""
    return tuple(CLASS if head == LABEL else head for head, one in report.products.items() if is_shown(one))


@dataclass(frozen=True, kw_only=True)
class ProductSummary:
    """What the summary says of the products of a table.

    Attributes:
        table: of products.
        column: that names them, or FOLDER.
        products: rows of it.
        accepted: of these, by the model.
        reviewed: the others with an answer, by reason.
        without_answer: those of which no photo could be read.
        decided_by_person: those whose label people gave.
        photos_of_none: photos that no product has.
        alike: products whose names differ in capitals alone.
    """

    table: str
    column: str
    products: int
    accepted: int
    reviewed: dict[str, int]
    without_answer: int
    decided_by_person: int
    photos_of_none: int
    alike: tuple[str, ...]


class ProductRows:
    """The rows of a table of products, counted as they come.

    Attributes:
        name: of the column that names them.
    """

    def __init__(self, form: Form, heads: Mapping[str, Sequence[str]], by: By) -> None:
        """Nothing is counted yet.

        Args:
            form: of the table of photos.
            heads: the labels by attribute, CLASS for the class.
            by: what says which photos show one product.
        """
        self._by, self._form, self._heads = by, form, heads
        self._further = kept_apart(form.further, [*self._before(), *self._after()])
        self.name = self._further.pop(by.column, FOLDER)
        self._reasons, self._names = Counter[str | None](), Counter[str]()
        self._photos = self._without_answer = 0

    def columns(self, more: Sequence[str]) -> list[str]:
        """The names of its columns, `more` of which stand before those of the list."""
        return [self.name, *self._before(), *self._after(), *more, *self._further.values()]

    @property
    def numbers(self) -> frozenset[str]:
        """Those that hold numbers."""
        return frozenset({"confidence", *(head + CONFIDENCE for head in self._form.attributes)})

    def _before(self) -> list[str]:
        ends = ("", CONFIDENCE, DECISION, REASON, ALSO)
        return [*_OF_CLASS, *(head + end for head in self._form.attributes for end in ends)]

    @staticmethod
    def _after() -> list[str]:
        return [PHOTOS, RESTS_ON, "version", "error"]

    def key(self, values: Sequence[Any]) -> str:
        """The product of a row of the journal; see Journal.rows_together."""
        return self._by.product_of(self._form.cells(values))

    def row(self, photos: Sequence[Sequence[Any]]) -> Cells:
        """What the model answers to a product, of the rows of its photos; each photo counts once."""
        cells = [self._form.cells(one) for one in photos]
        once: dict[str, int] = {}
        for place, one in enumerate(cells):
            once.setdefault(one["sha256"] or one["path"], place)
        shown = [cells[place] for place in once.values()]
        answers = [self._form.answers(photos[place]) for place in once.values()]
        row: Cells = dict.fromkeys(self.columns(()))
        product = self._by.product_of(cells[0])
        row |= {self.name: product, PHOTOS: len(shown), "version": cells[0]["version"]}
        for head in self._heads:
            row |= self._answer(head, shown, answers)
        for theirs, ours in self._further.items():
            row[ours] = next((one[theirs] for one in cells if one[theirs]), None)
        if row["label"] is None:
            row["error"] = f"No photo of it has an answer. The first: {cells[0]['error']}"
        self._count(product, row, len(cells))
        return row

    def _answer(self, head: str, cells: Sequence[Cells], answers: Sequence[Mapping[str, Any]]) -> Cells:
        there = [place for place, one in enumerate(answers) if head in one]
        if not there:
            return {}
        labels, answered = self._heads[head], [answers[place][head] for place in there]
        found = answer_of_product(answered, is_proven=head in self._by.proven)
        named = [head + end if head else end.removeprefix("_") for end in (CONFIDENCE, DECISION, REASON)]
        given = (
            found.probabilities[found.label],
            "review" if found.reason else ACCEPT,
            found.reason,
        )
        row: Cells = {head or "label": labels[found.label], **dict(zip(named, given, strict=True))}
        if head:
            order = sorted(range(len(labels)), key=lambda one: -found.probabilities[one])
            also = [
                labels[one] for one in order if found.probabilities[one] >= ALSO_FROM and one != found.label
            ]
            return row | {head + ALSO: "/".join(also) or None}
        paths = [cells[there[place]]["path"] for place in found.rests_on]
        return row | {RESTS_ON: BETWEEN.join(paths)[:LONGEST_PATH]}

    def _count(self, product: str, row: Cells, photos: int) -> None:
        self._photos += photos
        self._names[product] += 1
        self._without_answer += row["label"] is None
        if row["label"] is not None:
            self._reasons[row["reason"]] += 1

    def summary(self, table: Path, photos: int, decided: int) -> ProductSummary:
        """What the rows were; call it when all have come.

        Args:
            table: of products.
            photos: rows of the table of photos.
            decided: products whose label people gave.
        """
        return ProductSummary(
            table=str(table),
            column=self._by.column,
            products=self._names.total(),
            accepted=self._reasons.pop(None, 0),
            reviewed={str(reason): n for reason, n in sorted(self._reasons.items(), key=str)},
            without_answer=self._without_answer,
            decided_by_person=decided,
            photos_of_none=photos - self._photos,
            alike=tuple(_alike(self._names)),
        )


_OF_CLASS: Final = ("label", "confidence", "decision", "reason")


def _alike(names: Iterable[str]) -> Iterator[str]:
    """Names that differ from another one in capitals alone."""
    counts = Counter(name.casefold() for name in names)
    return (name for name in names if counts[name.casefold()] > 1)


def said_of_photos(labels: Sequence[str | None]) -> set[str]:
    """What people say of a product by what they say of its photos: one label where they agree.

    Args:
        labels: of each photo; empty where a person left it out, None without an answer.
    """
    return set(filter(None, labels)) or ({LEFT_OUT} if set(labels) == {LEFT_OUT} else set())


def products_of(table: Path) -> Path:
    """Where the products of a table are."""
    return table.with_stem(f"{table.stem}-products")


def in_words(found: ProductSummary, promise: Promise | None) -> Iterator[str]:
    """What a terminal says of them, a sentence each; `promise` is of products, about the class."""
    outcomes = {"accepted": found.accepted, **found.reviewed, "without an answer": found.without_answer}
    counts = ", ".join(f"{count:,} {name}" for name, count in outcomes.items() if count)
    by_people = f" People decided {found.decided_by_person:,}." if found.decided_by_person else ""
    yield f"{found.products:,} products by `{found.column}`: {counts}.{by_people} Table: {found.table}"
    if promise is None:
        yield "This release was not measured on products: none of several photos is accepted."
    else:
        yield (
            f"Of {promise.n:,} products that it had not learnt, it accepted {promise.accepted:,}, and "
            f"{promise.right:,} of these were right: {promise.accuracy:.0%} "
            f"{'is' if is_shown(promise) else 'is not'} shown."
        )
    if found.photos_of_none:
        yield f"{found.photos_of_none:,} photos have no `{found.column}`, and are in no product."
    if found.alike:
        named = ", ".join(f"`{one}`" for one in found.alike[:SHOWN])
        yield f"{len(found.alike):,} products differ from another in capitals alone, among them {named}."
