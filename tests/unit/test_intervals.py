"""Bounds and intervals, computed without SciPy, are those of the textbooks and of SciPy."""

import numpy as np
import pytest
from scipy.stats import beta, binomtest, hypergeom, t

from reports.intervals import (
    at_most,
    beta_quantile,
    chance_by_group,
    clopper_pearson,
    lower_bound,
    macro_interval,
    most_of,
    needed,
    needed_with,
    t_quantile,
    upper_bound,
    weighted,
    wilson_interval,
)


@pytest.mark.parametrize(("n", "right"), [(1, 0), (20, 20), (299, 299), (500, 493), (10_000, 9_920)])
def test_the_lower_bound_is_clopper_and_pearsons(n: int, right: int) -> None:
    exact = binomtest(right, n, alternative="greater").proportion_ci(0.95).low

    assert lower_bound(right, n)[0] == pytest.approx(exact)
    assert upper_bound(n - right, n)[0] == pytest.approx(1 - exact)


def test_the_bound_of_effective_numbers_is_a_quantile_of_beta_distributions() -> None:
    found, wrong = np.array([0.3, 57.2, 4100.5]), np.array([1.0, 2.7, 95.1])

    assert beta_quantile(0.05, found, wrong) == pytest.approx(beta.ppf(0.05, found, wrong))


def test_students_t_is_that_of_the_tables() -> None:
    freedom = np.array([1, 2, 14, 63, 4000])

    assert t_quantile(freedom) == pytest.approx(t.ppf(0.95, freedom))


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (95, 100, 0.88717, 0.98357), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_clopper_and_pearsons(right: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(right, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("accuracy", "answers"), [(0.98, 149), (0.99, 299), (0.95, 59), (0.9, 29)])
def test_so_many_answers_without_an_error_show_the_promise_and_one_less_does_not(
    accuracy: float, answers: int
) -> None:
    counts = np.array([answers - 1.0, answers])

    assert needed(accuracy) == answers
    assert (lower_bound(counts, counts) >= accuracy).tolist() == [False, True]


def test_so_many_answers_with_four_errors_show_the_promise_and_one_less_does_not() -> None:
    n = needed_with(4, 0.95)

    assert (lower_bound(np.array([n - 5.0, n - 4.0]), np.array([n - 1.0, n])) >= 0.95).tolist() == [
        False,
        True,
    ]


# By hand: 94 draws without and with one error are .98^94 + 94 * .02 * .98^93 = .1497 + .2872.
def test_how_likely_few_errors_are_is_a_sum_of_binomial_terms() -> None:
    assert at_most(1, 94, 0.02) == pytest.approx(0.4369, abs=1e-4)


@pytest.mark.parametrize(
    ("rows", "found", "drawn"), [(119, 10, 115), (119, 0, 50), (94, 1, 94), (300, 2, 80), (20, 0, 0)]
)
def test_more_wrong_rows_of_a_table_than_the_bound_would_have_shown_more(
    rows: int, found: int, drawn: int
) -> None:
    most = most_of(rows, found, drawn)

    possible = range(found, rows - (drawn - found) + 1)
    assert most == max(wrong for wrong in possible if hypergeom.cdf(found, rows, wrong, drawn) > 0.05)


def test_a_table_that_was_looked_at_whole_leaves_no_doubt() -> None:
    assert most_of(94, 3, 94) == 3


# By hand: of four rows one was drawn and is right. Three wrong ones would leave it with 1/4, four with 0.
def test_of_a_small_table_nearly_all_may_be_wrong() -> None:
    assert most_of(4, 0, 1) == 3


def test_wilsons_interval_is_the_one_in_the_textbook() -> None:
    low, high = wilson_interval(81, 263)  # Newcombe 1998, table I, method 3

    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_interval_of_two_shares_is_as_wide_as_agresti_and_caffos() -> None:
    low, high = macro_interval((18, 3), (20, 20))

    # Agresti and Caffo 2000: one right and one wrong answer more on each side; theirs is of a difference.
    variance = (19 / 22) * (3 / 22) / 22 + (4 / 22) * (18 / 22) / 22
    assert high - low == pytest.approx(2 * 1.959964 * variance**0.5 / 2)


# By hand: of two signs both (1/4); of three senders with 1, 1 and 2 the sums 4 and 2 of ±1±1±2 (1/8 + 2/8).
@pytest.mark.parametrize(
    ("losses", "expected"), [([3, 1], 1 / 4), ([1, -1, 2], 3 / 8), ([63], 1 / 2), ([], 1.0), ([0, 0], 1.0)]
)
def test_the_chance_counts_all_photos_of_a_sender_as_one(losses: list[int], expected: float) -> None:
    assert chance_by_group(np.array(losses, np.int64)) == pytest.approx(expected, abs=0.005)


def bound_by_group(right: np.ndarray, groups: np.ndarray) -> float:
    """At least so large is the share of right answers, of which those of a group resemble."""
    found = weighted(~right, groups, np.array([len(groups)]))
    return float(lower_bound((1 - found.wrong) * found.n, found.n)[0])


def test_a_bound_rises_with_every_further_right_answer() -> None:
    groups = np.arange(200) // 40
    for wrong in range(1, 6):
        right = np.ones(200, bool)
        right[np.arange(wrong) * 40] = False
        better = right.copy()
        better[0] = True

        assert bound_by_group(better, groups) >= bound_by_group(right, groups)


def test_two_senders_without_an_error_promise_nothing() -> None:
    assert bound_by_group(np.ones(70, bool), np.repeat([0, 1], 35)) < 0.7
