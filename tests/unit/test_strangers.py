"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lab import sealing
from lab.strangers import COLUMNS
from lab.strangers_table import Answered, interval, read, threshold
from reports.answers import NONE_OF_THESE


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
def answers(tmp_path: Path) -> Answered:
    """A garment and another thing of one shop, and a photo of the collection that all know."""
    shirt, none = ([9.0, *[0.0] * 10], [0.0] * 10 + [9.0])
    rows = [
        ("a", "aa", "a shop", "den", "A", "0", "0", "den-1", "1", shirt),
        ("b", "bb", "a shop", "den", "X", "", "belt", "ek-t", "1", none),
        ("c", "cc", "", "clo", "C", "0", "0", "", "2", shirt),
    ]
    lines = [",".join([*row, " ".join(map(str, logits))]) for *row, logits in rows]
    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress("\n".join([",".join(COLUMNS), *lines]).encode()))
    return read(path)


def test_answers_to_other_sources_are_of_unknown_ones_and_keep_their_products(answers: Answered) -> None:
    found = sealing.answers_to(answers)

    assert found.pictures.tolist() == ["aa", "bb"]
    assert found.sources.tolist() == ["a shop", "a shop"]
    assert found.groups.tolist() == ["den-1", "ek-t"]
    assert found.of_unknown_sources.all()
    assert found.truth.tolist() == [0, NONE_OF_THESE]
    assert found.right.tolist() == [True, False]
    assert found.distances[0] < 0 < found.distances[1]
