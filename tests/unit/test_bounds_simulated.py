"""Simulated senders: how often a lower bound promises more than is true, with few groups and with many.

Each sender's share of right answers is drawn of a beta distribution with mean TRUE and the intra-class
correlation of the row; RUNS runs each, seed 0. PROMISED may be promised in 5% of runs at most.
"""

import numpy as np
import pytest

from model_store.report import wilson_interval
from training.evaluation.acceptance import lower_bound
from training.evaluation.grouped import design_effects

RUNS = 1000
TRUE = 0.94
PROMISED = 0.95
ERROR = 0.05 + 2 * (0.05 * 0.95 / RUNS) ** 0.5
"""Allowed, with two standard errors of the simulation."""


def drawn(groups: int, each: int, correlation: float, true: float, seed: int) -> list[np.ndarray]:
    """Right answers of RUNS runs, bool (groups * each,), those of one sender beside each other."""
    random = np.random.default_rng(seed)
    times = 1 / correlation - 1
    shares = random.beta(true * times, (1 - true) * times, (RUNS, groups))
    return list(random.random((RUNS, groups * each)) < np.repeat(shares, each, axis=1))


def bound(right: np.ndarray, groups: np.ndarray) -> float:
    effect = design_effects(right, groups)[-1]
    return float(lower_bound(np.array([len(right)]), np.array([right.sum()]), effect)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("groups", "each", "correlation"),
    [(2, 35, 0.1), (3, 40, 0.1), (5, 40, 0.3), (10, 30, 0.3), (20, 20, 0.2), (120, 4, 0.2)],
)
def test_a_bound_of_few_senders_promises_too_much_in_one_run_of_twenty_at_most(
    groups: int, each: int, correlation: float
) -> None:
    of = np.repeat(np.arange(groups), each)

    promised = [bound(one, of) >= PROMISED for one in drawn(groups, each, correlation, TRUE, seed=0)]

    assert np.mean(promised) <= ERROR


@pytest.mark.slow
def test_the_interval_of_a_test_set_in_groups_holds_the_truth() -> None:
    of = np.repeat(np.arange(15), 20)
    effects = [(one, design_effects(one, of, tail=0.025)[-1]) for one in drawn(15, 20, 0.2, 0.85, seed=0)]

    by_picture, by_group = (
        np.mean([low <= 0.85 <= high for low, high in intervals])
        for intervals in (
            [wilson_interval(one.sum(), len(one)) for one, _ in effects],
            [wilson_interval(one.sum() / effect, len(one) / effect) for one, effect in effects],
        )
    )

    assert by_picture < 0.75
    assert by_group >= 0.93


def test_a_bound_rises_with_every_further_right_answer() -> None:
    groups = np.arange(200) // 40
    for wrong in range(1, 6):
        right = np.ones(200, bool)
        right[np.arange(wrong) * 40] = False
        better = right.copy()
        better[0] = True

        assert bound(better, groups) >= bound(right, groups)


def test_two_senders_without_an_error_promise_nothing() -> None:
    groups = np.repeat([0, 1], 35)

    assert bound(np.ones(70, bool), groups) < 0.7
