"""A report without a history: what nobody knows of an adopted model is null, and nothing stumbles over it."""

from pathlib import Path

import numpy as np
import pytest

from model_store.errors import ReportInvalid
from model_store.manifest import DataSet
from model_store.report import Report, parse_report
from tests.releases import LABELS, a_report
from training.evaluation.figures import draw_all
from training.evaluation.measure import Answers

DATA = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)
UNKNOWN = dict.fromkeys(("seed", "epochs", "best_epoch", "seconds", "hardware"))


def an_adopted_report() -> Report:
    report = a_report(LABELS, 0.9, DATA)
    return report.model_copy(update={"history": (), "training": report.training.model_copy(update=UNKNOWN)})


def test_what_is_not_known_is_stored_as_null_and_read_back() -> None:
    stored = an_adopted_report().as_bytes()

    assert b'"seed": null' in stored
    assert parse_report(stored, "report.json") == an_adopted_report()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"", r"training\.seed: Field required"),
        (b'"seed": null, "sede": 7,', r"training\.sede: Extra inputs are not permitted"),
    ],
    ids=["a missing key", "an unknown key"],
)
def test_a_report_with_other_keys_is_refused_and_the_key_named(written: bytes, said: str) -> None:
    text = an_adopted_report().as_bytes().replace(b'"seed": null,', written)

    with pytest.raises(ReportInvalid, match=said):
        parse_report(text, "report.json")


def test_without_a_history_there_are_no_curves(tmp_path: Path) -> None:
    probabilities = np.eye(len(LABELS), dtype=np.float32)
    answers = Answers(
        truth=np.arange(len(LABELS), dtype=np.uint8),
        predicted=np.arange(len(LABELS), dtype=np.int64),
        probabilities=probabilities,
        accepted=np.ones(len(LABELS), bool),
    )

    draw_all(tmp_path, an_adopted_report(), answers, np.zeros((len(LABELS), 28, 28), np.uint8))

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "confusion_matrix.png",
        "examples.png",
        "reliability.png",
    ]
