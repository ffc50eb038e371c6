"""How the lab reads answers about photos of sources that nothing learnt."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28, Familiarity, Head, ModelContract
from inference.decision import calibrate
from lab import sealing
from lab.kind_head import decided, thresholds_of
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


NAMES = ("top", "skirt", OTHER)
CONTRACT = ModelContract.of_class(
    Head(labels=("top",), temperature=1.0, confidence=0.9),
    GREY_28,
    Familiarity(quantiles=(0.0, 1.0), threshold=0.5),
)


def kinds_of(*groups: tuple[int, str, str, float, bool, str]) -> Answers:
    """So many answers each, the kind that is shown and answered, how sure, whether familiar, the source."""
    counts, shown, said, sure, familiar, sources = zip(*groups, strict=True)
    place = np.repeat(np.arange(len(groups)), counts)
    codes = np.array([NAMES.index(name) for name in said])[place]
    shares = ((1 - np.array(sure)) / 2)[place, None] * np.ones((1, 3))
    shares[np.arange(len(place)), codes] = np.array(sure)[place]
    return Answers.of(
        "X",
        np.array([NAMES.index(name) for name in shown])[place],
        probabilities=shares,
        distances=np.where(familiar, 0.1, 0.9)[place],
        sources=np.array(sources)[place],
        folds=1,
    )


def test_class_names_need_a_familiar_class_further_names_do_not_and_other_is_never_accepted() -> None:
    answers = kinds_of(
        (600, "top", "top", 0.9, True, "one"),
        (100, OTHER, "top", 0.9, False, "one"),
        (600, "skirt", "skirt", 0.9, False, "one"),
        (20, "skirt", OTHER, 0.9, False, "one"),
    )

    head = decided(answers, CONTRACT, NAMES, classes=("top",))

    assert head.fault() is None
    assert (head.familiarity, head.withheld, head.stricter) == ({"skirt": 0.0}, (OTHER,), {})
    assert not head.accepts_nothing


def test_further_names_of_unfamiliar_pictures_decide_too() -> None:
    answers = kinds_of(
        (300, "top", "top", 0.95, True, "one"),
        (300, "skirt", "skirt", 0.95, False, "one"),
        (40, OTHER, "skirt", 0.9, False, "one"),
    )

    head = decided(answers, CONTRACT, NAMES, classes=("top",))

    doubtful, sure = (
        max(calibrate([0.0, *shares], head.temperature)) for shares in ((0.9, 0.1), (0.95, 0.05))
    )
    assert doubtful < head.confidence == pytest.approx(sure, abs=0.001)


def test_a_name_of_which_too_few_are_right_on_one_source_needs_more() -> None:
    answers = kinds_of(
        (2000, "top", "top", 0.9, True, "one"),
        (400, "skirt", "skirt", 0.9, False, "two"),
        (30, OTHER, "skirt", 0.9, False, "three"),
    )

    head = decided(answers, CONTRACT, NAMES, classes=("top",))

    assert head.confidence < head.exceptions["skirt"]
    assert "top" not in head.exceptions


def test_a_promise_counts_what_the_threshold_decides_about() -> None:
    head = Head(labels=NAMES, temperature=1.0, confidence=0.8, stricter={"top": 0.9})
    decisions = ["accept", "ambiguous", "ambiguous", "ambiguous", "unfamiliar", "unproven"]
    shares = np.array([[0.0, 0.85, 0.15]] * 3 + [[0.85, 0.15, 0.0]] + [[0.0, 0.85, 0.15]] * 2)
    answers = Answers.of("X", [1] * 6, probabilities=shares, decisions=decisions)
    familiar = np.array([True, True, False, True, False, True])

    of_all, of_unfamiliar = thresholds_of(head, answers, familiar).answer_sets

    assert (len(of_all.familiar), len(of_unfamiliar.familiar)) == (3, 1)
