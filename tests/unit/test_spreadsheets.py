"""No spreadsheet runs a cell of a table, whatever it separates cells by, and every text comes back."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.spreadsheets import FORMULA, NUMBER, as_csv, as_it_was, safe_text

TEXTS = st.text() | st.text(alphabet="=+-@\uff1d',;\t\r\n a1.")


@given(TEXTS)
def test_every_text_comes_back(text: str) -> None:
    assert as_it_was(safe_text(text)) == text


@given(TEXTS)
def test_no_part_of_a_cell_runs_whatever_a_table_is_opened_by(text: str) -> None:
    [row] = csv.reader(io.StringIO(as_csv([["", text]]), newline=""))

    parts = re.split("[,;\t\r\n]", row[1])
    assert NUMBER.fullmatch(row[1]) or not any(re.match(FORMULA, part) for part in parts)


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
    assert safe_text(text) == cell
