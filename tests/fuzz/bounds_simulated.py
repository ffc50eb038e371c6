"""Simulated: how often a promise, its bound and an interval err where answers of a sender resemble.

RUNS runs of senders whose shares of right answers are drawn of a beta distribution with the mean and the
intra-class correlation of the row, seed 0. The bounds one at a time: tests/unit/test_intervals.py.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING
from reports.grouped_answers import compute_share_interval, estimate_wrong_shares
from training.thresholds.acceptance import choose_confidence_threshold
from training.thresholds.answer_sets import AnswerSet

RUNS = 1000
PROMISED = 0.95
SENDERS = {2: (35, 0.1), 3: (40, 0.1), 5: (40, 0.3), 10: (30, 0.3), 20: (20, 0.2), 120: (4, 0.2)}
"""Photos of each sender and the correlation of their answers, by the number of senders."""


def drawn(groups: int, each: int, correlation: float, true: float) -> list[NDArray[np.bool_]]:
    """Right answers of RUNS runs, bool (groups * each,), those of one sender beside each other."""
    random, times = np.random.default_rng(0), 1 / correlation - 1
    shares = random.beta(true * times, (1 - true) * times, (RUNS, groups))
    return list(random.random((RUNS, groups * each)) < np.repeat(shares, each, axis=1))


def promises_too_much(senders: int) -> float:
    """Share of the runs in which 94% of the answers are right, and 95% are promised."""
    each, correlation = SENDERS[senders]
    of = np.repeat(np.arange(senders), each)
    found = [
        estimate_wrong_shares(~one, of, np.array([len(of)]))
        for one in drawn(senders, each, correlation, 0.94)
    ]
    return float(np.mean([one.prove_accuracy(PROMISED)[0] for one in found]))


def accepts_too_much() -> float:
    """The same of thresholds, of which the best is chosen, where confidence says nothing."""
    random, found = np.random.default_rng(0), 0
    for _ in range(RUNS):
        right, sure = random.random((2, 400))
        kind = AnswerSet("pictures", sure.astype(np.float32), right < 0.949, PROMISED)
        found += choose_confidence_threshold([kind]) < ACCEPT_NOTHING
    return found / RUNS


def interval_misses() -> float:
    """Share of the runs whose 95% interval misses the truth: 85% of 15 groups of 20 answers are right."""
    of = np.repeat(np.arange(15), 20)
    found = [compute_share_interval(one, of) for one in drawn(15, 20, 0.2, 0.85)]
    return float(np.mean([not low <= 0.85 <= high for low, high in found]))


def simulated() -> Iterator[tuple[str, float]]:
    """What errs, and in which share of the runs."""
    for senders in SENDERS:
        yield f"too much is promised of {senders} senders", promises_too_much(senders)
    yield "a threshold is chosen that breaks its promise", accepts_too_much()
    yield "a 95% interval misses the truth", interval_misses()


def test_a_bound_errs_in_one_run_of_twenty_at_most() -> None:
    # Two standard errors of the simulation are allowed on top.
    most = 0.05 + 2 * (0.05 * 0.95 / RUNS) ** 0.5

    assert [(what, share) for what, share in simulated() if share > most] == []
