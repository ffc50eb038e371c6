"""Photos of one sender count for less than as many of different people."""

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import ACCEPT_NOTHING
from inference.session import Scores
from tests.answers import undecided_answers
from training.measure.acceptance import confidence_threshold, promises
from training.measure.decide import decide_on_held_out
from training.measure.grouped import LEAST_CORRELATION, design_effects, interval, mean_interval
from training.measure.kinds import Kind, photo_kinds


def answers(*senders: str) -> tuple[np.ndarray, np.ndarray]:
    """What each sender's photos were answered, `+` right and `-` wrong: bool (N,), int64 (N,)."""
    right = np.array([sign == "+" for photos in senders for sign in photos])
    return right, np.repeat(np.arange(len(senders)), [len(photos) for photos in senders])


def effect(*senders: str) -> float:
    return float(design_effects(*answers(*senders))[-1])


def test_photos_of_as_many_senders_are_independent() -> None:
    assert effect(*"++-++++-+") == pytest.approx(1.0)


def test_senders_whose_photos_are_all_right_or_all_wrong_count_as_one_photo_each() -> None:
    assert effect(*["+++++"] * 400, *["-----"] * 100) == pytest.approx(5.0, rel=0.03)


@pytest.mark.parametrize("photos", ["++++-", "+++++"], ids=["spread evenly", "none"])
def test_errors_that_show_no_likeness_of_senders_leave_what_is_assumed_of_it(photos: str) -> None:
    assert effect(*[photos] * 500) == pytest.approx(1 + 4 * LEAST_CORRELATION, rel=0.01)


def test_few_senders_count_for_less_than_their_likeness_alone_takes_off() -> None:
    few, many = (effect(*["+++++"] * senders) for senders in (3, 500))

    assert few == pytest.approx(many * (2.920 / 1.761) ** 2, rel=0.01)  # t(2) and t(14), one-sided 95%


def test_photos_of_a_single_sender_are_one_answer() -> None:
    assert effect("+" * 60) == 60


def test_the_effect_of_the_first_answers_does_not_know_the_later_ones() -> None:
    right, groups = answers("++-", "+", "--+", "++", "-")

    found = design_effects(right, groups)

    assert [found[place - 1] for place in (4, 7)] == pytest.approx(
        [design_effects(right[:place], groups[:place])[-1] for place in (4, 7)]
    )


def test_a_threshold_that_independent_photos_would_show_is_not_shown_by_few_senders() -> None:
    right = np.array([True] * 195 + [False] * 5)
    sure = np.full(200, 0.9, np.float32)
    apart, together = np.arange(200), np.append(np.arange(195) // 5, np.full(5, 99))

    alone, of_few = (Kind("photos", sure, right, 0.94, groups) for groups in (apart, together))

    assert confidence_threshold([alone]) == pytest.approx(0.9)
    assert confidence_threshold([of_few]) == ACCEPT_NOTHING


def test_a_promise_says_how_many_accepted_photos_count_as_one() -> None:
    right = np.array([True] * 190 + [False] * 10)
    senders = tuple(f"{number // 5}" for number in range(200))
    scores = Scores(np.tile(np.array([[0.9, 0.1]], np.float32), (200, 1)), None)
    photos = undecided_answers(scores, ~right, "A", groups=senders)

    held_out = Scores(np.tile(np.array([[0.9, 0.1]], np.float32), (1000, 1)), None)
    found = decide_on_held_out(undecided_answers(held_out, np.zeros(1000, int)))
    (of_photos,) = photo_kinds(photos, np.full(200, 0.9, np.float32), {"A": 0.95})

    bound = of_photos.lower_bounds(np.array([0.9], np.float32))[0]
    effect_of_five = of_photos.design_effects(np.array([0.9], np.float32))[0]
    assert effect_of_five == pytest.approx(5.0, rel=0.07)
    assert bound == pytest.approx(binomtest(38, 40, alternative="greater").proportion_ci(0.95).low, abs=0.01)
    assert [one.design_effect for one in promises(found.kinds, found.thresholds)] == [1.0]


def test_the_interval_of_few_senders_is_wider_than_that_of_as_many_photos() -> None:
    right = np.array(([True] * 4 + [False]) * 40)
    apart, together = np.arange(200), np.where(right, np.cumsum(right) // 8, 50 + np.cumsum(~right) // 8)

    def width(groups: np.ndarray) -> float:
        low, high = interval(right, groups)
        return high - low

    assert width(apart) == pytest.approx(2 * 1.96 * (0.8 * 0.2 / 200) ** 0.5, rel=0.1)
    assert width(together) > 2 * width(apart)


def test_the_interval_of_a_macro_accuracy_counts_each_class_alike() -> None:
    classes = np.array([0] * 300 + [1] * 20, np.uint8)
    right = np.array([True] * 270 + [False] * 30 + [True] * 10 + [False] * 10)

    low, high = mean_interval(right, np.arange(320), classes)

    assert low < (0.9 + 0.5) / 2 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.9 * 0.1 / 300 + 0.5 * 0.5 / 20) ** 0.5 / 2, rel=0.15)


@pytest.mark.parametrize("right", [np.ones(20, bool), np.arange(20) < 18], ids=["all", "most"])
def test_photos_of_one_sender_have_nearly_no_certain_share(right: np.ndarray) -> None:
    low, high = interval(right, np.zeros(20, np.int64))

    assert low < 0.25
    assert high > 0.98


def test_an_interval_of_three_senders_holds_the_true_share() -> None:
    random, groups = np.random.default_rng(0), np.repeat(np.arange(3), 40)
    held = 0
    for shares in random.beta(0.85 * 9, 0.15 * 9, (200, 3)):  # intra-class correlation .1
        low, high = interval(random.random(120) < np.repeat(shares, 40), groups)
        held += low <= 0.85 <= high

    assert held >= 0.95 * 200
