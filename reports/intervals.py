"""Statistics of shares: bounds, intervals, how many answers show something, and a randomisation test.

For example: 97 of 100 accepted answers are right. At least which share is right with 95% confidence?
`compute_lower_bounds` answers that for independent answers. A sender's photos share camera, floor and taste,
so sixty photos of one sender say less than one photo of each of sixty senders. `estimate_errors` and
`compute_share_interval` take such groups into account.

Only Python and NumPy are needed: services and publishing do not install SciPy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_LEVEL: Final = 0.95
"""Confidence level of one-sided bounds, such as "at least 95% of accepted answers are right"."""

TWO_SIDED_CONFIDENCE_LEVEL: Final = 0.975
"""Confidence level of each end of the two-sided 95% intervals."""

Z_SCORE_95: Final = 1.959963984540054
"""Standard deviations from the mean within which 95% of a normal distribution are."""

RANDOM_DRAWS: Final = 99_999
"""Number of random draws of a randomisation test, with which a chance of 2.5% is known to within .1%."""

MIN_GROUP_CORRELATION: Final = 0.1
"""Smallest correlation that is assumed between the answers of one group, such as a sender's photos. From few
groups or few errors it cannot be measured."""

_HALVINGS: Final = 45
"""Number of times that an interval of width 1 is halved, down to 3e-14."""

_TERMS: Final = 2000
"""Largest number of terms of a continued fraction. For some hundred thousand answers, a few hundred are
needed."""

FloatArray = NDArray[np.float64]


def compute_lower_bounds(
    right: FloatArray | float, n: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return one-sided lower bounds of shares of right answers, float64 (N,) (Clopper and Pearson 1934).

    For 97 right answers of 100, the bound is .924.

    Args:
        right: the number of right answers in each of N samples, 0 to n; not always a whole number, if answers
            of a group weigh less.
        n: the number of all answers in each sample.
        confidence_level: the probability that the true share is above the bound, 0 to 1.

    Returns:
        The bounds, 0 to 1; 0 for a sample without a right answer.
    """
    right = np.atleast_1d(np.asarray(right, np.float64))
    n = np.atleast_1d(np.asarray(n, np.float64))
    # The quantile needs a number above 0. If no answer is right, it is computed in vain.
    bound = compute_beta_quantiles(1 - confidence_level, np.where(right > 0, right, 1.0), n - right + 1)
    return np.where(right > 0, bound, 0.0)


