"""The file of a table: CSV, JSONL or Parquet, written; of one that is there, the names of its columns.

Numbers are written as the service writes them, so that a table and an answer can be compared digit by digit.
The one file that knows pyarrow, which is imported where it is needed, since serving does not install it. What
the columns are: columns.py; a copy for Excel: excel.py.
"""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from inference.spreadsheets import as_csv
from labelling.columns import Column
from labelling.errors import SourceUnusable, TableUnusable
from labelling.list_text import LONGEST_HEADER
from labelling.lists import SEPARATORS, renaming
from labelling.row import Row
from model_store.files import flush_folder

ROWS_AT_ONCE: Final = 1024
"""Rows that are written to a CSV at a time."""

PARQUET_ROWS: Final = 16_384
"""Rows that are in memory at a time, and in a row group, unless their cells are many or long."""

PARQUET_BYTES: Final = 1 << 25
"""Of their cells: a list may hold whole pages of HTML, or thousands of columns."""

NUMBER_BYTES: Final = 8
"""Of a cell without a text."""


def check_form(table: Path) -> str:
    """The ending of a table's name, by which it is CSV, JSONL or Parquet.

    Raises:
        TableUnusable: its ending is another one, or what it needs is not installed.
    """
    form = table.suffix.lower()
    if form not in (".csv", ".jsonl", ".parquet"):
        raise TableUnusable(
            f"{table}: the table is CSV, JSONL or Parquet, by its ending .csv, .jsonl or .parquet."
        )
    if form == ".parquet":
        _require_pyarrow()
    return form


def write_table(table: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write a table, which appears whole or not at all.

    Args:
        table: CSV, JSONL or Parquet by its ending; replaced if it is there.
        columns: that it has.
        rows: of pictures or of products, as the columns take them.

    Raises:
        OSError: the disk is full, for example.
    """
    partial = being_written(table)
    form = check_form(table)
    try:
        if form == ".parquet":
            _write_parquet(partial, columns, rows)
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                file.writelines(_lines(form, columns, rows))
        with partial.open("rb") as file:
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
        TableUnusable, SourceUnusable: it is of another form, or no Parquet file.
        OSError, ValueError, csv.Error: it cannot be read, or is no header and no JSON.
    """
    match check_form(table):
        case ".parquet":
            return list(parquet_columns(str(table), ()))
        case ".jsonl":
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


def parquet_rows(file: str, names: list[str] | None) -> Iterator[dict[str, Any]]:
    """Some columns of a Parquet file, or all, row by row, some thousands in memory at a time.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or lacks a column.
    """
    _require_pyarrow()
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            if missing := set(names or ()) - set(opened.schema_arrow.names):
                advice = renaming(sorted(missing), opened.schema_arrow.names)
                raise SourceUnusable(f"{file}: has no column `{sorted(missing)[0]}`.{advice}")
            for batch in opened.iter_batches(PARQUET_ROWS, columns=names):
                yield from batch.to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error


def parquet_columns(file: str, needed: Iterable[str]) -> tuple[str, ...]:
    """The names of a Parquet file's columns.

    Raises:
        TableUnusable: pyarrow is not installed.
        SourceUnusable: the file cannot be read, or lacks one of the columns that are needed.
    """
    _require_pyarrow()
    import pyarrow.parquet  # noqa: PLC0415 - see above

    try:
        names = tuple(map(str, pyarrow.parquet.read_schema(file).names))
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise SourceUnusable(f"{file}: cannot be read as Parquet ({error}).") from error
    if missing := [name for name in needed if name not in names]:
        raise SourceUnusable(
            f"{file}: has no column `{missing[0]}`, but {', '.join(names)}: --path-column names another one."
        )
    return names


def _write_parquet(target: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Write Parquet, a row group at a time; an empty text is a missing value."""
    import pyarrow.parquet  # noqa: PLC0415 - see above

    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float32()}
    schema = pyarrow.schema(
        (column.name, pyarrow.float64() if column.name == "familiarity" else types[column.kind])
        for column in columns
    )
    with pyarrow.parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in _row_groups(columns, rows):
            arrays = [pyarrow.array(cells, kind) for cells, kind in zip(group, schema.types, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, schema))


def _row_groups(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[list[list[object]]]:
    """The cells of each column, of as many rows as fit into memory."""
    group, count, size = [list[object]() for _ in columns], 0, 0
    for row in rows:
        for cells, column in zip(group, columns, strict=True):
            cell = column.of(row)
            cells.append(None if cell == "" else cell)
            size += len(cell) if isinstance(cell, str) else NUMBER_BYTES
        count += 1
        if count == PARQUET_ROWS or size >= PARQUET_BYTES:
            yield group
            group, count, size = [[] for _ in columns], 0, 0
    if count:
        yield group


def _require_pyarrow() -> None:
    """Check that Parquet can be read and written, before anything is labelled.

    Raises:
        TableUnusable: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - see above
    except ModuleNotFoundError as error:
        raise TableUnusable(
            "Parquet needs pyarrow, which is not installed here: pip install -r requirements/label.txt. "
            "CSV and JSONL need nothing."
        ) from error
