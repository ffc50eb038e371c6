"""Photos of one sender count for less than as many of different people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

from inference.session import Scores
from reports.intervals import Weighted, mean_interval, share_interval, weighted
from tests.answers import undecided_answers
from training.measure.acceptance import promises
from training.measure.kinds import photo_kinds


def answers(*senders: str) -> tuple[np.ndarray, np.ndarray]:
    """What each sender's photos were answered, `+` right and `-` wrong: bool (N,), int64 (N,)."""
    right = np.array([sign == "+" for photos in senders for sign in photos])
    return right, np.repeat(np.arange(len(senders)), [len(photos) for photos in senders])


def shown(*senders: str) -> Weighted:
    right, groups = answers(*senders)
    return weighted(~right, groups, np.array([len(right)]))


# By hand, with a likeness of .1. First: three photos weigh 1 / 1.2 each, the others 1, so W = 4.5 and the
# share is .8333 / 4.5; its variance, 3/2 (.3704^2 + 2 * .1852^2) / 4.5^2, would allow 9.9 answers. Three
# senders cost (t(2) / t(4))^2 = (2.9200 / 2.1318)^2. Second: each weighs 1 / 1.4, W = 17.86, and the variance
# is .04, which allows .2 * .8 / .04 = 4 answers; five senders cost (t(4) / t(24))^2 = (2.1318 / 1.7109)^2.
@pytest.mark.parametrize(
    ("senders", "wrong", "n", "independent"),
    [
        (("-++", "+", "+"), 0.18519, 4.5 / 1.87606, 4.5 / 1.87606),
        (("+++++",) * 4 + ("-----",), 0.2, 4 / 1.55265, 17.857 / 1.55265),
    ],
    ids=["as alike as is assumed", "more alike"],
)
def test_photos_are_weighed_by_sender(
    senders: tuple[str, ...], wrong: float, n: float, independent: float
) -> None:
    found = shown(*senders)

    assert found.wrong[0] == pytest.approx(wrong, rel=1e-4)
    assert found.n[0] == pytest.approx(n, rel=1e-4)
    assert found.independent[0] == pytest.approx(independent, rel=1e-4)


def test_a_large_sender_that_errs_more_counts_for_less_than_its_photos() -> None:
    found = shown("-" * 5 + "+" * 15, *"+" * 60)

    assert found.wrong[0] < 5 / 80


def test_the_bound_is_beta_of_the_weighted_numbers() -> None:
    found = shown(*["+++"] * 60, *["-++"] * 3)

    right = (1 - found.wrong) * found.n
    assert found.lower_bounds() == pytest.approx(beta.ppf(0.05, right, found.n - right + 1))
    (bound,) = found.lower_bounds()
    assert [found.show(accuracy)[0] for accuracy in (bound - 1e-6, bound + 1e-6)] == [True, False]


def test_photos_of_as_many_senders_are_independent() -> None:
    assert shown(*"+" * 300).n[0] == pytest.approx(300)


def test_photos_of_a_single_sender_are_one_answer_at_most() -> None:
    assert shown("+" * 60).n[0] <= 1


def test_what_the_first_answers_show_does_not_know_the_later_ones() -> None:
    right, groups = answers("++-", "+", "--+", "++", "-")

    found = weighted(~right, groups, np.array([4, 7]))

    assert found.n.tolist() == [
        weighted(~right[:count], groups[:count], np.array([count])).n[0] for count in (4, 7)
    ]


def test_photos_of_one_sender_promise_less_than_as_many_of_several() -> None:
    right = np.array([True] * 190 + [False] * 10)
    senders = tuple(f"{number // 5}" for number in range(200))
    scores = Scores.of_class(np.tile(np.array([[0.9, 0.1]], np.float32), (200, 1)), None)
    photos = undecided_answers(scores, ~right, "A", groups=senders)
    (of_photos,) = photo_kinds(photos, np.full(200, 0.9, np.float32), {"A": 0.95})

    one_by_one = replace(of_photos, groups=None)
    promise, alone = promises((of_photos, one_by_one), 0.9)
    assert promise.lower_bound < alone.lower_bound < of_photos.right.mean()


def test_the_interval_of_few_senders_is_wider_than_that_of_as_many_photos() -> None:
    right = np.array(([True] * 4 + [False]) * 40)
    apart, together = np.arange(200), np.where(right, np.cumsum(right) // 8, 50 + np.cumsum(~right) // 8)

    def width(groups: np.ndarray) -> float:
        low, high = share_interval(right, groups)
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
    low, high = share_interval(right, np.zeros(20, np.int64))

    assert low < 0.25
    assert high > 0.98
