"""Choose the confidence from which answers are accepted, so that a promised share of them (say 95%) is right.

For each threshold it is known how many of the measured answers it accepts, and how many of these are right.
The best of many thresholds would look better than it is. Therefore they are tested in a fixed order, from
high to low, and the first failure ends the tests. So one error rate of 5% holds for all of them
(fixed-sequence testing, Maurer et al. 1995).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.intervals import count_needed_answers
from reports.promises import AcceptPoint

ENOUGH_ACCEPTED_SHARE: Final = 0.5
"""Share of accepted pictures that is enough for a threshold to be tested first, in each set of pictures or as
the mean over the sets."""

FIRST_THRESHOLD_ERRORS: Final = 4
"""Number of wrong answers with which the first tested threshold could still show the promised share. If none
was allowed, a single wrong label among the most confident answers would end the tests."""

DEFAULT_ACCEPT_CONFIDENCE: Final = 0.75
"""Calibrated confidence that every accepted answer needs, unless the user of a training names another.
Without it, a promise about all accepted answers together could hold although some have a confidence of
51%."""


@dataclass(frozen=True)
class AcceptConditions:
    """Conditions that a user sets for the answers that a release accepts.

    Attributes:
        right_share: the share of accepted answers that must be right, such as .97; None for the usual share.
        confidence: the smallest confidence of an accepted answer, 0 to 1.
    """

    right_share: float | None = None
    confidence: float = DEFAULT_ACCEPT_CONFIDENCE


DEFAULT_CONDITIONS: Final = AcceptConditions()


def find_accept_points(
    curves: Mapping[str, Sequence[AcceptPoint]], targets: Mapping[str, float]
) -> dict[str, AcceptPoint] | None:
    """Find the lowest confidence threshold at which every set of pictures reaches its share of right answers.

    Args:
        curves: the figures of each set of pictures at each threshold: the share that is accepted, and a lower
            bound of the share of these that is right. The thresholds rise, and are the same in all sets.
        targets: the share of accepted answers of each set that must be right, 0 to 1 exclusive.

    Returns:
        The figures of each set at this threshold; None if no threshold reaches all targets.
    """
    rows = list(zip(*curves.values(), strict=True))
    if not rows:
        return None
    accuracies = np.array([targets[pictures] for pictures in curves])
    # Older reports lack the number of answers.
    numbers = [[math.inf if point.answers is None else point.answers for point in row] for row in rows]
    place = find_lowest_threshold_index(
        np.array([[point.accepted_share for point in row] for row in rows]),
        np.array(numbers),
        np.array([[point.lower_bound for point in row] for row in rows]) >= accuracies,
        accuracies.tolist(),
    )
    return None if place is None else dict(zip(curves, rows[place], strict=True))


def find_lowest_threshold_index(
    accepted_shares: NDArray[np.float64],
    independent_counts: NDArray[np.float64],
    is_target_proven: NDArray[np.bool_],
    targets: Sequence[float],
) -> int | None:
    """Return the index of the lowest tested threshold at which every set of pictures reaches its target.

    A threshold that accepts so few answers of a set that even if all are right, they cannot show the target,
    is not tested.

    Args:
        accepted_shares: float64 (T, K), the shares of K sets of pictures that T rising thresholds accept.
        independent_counts: float64 (T, K), the number of independent answers that the accepted ones are
            worth; photos of one sender are worth fewer. Infinite if it is not known; then all thresholds are
            tested.
        is_target_proven: bool (T, K), whether the accepted answers show the target.
        targets: the share of accepted answers of each set that must be right, 0 to 1 exclusive.

    Returns:
        The index, 0 to T - 1; None if no tested threshold reaches all targets.
    """
    fewest = np.array([count_needed_answers(target) for target in targets])
    fewest_with_errors = np.array(
        [count_needed_answers(target, errors=FIRST_THRESHOLD_ERRORS) for target in targets]
    )
    has_half = accepted_shares >= ENOUGH_ACCEPTED_SHARE
    can_be_first = np.all((independent_counts >= fewest_with_errors) | has_half, axis=1) | (
        np.mean(accepted_shares, axis=1) >= ENOUGH_ACCEPTED_SHARE
    )
    first = np.flatnonzero(can_be_first)[-1] if can_be_first.any() else 0
    tested = np.flatnonzero(np.all(independent_counts[: first + 1] >= fewest, axis=1))[::-1]
    is_shown = np.all(is_target_proven[tested], axis=1)
    if not np.isinf(independent_counts).all():
        is_shown = np.logical_and.accumulate(is_shown)  # the first failure ends the tests
    return int(tested[is_shown][-1]) if is_shown.any() else None
