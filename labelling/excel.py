"""Write a table once more as Excel's own file: numbers that fit every country, and no formula or link.

The one file that knows XlsxWriter, which is imported where it is needed, since serving does not install it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from labelling.columns import Column, columns
from labelling.decide import Decisions
from labelling.errors import TableUnusable
from labelling.row import Row, Run
from model_store.files import flush_folder, partial_file

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_575
"""That a sheet holds below its header. XlsxWriter drops more, of columns and characters too, in silence."""

MOST_COLUMNS: Final = 16_384

LONGEST_CELL: Final = 32_767
"""Characters, of which those beyond 16 bits count twice."""


def check_ending(target: Path) -> None:
    """Refuse a name that is no workbook's, and a machine that can write none.

    Raises:
        TableUnusable: its ending is another one, or XlsxWriter is not installed.
    """
    if target.suffix.lower() != ".xlsx":
        name = target.with_suffix(".xlsx") if target.name else "FILE.xlsx"
        raise TableUnusable(f"{target}: --excel writes a file of Excel. Name it {name}.")
    try:
        import xlsxwriter  # noqa: F401, PLC0415 - see above
    except ModuleNotFoundError as error:
        raise TableUnusable(
            "--excel needs XlsxWriter, which is not installed here: pip install -r requirements/label.txt."
        ) from error


def check_copy(target: Path, run: Run, rows: int | None) -> None:
    """Refuse a copy that a sheet cannot hold, before anything is labelled.

    Args:
        target: where it goes.
        run: whose table is copied.
        rows: of the table; None where they are not known yet.

    Raises:
        TableUnusable: the table is too large.
    """
    count = len(columns(run, with_people=True))
    for number, most, what in ((rows or 0, MOST_ROWS, "rows"), (count, MOST_COLUMNS, "columns")):
        if number > most:
            raise TableUnusable(
                f"{target}: a sheet of Excel has no room for {number:,} {what}, but for {most:,}. Leave "
                "--excel out."
            )


def copy_for_excel(decisions: Decisions, target: Path) -> int:
    """Write the rows of a finished table for Excel.

    Args:
        decisions: of the table.
        target: the file; it appears whole or not at all.

    Returns:
        how many cells were too long, and are cut.

    Raises:
        TableUnusable: see `check_copy`; the journal cannot be read, or the copy cannot be written.
    """
    run, rows = decisions.run, decisions.journal.value("SELECT count(*) FROM current")
    check_copy(target, run, rows)
    return write_workbook(target, columns(run, with_people=bool(decisions.answers)), decisions.photos())


def write_workbook(target: Path, names: Sequence[Column], rows: Iterable[Row]) -> int:
    """Write a workbook of one sheet, row by row; what `copy_for_excel` returns and raises."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - see above
    from xlsxwriter.exceptions import XlsxWriterException  # noqa: PLC0415 - see above

    try:
        with TemporaryDirectory() as folder, partial_file((), target.parent, f".{target.name}.") as partial:
            options = {"constant_memory": True, "use_zip64": True, "tmpdir": folder}
            with Workbook(str(partial), options) as workbook:
                cut = _fill(workbook.add_worksheet(), names, rows)
            partial.replace(target)
        flush_folder(target.parent)
    except (OSError, XlsxWriterException) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise TableUnusable(f"{target}: cannot be written ({reason}).") from error
    return cut


def _fill(sheet: "Worksheet", names: Sequence[Column], rows: Iterable[Row]) -> int:
    """Write header and rows; how many cells are cut. A typed method never makes a formula or a link."""
    cut = 0
    for place, column in enumerate(names):
        cut += _write_text(sheet, 0, place, column.name)
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(names):
            cell: Any = column.of(row)
            if cell is None or cell == "":
                continue
            if column.kind is str:
                cut += _write_text(sheet, number, place, cell)
            else:
                sheet.write_number(number, place, cell)
    return cut


def _write_text(sheet: "Worksheet", row: int, column: int, text: str) -> bool:
    """Write a text; whether it is cut."""
    units = text.encode("utf-16-le")
    sheet.write_string(row, column, units[: 2 * LONGEST_CELL].decode("utf-16-le", "ignore"))
    return len(units) > 2 * LONGEST_CELL
