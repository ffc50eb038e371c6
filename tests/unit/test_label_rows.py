"""What stands in a row, whatever a file or a label is called."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.classifier import (
    Answer,
    Prediction,
)
from inference.spreadsheets import FORMULA
from labelling.table import LONGEST_PATH, Form, Outcome, columns, read_rows

LABELS = ("T-shirt/top", 'a "label", quoted')
HOSTILE = 'a,"b"\nc\td\udcff.png'
"""A file's name: separators, a new line, and a byte that is no UTF-8."""

ANSWER = Answer(
    class_id=0,
    label=LABELS[0],
    confidence=float(np.float32(0.6)),
    decision="review",
    reason="ambiguous",
    probabilities=np.array([0.6, 0.4], np.float32),
    labels=LABELS,
)
AMBIGUOUS = Prediction(answer=ANSWER, attributes={}, familiarity=0.1)
OUTCOMES = [Outcome(HOSTILE, "ab" * 32, AMBIGUOUS), Outcome("bad.png", "", "It is no file.")]


def labelled(label: str) -> Prediction:
    """The same with another label."""
    return replace(AMBIGUOUS, answer=replace(ANSWER, label=label))


def write(form: Form, table: Path, *outcomes: Outcome) -> None:
    """A table without people's answers."""
    form.write(table, [form.cells(json.loads(form.row(one, "v1").cells)) for one in outcomes])


def written(suffix: str, folder: Path) -> str:
    """A table of OUTCOMES."""
    table = folder / f"table{suffix}"
    write(Form(suffix, LABELS), table, *OUTCOMES)
    return table.read_bytes().decode()


def test_a_csv_has_the_answers_digits_and_keeps_hostile_names_apart(tmp_path: Path) -> None:
    header, good, bad = csv.reader(io.StringIO(written(".csv", tmp_path), newline=""))

    assert header == columns(LABELS)
    assert good == [
        HOSTILE.replace("\udcff", r"\udcff"),
        *(LABELS[0], "0.6000000238418579", "review", "ambiguous", "0.1"),
        *("0.6000000238418579", "0.4000000059604645", "v1", "ab" * 32, ""),
    ]
    assert bad == ["bad.png", *[""] * 7, "v1", "", "It is no file."]


def test_a_line_of_jsonl_has_the_same_under_the_same_names(tmp_path: Path) -> None:
    good, bad = (json.loads(line) for line in written(".jsonl", tmp_path).splitlines())

    assert good["p_T-shirt/top"] == good["confidence"] == float(np.float32(0.6))
    assert list(good) == list(bad) == columns(LABELS)
    assert (bad["label"], bad["p_T-shirt/top"], bad["error"]) == (None, None, "It is no file.")


def test_a_name_longer_than_a_cell_can_hold_is_cut_and_its_row_can_be_read(tmp_path: Path) -> None:
    write(Form(".csv", LABELS), tmp_path / "table.csv", Outcome("\udcff" * 65_535, "", "It is no file."))

    [row] = read_rows(tmp_path / "table.csv")
    assert len(row["path"]) == LONGEST_PATH


@pytest.mark.parametrize("label", ["=1+1", "+a", "-a", "a;=1", "@a", "\x01=1", "'=1", "a"])
def test_a_class_that_is_called_like_a_formula_is_text_in_a_csv_and_itself_when_read(
    label: str, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    write(Form(".csv", (label, "b")), table, Outcome("a.png", "ab" * 32, labelled(label)))

    cells = [cell for line in csv.reader(io.StringIO(table.read_text("utf-8"), newline="")) for cell in line]
    [row] = read_rows(table)

    assert not any(re.match(FORMULA, cell) for cell in cells)
    assert (row["label"], f"p_{label}" in row) == (label, True)


def test_a_parquet_table_has_such_a_class_as_it_is_called(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    table = tmp_path / "table.parquet"
    write(Form(".parquet", LABELS), table, Outcome("a.png", "ab" * 32, labelled("=1")))

    assert [row["label"] for row in read_rows(table)] == ["=1"]
