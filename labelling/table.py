"""The file of a table: CSV or JSONL, written; of one that is there, the names of its columns.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
What the columns are: columns.py; a copy for Excel: excel.py.
"""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from inference.spreadsheets import as_csv
from labelling.columns import Column
from labelling.errors import TableUnusable
from labelling.list_text import LONGEST_HEADER
from labelling.lists import SEPARATORS
from labelling.row import Row
from model_store.files import flush_folder

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


def write_table(table: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write a table, which appears whole or not at all.

    Args:
        table: CSV or JSONL by its ending; replaced if it is there.
        columns: that it has.
        rows: of pictures or of products, as the columns take them.

    Raises:
        OSError: the disk is full, for example.
    """
    partial = being_written(table)
    form = check_form(table)
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.writelines(_lines(form, columns, rows))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(table)
        flush_folder(table.parent)
    finally:
        partial.unlink(missing_ok=True)


def being_written(table: Path) -> Path:
    """Where a table is until it is whole."""
    return table.with_name(f"{table.name}.partial")


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


def names_in(table: Path) -> list[str]:
    """The names of a table's columns, whatever separates cells; none where it is empty.

    Raises:
        TableUnusable: it is of another form.
        OSError, ValueError, csv.Error: it cannot be read, or is no header and no JSON.
    """
    if check_form(table) == ".jsonl":
        row = json.loads(_first_line(table) or "{}")
        return list(row) if isinstance(row, dict) else []
    return names_of_csv(table)


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        return opened.readline(LONGEST_HEADER)


def names_of_csv(file: Path) -> list[str]:
    """The names in the header of a CSV, whatever separates cells; none where it is empty.

    Raises:
        OSError, ValueError: it cannot be read.
        csv.Error: it is no header, but longer than one.
    """
    line = _first_line(file)
    return max((next(csv.reader([line], delimiter=mark), []) for mark in SEPARATORS), key=len)
