"""Label 100,000 pictures beside a bare loop: python -m benchmarks.labelling (or `make labelling`).

Fashion-MNIST as PNG files, the test set first. In one run: the bare loop (bare_loop.py) and `scripts.label`
in turns, start of the processes included; memory at 1,000, a tenth of, and all pictures; a run that is killed
three times, whose table must be the other's, byte for byte; and the accuracy on the test files beside the
report's. `--engine ray` takes its turns too, on a cluster of this machine, where .venv-scale is installed.
Saves docs/results/labelling.json and labelling.png. How memory is sampled: labelling_runs.py.
"""

import argparse
import csv
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.labelling_runs import RAY_PYTHON, Run, Sample, bare, killed, labelled, labelled_on_ray
from benchmarks.results import FOLDER, save
from inference.contract import EDGE
from inference.cores import usable_cores
from model_store.files import GRAPH, REPORT
from model_store.local import LocalRelease, bundled
from model_store.report import parse_report
from training.data.datasets import SYSTEM_FOLDER, LabelledData, from_idx

CACHE = Path(__file__).parent.parent / ".cache" / "labelling"
"""The pictures stay here: writing 100,000 files takes as long as labelling them."""

PICTURES = 100_000
ROUNDS = 3
PER_FOLDER = 1000
TEST_PICTURES = 10_000
KILLS = 3

LEAST_RATIO = 0.9
"""Of the bare loop's pictures per second."""

MOST_GROWTH = 1.05
"""Of memory, from a tenth of the pictures to all of them."""


@dataclass(frozen=True)
class Figures:
    """What is saved; a number for each round where there is a list.

    Attributes:
        ratio: the middle one of the ratios of pictures per second, ours to the loop's.
        ray_per_second: by `--engine ray`, its cluster's start and end included; empty without Ray.
        ray_ratios: of these to the default engine's.
        ray_steady_ratios: the same between the first rows of a run and its last, so without start and end.
        ray_megabytes: the most memory that each had, Ray's own processes included.
        pictures_and_megabytes: the most memory that all processes had together, by how much there was to do.
        killed_at_rows: how many rows were safe at each kill.
    """

    pictures: int
    processes: int
    bare_per_second: list[float]
    label_per_second: list[float]
    ratios: list[float]
    ratio: float
    bare_processor_microseconds: list[float]
    label_processor_microseconds: list[float]
    ray_per_second: list[float]
    ray_ratios: list[float]
    ray_steady_ratios: list[float]
    ray_megabytes: list[float]
    ray_tables_are_the_same: bool
    pictures_and_megabytes: list[tuple[int, float]]
    killed_at_rows: list[int]
    killed_table_is_the_same: bool
    test_pictures: int
    test_accuracy: float
    report_accuracy: float


