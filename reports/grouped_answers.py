"""Shares of right answers that come in groups, such as several photos of one sender.

A sender's photos share camera, floor and taste. So sixty photos of one sender say less than one photo of each
of sixty senders, although a bound for independent answers would treat both alike. Here a share is as certain
as that of fewer, independent answers.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.distributions import FloatArray, compute_beta_quantiles, compute_incomplete_beta
from reports.intervals import (
    CONFIDENCE_LEVEL,
    TWO_SIDED_CONFIDENCE_LEVEL,
    Z_SCORE_95,
    compute_macro_interval,
    compute_share_lower_bounds,
    compute_wilson_interval,
)

MIN_GROUP_CORRELATION: Final = 0.1
"""Smallest correlation that is assumed between the answers of one group, such as a sender's photos. From few
groups or few errors it cannot be measured."""


@dataclass(frozen=True)
class WeightedWrongShares:
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
        return compute_share_lower_bounds(
            (1 - self.wrong_share) * self.independent_answers, self.independent_answers, self.confidence_level
        )

    def prove_accuracy(self, accuracy: float) -> NDArray[np.bool_]:
        """Tell for each set whether the lower bound of its right answers reaches an accuracy, bool (K,).

        Args:
            accuracy: the share of right answers that has to be shown, 0 to 1 exclusive.
        """
        # This answers without the bisection by which the bounds themselves are computed.
        right = np.maximum((1 - self.wrong_share) * self.independent_answers, np.finfo(float).tiny)
        wrong = self.independent_answers - right + 1
        return (
            compute_incomplete_beta(np.full(len(right), accuracy), right, wrong) <= 1 - self.confidence_level
        )


def estimate_wrong_shares(
    wrong: NDArray[np.bool_] | FloatArray,
    groups: NDArray[np.int64] | None,
    prefix_lengths: NDArray[np.int64],
    *,
    confidence_level: float = CONFIDENCE_LEVEL,
    is_unweighted: bool = False,
) -> WeightedWrongShares:
    """Estimate the share of wrong answers among the first 10, 20, ... answers of a sequence.

    Answers of one group, such as a sender's photos, are alike, so they weigh less. In a group with m answers,
    each weighs w = 1 / (1 + (m - 1) MIN_GROUP_CORRELATION). With e wrong ones in a group and W = sum of m w,
    the share is p = sum of w e / W, with the variance v = G / (G - 1) sum of (w (e - p m))^2 / W^2 for G
    groups. The share is as certain as that of min(W, p (1 - p) / v) independent answers, divided by the price
    of few groups, (t(G - 1) / t(n - 1))^2 (Korn and Graubard 1998, Survey Methodology 24, 193). For one group
    of n answers, the price is n.

    Args:
        wrong: bool (N,), whether each answer is wrong; or the share of it that is, float64 (N,), 0 to 1.
        groups: int64 (N,), the number of each answer's group, from 0; None if each answer is on its own.
        prefix_lengths: int64 (K,), how many of the first answers are taken each time, 0 to N.
        confidence_level: the confidence level of the bounds: .95 for a one-sided bound, .975 for each end of
            a two-sided interval.
        is_unweighted: whether each answer has the same weight, so that the share is the plain one. Its
            certainty still takes the groups into account.
    """
    if groups is None:
        n = prefix_lengths.astype(np.float64)
        return WeightedWrongShares(
            np.append(0, np.cumsum(wrong))[prefix_lengths] / np.maximum(n, 1), n, n, confidence_level
        )
    rows = [
        _estimate_one_share(wrong[:count], groups[:count], is_unweighted=is_unweighted)
        for count in prefix_lengths
    ]
    share, assumed_answers, measured_answers, group_counts = np.array(rows, np.float64).reshape(-1, 4).T
    price = _compute_price_of_few_groups(group_counts, prefix_lengths, confidence_level)
    return WeightedWrongShares(
        share,
        np.minimum(assumed_answers, measured_answers) / price,
        assumed_answers / price,
        confidence_level,
    )


def _estimate_one_share(
    wrong: NDArray[np.bool_] | FloatArray, groups: NDArray[np.int64], *, is_unweighted: bool
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
    # The formulas are those of `estimate_wrong_shares`.
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
    max_freedom = freedoms.max(initial=1)
    # The list is made for a power of 2, so that the cache holds few of them.
    quantiles = _list_t_quantiles(int(2 ** np.ceil(np.log2(max_freedom + 1))), confidence_level)
    group_quantiles, answer_quantiles = quantiles[freedoms]
    return np.where(groups == 1, answers, (group_quantiles / answer_quantiles) ** 2)


@cache
def _list_t_quantiles(most: int, confidence_level: float) -> FloatArray:
    """Return quantiles of Student's t distribution of 0 to `most` degrees of freedom; infinity for 0."""
    return np.append(np.inf, compute_t_quantiles(np.arange(1.0, most + 1), confidence_level))


