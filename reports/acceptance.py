"""Which confidence is enough to accept an answer: the rule by which trainings and services choose.

Thresholds are tested in an order that was fixed before any answer was judged, from high to low, and the first
failure ends the tests. So one error rate of 5% holds for all of them (fixed-sequence testing, Maurer et al.
1995), where the best of many thresholds would look better than it is. The first one accepts so many answers
that four of them may be wrong, or half of the pictures: where one or two wrong labels among the surest end
the tests, most small sets promise nothing. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.intervals import needed, needed_with
from reports.values import AcceptPoint

AT_MOST: Final = 0.5
"""Share of the pictures, of each set or as the mean over them, that the first tested threshold accepts."""

ERRORS_AT_FIRST: Final = 4
"""Number of wrong answers with which the first tested threshold still shows the promised share."""

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


def accepted_at(
    curves: Mapping[str, Sequence[AcceptPoint]], targets: Mapping[str, float]
) -> dict[str, AcceptPoint] | None:
    """Return the last tested point at which every set of pictures reaches its target.

    Args:
        curves: the points of each set of pictures, at the same rising thresholds.
        targets: the share of accepted answers of each set that must be right, 0..1 exclusive.

    Returns:
        By set, its point; None where nothing can be promised.
    """
    rows = list(zip(*curves.values(), strict=True))
    if not rows:
        return None
    accuracies = np.array([targets[pictures] for pictures in curves])
    numbers = [[math.inf if point.answers is None else point.answers for point in row] for row in rows]
    place = last_kept(
        np.array([[point.accepted for point in row] for row in rows]),
        np.array(numbers),
        np.array([[point.lower_bound for point in row] for row in rows]) >= accuracies,
        accuracies.tolist(),
    )
    return None if place is None else dict(zip(curves, rows[place], strict=True))


def last_kept(
    accepted: NDArray[np.float64],
    independent: NDArray[np.float64],
    kept: NDArray[np.bool_],
    targets: Sequence[float],
) -> int | None:
    """Return the place of the last tested threshold at which every set of pictures reaches its target.

    A threshold that accepts fewer than `needed` answers of a set is not tested: no answer could show it.

    Args:
        accepted: float64 (T, K), shares of the pictures of K sets that T rising thresholds accept.
        independent: float64 (T, K), the number of independent answers that the accepted ones can stand for;
            infinite if an older report does not say it: then the lowest threshold that keeps all targets is
            taken.
        kept: bool (T, K), whether the accepted answers show the target.
        targets: the share of accepted answers of each set that must be right, 0..1 exclusive.
    """
    least = np.array([needed(target) for target in targets])
    allowing = np.array([needed_with(ERRORS_AT_FIRST, target) for target in targets])
    half = accepted >= AT_MOST
    begins = np.all((independent >= allowing) | half, axis=1) | (np.mean(accepted, axis=1) >= AT_MOST)
    first = np.flatnonzero(begins)[-1] if begins.any() else 0
    tested = np.flatnonzero(np.all(independent[: first + 1] >= least, axis=1))[::-1]
    shown = np.all(kept[tested], axis=1)
    if not np.isinf(independent).all():
        shown = np.logical_and.accumulate(shown)
    return int(tested[shown][-1]) if shown.any() else None