def compute_upper_bounds(
    right: FloatArray | float, n: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return one-sided upper bounds of shares of right answers, float64 (N,) (Clopper and Pearson 1934).

    Args:
        right: the number of right answers in each of N samples, 0 to n.
        n: the number of all answers in each sample.
        confidence_level: the probability that the true share is below the bound, 0 to 1.

    Returns:
        The bounds, 0 to 1; 1 for a sample without a wrong answer.
    """
    right = np.asarray(right, np.float64)
    n = np.asarray(n, np.float64)
    return 1 - compute_lower_bounds(n - right, n, confidence_level)


def compute_clopper_pearson_interval(
    right: float, n: float, confidence_level: float = TWO_SIDED_CONFIDENCE_LEVEL
) -> tuple[float, float]:
    """Return the two-sided interval of a share (Clopper and Pearson 1934). Without any answer it is 0 to 1.

    Args:
        right: the number of right answers.
        n: the number of all answers, which are independent.
        confidence_level: the confidence level of each end, 0 to 1.
    """
    low = compute_lower_bounds(right, n, confidence_level)
    high = compute_upper_bounds(right, n, confidence_level)
    return float(low[0]), float(high[0])


def compute_beta_quantiles(tail: float, a: FloatArray | float, b: FloatArray | float) -> FloatArray:
    """Return quantiles of beta distributions, float64 (N,), computed by bisection.

    Args:
        tail: the probability below the quantile, 0 to 1 exclusive.
        a: float64 (N,), the first parameter of each distribution, above 0.
        b: float64 (N,), the second parameter of each distribution, above 0.

    Returns:
        The quantiles, 0 to 1.
    """
    a, b = np.broadcast_arrays(np.atleast_1d(np.asarray(a, np.float64)), np.asarray(b, np.float64))
    low = np.zeros(len(a))
    high = np.ones(len(a))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_too_low = _compute_incomplete_beta(middle, a, b) < tail
        low = np.where(is_too_low, middle, low)
        high = np.where(is_too_low, high, middle)
    return high


def _compute_incomplete_beta(x: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """Compute the regularised incomplete beta function I_x(a, b), 0 < x < 1 (DLMF 8.17.22)."""
    scale = np.array(
        [math.lgamma(p + q) - math.lgamma(p) - math.lgamma(q) for p, q in zip(a, b, strict=True)]
    )
    # The continued fraction converges fast below this x. Above it, 1 - I_(1 - x)(b, a) is the same number.
    mirrored = x > (a + 1) / (a + b + 2)
    front = np.exp(scale + a * np.log(x) + b * np.log1p(-x))
    a, b, x = np.where(mirrored, b, a), np.where(mirrored, a, b), np.where(mirrored, 1 - x, x)
    integral = front / (a * _compute_continued_fraction(a, b, x))
    return np.where(mirrored, 1 - integral, integral)


def _compute_continued_fraction(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    """Compute 1 + d1 / (1 + d2 / (1 + ...)) of DLMF 8.17.22, forwards (modified Lentz)."""
    value = np.ones(len(a))
    c = np.ones(len(a))
    d = np.zeros(len(a))
    for term in range(1, _TERMS):
        m = term // 2
        top = m * (b - m) if term % 2 == 0 else -(a + m) * (a + b + m)
        step = top * x / ((a + term - 1) * (a + term))
        d = 1 / _replace_zeros(1 + step * d)
        c = _replace_zeros(1 + step / c)
        value = value * c * d
        if np.all(np.abs(c * d - 1) < 1e-13):
            break
    return value


def _replace_zeros(values: FloatArray) -> FloatArray:
    return np.where(np.abs(values) < 1e-300, 1e-300, values)


@dataclass(frozen=True)
class WeightedErrors:
    """Estimated shares of wrong answers in K sets of answers; each array is float64 (K,).

    Attributes:
        wrong_share: the share of wrong answers, 0 to 1, in which answers of large groups weigh less.
        independent_answers: the number of independent answers that each set is worth, such as 40 for 60
            photos of few senders.
        max_independent_answers: the largest such number for groups of these sizes, whatever the answers are.
        confidence_level: the confidence level of the one-sided bounds.
    """

    wrong_share: FloatArray
    independent_answers: FloatArray
    max_independent_answers: FloatArray
    confidence_level: float = CONFIDENCE_LEVEL

    def bound_right_shares(self) -> FloatArray:
        """Return the one-sided lower bounds of the shares of right answers, float64 (K,)."""
        return compute_lower_bounds(
            (1 - self.wrong_share) * self.independent_answers, self.independent_answers, self.confidence_level
        )

    def prove_accuracy(self, accuracy: float) -> NDArray[np.bool_]:
        """Tell for each set whether the lower bound of its right answers reaches an accuracy, bool (K,).

        Args:
            accuracy: the share of right answers that has to be shown, 0 to 1 exclusive.
        """
        # This answers without the bisection by which the bounds themselves are computed.
        right = np.maximum((1 - self.wrong_share) * self.independent_answers, np.finfo(float).tiny)
        others = self.independent_answers - right + 1
        return (
            _compute_incomplete_beta(np.full(len(right), accuracy), right, others)
            <= 1 - self.confidence_level
        )


def estimate_errors(
    wrong: NDArray[np.bool_],
    groups: NDArray[np.int64] | None,
    counts: NDArray[np.int64],
    *,
    confidence_level: float = CONFIDENCE_LEVEL,
    is_unweighted: bool = False,
) -> WeightedErrors:
    """Estimate the share of wrong answers among the first 10, 20, ... answers of a sequence.

    Answers of one group, such as a sender's photos, are alike, so they weigh less. In a group with m answers,
    each weighs w = 1 / (1 + (m - 1) MIN_GROUP_CORRELATION). With e wrong ones in a group and W = sum of m w,
    the share is p = sum of w e / W, with the variance v = G / (G - 1) sum of (w (e - p m))^2 / W^2 for G
    groups. The share is as certain as that of min(W, p (1 - p) / v) independent answers, divided by the price
    of few groups, (t(G - 1) / t(n - 1))^2 (Korn and Graubard 1998, Survey Methodology 24, 193). For one group
    of n answers, the price is n.

    Args:
        wrong: bool (N,), whether each answer is wrong.
        groups: int64 (N,), the number of each answer's group, from 0; None if each answer is on its own.
        counts: int64 (K,), how many of the first answers are taken each time, 0 to N.
        confidence_level: the confidence level of the bounds: .95 for a one-sided bound, .975 for each end of
            a two-sided interval.
        is_unweighted: whether each answer has the same weight, so that the share is the plain one. Its
            certainty still takes the groups into account.
    """
    if groups is None:
        n = counts.astype(np.float64)
        return WeightedErrors(
            np.append(0, np.cumsum(wrong))[counts] / np.maximum(n, 1), n, n, confidence_level
        )
    rows = [
        _estimate_one_share(wrong[:count], groups[:count], is_unweighted=is_unweighted) for count in counts
    ]
    share, assumed_answers, measured_answers, group_counts = np.array(rows, np.float64).reshape(-1, 4).T
    price = _compute_price_of_few_groups(group_counts, counts, confidence_level)
    return WeightedErrors(
        share,
        np.minimum(assumed_answers, measured_answers) / price,
        assumed_answers / price,
        confidence_level,
    )


def _estimate_one_share(
    wrong: NDArray[np.bool_], groups: NDArray[np.int64], *, is_unweighted: bool
) -> tuple[float, float, float, int]:
    """Estimate the share of wrong answers, and how certain it is.

    Returns:
        The share; the number of independent answers by the assumed correlation, and by the measured variance;
        and the number of groups.
    """
    sizes = np.bincount(groups)
    errors = np.bincount(groups, wrong)[sizes > 0]
    sizes = sizes[sizes > 0]
    if not len(sizes):
        return 0.0, 0.0, 0.0, 0
    effects = 1 + (sizes - 1) * MIN_GROUP_CORRELATION
    weights = np.ones(len(sizes)) if is_unweighted else 1 / effects
    total = float(weights @ sizes)
    share = float(weights @ errors) / total
    group_count = len(sizes)
    assumed_answers = total**2 / float(weights**2 @ (sizes * effects))
    spread = float(np.sum((weights * (errors - share * sizes)) ** 2))
    if group_count == 1 or not spread:
        return share, assumed_answers, assumed_answers, group_count
    return (
        share,
        assumed_answers,
        share * (1 - share) * total**2 * (group_count - 1) / group_count / spread,
        group_count,
    )


def _compute_price_of_few_groups(
    groups: FloatArray, answers: NDArray[np.int64], confidence_level: float
) -> FloatArray:
    """Return the factor by which few groups make a share less certain, at least 1, float64 (K,).

    Args:
        groups: float64 (K,), the number of groups in each set.
        answers: int64 (K,), the number of answers in each set.
    """
    freedoms = (np.maximum([groups, answers], 2) - 1).astype(np.int64)
    # There is no set at all if no picture is familiar to a model.
    most = freedoms.max(initial=1)
    # The list is made for a power of 2, so that the cache holds few of them.
    quantiles = _list_t_quantiles(int(2 ** np.ceil(np.log2(most + 1))), confidence_level)
    group_quantiles, answer_quantiles = quantiles[freedoms]
    return np.where(groups == 1, answers, (group_quantiles / answer_quantiles) ** 2)


@cache
def _list_t_quantiles(most: int, confidence_level: float) -> FloatArray:
    """Return quantiles of Student's t distribution of 0 to `most` degrees of freedom; infinity for 0."""
    return np.append(np.inf, compute_t_quantiles(np.arange(1.0, most + 1), confidence_level))


def compute_share_interval(right: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> tuple[float, float]:
    """Return the 95% interval of a share of right answers, which is wider if answers come in groups.

    It is Wilson's interval for the number of independent answers that all answers are worth.

    Args:
        right: bool (N,), whether each answer is right; N >= 1.
        groups: int64 (N,), a number that is equal for answers that are not independent; None if all answers
            are independent.
    """
    effect = _compute_design_effect(right, groups)
    return compute_wilson_interval(right.sum() / effect, len(right) / effect)


def compute_source_mean(right: FloatArray, n: FloatArray) -> tuple[float, tuple[float, float]]:
    """Return the mean share of right answers over S sources, and the 95% interval of the mean.

    A source is a shop or collection of photos. It is Wilson's interval for as many answers as would give a
    mean that is as uncertain as the spread of the sources' shares says.

    Args:
        right: float64 (S,), S >= 2, the number of right answers in each source.
        n: float64 (S,), the number of all answers in each source, above 0.
    """
    shares = right / n
    mean = float(shares.mean())
    # At most as many as if the answers of a source were correlated as little as is ever assumed.
    answers = float(np.sum(n / (1 + MIN_GROUP_CORRELATION * (n - 1))))
    widening = float(compute_t_quantiles(len(n) - 1, TWO_SIDED_CONFIDENCE_LEVEL)[0]) / Z_SCORE_95
    if (variance := float(shares.var(ddof=1)) / len(n) * widening**2) > 0:
        answers = min(answers, mean * (1 - mean) / variance)
    return mean, compute_wilson_interval(mean * answers, answers)


def compute_class_mean_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64] | None, classes: NDArray[np.integer]
) -> tuple[float, float]:
    """Return the 95% interval of the mean of the classes' shares of right answers (the macro accuracy).

    Args:
        right: bool (N,), whether each answer is right; N >= 1.
        groups: int64 (N,), a number that is equal for answers that are not independent; None if all answers
            are independent.
        classes: integers (N,), the class of each answer.
    """
    class_numbers = np.unique(classes, return_inverse=True)[1]
    # One effect for all classes: one for each would take a sender's photos of two classes for independent.
    effect = _compute_design_effect(right, groups)
    return compute_macro_interval(
        np.bincount(class_numbers, right) / effect, np.bincount(class_numbers) / effect
    )


