"""A table for Excel: each cell as the table has it, and what a sheet cannot hold is said."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from labelling.errors import TableUnusable
from labelling.rows import PhotoRecord, TableRow
from labelling.write.columns import TableColumn
from labelling.write.excel import MAX_EXCEL_CELL_CHARACTERS, MAX_SHEET_ROWS, check_sheet_size, write_workbook
from tests.tables import workbook_rows

NAMES = [
    TableColumn("path", str, lambda row: row.record.name),
    TableColumn("familiarity", float, lambda row: row.record.familiarity),
]


def written(file: Path, photos: Sequence[PhotoRecord]) -> int:
    return write_workbook(file, NAMES, [TableRow(record=photo, decisions={}) for photo in photos])


@pytest.mark.parametrize(
    "text",
    [
        *("001", "4,05", "1.5", "1E5", "=1+1", "{=1}", "@SUM(1)", "TRUE", "2026-01-02"),
        *("https://shop.example", "mailto:a@b.example", "internal:Sheet1!A1"),
        *("Strümpfe ✓ 👗", "two\nlines", "  blanks  ", "<b>&amp;</b>"),
    ],
)
def test_a_text_stays_a_text(text: str, tmp_path: Path) -> None:
    written(tmp_path / "copy.xlsx", [PhotoRecord(path=text)])

    assert workbook_rows(tmp_path / "copy.xlsx") == [["path", "familiarity"], [text, None]]


def test_a_number_is_a_number(tmp_path: Path) -> None:
    written(
        tmp_path / "copy.xlsx",
        [PhotoRecord(path="a", familiarity=0.123456789), PhotoRecord(path="b", familiarity=0.0)],
    )

    assert [row[1] for row in workbook_rows(tmp_path / "copy.xlsx")] == ["familiarity", 0.123456789, 0.0]


@pytest.mark.parametrize(
    ("text", "kept", "cut"),
    [
        ("x" * 32_767, 32_767, 0),
        ("x" * 32_768, 32_767, 1),
        ("👗" * 16_383, 16_383, 0),
        ("👗" * 16_384, 16_383, 1),
    ],
)
def test_a_cell_that_is_too_long_is_cut_and_counted(text: str, kept: int, cut: int, tmp_path: Path) -> None:
    assert written(tmp_path / "copy.xlsx", [PhotoRecord(path=text), PhotoRecord(path="short")]) == cut

    [_, [cell, _], _] = workbook_rows(tmp_path / "copy.xlsx")
    assert cell == text[:kept]
    assert len(str(cell).encode("utf-16-le")) <= 2 * MAX_EXCEL_CELL_CHARACTERS


def test_more_rows_than_a_sheet_holds_are_refused() -> None:
    check_sheet_size(MAX_SHEET_ROWS, 1)
    with pytest.raises(TableUnusable, match="no room for 1,048,576 rows, but for 1,048,575"):
        check_sheet_size(MAX_SHEET_ROWS + 1, 1)


def test_what_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "nowhere" / "table.xlsx", [PhotoRecord(path="b")])
