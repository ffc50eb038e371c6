"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28, Familiarity, Head, ModelContract
from lab import sealing
from lab.kind_head import decided
from lab.kinds import OTHER, kind_of
from lab.pretraining_photos import Photo
from lab.strangers import COLUMNS
from lab.strangers_table import Answered, interval, read, threshold
from lab.tuning_photos import LEFT_OUT_KINDS
from reports.answers import NONE_OF_THESE, Answers


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


@pytest.mark.parametrize("word", [word for words in LEFT_OUT_KINDS.values() for word in words])
def test_kinds_that_judge_own_kinds_are_not_learnt_and_have_no_name_of_their_own(word: str) -> None:
    assert kind_of(Photo("sources.zip", "X/X/den-1.jpg", source_label=word, tier="X")) == ("", OTHER)


def test_class_names_need_a_familiar_class_further_names_do_not_and_other_is_never_accepted() -> None:
    names = ("top", "skirt", OTHER)
    # Tops that are familiar are right, unfamiliar ones are none; skirts are unfamiliar, and right.
    of_each = np.repeat([[0, 0, 0], [2, 0, 1], [1, 1, 1], [2, 2, 1]], [150, 50, 150, 50], axis=0)
    truth, said, unfamiliar = of_each.T
    contract = ModelContract.of_class(
        Head(labels=("top",), temperature=1.0, confidence=0.9),
        GREY_28,
        Familiarity(quantiles=(0.0, 1.0), threshold=0.5),
    )
    shares = np.where(np.arange(3) == said[:, None], 0.9, 0.05)
    answers = Answers.of("A", truth, probabilities=shares, distances=unfamiliar * 0.8 + 0.1)

    head = decided(answers, contract, names, classes=("top",))

    assert head.fault() is None
    assert head.familiarity == {"skirt": 0.0}
    assert head.withheld == (OTHER,)
    assert head.confidence < 0.9
