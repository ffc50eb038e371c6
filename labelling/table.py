"""The file of a table: CSV or JSONL, written.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
What the columns are: columns.py; a copy for Excel: excel.py.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from inference.spreadsheets import as_csv
from labelling.columns import Column
from labelling.errors import TableUnusable
from labelling.row import Row

ROWS_AT_ONCE: Final = 1024
"""Rows that are written to a CSV at a time."""


def check_form(table: Path) -> str:
    """The ending of a table's name, by which it is CSV or JSONL.

    Raises:
        TableUnusable: its ending is another one.
    """
    form = table.suffix.lower()
    if form not in (".csv", ".jsonl"):
        raise TableUnusable(f"{table}: the table is CSV or JSONL, by its ending .csv or .jsonl.")
    return form


def write_table(file: Path, form: str, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write a table into a file.

    Args:
        file: that it fills, whatever its name.
        form: of `check_form`.
        columns: that it has.
        rows: of pictures or of products, as the columns take them.

    Raises:
        OSError: the disk is full, for example.
    """
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.writelines(_lines(form, columns, rows))


def _lines(form: str, columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    """The text of a table, some rows at a time."""
    if form == ".jsonl":
        for row in rows:
            yield json.dumps({column.name: column.of(row) for column in columns}, ensure_ascii=False) + "\n"
        return
    yield as_csv([[column.name for column in columns]])
    cells = ([column.of(row) for column in columns] for row in rows)
    while some := list(islice(cells, ROWS_AT_ONCE)):
        yield as_csv(some)
