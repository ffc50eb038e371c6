"""Photos of one sender are not independent: design effects, and intervals of the effective number of answers.

A sender's photos share camera, floor and taste, so sixty photos of one sender count as fewer than sixty
independent ones. Groups are the column `group` of a table, joined where pictures are nearly the same; without
it each picture is its own group. Pure. Their users: kinds.py for thresholds, evaluate.py and
photo_evaluation.py for the report.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.values import wilson_interval
from training.measure.statistics import macro_interval

EACH_END: Final = 0.025
"""Tail of each end of a 95% interval."""

LEAST_CORRELATION: Final = 0.1
"""Of the answers of one group that is assumed at least: few groups, or few errors, show too little of it."""


def design_effects(
    right: NDArray[np.bool_], groups: NDArray[np.int64], tail: float = 0.05
) -> NDArray[np.float64]:
    """By how much n answers exceed the number of independent ones that say as much.

    The larger of two design effects, times the price of few groups: the measured one, the linearised variance
    between groups over the binomial one (Rao and Scott 1992, Biometrics 48, 577), and the `assumed_effects`.
    Errors alone decide about the first, so where none is wrong the second stands.

    Args:
        right: bool (N,), of answers in some order.
        groups: int64 (N,), numbers from 0.
        tail: of the bound that the effective number is for: 0.05 for a lower one at 95%, 0.025 for each end
            of a 95% interval.

    Returns:
        float64 (N,): for each answer, of it and those before it; 1 where each is a group of its own.
    """
    wrong, n = ~right, np.arange(1, len(right) + 1)
    photos, errors = _before(np.ones(len(right)), groups), _before(wrong, groups)
    # Sums over the groups of photos squared, photos times errors, and errors squared, as answers are added.
    squares = np.cumsum(2 * photos + 1)
    products = np.cumsum(photos * wrong + errors + wrong)
    errors_squared = np.cumsum(wrong * (2 * errors + 1))
    count, share = np.cumsum(photos == 0), np.cumsum(wrong) / n
    between = errors_squared - 2 * share * products + share**2 * squares
    # Both variances are estimated with one degree of freedom less, so that single pictures have exactly 1.
    expected = n * share * (1 - share) * (count - 1) / count * n / np.maximum(n - 1, 1)
    effects = np.divide(between, expected, out=np.ones(len(n)), where=expected > 0)
    assumed = assumed_effects(groups, tail)
    return np.asarray(np.minimum(n, np.maximum(effects * _price_of_few(count, n, tail), assumed)))


def assumed_effects(groups: NDArray[np.int64], tail: float = 0.05) -> NDArray[np.float64]:
    """The design effects that numbers and sizes of groups have, whatever the answers.

    Those of LEAST_CORRELATION within groups, 1 + (m - 1) rho for m answers a group, times
    (t(G - 1) / t(n - 1))^2 for G groups (Korn and Graubard 1998, Survey Methodology 24, 193). Answers of one
    group count as one answer. Arguments and result: `design_effects`.
    """
    photos, n = _before(np.ones(len(groups)), groups), np.arange(1, len(groups) + 1)
    each = np.cumsum(2 * photos + 1) / n
    price = _price_of_few(np.cumsum(photos == 0), n, tail)
    return np.asarray(np.minimum(n, (1 + (each - 1) * LEAST_CORRELATION) * price))


def _price_of_few(count: NDArray[np.int64], n: NDArray[np.int64], tail: float) -> NDArray[np.float64]:
    """(t(G - 1) / t(n - 1))^2; so many times n that one group is one answer."""
    from scipy.special import stdtrit  # noqa: PLC0415 - --help needs no SciPy

    quantiles = [stdtrit(np.maximum(one - 1, 1), 1 - tail) for one in (count, n)]
    ratio = (quantiles[0] / quantiles[1]) ** 2
    return np.asarray(np.where((count == 1) & (n > 1), n, ratio))


def _before(values: NDArray[np.bool_ | np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each answer the sum over the earlier ones of its group."""
    order = np.argsort(groups, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(values[order])])[:-1]
    first = np.searchsorted(groups[order], groups[order])  # where each one's group begins
    before = np.empty(len(values))
    before[order] = summed - summed[first]
    return before


def interval(right: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> tuple[float, float]:
    """95% interval of the share of right answers: Wilson's, of the effective number of answers.

    Args:
        right: bool (N,), N >= 1.
        groups: int64 (N,), equal where answers are not independent; None where all are.
    """
    effect = _effect(right, groups)
    return wilson_interval(right.sum() / effect, len(right) / effect)


def mean_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64] | None, classes: NDArray[np.integer]
) -> tuple[float, float]:
    """The same of the mean of the classes' shares (`macro_interval`).

    One design effect, of all answers, divides every class's numbers: each class's own effect would take a
    sender's photos of different classes for independent.

    Args:
        right: bool (N,), N >= 1.
        groups: as `interval`.
        classes: integers (N,), whose shares are averaged.
    """
    cells, effect = np.unique(classes, return_inverse=True)[1], _effect(right, groups)
    return macro_interval(np.bincount(cells, right) / effect, np.bincount(cells) / effect)


def _effect(right: NDArray[np.bool_], groups: NDArray[np.int64] | None) -> float:
    return 1.0 if groups is None else float(design_effects(right, groups, EACH_END)[-1])
