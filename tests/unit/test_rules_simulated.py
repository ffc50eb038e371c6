"""Simulated: how often each rule of figures errs, beside the rule that it replaced.

The gate: test_gate_simulated.py. Bounds: BOUNDS runs of senders whose shares
of right answers are drawn of a beta distribution with the mean and the intra-class correlation of the row.
Seed 0 everywhere.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from reports.intervals import lower_bound, share_interval, weighted, wilson_interval

BOUNDS = 1000
PROMISED = 0.95
SENDERS = {2: (35, 0.1), 3: (40, 0.1), 5: (40, 0.3), 10: (30, 0.3), 20: (20, 0.2), 120: (4, 0.2)}
"""Photos of each sender and the correlation of their answers, by the number of senders."""

Errors = tuple[float, float]
"""Share of the runs in which the rule before erred, and in which the rule of today does."""


def bounds(runs: Sequence[np.ndarray], groups: np.ndarray) -> np.ndarray:
    """Of the shares of right answers, float64 (N,)."""
    n = np.array([len(groups)])
    found = [weighted(~one, groups, n) for one in runs]
    wrong, effective = (np.array([getattr(one, name)[0] for one in found]) for name in ("wrong", "n"))
    return lower_bound((1 - wrong) * effective, effective)


def bounds_before(runs: Sequence[np.ndarray], groups: np.ndarray) -> np.ndarray:
    counts = np.array([[one.sum(), len(one)] for one in runs])
    return lower_bound(*(counts / np.array([[effect_before(one, groups)] for one in runs])).T)


def effect_before(right: np.ndarray, groups: np.ndarray) -> float:
    """By the design effect that was measured, at least 1, which two groups without an error have."""
    sizes, n = np.bincount(groups), len(right)
    between = np.sum((np.bincount(groups, right) - right.mean() * sizes) ** 2)
    expected = n * right.mean() * (1 - right.mean()) * (len(sizes) - 1) / len(sizes) * n / (n - 1)
    return max(1.0, between / expected) if expected else 1.0


def drawn(groups: int, each: int, correlation: float, true: float) -> list[np.ndarray]:
    """Right answers of BOUNDS runs, bool (groups * each,), those of one sender beside each other."""
    random, times = np.random.default_rng(0), 1 / correlation - 1
    shares = random.beta(true * times, (1 - true) * times, (BOUNDS, groups))
    return list(random.random((BOUNDS, groups * each)) < np.repeat(shares, each, axis=1))


def promised_too_much(senders: int) -> Errors:
    """94% of the answers are right, and 95% are promised."""
    each, correlation = SENDERS[senders]
    of, runs = np.repeat(np.arange(senders), each), drawn(senders, each, correlation, 0.94)
    before, now = (float(np.mean(rule(runs, of) >= PROMISED)) for rule in (bounds_before, bounds))
    return before, now


def missed_by_an_interval() -> Errors:
    """85% of a test set's answers are right, in 15 groups of 20."""
    of = np.repeat(np.arange(15), 20)

    def misses(bounds: tuple[float, float]) -> bool:
        return not bounds[0] <= 0.85 <= bounds[1]

    runs = drawn(15, 20, 0.2, 0.85)
    return (
        float(np.mean([misses(wilson_interval(one.sum(), len(one))) for one in runs])),
        float(np.mean([misses(share_interval(one, of)) for one in runs])),
    )


def simulated() -> Iterator[tuple[str, int, Errors]]:
    """What errs, in how many runs it was simulated, and in which shares of these it does."""
    for senders in SENDERS:
        yield f"too much is promised of {senders} senders", BOUNDS, promised_too_much(senders)
    yield "a 95% interval misses the truth", BOUNDS, missed_by_an_interval()


@pytest.mark.slow
def test_every_rule_errs_in_one_run_of_twenty_at_most() -> None:
    found = list(simulated())

    # Two standard errors of the simulation are allowed on top; pytest shows the shares where one is above.
    assert [what for what, runs, (_, now) in found if now > 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5] == []
    assert [what for what, _, (before, now) in found if before < now and before <= 0.05] == []


def test_a_bound_rises_with_every_further_right_answer() -> None:
    groups = np.arange(200) // 40
    for wrong in range(1, 6):
        right = np.ones(200, bool)
        right[np.arange(wrong) * 40] = False
        better = right.copy()
        better[0] = True

        assert np.diff(bounds((right, better), groups))[0] >= 0


def test_two_senders_without_an_error_promise_nothing() -> None:
    groups = np.repeat([0, 1], 35)

    right = np.ones(70, bool)
    assert bounds([right], groups)[0] < 0.7
