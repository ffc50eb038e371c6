"""Photos of one sender are not independent: design effects, and intervals by a bootstrap over groups.

A sender's photos share camera, floor and taste, so that one who sent sixty counts for less than sixty. Groups
are the column `group` of a table, joined where pictures are nearly the same; without it each picture is its
own group. Pure. Their users: calibration.py for the thresholds, photo_evaluation.py for the report.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.statistics import macro_interval

DRAWS: Final = 2000
BOOTSTRAP_SEED: Final = 0
"""Of the bootstrap; the report names both."""

AT_ONCE: Final = 100
"""Draws that are held in memory at a time."""


LEAST_CORRELATION: Final = 0.1
"""Of the answers of one group that is assumed at least: few groups, or few errors, show too little of it."""


def numbered(groups: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int64]:
    """Names of groups as numbers from 0, int64 (N,)."""
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)


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


def share_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64], classes: NDArray[np.integer] | None = None
) -> tuple[float, float] | None:
    """95% interval of a share, or of the mean of the classes' shares: percentiles of DRAWS draws of groups.

    Where all draws agree, as with a share of 1, the interval of independent answers (`macro_interval`).

    Args:
        right: bool (N,).
        groups: int64 (N,), which group each is in.
        classes: integers (N,), whose shares are averaged; None for one share.

    Returns:
        None for fewer than two groups, of which there is nothing to draw.
    """
    from scipy.stats import bootstrap  # noqa: PLC0415 - as above

    groups = numbered(groups.astype(str))
    if not len(right) or not groups.max():
        return None
    cells = np.zeros(len(right), np.int64) if classes is None else np.unique(classes, return_inverse=True)[1]
    shape = (groups.max() + 1, cells.max() + 1)
    counts, hits = np.zeros(shape), np.zeros(shape)
    np.add.at(counts, (groups, cells), 1)
    np.add.at(hits, (groups, cells), right)

    def mean_share(drawn: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        of, found = counts[drawn].sum(axis=axis - 1), hits[drawn].sum(axis=axis - 1)
        shares = np.divide(found, of, out=np.full(of.shape, np.nan), where=of > 0)
        return np.asarray(np.nanmean(shares, axis=-1))  # a draw may lack a class

    low, high = bootstrap(
        (np.arange(shape[0]),),
        mean_share,
        n_resamples=DRAWS,
        batch=AT_ONCE,
        method="percentile",
        rng=BOOTSTRAP_SEED,
    ).confidence_interval
    if low == high:
        return macro_interval(hits.sum(axis=0).astype(int).tolist(), counts.sum(axis=0).astype(int).tolist())
    return float(low), float(high)