class Round(NamedTuple):
    """One run of each; Ray's is None where it is not installed."""

    loop: Run
    ours: Run
    ray: Run | None


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; 1 when a promise is not kept."""
    arguments = _parser().parse_args(argv)
    figures, first = _measure(arguments.pictures, arguments.rounds)
    path = save("labelling", "make labelling", asdict(figures), arguments.save)
    _draw(first, path.with_suffix(".png"))
    kept = _promises(figures, complete=figures.test_pictures == TEST_PICTURES)
    for promise, value in kept.items():
        print(f"{'kept' if value else 'NOT KEPT':9}{promise}")
    print(f"saved {path}")
    return 0 if all(kept.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.labelling", description="Label beside a bare loop."
    )
    parser.add_argument(
        "--pictures", type=int, default=PICTURES, metavar="N", help="how many, a multiple of 1,000"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="how often each is measured")
    parser.add_argument("--save", type=Path, default=FOLDER, metavar="FOLDER", help="of the figures")
    return parser


def _measure(pictures: int, count: int) -> tuple[Figures, Round]:
    """Everything, and how the first round went."""
    data, release = from_idx(SYSTEM_FOLDER), bundled()
    folder = _pictures(data, pictures)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        rounds = [_round(folder, release, Path(scratch), number) for number in range(count)]
        loops, ours = [one.loop for one in rounds], [one.ours for one in rounds]
        sizes = _sizes(folder, Path(scratch), pictures, ours[0])
        table = Path(scratch) / "round-0.csv"
        kills, same = _killed(folder, Path(scratch), table, pictures)
        accuracy = _accuracy(table, data, pictures)
        tables = {path.read_bytes() for path in Path(scratch).glob("ray-*.csv")}
        tables_are_the_same = tables <= {table.read_bytes()}
    ratios = [one.loop.seconds / one.ours.seconds for one in rounds]
    on_ray = [(one.ours, one.ray) for one in rounds if one.ray is not None]
    figures = Figures(
        pictures=pictures,
        processes=usable_cores(),
        bare_per_second=[pictures / run.seconds for run in loops],
        label_per_second=[pictures / run.seconds for run in ours],
        ratios=ratios,
        ratio=statistics.median(ratios),
        bare_processor_microseconds=[run.processor_seconds / pictures * 1e6 for run in loops],
        label_processor_microseconds=[run.processor_seconds / pictures * 1e6 for run in ours],
        ray_per_second=[pictures / ray.seconds for _, ray in on_ray],
        ray_ratios=[mine.seconds / ray.seconds for mine, ray in on_ray],
        ray_steady_ratios=[_steady(ray) / _steady(mine) for mine, ray in on_ray],
        ray_megabytes=[ray.megabytes for _, ray in on_ray],
        ray_tables_are_the_same=tables_are_the_same,
        pictures_and_megabytes=sizes,
        killed_at_rows=kills,
        killed_table_is_the_same=same,
        test_pictures=min(pictures, TEST_PICTURES),
        test_accuracy=accuracy,
        report_accuracy=_reported(release),
    )
    return figures, rounds[0]


def _pictures(data: LabelledData, count: int) -> Path:
    """A folder of PNG files, the test set first, then the training set over and over; written once."""
    folder = CACHE / f"fashion-mnist-{count}"
    if folder.is_dir():
        return folder
    images = np.concatenate([data.test.images, data.train.images])
    partial = folder.with_suffix(".partial")
    for number in range(count):
        source = number if number < len(images) else len(data.test) + number % len(data.train)
        file = partial / f"{number // PER_FOLDER:04}" / f"{number:07}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        written, png = cv2.imencode(".png", images[source].reshape(EDGE, EDGE))
        assert written
        file.write_bytes(png.tobytes())
    return partial.rename(folder)


def _round(folder: Path, release: LocalRelease, scratch: Path, number: int) -> Round:
    """The bare loop, ours and ours on Ray, which of them first by turns."""
    runs: list[Callable[[], Run | None]] = [
        lambda: bare(folder, release.folder / GRAPH, usable_cores()),
        lambda: labelled(folder, scratch / f"round-{number}.csv"),
        lambda: labelled_on_ray(folder, scratch / f"ray-{number}.csv") if RAY_PYTHON.exists() else None,
    ]
    done = {turn: runs[turn]() for turn in ((number + offset) % len(runs) for offset in range(len(runs)))}
    loop, ours, ray = done[0], done[1], done[2]
    assert loop is not None
    assert ours is not None
    return Round(loop, ours, ray)


def _steady(run: Run) -> float:
    """Pictures per second from the first rows that were safe to the last that were seen."""
    steps = _commits(run.with_rows)
    if len(steps) < 2:
        return run.with_rows[-1].rows / run.seconds  # too short to tell its start from its work
    return (steps[-1].rows - steps[0].rows) / (steps[-1].seconds - steps[0].seconds)


def _commits(samples: list[Sample]) -> list[Sample]:
    """The first sample, and those at which more rows were safe than at the one before."""
    return samples[:1] + [now for then, now in pairwise(samples) if now.rows > then.rows]


def _sizes(folder: Path, scratch: Path, pictures: int, whole: Run) -> list[tuple[int, float]]:
    """How many pictures there were, and megabytes at most, all processes together."""
    first = labelled(folder / "0000", scratch / "first.csv")
    tenth = labelled(f"{folder}/{_numbers(pictures // 10)}/*.png", scratch / "tenth.csv")
    return [
        (PER_FOLDER, first.megabytes),
        (pictures // 10, tenth.megabytes),
        (pictures, whole.megabytes),
    ]


def _numbers(pictures: int) -> str:
    """A pattern for the folders that hold the first so many pictures, a power of ten of them."""
    free = len(str(pictures // PER_FOLDER)) - 1
    return "0" * (4 - free) + "?" * free


def _killed(folder: Path, scratch: Path, table: Path, pictures: int) -> tuple[list[int], bool]:
    """Where the kills fell, and whether the table came out as it does without them."""
    random_points = random.Random(pictures)
    points = [int(pictures * (number + random_points.random()) / (KILLS + 1)) for number in range(KILLS)]
    target = scratch / "killed.csv"
    rows = [killed(folder, target, point) for point in points]
    labelled(folder, target)
    return rows, target.read_bytes() == table.read_bytes()


def _accuracy(table: Path, data: LabelledData, pictures: int) -> float:
    """Of the files that are the test set."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = islice(csv.DictReader(file), min(pictures, len(data.test)))
        right = [
            bool(row["label"] == data.labels[label])
            for row, label in zip(rows, data.test.labels, strict=False)
        ]
    return statistics.fmean(right)


def _reported(release: LocalRelease) -> float:
    path = release.folder / REPORT
    accuracy: float = parse_report(path.read_bytes(), str(path)).test.accuracy
    return accuracy


def _promises(figures: Figures, *, complete: bool) -> dict[str, bool]:
    """What the figures show, in words."""
    _, (_, tenth), (_, whole) = figures.pictures_and_megabytes
    kept = {
        f"{figures.ratio:.3f} of the bare loop's pictures per second, {LEAST_RATIO} at least": (
            figures.ratio >= LEAST_RATIO
        ),
        f"{tenth:.0f} MB for a tenth of the pictures, {whole:.0f} for all": whole <= MOST_GROWTH * tenth,
        f"killed at {figures.killed_at_rows} rows, the table is the same": figures.killed_table_is_the_same,
    }
    if figures.ray_ratios:
        ratio, steady = map(statistics.median, (figures.ray_ratios, figures.ray_steady_ratios))
        told = f"on Ray {ratio:.2f} of that in all and {steady:.2f} once it runs, and the same table"
        kept[told] = figures.ray_tables_are_the_same
    if complete:
        said = f"{figures.test_accuracy} right of the test files, {figures.report_accuracy} in the report"
        kept[said] = figures.test_accuracy == figures.report_accuracy
    return kept


def _draw(first: Round, path: Path) -> None:
    """Pictures per second from commit to commit, and memory, over pictures."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    for name, run in (("processes", first.ours), ("Ray", first.ray)):
        if run is None:
            continue
        commits = _commits(run.with_rows)
        steps = [(now.rows - then.rows) / (now.seconds - then.seconds) for then, now in pairwise(commits)]
        upper.plot([commit.rows for commit in commits[1:]], steps, label=name)
        lower.plot([one.rows for one in run.with_rows], [one.megabytes for one in run.with_rows], label=name)
    upper.set(ylabel="pictures/s", title="Labelling")
    lower.set(xlabel="pictures", ylabel="MB, all processes")
    for part in (upper, lower):
        part.set_ylim(bottom=0)
    lower.legend()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    sys.exit(main())
