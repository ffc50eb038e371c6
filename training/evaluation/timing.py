"""Time graphs against each other on a machine that may have other work.

They alternate, so that noise hits all of them alike. Pure, apart from the clock.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

from inference.arrays import PixelsBatch
from training.comparison.results import Timing

ROUNDS: Final = 10
CALLS: Final = 50
"""Of each graph in each round: long enough to be as warm as in a server that does nothing else."""

WARM_UP: Final = 5
"""Calls before each turn that do not count."""


def time_in_turns(
    graphs: Mapping[str, Callable[[PixelsBatch], object]], images: PixelsBatch
) -> dict[str, Timing]:
    """Run each graph on one picture at a time.

    Args:
        graphs: by name; what runs each of them on uint8 (1, 28, 28).
        images: uint8 (N, 28, 28), N >= 1; each call takes the next.

    Returns:
        By name, over ROUNDS x CALLS calls.
    """
    rounds: dict[str, list[list[float]]] = {name: [] for name in graphs}
    for _ in range(ROUNDS):
        for name, run in graphs.items():
            taken = [_milliseconds(run, images, number) for number in range(WARM_UP + CALLS)]
            rounds[name].append(taken[WARM_UP:])
    return {name: _timing(taken) for name, taken in rounds.items()}


def _milliseconds(run: Callable[[PixelsBatch], object], images: PixelsBatch, number: int) -> float:
    at = number % len(images)
    picture = images[at : at + 1]
    began = time.perf_counter()
    run(picture)
    return 1000 * (time.perf_counter() - began)


def _timing(rounds: list[list[float]]) -> Timing:
    medians = [statistics.median(taken) for taken in rounds]
    return Timing(
        milliseconds=statistics.median(call for taken in rounds for call in taken),
        fastest_round=min(medians),
        slowest_round=max(medians),
        calls=sum(map(len, rounds)),
    )
