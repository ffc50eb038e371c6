"""What a spreadsheet saved is read, and what it opens runs nothing, whatever it separates cells by."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.spreadsheets import (
    FORMULA_BEGINNING_PATTERN,
    NUMBER,
    escape_spreadsheet_text,
    format_csv,
    unescape_spreadsheet_text,
)
from training.data.pixel_files import read_pixel_csv

TEXTS = st.text() | st.text(alphabet="=+-@\uff1d',;\t\r\n a1.")


@given(TEXTS)
def test_every_text_comes_back_and_no_part_of_its_cell_runs(text: str) -> None:
    assert unescape_spreadsheet_text(escape_spreadsheet_text(text)) == text

    [row] = csv.reader(io.StringIO(format_csv([["", text]]), newline=""))
    parts = re.split("[,;\t\r\n]", row[1])
    assert NUMBER.fullmatch(row[1]) or not any(re.match(FORMULA_BEGINNING_PATTERN, part) for part in parts)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("x;=1+1;.png", "x;'=1+1;.png"),
        ("a,\uff1d1", "a,'\uff1d1"),
        ("'=1", "''=1"),
        ("-10", "-10"),
        ("-8,50", "-8,50"),
        ("-1-1", "'-1-1"),
        ("a - b, c", "a - b, c"),
    ],
)
def test_a_mark_stands_where_a_cell_may_begin_and_numbers_stay(text: str, cell: str) -> None:
    assert escape_spreadsheet_text(text) == cell


def test_pixels_that_excel_saved_again_are_read(tmp_path: Path) -> None:
    (tmp_path / "pixels.csv").write_text(";".join(["3", *["7"] * 784]) + "\r\n", "utf-8")

    pixels, labels = read_pixel_csv(tmp_path / "pixels.csv", 10)

    assert (pixels.shape, pixels.max(), labels.tolist()) == ((1, 28, 28), 7, [3])
