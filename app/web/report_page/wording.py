"""Numbers as people read them: percentages, intervals, sizes, durations. Pure."""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final

Z_95: Final = 1.959963984540054
"""Two-sided 95% point of the normal distribution."""

UNKNOWN: Final = "not known"
NOTHING: Final = "—"
"""Where a table has nothing to say."""


@dataclass(frozen=True)
class Entry:
    """A name and what is told under it."""

    name: str
    value: str


def percent(share: float, digits: int = 1) -> str:
    """A share of 0..1 as `94.9%`."""
    return f"{share:.{digits}%}"


def percent_or(share: float | None, instead: str = NOTHING) -> str:
    """The same of a share that may not have been measured."""
    return instead if share is None else percent(share)


def interval(low: float, high: float, digits: int = 1) -> str:
    """Two shares of 0..1 as `94.5 to 95.3%`."""
    return f"{low * 100:.{digits}f} to {percent(high, digits)}"


def share_interval(share: float, n: int, digits: int = 1) -> str:
    """The 95% score interval of a share that was counted on `n` (Wilson 1927), as `interval` has it.

    Args:
        share: 0..1.
        n: of how many; nothing can be said of none.
        digits: behind the point.
    """
    if n == 0:
        return UNKNOWN
    weight = Z_95**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = Z_95 * sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return interval(max(0.0, centre - half), min(1.0, centre + half), digits)


def area(auroc: float | None) -> str:
    """An area under a curve, 0..1, as `0.978`."""
    return NOTHING if auroc is None else f"{auroc:.3f}"


def number(value: float) -> str:
    """A number with as many digits as tell something: `0.1504`, `46.92`, `311,530`."""
    if not isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def count(things: int, name: str) -> str:
    """`1 picture`, `10,000 pictures`."""
    return f"{things:,} {name}" if things == 1 else f"{things:,} {name}s"


def size(octets: int) -> str:
    """Bytes as `1.39 MB` or `31 kB`, a thousand of one in the next."""
    if octets >= 1_000_000:
        return f"{octets / 1e6:.2f} MB"
    return f"{octets / 1e3:.0f} kB" if octets >= 1000 else count(octets, "byte")


def duration(seconds: float) -> str:
    """Seconds as `2 h 5 min`, `35 min 5 s` or `1.5 s`."""
    if not isfinite(seconds):
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