def _compute_design_effect(right: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> float:
    """Return how many of these answers are worth one independent answer (the design effect)."""
    n = np.array([len(right)])
    estimate = estimate_errors(
        ~right, groups, n, confidence_level=TWO_SIDED_CONFIDENCE_LEVEL, is_unweighted=True
    )
    return float(n[0] / estimate.independent_answers[0])


def compute_t_quantiles(
    freedom: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return quantiles of Student's t distribution, float64 (N,).

    Args:
        freedom: the degrees of freedom of each distribution, 1 or more.
        confidence_level: the probability below the quantile, .5 to 1.
    """
    freedom = np.atleast_1d(np.asarray(freedom, np.float64))
    share = compute_beta_quantiles(2 * confidence_level - 1, 0.5, freedom / 2)  # t^2 / (t^2 + freedom)
    return np.sqrt(freedom * share / (1 - share))


def count_needed_answers(accuracy: float, confidence_level: float = CONFIDENCE_LEVEL) -> int:
    """Return the fewest answers that can show an accuracy if all of them are right: 59 for 95%.

    Args:
        accuracy: the share of right answers that the lower bound has to reach, 0 to 1 exclusive.
        confidence_level: the confidence level of the bound, 0 to 1, one-sided.
    """
    return math.ceil(math.log(1 - confidence_level) / math.log(accuracy))


@cache
def count_needed_answers_with_errors(
    errors: int, accuracy: float, confidence_level: float = CONFIDENCE_LEVEL
) -> int:
    """Return the fewest answers that can show an accuracy if some are wrong: 93 for 95% and one error.

    Args:
        errors: the number of wrong answers.
        accuracy: the share of right answers that the lower bound has to reach, 0 to 1 exclusive.
        confidence_level: the confidence level of the bound, 0 to 1, one-sided.
    """
    n = count_needed_answers(accuracy, confidence_level)
    while compute_binomial_chance(errors, n, 1 - accuracy) > 1 - confidence_level:
        n += 1
    return n


def compute_binomial_chance(k: int, n: int, share: float) -> float:
    """Return the chance that `k` or fewer of `n` draws succeed (binomial distribution).

    Args:
        k: the largest number of successes.
        n: the number of independent draws.
        share: the probability that a draw succeeds, 0 to 1 exclusive.
    """
    return math.fsum(
        math.exp(_compute_log_ways(n, i) + i * math.log(share) + (n - i) * math.log1p(-share))
        for i in range(min(k, n) + 1)
    )


def bound_wrong_rows(
    rows: int, errors: int, sample_size: int, confidence_level: float = CONFIDENCE_LEVEL
) -> int:
    """Return a one-sided upper bound of the number of wrong rows in a table, from a random sample.

    The bound is the largest number of wrong rows with which a sample with so few errors still has a chance
    above 1 - confidence_level (hypergeometric distribution). For a lower bound, count right rows as errors:
    at least `rows - bound_wrong_rows(rows, sample_size - errors, sample_size)` rows are wrong.

    Args:
        rows: the number of rows in the table.
        errors: the number of wrong rows in the sample.
        confidence_level: the confidence level of the bound, 0 to 1, one-sided.
    """
    low = errors  # the rest of the table may be right
    high = rows - (sample_size - errors)
    while low < high:
        middle = (low + high + 1) // 2
        if compute_sampling_chance(errors, sample_size, middle, rows) > 1 - confidence_level:
            low = middle
        else:
            high = middle - 1
    return low


def compute_sampling_chance(k: int, sample_size: int, wrong: int, rows: int) -> float:
    """Return the chance that a random sample of a table has `k` or fewer wrong rows (hypergeometric).

    Args:
        k: the largest number of wrong rows in the sample.
        sample_size: the number of rows in the sample, drawn without replacement.
        wrong: the number of wrong rows in the table.
        rows: the number of rows in the table.
    """
    ways = _compute_log_ways(rows, sample_size)
    return math.fsum(
        math.exp(_compute_log_ways(wrong, i) + _compute_log_ways(rows - wrong, sample_size - i) - ways)
        for i in range(max(0, sample_size - (rows - wrong)), min(k, wrong) + 1)
    )


def _compute_log_ways(n: int, k: int) -> float:
    """Return the logarithm of the number of ways to draw k of n, the binomial coefficient."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def compute_wilson_interval(right: float, n: float) -> tuple[float, float]:
    """Return the 95% score interval of a share (Wilson 1927), which is always within 0..1.

    Args:
        right: the number of right answers, 0 to n.
        n: the number of all answers, at least 1; it may be an effective number.
    """
    share = right / n
    weight = Z_SCORE_95**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = Z_SCORE_95 * sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_macro_interval(
    right: Sequence[float] | FloatArray, n: Sequence[float] | FloatArray
) -> tuple[float, float]:
    """Return the 95% interval of the mean of several shares (Price and Bonett 2004, CSDA 45, 449).

    Args:
        right: the number of right answers for each share.
        n: the number of answers for each share, above 0; not always whole numbers.
    """
    shares = len(n)
    # Two right and two wrong answers are added. Without them, a share of 0 or 1 would count as certain,
    # however few answers it has.
    counts = np.asarray(n, np.float64) + 4 / shares
    adjusted = (np.asarray(right, np.float64) + 2 / shares) / counts
    half = Z_SCORE_95 * sqrt(float(np.sum(adjusted * (1 - adjusted) / counts))) / shares
    centre = float(adjusted.mean())
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_loss_chance(losses: NDArray[np.int64]) -> float:
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
