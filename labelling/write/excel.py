"""Write a table as an Excel workbook (.xlsx), in which numbers are numbers and no text becomes a formula.

A CSV of `0.97` opens as text or as a date in countries with a decimal comma. XlsxWriter is imported inside
the functions that need it, because a machine that only serves does not install it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from labelling.errors import TableUnusable
from labelling.rows import TableRow
from labelling.write.columns import TableColumn

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MAX_SHEET_ROWS: Final = 1_048_575
"""Largest number of rows that a sheet of Excel holds below its header. XlsxWriter drops further rows, columns
and characters without an error, so they are checked here."""

MAX_SHEET_COLUMNS: Final = 16_384
"""Largest number of columns that a sheet of Excel holds."""

MAX_EXCEL_CELL_CHARACTERS: Final = 32_767
"""Largest number of characters in a cell of Excel, where an emoji and other characters beyond 16 bits are
two."""


def require_xlsxwriter() -> None:
    """Check that XlsxWriter is installed, before any picture is labelled for an Excel workbook.

    Raises:
        TableUnusable: XlsxWriter is not installed.
    """
    try:
        import xlsxwriter  # noqa: F401, PLC0415 - see above
    except ModuleNotFoundError as error:
        raise TableUnusable(
            "A table in .xlsx needs XlsxWriter, which is not installed here: pip install -r "
            "requirements/label.txt. CSV and JSONL need nothing."
        ) from error


def check_sheet_size(row_count: int, column_count: int) -> None:
    """Check that a sheet of Excel can hold a table.

    Args:
        row_count: the number of rows of the table, without the header.

    Raises:
        TableUnusable: the table has too many rows or columns.
    """
    for number, most, what in (
        (row_count, MAX_SHEET_ROWS, "rows"),
        (column_count, MAX_SHEET_COLUMNS, "columns"),
    ):
        if number > most:
            raise TableUnusable(
                f"A sheet of Excel has no room for {number:,} {what}, but for {most:,}. Name a table that "
                "ends in .csv."
            )


def write_workbook(file: Path, columns: Sequence[TableColumn], rows: Iterable[TableRow]) -> int:
    """Write a table as an Excel workbook of one sheet, row by row.

    Args:
        file: the path of the workbook. It need not end in `.xlsx`, so that the file can be moved afterwards.
        rows: the decided rows of the table, which are read once.

    Returns:
        The number of cells that were too long for Excel and were cut.

    Raises:
        OSError: the disk is full, for example.
        TableUnusable: the table has too many rows or columns for a sheet.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - see above

    with TemporaryDirectory() as folder, file.open("wb") as opened:
        options = {"constant_memory": True, "use_zip64": True, "tmpdir": folder}
        with Workbook(opened, options) as workbook:
            return _fill_sheet(workbook.add_worksheet(), columns, rows)


def _fill_sheet(sheet: "Worksheet", names: Sequence[TableColumn], rows: Iterable[TableRow]) -> int:
    """Write the header and the rows, and return how many cells were cut."""
    # `write_string` and `write_number`, because `write` makes a formula of "=1+1", and a link of an address.
    cut = 0
    for place, column in enumerate(names):
        cut += _write_text(sheet, 0, place, column.name)
    for number, row in enumerate(rows, 1):
        check_sheet_size(number, len(names))
        for place, column in enumerate(names):
            cell: Any = column.read_cell(row)
            if cell is None or cell == "":
                continue
            if column.kind is str:
                cut += _write_text(sheet, number, place, cell)
            else:
                sheet.write_number(number, place, cell)
    return cut


def _write_text(sheet: "Worksheet", row: int, column: int, text: str) -> bool:
    """Write a text into a cell, and return whether the text was cut."""
    units = text.encode("utf-16-le")
    sheet.write_string(row, column, units[: 2 * MAX_EXCEL_CELL_CHARACTERS].decode("utf-16-le", "ignore"))
    return len(units) > 2 * MAX_EXCEL_CELL_CHARACTERS
