"""Quantiles and chances of probability distributions: beta, binomial and hypergeometric.

They are computed with Python and NumPy alone, since services and publishing do not install SciPy. Tests
compare them with SciPy's.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HALVINGS: Final = 45
"""Number of times that an interval of width 1 is halved, down to 3e-14."""

_TERMS: Final = 2000
"""Largest number of terms of a continued fraction. For some hundred thousand answers, a few hundred are
needed."""

FloatArray = NDArray[np.float64]


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
        is_too_low = compute_incomplete_beta(middle, a, b) < tail
        low = np.where(is_too_low, middle, low)
        high = np.where(is_too_low, high, middle)
    return high


def compute_incomplete_beta(x: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
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


def compute_binomial_cdf(k: int, n: int, share: float) -> float:
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


def compute_hypergeometric_cdf(k: int, sample_size: int, wrong: int, rows: int) -> float:
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
