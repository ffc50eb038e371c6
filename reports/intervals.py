"""Bounds and intervals of shares of independent answers, and how many answers are needed to show a share.

For example: 97 of 100 accepted answers are right. Which share of all such answers is right, with 95%
confidence? By `compute_share_lower_bounds`, at least .924. For answers that come in groups, such as photos of
one sender, use grouped_answers.py.
"""

import math
from collections.abc import Sequence
from functools import cache
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.distributions import (
    FloatArray,
    compute_beta_quantiles,
    compute_binomial_cdf,
    compute_hypergeometric_cdf,
)

CONFIDENCE_LEVEL: Final = 0.95
"""Confidence level of one-sided bounds, such as "at least 95% of accepted answers are right"."""

TWO_SIDED_CONFIDENCE_LEVEL: Final = 0.975
"""Confidence level of each end of the two-sided 95% intervals."""

Z_SCORE_95: Final = 1.959963984540054
"""Standard deviations from the mean within which 95% of a normal distribution are."""

RANDOM_DRAWS: Final = 99_999
"""Number of random draws of a randomisation test, with which a chance of 2.5% is known to within .1%."""


def compute_share_lower_bounds(
    right_counts: FloatArray | float, n: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return one-sided lower bounds of shares of right answers, float64 (N,) (Clopper and Pearson 1934).

    For 97 right answers of 100, the bound is .924.

    Args:
        right_counts: the number of right answers in each of N samples, 0 to n; not always a whole number, if
            answers of a group weigh less.
        n: the number of all answers in each sample.
        confidence_level: the probability that the true share is above the bound, 0 to 1.

    Returns:
        The bounds, 0 to 1; 0 for a sample without a right answer.
    """
    right_counts = np.atleast_1d(np.asarray(right_counts, np.float64))
    n = np.atleast_1d(np.asarray(n, np.float64))
    # The quantile needs a number above 0. If no answer is right, it is computed in vain.
    bound = compute_beta_quantiles(
        1 - confidence_level, np.where(right_counts > 0, right_counts, 1.0), n - right_counts + 1
    )
    return np.where(right_counts > 0, bound, 0.0)


def compute_share_upper_bounds(
    right_counts: FloatArray | float, n: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return one-sided upper bounds of shares of right answers, float64 (N,) (Clopper and Pearson 1934).

    Args:
        right_counts: the number of right answers in each of N samples, 0 to n.
        n: the number of all answers in each sample.
        confidence_level: the probability that the true share is below the bound, 0 to 1.

    Returns:
        The bounds, 0 to 1; 1 for a sample without a wrong answer.
    """
    right_counts = np.asarray(right_counts, np.float64)
    n = np.asarray(n, np.float64)
    return 1 - compute_share_lower_bounds(n - right_counts, n, confidence_level)


def compute_clopper_pearson_interval(
    right_count: float, n: float, confidence_level: float = TWO_SIDED_CONFIDENCE_LEVEL
) -> tuple[float, float]:
    """Return the two-sided interval of a share (Clopper and Pearson 1934). Without any answer it is 0 to 1.

    Args:
        right_count: the number of right answers.
        n: the number of all answers, which are independent.
        confidence_level: the confidence level of each end, 0 to 1.
    """
    low = compute_share_lower_bounds(right_count, n, confidence_level)
    high = compute_share_upper_bounds(right_count, n, confidence_level)
    return float(low[0]), float(high[0])


@cache
def count_needed_answers(
    accuracy: float, errors: int = 0, *, confidence_level: float = CONFIDENCE_LEVEL
) -> int:
    """Return the fewest answers that can show an accuracy: 59 for 95%, or 93 if one of them is wrong.

    Args:
        accuracy: the share of right answers that the lower bound has to reach, 0 to 1 exclusive.
        errors: the number of wrong answers.
        confidence_level: the confidence level of the bound, 0 to 1, one-sided.
    """
    n = math.ceil(math.log(1 - confidence_level) / math.log(accuracy))  # enough if all are right
    while errors and compute_binomial_cdf(errors, n, 1 - accuracy) > 1 - confidence_level:
        n += 1
    return n


def compute_max_wrong_rows(
    row_count: int, error_count: int, sample_size: int, confidence_level: float = CONFIDENCE_LEVEL
) -> int:
    """Return a one-sided upper bound of the number of wrong rows in a table, from a random sample.

    The bound is the largest number of wrong rows with which a sample with so few errors still has a chance
    above 1 - confidence_level (hypergeometric distribution). For a lower bound, count right rows as errors:
    at least `rows - compute_max_wrong_rows(rows, sample_size - errors, sample_size)` rows are wrong.

    Args:
        row_count: the number of rows in the table.
        error_count: the number of wrong rows in the sample.
        confidence_level: the confidence level of the bound, 0 to 1, one-sided.
    """
    low = error_count  # the rest of the table may be right
    high = row_count - (sample_size - error_count)
    while low < high:
        middle = (low + high + 1) // 2
        if compute_hypergeometric_cdf(error_count, sample_size, middle, row_count) > 1 - confidence_level:
            low = middle
        else:
            high = middle - 1
    return low


def compute_wilson_interval(right_count: float, n: float) -> tuple[float, float]:
    """Return the 95% score interval of a share (Wilson 1927), which is always within 0..1.

    Args:
        right_count: the number of right answers, 0 to n.
        n: the number of all answers, at least 1; not always a whole number, if answers of a group weigh less.
    """
    share = right_count / n
    weight = Z_SCORE_95**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = Z_SCORE_95 * sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_macro_interval(
    right_counts: Sequence[float] | FloatArray, n: Sequence[float] | FloatArray
) -> tuple[float, float]:
    """Return the 95% interval of the mean of several shares (Price and Bonett 2004, CSDA 45, 449).

    Args:
        right_counts: the number of right answers for each share.
        n: the number of answers for each share, above 0; not always whole numbers.
    """
    shares = len(n)
    # Two right and two wrong answers are added. Without them, a share of 0 or 1 would count as certain,
    # however few answers it has.
    counts = np.asarray(n, np.float64) + 4 / shares
    adjusted = (np.asarray(right_counts, np.float64) + 2 / shares) / counts
    half = Z_SCORE_95 * sqrt(float(np.sum(adjusted * (1 - adjusted) / counts))) / shares
    centre = float(adjusted.mean())
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_loss_p_value(losses: NDArray[np.int64]) -> float:
    """Return the chance that two equally good releases differ by this total loss or more, 0 to 1.

    This is a randomisation test: if both are equally good, each may as well have given the other's answers to
    the pictures of a group. So the sign of each group's loss is drawn at random, many times.

    Args:
        losses: int64 (G,), for each group of pictures the candidate's loss, such as the number of additional
            wrong answers; negative for a gain.
    """
    sizes, counts = np.unique(np.abs(losses[losses != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    # Groups with losses of one size are drawn together: the number of positive signs is binomial. The seed is
    # fixed, so that the result repeats.
    positive = np.random.default_rng(0).binomial(counts, 0.5, (RANDOM_DRAWS, len(sizes)))
    random_losses = (2 * positive - counts) @ sizes
    return float((1 + np.sum(random_losses >= losses.sum())) / (RANDOM_DRAWS + 1))
