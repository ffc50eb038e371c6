"""What stands in a row, whatever a file or a label is called."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.reasons import Reason
from inference.text.spreadsheets import FORMULA_BEGINNING_PATTERN
from labelling.errors import TableUnusable
from labelling.rows import MAX_PATH_CHARACTERS, HeadAnswer, PhotoRecord, make_table_path
from labelling.run_settings import RunSettings
from labelling.write.columns import check_attributes, make_photo_columns, name_list_columns
from labelling.write.table import write_table
from tests.journals import row_of
from tests.tables import read_rows

LABELS = ("T-shirt/top", 'a "label", quoted')
RUN = RunSettings(source="here", version="v1", heads={"label": LABELS})
HOSTILE = 'a,"b"\nc\td\udcff.png'
"""A file's name: separators, a new line, and a byte that is no UTF-8."""

ANSWER = HeadAnswer(
    label=LABELS[0],
    confidence=float(np.float32(0.6)),
    reason=Reason.AMBIGUOUS,
    probabilities=tuple(np.array([0.6, 0.4], np.float32).tolist()),
)


def ambiguous(name: str, **attributes: HeadAnswer) -> PhotoRecord:
    answers = {"label": ANSWER, **attributes}
    return PhotoRecord(path=make_table_path(name), sha256="ab" * 32, familiarity=0.1, answers=answers)


PHOTOS = [ambiguous(HOSTILE), PhotoRecord(path="bad.png", error="It is no file.")]


def write(table: Path, *photos: PhotoRecord, run: RunSettings = RUN) -> str:
    """A table without people's answers; its text, if it is one."""
    write_table(table, table.suffix, make_photo_columns(run), [row_of(photo, run) for photo in photos])
    return table.read_bytes().decode(errors="replace")


def test_a_csv_has_the_answers_digits_and_keeps_hostile_names_apart(tmp_path: Path) -> None:
    text = write(tmp_path / "table.csv", *PHOTOS)

    header, good, bad = csv.reader(io.StringIO(text, newline=""))
    assert header == [column.name for column in make_photo_columns(RUN)]
    assert good == [
        HOSTILE.replace("\udcff", r"\udcff"),
        *(LABELS[0], "0.6", "review", "ambiguous", "0.1"),
        *("0.6000000238418579", "0.4000000059604645", "v1", "ab" * 32, ""),
    ]
    assert bad == ["bad.png", *[""] * 7, "v1", "", "It is no file."]


def test_a_line_of_jsonl_has_the_same_under_the_same_names(tmp_path: Path) -> None:
    text = write(tmp_path / "table.jsonl", *PHOTOS)

    good, bad = map(json.loads, text.splitlines())
    assert (good["p_T-shirt/top"], good["confidence"]) == (float(np.float32(0.6)), 0.6)
    assert list(good) == list(bad) == [column.name for column in make_photo_columns(RUN)]
    assert (bad["label"], bad["p_T-shirt/top"], bad["error"]) == (None, None, "It is no file.")


SHOWN = {
    "a\rb.png": r"a\rb.png",
    "=1+1.png": "./=1+1.png",
    "+1.png": "./+1.png",
    "-1.png": "./-1.png",
    "@a.png": "./@a.png",
    "\t=1.png": "./\t=1.png",
    "\r\n=1.png": "\\r\n=1.png",
    "a=b.png": "a=b.png",
    "a" * MAX_PATH_CHARACTERS: "a" * MAX_PATH_CHARACTERS,
}

ENDS_IN_HASH = re.compile("-[0-9a-f]{64}$")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_names_neither_break_a_row_nor_run_in_a_spreadsheet_nor_outgrow_a_cell(
    suffix: str, tmp_path: Path
) -> None:
    table = tmp_path / f"table{suffix}"
    write(table, *map(ambiguous, SHOWN))

    assert [row["path"] for row in read_rows(table)] == list(SHOWN.values())


@pytest.mark.parametrize("begin", ["https://x.example/", "\udcff", "\U0001f457"], ids=ascii)
def test_a_name_that_a_cell_cannot_hold_is_cut_and_is_no_other_name(begin: str) -> None:
    names = [begin * MAX_PATH_CHARACTERS + end for end in ("1.jpg", "2.jpg", "")]

    paths = [make_table_path(name) for name in names]

    assert len({*paths}) == len(names)
    for path in paths:
        assert len(path.encode("utf-16-le")) in {2 * MAX_PATH_CHARACTERS - 2, 2 * MAX_PATH_CHARACTERS}
        assert ENDS_IN_HASH.search(path)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("label", ["=1+1", "+a", "-a", "a;=1", "@a", "\x01=1", "'=1", "a"])
def test_a_label_that_is_called_like_a_formula_is_text_in_a_csv_and_itself_when_read(
    label: str, suffix: str, tmp_path: Path
) -> None:
    answer, table = replace(ANSWER, label=label), tmp_path / f"table{suffix}"
    run = replace(RUN, heads={"label": (label, "b"), "of": (label, "b")})
    row_of_it = replace(ambiguous("a.png"), answers={"label": answer, "of": answer})
    text = write(table, row_of_it, run=run)

    [row] = read_rows(table)
    assert (row["label"], row["of"], f"p_{label}" in row) == (label, label, True)
    if suffix == ".csv":
        cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
        assert not any(re.match(FORMULA_BEGINNING_PATTERN, cell) for cell in cells)


@pytest.mark.parametrize("name", ["path", "reason", "decided_by", "colour_also", "sleeve_predicted"])
def test_an_attribute_that_is_called_like_another_column_is_refused(name: str) -> None:
    with pytest.raises(TableUnusable, match=f"two columns `{name}`"):
        check_attributes(LABELS, ["colour", "sleeve", name])


def test_the_columns_of_a_list_that_are_called_like_ours_get_another_name() -> None:
    names = name_list_columns(("kind", "listed_as", "colour_also", "sku"), LABELS, ["colour"])

    assert [*names.values()] == ["list_kind", "list_listed_as", "list_colour_also", "sku"]
