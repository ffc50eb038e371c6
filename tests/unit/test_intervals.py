"""Bounds and intervals, computed without SciPy, are those of the textbooks and of SciPy.

Photos of one sender resemble each other, so they count for less than as many of different people.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, binomtest, hypergeom, t

from reports.distributions import compute_binomial_cdf
from reports.grouped_answers import (
    WeightedWrongShares,
    compute_grouped_macro_interval,
    compute_share_interval,
    compute_t_quantiles,
    estimate_wrong_shares,
)
from reports.intervals import (
    compute_clopper_pearson_interval,
    compute_loss_p_value,
    compute_macro_interval,
    compute_max_wrong_rows,
    compute_share_lower_bounds,
    compute_share_upper_bounds,
    compute_wilson_interval,
    count_needed_answers,
)


@pytest.mark.parametrize(("n", "right"), [(1, 0), (20, 20), (299, 299), (500, 493), (10_000, 9_920)])
def test_the_lower_bound_is_clopper_and_pearsons(n: int, right: int) -> None:
    exact = binomtest(right, n, alternative="greater").proportion_ci(0.95).low

    assert compute_share_lower_bounds(right, n)[0] == pytest.approx(exact)
    assert compute_share_upper_bounds(n - right, n)[0] == pytest.approx(1 - exact)


def test_students_t_is_that_of_the_tables() -> None:
    freedom = np.array([1, 2, 14, 63, 4000])

    assert compute_t_quantiles(freedom) == pytest.approx(t.ppf(0.95, freedom))


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (95, 100, 0.88717, 0.98357), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_clopper_and_pearsons(right: int, n: int, low: float, high: float) -> None:
    assert compute_clopper_pearson_interval(right, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("accuracy", "errors", "answers"),
    [(0.98, 0, 149), (0.99, 0, 299), (0.95, 0, 59), (0.9, 0, 29), (0.95, 4, 181)],
)
def test_so_many_answers_show_the_promise_and_one_less_does_not(
    accuracy: float, errors: int, answers: int
) -> None:
    counts = np.array([answers - 1.0, answers])

    assert count_needed_answers(accuracy, errors) == answers
    assert (compute_share_lower_bounds(counts - errors, counts) >= accuracy).tolist() == [False, True]


# By hand: 94 draws without and with one error are .98^94 + 94 * .02 * .98^93 = .1497 + .2872.
def test_how_likely_few_errors_are_is_a_sum_of_binomial_terms() -> None:
    assert compute_binomial_cdf(1, 94, 0.02) == pytest.approx(0.4369, abs=1e-4)


@pytest.mark.parametrize(
    ("rows", "found", "drawn"),
    [
        *((119, 10, 115), (119, 0, 50), (94, 1, 94), (300, 2, 80), (20, 0, 0)),
        # A table that was looked at whole leaves no doubt. Of a small one nearly all may be wrong: of four
        # rows one was drawn and is right; three wrong ones would leave it with 1/4, four with 0.
        *((94, 3, 94), (4, 0, 1)),
    ],
)
def test_more_wrong_rows_of_a_table_than_the_bound_would_have_shown_more(
    rows: int, found: int, drawn: int
) -> None:
    possible = range(found, rows - (drawn - found) + 1)

    most = max(wrong for wrong in possible if hypergeom.cdf(found, rows, wrong, drawn) > 0.05)

    assert compute_max_wrong_rows(rows, found, drawn) == most


def test_wilsons_interval_is_the_one_in_the_textbook() -> None:
    low, high = compute_wilson_interval(81, 263)  # Newcombe 1998, table I, method 3

    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_interval_of_two_shares_is_as_wide_as_agresti_and_caffos() -> None:
    low, high = compute_macro_interval((18, 3), (20, 20))

    # Agresti and Caffo 2000: one right and one wrong answer more on each side; theirs is of a difference.
    variance = (19 / 22) * (3 / 22) / 22 + (4 / 22) * (18 / 22) / 22
    assert high - low == pytest.approx(2 * 1.959964 * variance**0.5 / 2)


# By hand: of two signs both (1/4); of three senders with 1, 1 and 2 the sums 4 and 2 of ±1±1±2 (1/8 + 2/8).
@pytest.mark.parametrize(
    ("losses", "expected"), [([3, 1], 1 / 4), ([1, -1, 2], 3 / 8), ([63], 1 / 2), ([], 1.0), ([0, 0], 1.0)]
)
def test_the_chance_counts_all_photos_of_a_sender_as_one(losses: list[int], expected: float) -> None:
    assert compute_loss_p_value(np.array(losses, np.int64)) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("worse", "better"), [(5, 1), (1, 1), (0, 9), (60, 40), (3000, 2900), (40, 60)])
def test_the_chance_is_that_of_mcnemars_exact_test(worse: int, better: int) -> None:
    exact = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue

    assert compute_loss_p_value(np.repeat([1, -1], [worse, better])) == pytest.approx(exact, abs=0.005)


def answers(*senders: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """What each sender's photos were answered, `+` right and `-` wrong: bool (N,), int64 (N,)."""
    right = np.array([sign == "+" for photos in senders for sign in photos])
    return right, np.repeat(np.arange(len(senders)), [len(photos) for photos in senders])


