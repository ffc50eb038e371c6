"""The answer to a product: of all photos that a column of their list, or their folder, names together.

How photos answer for a product: reports/products.py. export.py writes `TABLE-products.csv` of such rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from inference.classifier import ALSO_FROM
from inference.contract import LABEL
from labelling.errors import SourceUnusable
from labelling.items import Source
from labelling.row import ACCEPT, FOLDER, REVIEW, By, HeadAnswer, Row, TableOf, distinct
from labelling.sources.files import Folder
from reports.products import COLOURS, UNPROVEN, PhotoAnswer, answer_of_product, is_shown, shown_from
from reports.values import Report

FED_RIGHT: Final = 0.85
"""Share of the products of several photos in a feed that a release has to show to be right. It is less than a
table promises: a shop looks at its feed, and a missing colour costs it the product's place."""


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
    return check_column(source, column, "--by", "--by-folder takes the folders of a folder.") or FOLDER


def check_column(source: Source, column: str, option: str, advice: str = "") -> str:
    """A column of a list that an option names; empty for none.

    Args:
        source: that is labelled.
        column: of it.
        option: that names it.
        advice: where no column has a name like it.

    Raises:
        SourceUnusable: the list lacks it; the message names what it has, and the nearest.
    """
    if column and column not in source.columns:
        names = ", ".join(f"`{name}`" for name in source.columns) or "none but `path`"
        near = get_close_matches(column, source.columns, 1)
        hint = f"Did you mean `{near[0]}`?" if near else advice
        why = f"has no column `{column}` for {option}; it has {names}. {hint}"
        raise SourceUnusable(f"{source.address}: {why.rstrip()}")
    return column


def shown_by(report: Report) -> tuple[str, ...]:
    """The heads of which a release shows its promise for products."""
    return tuple(head for head, promise in report.products.items() if is_shown(promise))


def likely_by(report: Report) -> dict[str, tuple[float, float]]:
    """The heads of which a release shows FED_RIGHT for products: from which confidence, and what it shows."""
    points = {head: shown_from(promise, FED_RIGHT) for head, promise in report.products.items()}
    return {head: (point.threshold, point.lower_bound) for head, point in points.items() if point}


def as_fed(row: Row, head: str, by: By) -> Row:
    """A product's row as a feed takes it: what only lacks the promise is accepted from a confidence.

    Args:
        row: of a product, as the model answered it.
        head: that the feed has.
        by: of the run.
    """
    answer = row.heads.get(head)
    if answer is None or answer.reason != UNPROVEN or head not in by.likely:
        return row
    least, _ = by.likely[head]
    agree = any(photo.heads[head].reason is None for photo in row.photos if head in photo.heads)
    if not agree or (answer.confidence or 0.0) < least:
        return row
    return replace(row, heads={**row.heads, head: replace(answer, decision=ACCEPT, reason=None)})


def row_of_product(photos: Sequence[Row], run: TableOf) -> Row:
    """What the model answers to a product; of copies of a photo the first counts.

    Args:
        photos: its rows, one or more, in the order of the source.
        run: that they are of, with products.
    """
    shown = distinct(photos)
    answers = {head: answer_of(shown, head, run) for head in run.heads}
    heads = {head: answer for head, answer in answers.items() if answer is not None}
    cells = {name: _first(photo.further[name] for photo in photos) for name in run.further}
    by = {run.by.column: photos[0].product} if run.by and run.by.folder is None else {}
    return Row(
        path=photos[0].product,
        product=photos[0].product,
        error="" if LABEL in heads else f"No photo of it has an answer. The first: {photos[0].error}",
        heads=heads,
        further=cells | by,
        number=photos[0].number,
        photos=tuple(photos),
    )


def _first(cells: Iterable[str]) -> str:
    """The first cell that is not empty."""
    return next(filter(None, cells), "")


def answer_of(photos: Sequence[Row], head: str, run: TableOf) -> HeadAnswer | None:
    """The answer of one head to a product; None where no photo has one.

    Args:
        photos: of different content.
        head: the class, or an attribute.
        run: that they are of, with products.
    """
    answered = [photo for photo in photos if head in photo.heads]
    if not answered:
        return None
    labels, is_proven = run.heads[head], run.by is not None and head in run.by.proven
    of_photos = [_of_photo(photo.heads[head], labels) for photo in answered]
    product = answer_of_product(of_photos, is_proven=is_proven, is_colour=head in COLOURS)
    shares = product.probabilities
    likely = sorted(range(len(labels)), key=lambda index: -shares[index])
    also = [index for index in likely if shares[index] >= ALSO_FROM and index != product.label]
    return HeadAnswer(
        label=labels[product.label],
        confidence=shares[product.label],
        decision=REVIEW if product.reason else ACCEPT,
        reason=product.reason,
        also=tuple(labels[index] for index in also),
        probabilities=tuple(shares),
        rests_on=tuple(answered[place].path for place in product.rests_on),
    )


def _of_photo(answer: HeadAnswer, labels: Sequence[str]) -> PhotoAnswer:
    return PhotoAnswer(answer.probabilities, labels.index(answer.label or ""), answer.reason)


def products_of(table: Path) -> Path:
    """Where the products of a table of photos are."""
    return table.with_stem(f"{table.stem}-products")
