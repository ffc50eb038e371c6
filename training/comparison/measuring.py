"""Measure networks that were trained for a comparison: what they cost, in eight bits too.

Their accuracies are in the reports of their releases already (release.py). Writes an eight-bit graph into a
folder of its own and leaves nothing. How the figures are stored: results.py.
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch, Probabilities
from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from model_store.report import Report, SplitFigures
from training.comparison.results import EIGHT_BITS, Compared, EightBits, OneSeed, Timing, summary
from training.data.datasets import in_batches
from training.data.splitting import Split
from training.errors import ParityFailed
from training.evaluation.timing import time_in_turns
from training.export.environment import hardware, libraries
from training.export.quantisation import CALIBRATION_PICTURES, check_same_answers, write_eight_bit
from training.networks.published_figures import PUBLISHED
from training.recipes import NetworkName, Recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """One network's releases, one per seed.

    Attributes:
        recipe: of the first seed.
        release: the first seed's folder, which is what is timed and put into eight bits.
        reports: by seed; the first is the recipe's.
        parts: gives the training set as the first seed's fit saw it; asked once.
    """

    recipe: Recipe
    release: Path
    reports: Mapping[int, Report]
    parts: Callable[[], Split]

    @property
    def network(self) -> NetworkName:
        """Its name."""
        return self.recipe.network


def compare(trained: Sequence[Trained], images: PixelsBatch, command: str, say: Say) -> list[Compared]:
    """Try each network in eight bits, and time all graphs in turns.

    Args:
        trained: different networks.
        images: uint8 (N, 28, 28), N >= 1; what is timed on.
        command: what to type to measure again.
        say: receives progress messages.

    Raises:
        ModelError: a graph cannot be run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        trials = {one.network: _try_eight_bits(one, Path(scratch) / one.network, say) for one in trained}
        say("timing the graphs in turns")
        timings = time_in_turns(_graphs(trained, trials), images)
    return [_compared(one, trials[one.network], timings, command) for one in trained]


@dataclass(frozen=True)
class _Trial:
    """An eight-bit graph and what came of it; see results.EightBits."""

    path: Path
    size: int
    accuracy: float
    change: float
    refused: str | None


def _try_eight_bits(one: Trained, folder: Path, say: Say) -> _Trial:
    """Quantise the first seed's graph and compare both forms on its held-out pictures."""
    say(f"trying {one.network} in eight bits")
    folder.mkdir()
    parts, small = one.parts(), folder / GRAPH
    held_out = parts.validation
    write_eight_bit(one.release / GRAPH, small, parts.train.images[:CALIBRATION_PICTURES])
    before = _probabilities(one.release / GRAPH, held_out.images)
    after = _probabilities(small, held_out.images)
    accuracy = float(np.mean(after.argmax(1) == held_out.labels))
    return _Trial(
        path=small,
        size=small.stat().st_size,
        accuracy=accuracy,
        change=accuracy - float(np.mean(before.argmax(1) == held_out.labels)),
        refused=_objection(before, after, held_out.labels),
    )


def _objection(before: Probabilities, after: Probabilities, labels: NDArray[np.uint8]) -> str | None:
    try:
        check_same_answers(before, after, labels)
    except ParityFailed as refused:
        return str(refused)
    return None


def _probabilities(graph: Path, images: PixelsBatch) -> Probabilities:
    session = OnnxSession(graph)
    return np.concatenate([session.run(batch).probabilities for batch in in_batches(images)])


def _graphs(
    trained: Sequence[Trained], trials: Mapping[NetworkName, _Trial]
) -> dict[str, Callable[[PixelsBatch], object]]:
    """What runs each graph on one thread: each network's, and its eight-bit one."""
    graphs: dict[str, Callable[[PixelsBatch], object]] = {}
    for one in trained:
        graphs[one.network] = OnnxSession(one.release / GRAPH, threads=1).run
        graphs[one.network + EIGHT_BITS] = OnnxSession(trials[one.network].path, threads=1).run
    return graphs


def _compared(one: Trained, trial: _Trial, timings: Mapping[str, Timing], command: str) -> Compared:
    seeds = tuple(_one_seed(seed, report) for seed, report in one.reports.items())
    first = one.reports[one.recipe.seed]
    return Compared(
        network=one.network,
        published=PUBLISHED.get(one.network),
        parameters=first.model.parameters,
        mflops=first.model.mflops,
        graph_bytes=first.model.bytes[GRAPH],
        summary=summary(seeds),
        timing=timings[one.network],
        eight_bits=EightBits(
            validation_accuracy=trial.accuracy,
            change=trial.change,
            bytes=trial.size,
            timing=timings[one.network + EIGHT_BITS],
            refused=trial.refused,
        ),
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
