"""Curves through what was measured: linear in their parameters, fitted to relative errors. Pure.

Every fit tells how far it misses: at the points that it was made from, and at each point when it is made
from the others. What the curves are used for: plan.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]
Design: TypeAlias = Callable[[Values], Values]
"""Sizes, (n,), to what each parameter is multiplied by, (n, parameters)."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One curve.

    Attributes:
        parameters: none is negative: no work takes less than no time.
        points: how many it was made from.
        worst: the largest relative error at one of them.
        left_out: the largest relative error at a point that the fit was made without, ends excepted, since
            there it would extrapolate; None where there are too few points to leave one out.
    """

    parameters: tuple[float, ...]
    points: int
    worst: float
    left_out: float | None


def fit(design: Design, sizes: Sequence[float], values: Sequence[float]) -> Fit:
    """The least relative squares, parameters >= 0.

    Args:
        design: what the parameters are multiplied by.
        sizes: growing.
        values: one for each, positive.

    Raises:
        ValueError: fewer points than parameters.
    """
    at, seen = np.asarray(sizes, float), np.asarray(values, float)
    count = design(at).shape[1]
    if len(at) < count:
        raise ValueError(f"{len(at)} points cannot settle {count} parameters.")
    parameters = _solved(design, at, seen)
    return Fit(
        parameters=tuple(float(each) for each in parameters),
        points=len(at),
        worst=float(np.max(np.abs(design(at) @ parameters / seen - 1))),
        left_out=_left_out(design, at, seen) if len(at) > count + 1 else None,
    )


def _solved(design: Design, at: Values, seen: Values) -> Values:
    """Non-negative least squares by trying every set of parameters that may stay: there are three at most."""
    rows = design(at) / seen[:, None]
    count = rows.shape[1]
    found, least = np.zeros(count), float("inf")
    for size in range(1, count + 1):
        for chosen in map(list, combinations(range(count), size)):
            some, *_ = np.linalg.lstsq(rows[:, chosen], np.ones(len(at)), rcond=None)
            missed = float(np.sum((rows[:, chosen] @ some - 1) ** 2))
            if some.min() >= 0 and missed < least:
                found, least = np.zeros(count), missed
                found[chosen] = some
    return found


def _left_out(design: Design, at: Values, seen: Values) -> float:
    return max(_missed(design, at, seen, index) for index in range(1, len(at) - 1))


def _missed(design: Design, at: Values, seen: Values, index: int) -> float:
    others = np.arange(len(at)) != index
    parameters = _solved(design, at[others], seen[others])
    return float(abs(design(at[index : index + 1])[0] @ parameters / seen[index] - 1))


def bent_line(knee: float) -> Design:
    """A constant, a price for each up to a knee, and a price for each: a + b min(n, knee) + c n."""
    return lambda sizes: np.stack([np.ones_like(sizes), np.minimum(sizes, knee), sizes], axis=1)


def straight_line(sizes: Values) -> Values:
    """A constant and a price for each: a + b n."""
    return np.stack([np.ones_like(sizes), sizes], axis=1)


def best_bent_line(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, Fit]:
    """The knee, one of the inner sizes, with the smallest worst error; and the fit."""
    fits = [(float(knee), fit(bent_line(knee), sizes, values)) for knee in sizes[1:-1]]
    return min(fits, key=lambda each: each[1].worst)


def universal(sizes: Values) -> Values:
    """Gunther's Universal Scalability Law, as n / rate = a + b (n - 1) + c n (n - 1).

    The rate of one is 1 / a, contention b / a, coherency c / a.
    """
    return np.stack([np.ones_like(sizes), sizes - 1, sizes * (sizes - 1)], axis=1)


def saturating(cores: int) -> Design:
    """As many at a time as there are cores, the rest in a queue.

    As n / rate = a + b max(n - cores, 0) + c n (n - 1): the last is what the others cost each.
    """
    return lambda sizes: np.stack(
        [np.ones_like(sizes), np.maximum(sizes - cores, 0), sizes * (sizes - 1)], axis=1
    )
