"""Write the file of a table: CSV, JSONL or an Excel workbook.

Numbers are written as the service writes them, so that a table and an answer can be compared. Only the
confidences are rounded, to five digits. A table is written row by row, since it may be larger than memory.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from inference.text.spreadsheets import format_csv
from labelling.errors import TableUnusable
from labelling.rows import TableRow
from labelling.write.columns import TableColumn
from labelling.write.excel import require_xlsxwriter, write_workbook

WORKBOOK_ENDING: Final = ".xlsx"
"""The ending of a table for Excel. Other commands, such as `wardrobe diff`, cannot read such a table."""

ROWS_PER_WRITE: Final = 1024
"""Number of rows that are formatted and written to a CSV at a time."""


def choose_table_format(table: Path) -> str:
    """Return the form of a table by the ending of its name, after checking that it can be written.

    Returns:
        `.csv`, `.jsonl`, or `.xlsx` (WORKBOOK_ENDING), in small letters.

    Raises:
        TableUnusable: the ending is another one, or a needed package is not installed.
    """
    form = table.suffix.lower()
    if form not in (".csv", ".jsonl", WORKBOOK_ENDING):
        raise TableUnusable(f"{table}: a table ends in .csv, .jsonl, or .xlsx for Excel.")
    if form == WORKBOOK_ENDING:
        require_xlsxwriter()
    return form


def write_table(
    file: Path, table_format: str, columns: Sequence[TableColumn], rows: Iterable[TableRow]
) -> int:
    """Write a table into a file as CSV, JSONL or an Excel workbook.

    Args:
        file: the file to write. Its name need not have the ending of the form.
        table_format: the form: `.csv`, `.jsonl` or `.xlsx`, as `choose_table_format` returns it.
        rows: the decided rows of pictures or of products, which are read once.

    Returns:
        The number of cells that were cut because Excel has no room for them; 0 for the other forms.

    Raises:
        OSError: the disk is full, for example.
        TableUnusable: Excel has no room for so many rows or columns.
    """
    if table_format == WORKBOOK_ENDING:
        return write_workbook(file, columns, rows)
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.writelines(_format_lines(table_format, columns, rows))
    return 0


def _format_lines(form: str, columns: Sequence[TableColumn], rows: Iterable[TableRow]) -> Iterator[str]:
    """Yield the text of a table, some rows at a time."""
    if form == ".jsonl":
        for row in rows:
            yield (
                json.dumps({column.name: column.read_cell(row) for column in columns}, ensure_ascii=False)
                + "\n"
            )
        return
    yield format_csv([[column.name for column in columns]])
    cells = ([column.read_cell(row) for column in columns] for row in rows)
    while next_rows := list(islice(cells, ROWS_PER_WRITE)):
        yield format_csv(next_rows)
