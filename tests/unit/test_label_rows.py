"""What stands in a row, whatever a file or a label is called."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from inference.classifier import Prediction
from labelling.table import Form, Outcome, Row, columns, read_rows, tally

LABELS = ("T-shirt/top", 'a "label", quoted')
HOSTILE = 'a,"b"\nc\td\udcff.png'
"""A file's name: separators, a new line, and a byte that is no UTF-8."""

AMBIGUOUS = Prediction(
    class_id=0,
    label=LABELS[0],
    confidence=float(np.float32(0.6)),
    familiarity=0.1,
    decision="review",
    reason="ambiguous",
    probabilities=np.array([0.6, 0.4], np.float32),
)
OUTCOMES = [Outcome(HOSTILE, "ab" * 32, AMBIGUOUS), Outcome("bad.png", "", "It is no file.")]


def written(suffix: str) -> bytes:
    form = Form(suffix)
    return form.head(LABELS) + form.writer(LABELS, "v1")(OUTCOMES)


def test_a_csv_has_the_answers_digits_and_keeps_hostile_names_apart() -> None:
    header, good, bad = csv.reader(io.StringIO(written(".csv").decode(), newline=""))

    assert header == columns(LABELS)
    assert good == [
        HOSTILE.replace("\udcff", r"\udcff"),
        *(LABELS[0], "0.6000000238418579", "review", "ambiguous", "0.1"),
        *("0.6000000238418579", "0.4000000059604645", "v1", "ab" * 32, ""),
    ]
    assert bad == ["bad.png", *[""] * 7, "v1", "", "It is no file."]


def test_a_line_of_jsonl_has_the_same_under_the_same_names() -> None:
    good, bad = (json.loads(line) for line in written(".jsonl").decode().splitlines())

    assert good["p_T-shirt/top"] == good["confidence"] == float(np.float32(0.6))
    assert list(good) == list(bad) == columns(LABELS)
    assert (bad["label"], bad["p_T-shirt/top"], bad["error"]) == (None, None, "It is no file.")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_rows_are_read_again_as_they_were_written(suffix: str, tmp_path: Path) -> None:
    table = tmp_path / f"table{suffix}"
    table.write_bytes(written(suffix))

    good, bad = read_rows(table)

    assert good == Row(
        HOSTILE.replace("\udcff", r"\udcff"), LABELS[0], float(np.float32(0.6)), "ambiguous", 0.1, None
    )
    assert bad == Row("bad.png", None, None, None, None, "It is no file.")


def test_rows_are_counted_by_label_outcome_and_confidence() -> None:
    ambiguous = Row("a.png", LABELS[0], 0.6, "ambiguous", 0.1, None)
    accepted = Row("b.png", LABELS[1], 1.0, None, 0.9, None)
    failed = Row("c.png", None, None, None, None, "It is no file.")

    counted = tally([ambiguous, accepted, failed, ambiguous], LABELS)

    assert counted.outcomes == [[0, 2, 0], [1, 0, 0]]
    assert counted.confidences == [0] * 12 + [2] + [0] * 6 + [1]
    assert counted.errors == 1