def compute_share_interval(
    is_right: NDArray[np.bool_], groups: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Return the 95% interval of a share of right answers, which is wider if answers come in groups.

    It is Wilson's interval for the number of independent answers that all answers are worth.

    Args:
        is_right: bool (N,), whether each answer is right; N >= 1.
        groups: int64 (N,), a number that is equal for answers that are not independent; None if all answers
            are independent.
    """
    effect = _compute_design_effect(is_right, groups)
    return compute_wilson_interval(is_right.sum() / effect, len(is_right) / effect)


def compute_source_mean_interval(
    right_counts: FloatArray, n: FloatArray
) -> tuple[float, tuple[float, float]]:
    """Return the mean share of right answers over S sources, and the 95% interval of the mean.

    A source is a shop or collection of photos. It is Wilson's interval for as many answers as would give a
    mean that is as uncertain as the spread of the sources' shares says.

    Args:
        right_counts: float64 (S,), S >= 2, the number of right answers in each source.
        n: float64 (S,), the number of all answers in each source, above 0.
    """
    shares = right_counts / n
    mean = float(shares.mean())
    # At most as many as if the answers of a source were correlated as little as is ever assumed.
    answers = float(np.sum(n / (1 + MIN_GROUP_CORRELATION * (n - 1))))
    widening = float(compute_t_quantiles(len(n) - 1, TWO_SIDED_CONFIDENCE_LEVEL)[0]) / Z_SCORE_95
    if (variance := float(shares.var(ddof=1)) / len(n) * widening**2) > 0:
        answers = min(answers, mean * (1 - mean) / variance)
    return mean, compute_wilson_interval(mean * answers, answers)


def compute_grouped_macro_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64] | None, classes: NDArray[np.integer]
) -> tuple[float, float]:
    """Return the 95% interval of the macro accuracy, the mean of the classes' shares of right answers.

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
    estimate = estimate_wrong_shares(
        ~right, groups, n, confidence_level=TWO_SIDED_CONFIDENCE_LEVEL, is_unweighted=True
    )
    return float(n[0] / estimate.independent_answers[0])


def compute_t_quantiles(
    degrees_of_freedom: FloatArray | float, confidence_level: float = CONFIDENCE_LEVEL
) -> FloatArray:
    """Return quantiles of Student's t distribution, float64 (N,).

    Args:
        degrees_of_freedom: the degrees of freedom of each distribution, 1 or more.
        confidence_level: the probability below the quantile, .5 to 1.
    """
    degrees_of_freedom = np.atleast_1d(np.asarray(degrees_of_freedom, np.float64))
    share = compute_beta_quantiles(
        2 * confidence_level - 1, 0.5, degrees_of_freedom / 2
    )  # t^2 / (t^2 + freedom)
    return np.sqrt(degrees_of_freedom * share / (1 - share))
