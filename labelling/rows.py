"""Rows of a journal: as the model answered the photos, and as tables show pictures and products.

What the model answered is read for decide.py alone; all that people see is read from what that has decided.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from inference.contract import LABEL
from labelling.journal import Journal
from labelling.row import NO_ANSWER, By, HeadAnswer, Row

_PHOTOS: Final = """
SELECT current.number, path, product, cells, sha256, error, familiarity, {}
FROM {} JOIN photos USING (path, stamp)
"""

_ANSWERED: Final = _PHOTOS.format("heads", "current")

_PICTURES: Final = _PHOTOS.format(f"json_extract(heads, '$.{LABEL}.probabilities')", "current")

_FIRST: Final = """(
    SELECT *, iif(product = '', number, min(number) OVER (PARTITION BY product)) AS first FROM current
) AS current"""
"""Products stand where their first photo does."""

_IN_GROUPS: Final = f"{_PHOTOS.format('heads', _FIRST)} ORDER BY first, current.number"

_MEMBERS: Final = f"{_PHOTOS.format('NULL', _FIRST)} WHERE product <> '' ORDER BY first, current.number"

_DECIDED: Final = """
SELECT number, head, label, also, confidence, decision, reason, decided_by, predicted, predicted_by, rests_on,
    category, fed, listed_as
FROM decided
"""


def answered_groups(journal: Journal) -> Iterator[list[Row]]:
    """The photos of each product, and each picture of none, as the model answered them, in one query.

    In the order of the source, products by the first photo of each.
    """
    rows = _answered(journal, _IN_GROUPS)
    for _, group in groupby(rows, lambda row: row.product or row.number):
        yield list(group)


def answered_photos(journal: Journal, product: str) -> list[Row]:
    """The photos of one product, as the model answered them."""
    return list(_answered(journal, f"{_ANSWERED} WHERE product = ? ORDER BY number", product))


def _answered(journal: Journal, query: str, *values: str) -> Iterator[Row]:
    columns = tuple(journal.run.further)
    with journal.errors_named():
        for *photo, text in journal.query(query, *values):
            answers = json.loads(text).items()
            heads = {head: _answer_of_model(**answer) for head, answer in answers}
            yield _row(photo, columns, heads)


def _answer_of_model(*, also: Sequence[str], probabilities: Sequence[float], **rest: Any) -> HeadAnswer:  # noqa: ANN401 - what JSON keeps as it is
    return HeadAnswer(also=tuple(also), probabilities=tuple(probabilities), **rest)


def _row(photo: Sequence[Any], columns: Sequence[str], heads: dict[str, HeadAnswer]) -> Row:
    number, path, product, cells, sha256, error, familiarity = photo
    return Row(
        path=path,
        sha256=sha256,
        error=error,
        familiarity=familiarity,
        heads=heads,
        further=dict(zip(columns, json.loads(cells), strict=True)),
        product=product,
        number=number,
    )


def photo_rows(journal: Journal) -> Iterator[Row]:
    """The rows of the table of photos, as `decide` left them."""
    photos = _photos(journal, f"{_PICTURES} ORDER BY number")
    return map(_with_heads, photos, _heads(journal, "product = ''"))


def pictures(journal: Journal, numbers: Iterable[int]) -> dict[int, Row]:
    """Some rows of the table of photos, by their numbers in the source."""
    some, within = json.dumps(list(numbers)), "number IN (SELECT value FROM json_each(?))"
    photos = _photos(journal, f"{_PICTURES} WHERE {within} ORDER BY number", some)
    heads = _heads(journal, f"product = '' AND {within}", some)
    return {row.number: row for row in map(_with_heads, photos, heads)}


def product_rows(journal: Journal, *heads: str) -> Iterator[Row]:
    """The rows of the table of products; none without products.

    Args:
        journal: of the table.
        heads: whose answers they have beside the class; none for all.
    """
    products = groupby(_photos(journal, _MEMBERS), lambda photo: photo.product)
    rows = (_product(list(photos), journal.run.by) for _, photos in products)
    some = f" AND head IN ({', '.join('?' * (len(heads) + 1))})" if heads else ""
    return map(
        _with_heads, rows, _heads(journal, f"product <> ''{some}", *((LABEL, *heads) if heads else ()))
    )


def _photos(journal: Journal, query: str, *values: str) -> Iterator[Row]:
    """Photos without what was decided, but with the probabilities of the class where a query has them."""
    columns = tuple(journal.run.further)
    with journal.errors_named():
        for *photo, text in journal.query(query, *values):
            shares = tuple(json.loads(text)) if text else ()
            yield _row(photo, columns, {LABEL: HeadAnswer(probabilities=shares)})


def _product(photos: Sequence[Row], by: By | None) -> Row:
    """The row of a product without what was decided; of each cell of the list the first that is not empty."""
    first, columns = photos[0], photos[0].further
    cells = {name: next(filter(None, (photo.further[name] for photo in photos)), "") for name in columns}
    own = {by.column: first.product} if by and by.folder is None else {}
    return Row(
        path=first.product,
        product=first.product,
        error=f"No photo of it has an answer. The first: {first.error}",
        heads={LABEL: NO_ANSWER},
        further=cells | own,
        number=first.number,
        photos=tuple(photos),
    )


def _heads(
    journal: Journal, where: str, *values: str
) -> Iterator[tuple[dict[str, HeadAnswer], frozenset[str]]]:
    """What was decided of each row, by head, and the kinds that the list admits, in the source's order."""
    cells = journal.query(f"{_DECIDED} WHERE {where} ORDER BY number", *values)
    with journal.errors_named():
        for _, of_row in groupby(cells, itemgetter(0)):
            decided = list(of_row)
            listed = next(filter(None, (listed for *_, listed in decided)), "[]")
            yield {head: _answer(rest) for _, head, *rest, _ in decided}, frozenset(json.loads(listed))


def _answer(cells: Sequence[Any]) -> HeadAnswer:
    label, also, confidence, decision, reason, decided_by, predicted, predicted_by, *rest = cells
    rests_on, category, fed = rest
    return HeadAnswer(
        label=label,
        confidence=confidence,
        decision=decision,
        reason=reason,
        also=_texts(also),
        rests_on=_texts(rests_on),
        predicted=predicted,
        predicted_by=predicted_by,
        decided_by=decided_by,
        category=tuple(json.loads(category)) if category else (None, None),
        fed=_texts(fed),
    )


def _texts(cell: str | None) -> tuple[str, ...]:
    """Texts that are kept as JSON; NULL for none."""
    return tuple(json.loads(cell)) if cell else ()


def _with_heads(row: Row, decided: tuple[dict[str, HeadAnswer], frozenset[str]]) -> Row:
    """A row with what was decided; a product whose photos have no answer keeps its error."""
    heads, listed = decided
    of_class = replace(heads[LABEL], probabilities=row.label.probabilities)
    is_answered = row.photos and of_class.predicted is not None
    return replace(
        row, heads={**heads, LABEL: of_class}, listed=listed, error="" if is_answered else row.error
    )
