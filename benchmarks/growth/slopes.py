"""How fast a cost grows: the exponent of a power law through the larger half of a curve. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MARGIN = 0.15
"""By which an exponent may miss, for noise: an eighth more at twice the size."""

FEWEST_TO_HALVE = 6
"""Points of a curve, below which it is taken whole."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one load saw.

    Attributes:
        size: how much work.
        per_second: answers.
        p50: milliseconds, as p99.
        processor: milliseconds of all cores together for one answer.
    """

    size: int
    answers: int
    per_second: float
    p50: float
    p99: float
    processor: float
    errors: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One curve's verdict.

    Attributes:
        cost: exponent of processor time per answer.
        wait: exponent of p50.
        sound: neither is more than allowed, and nothing failed.
    """

    curve: str
    cost: float
    cost_allowed: float
    wait: float
    wait_allowed: float
    errors: int
    sound: bool


def growth(curve: str, cost_allowed: int, wait_allowed: int, seen: Sequence[Seen]) -> Growth:
    """Judge a curve of at least two points, smallest first."""
    sizes = [each.size for each in seen]
    cost = slope(sizes, [each.processor for each in seen])
    wait = slope(sizes, [each.p50 for each in seen])
    errors = sum(each.errors for each in seen)
    return Growth(
        curve=curve,
        cost=cost,
        cost_allowed=cost_allowed + MARGIN,
        wait=wait,
        wait_allowed=wait_allowed + MARGIN,
        errors=errors,
        sound=errors == 0 and cost <= cost_allowed + MARGIN and wait <= wait_allowed + MARGIN,
    )


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The exponent over the larger half of the sizes, where what every request costs hides nothing.

    A curve of a few points has no halves: one that is through two of them is the noise of both.

    Args:
        sizes: at least two, growing.
        values: one for each; with one that is not positive, nothing was answered, and growth has no bound.
    """
    half = len(sizes) // 2 if len(sizes) >= FEWEST_TO_HALVE else 0
    if min(values[half:]) <= 0:
        return float("inf")
    exponent, _ = np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)
    return float(exponent)
