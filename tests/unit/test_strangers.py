"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lab import strangers_table
from lab.strangers import COLUMNS
from lab.strangers_table import interval, read, right_by, sure_by, threshold


def test_a_threshold_is_the_least_above_which_enough_is_right() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6])

    assert threshold(sure, np.array([True, True, True, True])) == 0.6
    assert threshold(sure, np.array([True, True, False, True])) == 0.8
    assert threshold(sure, np.array([False, True, True, True])) > 1


def test_few_sources_show_nothing() -> None:
    right = np.full(30, True)

    assert interval(right, np.repeat([f"s{one}" for one in range(9)], [6, *[3] * 8])) == "not measured"
    assert interval(right, np.repeat([f"s{one}" for one in range(10)], 3)) == "1.000 to 1.000"


@pytest.fixture
def answers(tmp_path: Path) -> strangers_table.Answered:
    """Two members that agree on the first photo and not on the second."""
    said = ([9.0, 0, 0], [0, 0, 9.5]), ([0, 2.0, 0], [0, 9.0, 0])
    rows = [
        ",".join([name, "den", "A", label, label, "0", *(str(v) for one in logits for v in [*one, *[0] * 8])])
        for name, label, logits in (("a", "1", said[1]), ("b", "0", said[0]))
    ]
    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress("\n".join([",".join(COLUMNS), *rows]).encode()))
    return read(path)


def test_the_least_sure_member_decides_what_is_accepted_and_the_mean_what_is_said(
    answers: strangers_table.Answered,
) -> None:
    assert right_by(answers, "mean").tolist() == [True, False]
    assert right_by(answers, "released").tolist() == [True, True]
    by_mean, by_least = (sure_by(answers, rule, 1.0) for rule in ("mean", "least"))
    assert by_least[0] > 0.3
    assert by_least[1] < 0.01 < by_mean[1]
