"""Measure networks that were trained for a comparison: time their graphs, collect their reports.

Accuracies are in the reports of the releases (export/release.py). Runs the graphs and reads the clock; writes
nothing. How the figures are stored: results.py.
"""

import statistics
import timeit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from inference.arrays import PixelsBatch
from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from model_store.report import Report, SplitFigures
from training.comparison.results import Compared, OneSeed, Timing, summary
from training.export.environment import hardware, libraries
from training.networks.published_figures import PUBLISHED
from training.recipes import Recipe

ROUNDS: Final = 10
CALLS: Final = 50
"""Of each graph in each round: long enough to be as warm as in a server that does nothing else."""

WARM_UP: Final = 5
"""Calls before each turn that do not count."""


@dataclass(frozen=True)
class Trained:
    """One network's releases, one per seed.

    Attributes:
        recipe: of the first seed.
        release: the first seed's folder, whose graph is timed.
        reports: by seed; the first is the recipe's.
    """

    recipe: Recipe
    release: Path
    reports: Mapping[int, Report]


def compare(trained: Sequence[Trained], image: PixelsBatch, command: str) -> list[Compared]:
    """Time all graphs in turns, and collect the figures of each network.

    Args:
        trained: different networks.
        image: uint8 (1, 28, 28); what is timed on.
        command: what to type to measure again.

    Raises:
        ModelError: a graph cannot be run.
    """
    graphs = {str(one.recipe.network): OnnxSession(one.release / GRAPH, threads=1).run for one in trained}
    timings = time_in_turns(graphs, image)
    return [_compared(one, timings[one.recipe.network], command) for one in trained]


def time_in_turns(
    graphs: Mapping[str, Callable[[PixelsBatch], object]], image: PixelsBatch
) -> dict[str, Timing]:
    """Run each graph on one picture, by turns, so that noise hits all of them alike.

    Args:
        graphs: by name; what runs each of them on uint8 (1, 28, 28).
        image: uint8 (1, 28, 28); its content does not matter.

    Returns:
        By name, over ROUNDS x CALLS calls.
    """
    rounds: dict[str, list[list[float]]] = {name: [] for name in graphs}
    for _ in range(ROUNDS):
        for name, run in graphs.items():
            taken = timeit.repeat(partial(run, image), number=1, repeat=WARM_UP + CALLS)
            rounds[name].append([1000 * seconds for seconds in taken[WARM_UP:]])
    return {name: _timing(taken) for name, taken in rounds.items()}


def _timing(rounds: list[list[float]]) -> Timing:
    medians = [statistics.median(taken) for taken in rounds]
    return Timing(
        milliseconds=statistics.median(call for taken in rounds for call in taken),
        fastest_round=min(medians),
        slowest_round=max(medians),
        calls=sum(map(len, rounds)),
    )


def _compared(one: Trained, timing: Timing, command: str) -> Compared:
    seeds = tuple(_one_seed(seed, report) for seed, report in one.reports.items())
    first = one.reports[one.recipe.seed]
    return Compared(
        network=one.recipe.network,
        published=PUBLISHED.get(one.recipe.network),
        parameters=first.model.parameters,
        mflops=first.model.mflops,
        graph_bytes=first.model.bytes[GRAPH],
        summary=summary(seeds),
        timing=timing,
        command=command,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hardware=hardware(),
        libraries=libraries(),
        data=first.data,
        recipe={name: value for name, value in one.recipe.as_json().items() if name != "seed"},
        seeds=seeds,
    )


def _one_seed(seed: int, report: Report) -> OneSeed:
    seconds = [epoch.seconds for epoch in report.history]
    return OneSeed(
        seed=seed,
        epochs=len(seconds),
        best_epoch=report.training.best_epoch,
        seconds=sum(seconds),
        seconds_per_epoch=statistics.median(seconds),
        hardware=report.training.hardware,
        train=report.train,
        validation=report.validation,
        test=SplitFigures(n=report.test.n, accuracy=report.test.accuracy, loss=report.test.loss),
        test_loss_before=report.test.nll_before,
    )