def shown(*senders: str) -> WeightedWrongShares:
    right, groups = answers(*senders)
    return estimate_wrong_shares(~right, groups, np.array([len(right)]))


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

    assert found.wrong_share[0] == pytest.approx(wrong, rel=1e-4)
    assert found.independent_answers[0] == pytest.approx(n, rel=1e-4)
    assert found.max_independent_answers[0] == pytest.approx(independent, rel=1e-4)


def test_photos_of_as_many_senders_are_independent_and_those_of_one_are_one_answer_at_most() -> None:
    assert shown(*"+" * 300).independent_answers[0] == pytest.approx(300)
    assert shown("+" * 60).independent_answers[0] <= 1
    assert shown("+" * 35, "+" * 35).bound_right_shares()[0] < 0.7


def test_the_bound_is_beta_of_the_weighted_numbers() -> None:
    found = shown(*["+++"] * 60, *["-++"] * 3)

    right = (1 - found.wrong_share) * found.independent_answers
    assert found.bound_right_shares() == pytest.approx(
        beta.ppf(0.05, right, found.independent_answers - right + 1)
    )
    (bound,) = found.bound_right_shares()
    assert [found.prove_accuracy(accuracy)[0] for accuracy in (bound - 1e-6, bound + 1e-6)] == [True, False]


def test_what_the_first_answers_show_does_not_know_the_later_ones() -> None:
    right, groups = answers("++-", "+", "--+", "++", "-")

    found = estimate_wrong_shares(~right, groups, np.array([4, 7]))

    assert found.independent_answers.tolist() == [
        estimate_wrong_shares(~right[:count], groups[:count], np.array([count])).independent_answers[0]
        for count in (4, 7)
    ]


def test_no_length_is_estimated_where_no_answer_can_be_accepted() -> None:
    right, groups = answers("++-", "+")

    found = estimate_wrong_shares(~right, groups, np.array([], np.int64))

    assert found.bound_right_shares().tolist() == []


def test_a_bound_rises_with_every_further_right_answer() -> None:
    for wrong in range(1, 6):
        senders = ["-" + "+" * 39] * wrong + ["+" * 40] * (5 - wrong)
        (bound,), (better,) = (
            shown(*one).bound_right_shares() for one in (senders, ["+" * 40, *senders[1:]])
        )

        assert better >= bound


def test_the_interval_of_few_senders_is_wider_than_that_of_as_many_photos() -> None:
    right = np.array(([True] * 4 + [False]) * 40)
    apart, together = np.arange(200), np.where(right, np.cumsum(right) // 8, 50 + np.cumsum(~right) // 8)

    (low, high), (least, most) = (compute_share_interval(right, groups) for groups in (apart, together))

    assert high - low == pytest.approx(2 * 1.96 * (0.8 * 0.2 / 200) ** 0.5, rel=0.1)
    assert most - least > 2 * (high - low)


def test_the_interval_of_a_macro_accuracy_counts_each_class_alike() -> None:
    classes = np.array([0] * 300 + [1] * 20, np.uint8)
    right = np.array([True] * 270 + [False] * 30 + [True] * 10 + [False] * 10)

    low, high = compute_grouped_macro_interval(right, np.arange(320), classes)

    assert low < (0.9 + 0.5) / 2 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.9 * 0.1 / 300 + 0.5 * 0.5 / 20) ** 0.5 / 2, rel=0.15)


@pytest.mark.parametrize("right", [np.ones(20, bool), np.arange(20) < 18], ids=["all", "most"])
def test_photos_of_one_sender_have_nearly_no_certain_share(right: NDArray[np.bool_]) -> None:
    low, high = compute_share_interval(right, np.zeros(20, np.int64))

    assert low < 0.25
    assert high > 0.98
