"""Which confidence is enough to accept an answer: the rule by which trainings and services choose.

Thresholds are tested in an order that was fixed before any answer was judged, from high to low, and the first
failure ends the tests. So one error rate of 5% holds for all of them (fixed-sequence testing, Maurer et al.
1995), where the best of many thresholds would look better than it is. The first one accepts so many answers
that one of them may be wrong, or half of the pictures: where a single wrong label ends the tests, most small
sets promise nothing. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reports.values import AcceptPoint

AT_MOST: Final = 0.5
"""Share of the pictures, as the mean over their kinds, that the first tested threshold accepts at most."""

SURENESS: Final = 0.95
"""Of the lower bound that has to reach what is promised: one-sided, Clopper and Pearson 1934, of the
effective number of answers (Korn and Graubard 1998)."""


ACCEPT_CONFIDENCE: Final = 0.75
"""Calibrated confidence that a single accepted answer needs, unless the training names another. A promise for
all of them alone may hold with answers of 51% among them."""


@dataclass(frozen=True)
class Conditions:
    """When an answer is accepted.

    Attributes:
        right: 0..1, share of the accepted answers that must be right; None for the usual one.
        confidence: 0..1, that each of them needs.
    """

    right: float | None = None
    confidence: float = ACCEPT_CONFIDENCE


USUAL: Final = Conditions()


def needed(accuracy: float, sureness: float = SURENESS) -> int:
    """The fewest answers whose lower bound reaches this accuracy, 0..1 exclusive, when all are right.

    Args:
        accuracy: that is to be shown.
        sureness: 0..1, of the bound; one end of a two-sided interval of 95% has 0.975.
    """
    return math.ceil(math.log(1 - sureness) / math.log(accuracy))


def needed_with_an_error(accuracy: float) -> int:
    """The same where one of them is wrong, at SURENESS."""
    n = needed(accuracy)
    while accuracy**n + n * (1 - accuracy) * accuracy ** (n - 1) > 1 - SURENESS:
        n += 1
    return n


def accepted_at(
    curves: Mapping[str, Sequence[AcceptPoint]], targets: Mapping[str, float]
) -> dict[str, AcceptPoint] | None:
    """The last tested point at which every kind of pictures reaches its target.

    A threshold that accepts fewer than `needed` answers of a kind is not tested: no answer could show it.

    Args:
        curves: by kind of pictures, at the same rising thresholds.
        targets: by kind, 0..1 exclusive, share of the accepted answers that must be right.

    Returns:
        By kind, its point; None where nothing can be promised.
    """
    rows = [dict(zip(curves, points, strict=True)) for points in zip(*curves.values(), strict=True)][::-1]
    allowing = {kind: needed_with_an_error(targets[kind]) for kind in curves}
    first = next((place for place, at in enumerate(rows) if _begins(at, allowing)), len(rows) - 1)
    least = {kind: needed(targets[kind]) for kind in curves}
    found = None
    for at in rows[first:]:
        if not _have(at, least):
            continue
        if all(one.lower_bound >= targets[kind] for kind, one in at.items()):
            found = at
        elif any(one.answers is not None for one in at.values()):
            break  # older reports have no number of answers; there the lowest threshold counts
    return found


def _begins(at: Mapping[str, AcceptPoint], allowing: Mapping[str, int]) -> bool:
    """Whether the tests may begin with this threshold."""
    return _have(at, allowing) or sum(one.accepted for one in at.values()) >= AT_MOST * len(at)


def _have(at: Mapping[str, AcceptPoint], least: Mapping[str, int]) -> bool:
    """Whether so many answers of each kind are accepted, where their number is known."""
    return all(one.answers is None or one.answers >= least[kind] for kind, one in at.items())
