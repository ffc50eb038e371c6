"""Which confidence is enough to accept an answer: the rule by which trainings and services choose.

Thresholds are tested in an order that was fixed before any answer was judged, from the one that accepts the
least, and the first failure ends the tests. So one error rate of 5% holds for all of them (fixed-sequence
testing, Maurer et al. 1995), where the best of many thresholds would look better than it is. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model_store.report import AcceptPoint

SHARES: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of the familiar answers, accepted by the thresholds that are tested, in this order."""

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
    rows = list(zip(*curves.values(), strict=True))
    least = {kind: needed(targets[kind]) for kind in curves}
    found = None
    for points in reversed(rows):
        at = dict(zip(curves, points, strict=True))
        if any(one.answers is not None and one.answers < least[kind] for kind, one in at.items()):
            continue
        if all(one.lower_bound >= targets[kind] for kind, one in at.items()):
            found = at
        elif any(one.answers is not None for one in points):
            break  # older reports have no number of answers; there the lowest threshold counts
    return found
