"""Choose the confidence from which answers are accepted: the rule that trainings and services share.

Thresholds are tested in an order that was fixed before any answer was judged, from high to low, and the first
failure ends the tests. So one error rate of 5% holds for all of them (fixed-sequence testing, Maurer et al.
1995), whereas the best of many thresholds would look better than it is. The first tested threshold accepts so
many answers that four of them may be wrong, or half of the pictures. Otherwise one or two wrong labels among
the most confident answers would end the tests, and most small sets could promise nothing. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.intervals import count_needed_answers, count_needed_answers_with_errors
from reports.values import AcceptPoint

ENOUGH_ACCEPTED_SHARE: Final = 0.5
"""Share of accepted pictures, in each set or as the mean over the sets, that is enough for a threshold to be
tested first."""

FIRST_THRESHOLD_ERRORS: Final = 4
"""Number of wrong answers that the first tested threshold can have while it still shows the promised
share."""

DEFAULT_ACCEPT_CONFIDENCE: Final = 0.75
"""Calibrated confidence that every accepted answer needs, unless the training names another. Without it, a
promise about all accepted answers together could hold although some of them have a confidence of 51%."""


@dataclass(frozen=True)
class AcceptConditions:
    """Conditions under which answers are accepted.

    Attributes:
        right_share: the share of accepted answers that must be right, 0 to 1; None for the usual share.
        confidence: the confidence that each accepted answer needs, 0 to 1.
    """

    right_share: float | None = None
    confidence: float = DEFAULT_ACCEPT_CONFIDENCE


DEFAULT_CONDITIONS: Final = AcceptConditions()


def find_accept_points(
    curves: Mapping[str, Sequence[AcceptPoint]], targets: Mapping[str, float]
) -> dict[str, AcceptPoint] | None:
    """Find the lowest confidence threshold at which every set of pictures reaches its share of right answers.

    Args:
        curves: the points of each set of pictures (threshold, share accepted, lower bound of the share that
            is right), at the same rising thresholds for all sets.
        targets: the share of each set's accepted answers that must be right, 0 to 1 exclusive.

    Returns:
        By set, its point at this threshold; None if no threshold reaches all targets.
    """
    rows = list(zip(*curves.values(), strict=True))
    if not rows:
        return None
    accuracies = np.array([targets[pictures] for pictures in curves])
    numbers = [[math.inf if point.answers is None else point.answers for point in row] for row in rows]
    place = find_lowest_threshold(
        np.array([[point.accepted for point in row] for row in rows]),
        np.array(numbers),
        np.array([[point.lower_bound for point in row] for row in rows]) >= accuracies,
        accuracies.tolist(),
    )
    return None if place is None else dict(zip(curves, rows[place], strict=True))


def find_lowest_threshold(
    accepted: NDArray[np.float64],
    independent: NDArray[np.float64],
    is_target_shown: NDArray[np.bool_],
    targets: Sequence[float],
) -> int | None:
    """Return the index of the lowest tested threshold at which every set of pictures reaches its target.

    A threshold that accepts fewer than `count_needed_answers` answers of a set is not tested, because so few
    answers cannot show the target.

    Args:
        accepted: float64 (T, K), the shares of K sets of pictures that T rising thresholds accept.
        independent: float64 (T, K), the number of independent answers that the accepted ones are worth. It is
            infinite if an older report does not have the number; then the lowest threshold that reaches all
            targets is returned.
        is_target_shown: bool (T, K), whether the accepted answers show the target.
        targets: the share of accepted answers of each set that must be right, 0 to 1 exclusive.

    Returns:
        The index, 0 to T - 1; None if no tested threshold reaches all targets.
    """
    least = np.array([count_needed_answers(target) for target in targets])
    allowing = np.array(
        [count_needed_answers_with_errors(FIRST_THRESHOLD_ERRORS, target) for target in targets]
    )
    half = accepted >= ENOUGH_ACCEPTED_SHARE
    begins = np.all((independent >= allowing) | half, axis=1) | (
        np.mean(accepted, axis=1) >= ENOUGH_ACCEPTED_SHARE
    )
    first = np.flatnonzero(begins)[-1] if begins.any() else 0
    tested = np.flatnonzero(np.all(independent[: first + 1] >= least, axis=1))[::-1]
    shown = np.all(is_target_shown[tested], axis=1)
    if not np.isinf(independent).all():
        shown = np.logical_and.accumulate(shown)
    return int(tested[shown][-1]) if shown.any() else None
