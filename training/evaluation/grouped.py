"""Photos of one sender are not independent: design effects, and intervals by a bootstrap over groups.

A sender's photos share camera, floor and taste, so that one who sent sixty counts for less than sixty. Groups
are the column `group` of a table, joined where pictures are nearly the same; without it each picture is its
own group. Pure. Their users: calibration.py for the thresholds, photo_evaluation.py for the report.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from training.evaluation.statistics import macro_interval

DRAWS: Final = 2000
BOOTSTRAP_SEED: Final = 0
"""Of the bootstrap; the report names both."""

AT_ONCE: Final = 100
"""Draws that are held in memory at a time."""


def numbered(groups: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int64]:
    """Names of groups as numbers from 0, int64 (N,)."""
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)


def design_effects(right: NDArray[np.bool_], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """By how much the variance of the share of right answers exceeds that of independent answers.

    The linearised variance between groups over the binomial one (Rao and Scott 1992, Biometrics 48, 577). So
    many times more answers say as much as independent ones; below 1 counts as 1.

    Args:
        right: bool (N,), of answers in some order.
        groups: int64 (N,), numbers from 0.

    Returns:
        float64 (N,): for each answer, of it and those before it. Answers of one group count as one answer;
        where none is wrong, or none is right, nothing shows more than 1.
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
    return np.where(count == 1, n.astype(np.float64), np.maximum(effects, 1.0))


def _before(values: NDArray[np.bool_ | np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each answer the sum over the earlier ones of its group."""
    order = np.argsort(groups, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(values[order])])[:-1]
    first = np.searchsorted(groups[order], groups[order])  # where each one's group begins
    before = np.empty(len(values))
    before[order] = summed - summed[first]
    return before


def share_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64], classes: NDArray[np.uint8] | None = None
) -> tuple[float, float] | None:
    """95% interval of a share, or of the mean of the classes' shares: percentiles of DRAWS draws of groups.

    Where all draws agree, as with a share of 1, the interval of independent answers (`macro_interval`).

    Args:
        right: bool (N,).
        groups: int64 (N,), which group each is in.
        classes: uint8 (N,), whose shares are averaged; None for one share.

    Returns:
        None for fewer than two groups, of which there is nothing to draw.
    """
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
