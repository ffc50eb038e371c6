"""Write a table once more as Excel opens it where numbers have a decimal comma."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from inference.spreadsheets import as_csv
from labelling.columns import Column, columns
from labelling.errors import TableUnusable
from labelling.export import has_people, photo_rows
from labelling.journal import Journal
from labelling.row import Row
from model_store.files import write_whole


def copy_for_excel(table: Path, target: Path) -> None:
    """Write the rows of a finished table for Excel: a double click opens columns, with umlauts.

    Where numbers have a decimal comma, Excel separates by semicolons, and a point separates thousands; a byte
    order mark says UTF-8. An .xlsx fits every language, but needs a library that nothing else here does.

    Args:
        table: with its journal beside it.
        target: the CSV; replaced.

    Raises:
        TableUnusable: the journal cannot be read, or the copy cannot be written.
    """
    with Journal(table) as journal:
        text = _text(columns(journal.run, with_people=has_people(journal)), photo_rows(journal))
    try:
        write_whole(target, text.encode("utf-8-sig"))
    except OSError as error:
        raise TableUnusable(f"{target}: cannot be written ({error.strerror}).") from error


def _text(names: Sequence[Column], rows: Iterable[Row]) -> str:
    cells = [[_cell(column, row) for column in names] for row in rows]
    header = [column.name for column in names]
    return as_csv([header, *cells] if cells else [], separator=";", line_end="\r\n")


def _cell(column: Column, row: Row) -> str:
    cell = column.of(row)
    text = "" if cell is None else str(cell)
    return text.replace(".", ",") if column.is_number else text
