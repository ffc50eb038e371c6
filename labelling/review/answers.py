"""Put people's answers into a finished table, without asking the model again.

Answers belong to the content of a picture: all its copies get the same one, and a picture that changed since
has none. Of two answers the later one counts, so that files can be given in any order, together or one after
another, and as often as one likes. The journal keeps the answers; the table is written from it.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labelling.errors import CorrectionsUnusable, TableUnusable
from labelling.export import Summary, by_of, export, form_of_journal, heads_of
from labelling.journal import Journal, journal_of
from labelling.lists import AS_IT_IS, Reading
from labelling.products import By
from labelling.review.corrections import Correction, merge, name_of, read_corrections
from labelling.table import Form, form_of
from reports.answers import CLASS

SHOWN: Final = 3
"""Corrections that a message names."""


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """What became of some corrections.

    Attributes:
        summary: of the table now.
        corrections: that were read.
        disagreements: questions of pictures that have answers with different labels; the latest counts.
        unmatched: corrections of no row, some of them named.
    """

    summary: Summary
    corrections: int
    disagreements: int
    unmatched: int
    examples: tuple[str, ...]


def correct(
    table: Path,
    files: Sequence[Path],
    reading: Reading = AS_IT_IS,
    say: Callable[[str], None] = lambda _: None,
) -> Corrected:
    """Write corrections into a table; the columns `decided_by` and `predicted` come with the first.

    Args:
        table: that `label` made, with its journal beside it.
        files: of corrections; see corrections.py.
        reading: how they are read.
        say: receives what a person should know of them.

    Raises:
        TableUnusable: it has no journal, another run is at work on it, or it cannot be written.
        CorrectionsUnusable: a file cannot be read, none of the corrections is of this table, or two of the
            same time contradict each other.
    """
    form_of(table)
    if not journal_of(table).exists():
        raise TableUnusable(
            f"{table}: there is no {journal_of(table).name} beside it, which keeps its rows. Corrections go "
            "into a table that `wardrobe label SOURCE --out` made."
        )
    with Journal(table, {}) as journal:
        if not journal.begun:
            raise TableUnusable(
                f"{journal.path}: has no rows. Label the source first; what people answered stays."
            )
        form, heads = form_of_journal(table, journal), heads_of(journal)
        corrections = read_corrections(files, heads.pop(CLASS), heads, reading, say)
        by = by_of(journal)
        _check_products(corrections, table, by)
        matched, unmatched = match(corrections, _rows(journal, form, by), journal.begun["source"])
        if corrections and not matched:
            raise CorrectionsUnusable(
                f"{', '.join(map(str, files))}: none of {len(corrections):,} corrections is of a picture of "
                f"{table}, among them {name_of(corrections[0])}. "
                + _advice(corrections, {product for *_, product in _rows(journal, form, by)})
            )
        new, disagreements = merge(matched, journal.answers())
        journal.answer(new)
        summary = export(table, journal, is_complete=journal.is_complete)
    return Corrected(
        summary=summary,
        corrections=len(corrections),
        disagreements=disagreements,
        unmatched=len(unmatched),
        examples=tuple(map(name_of, unmatched[:SHOWN])),
    )


def _check_products(corrections: Sequence[Correction], table: Path, by: By | None) -> None:
    """Refuse answers that hold for products, of a table that has none."""
    if by is None and (one := next((one for one in corrections if one.product), None)):
        raise CorrectionsUnusable(
            f"{one.file}: its answers hold for products, such as {one.product!r}, and {table} has none. Give "
            "the command that made the table once more with --by COLUMN: it labels no picture again."
        )


def _advice(corrections: Sequence[Correction], products: Set[str]) -> str:
    """What to do where no correction is of a picture of the table."""
    gone = next((one.product for one in corrections if one.product not in {"", *products}), "")
    if not gone:
        return "Give the table that the review was made of."
    return (
        f"The table has no product {gone!r}. Give the table that the review was made of; a spreadsheet drops "
        "zeros at the beginning of numbers."
    )


def _rows(journal: Journal, form: Form, by: By | None) -> Iterator[tuple[str, str, str]]:
    """Path, sha256 and product of each picture that could be read."""
    for values in journal.rows():
        cells = form.cells(values)
        if cells["sha256"]:
            yield cells["path"], cells["sha256"], by.product_of(cells) if by else ""


def match(
    corrections: Sequence[Correction], rows: Iterable[tuple[str, str, str]], source: str
) -> tuple[list[tuple[str, Correction]], list[Correction]]:
    """Find the rows that corrections are of.

    A correction without a hash is of the row with its path: as written, relative to the corrections' folder,
    or inside the source. One that holds for a product is of the rows of that product alone.

    Args:
        corrections: to be found.
        rows: path, sha256 and product of each.
        source: where the pictures are.

    Returns:
        the sha256 of its picture with each correction, and the corrections of no row.
    """
    wanted: dict[str, list[Correction]] = defaultdict(list)
    for one in corrections:
        for key in {one.sha256} if one.sha256 else _paths(one, source):
            wanted[key].append(one)
    matched: dict[int, tuple[str, Correction]] = {}
    for path, sha256, product in rows:
        for key in (sha256, path, os.path.abspath(path)):  # noqa: PTH100 - a link keeps its own name
            for one in wanted.get(key, ()):
                if one.product in {"", product}:
                    matched[id(one)] = sha256, one
    return list(matched.values()), [one for one in corrections if id(one) not in matched]


def _paths(one: Correction, source: str) -> set[str]:
    inside = f"{source}/{one.path.removeprefix('./')}"
    return {one.path, os.path.abspath(one.file.parent / one.path), inside}  # noqa: PTH100 - as above
