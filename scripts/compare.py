"""Train several networks under one recipe and several seeds, and compare them.

Writes PLACE.json and PLACE.png: test accuracy next to the published one, and validation accuracy against
milliseconds a picture. Each training is a run of its own with a checkpoint and a release, as
`wardrobe train` makes them, so that a stopped comparison continues; later results join
those in the file. What the figures mean: docs/how-to/retrain.md.
"""

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.table import Table

from model_store.errors import StoreError
from model_store.files import REPORT
from model_store.local import open_release
from model_store.manifest import DataSet
from model_store.report import Report, parse_report
from scripts.fitting import (
    carry_out,
    continue_on_tensorflow,
    fit_alone,
    on_tensorflow,
    start_tensorflow,
)
from scripts.publish import RELEASE
from scripts.terminal import (
    INTERRUPTED,
    Emit,
    add_json,
    command_parser,
    complain,
    console,
    figure_table,
    json_output,
    run,
)
from scripts.training_options import (
    add_data_options,
    add_recipe_options,
    changed,
    load_data,
    network_recipe,
    taught,
)
from training.comparison.results import (
    Compared,
    Comparison,
    Spread,
    merged,
    read_comparison,
    write_comparison,
)
from training.data.datasets import LabelledData
from training.data.splitting import Split, first, split
from training.fitting.checkpoints import Run
from training.recipes import (
    CHOICES,
    FROM_NOTHING,
    RECIPES,
    NetworkName,
    Recipe,
    default_run_folder,
    fingerprint,
)

DEFAULT_OUT: Final = Path("docs/results/compare")

TIMED_PICTURES: Final = 50
"""Different pictures for the timing of the graphs; their content does not matter."""

HEADINGS = (
    "network",
    "parameters",
    "MFLOP",
    "ms",
    "s/epoch",
    "test accuracy",
    "n",
    "published",
    "validation",
    "training",
)

EXAMPLES = (
    "wardrobe compare --networks dense,conv3 --seeds 3",
    "wardrobe compare --networks dense --seeds 1 --epochs 2 --limit 5000 --out runs/try",
)


@dataclass(frozen=True)
class Task:
    """One training: a recipe and what it is trained on; `described` is the data's own description."""

    recipe: Recipe
    data: LabelledData
    described: DataSet

    @property
    def run(self) -> Run:
        """Its run: the one that `wardrobe train` takes for the same recipe and data."""
        return Run(default_run_folder(self.recipe, self.described), fingerprint(self.recipe, self.described))

    @property
    def release(self) -> Path:
        """Where its release is, or will be."""
        return self.run.folder / RELEASE

    def parts(self) -> Split:
        """The training set in two."""
        train = first(self.data.train, self.recipe.limit) if self.recipe.limit else self.data.train
        return split(train, self.recipe.validation, self.recipe.splitting, len(self.data.labels))


def main(argv: list[str] | None = None) -> int:
    """Train what is not trained yet, measure, write and show."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    command = shlex.join(["python", "-m", "scripts.compare", *(sys.argv[1:] if argv is None else argv)])
    with json_output(arguments) as emit:
        return _compare(parser, arguments, command, emit)


def _compare(parser: argparse.ArgumentParser, arguments: argparse.Namespace, command: str, emit: Emit) -> int:
    place: Path = arguments.out
    earlier = read_comparison(_beside(place, ".json"))
    data = load_data(parser, arguments)
    tasks = _tasks(arguments, data)
    # One network after the other looks to it like one function that is traced over and over.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        if not on_tensorflow():
            fit_all(tasks)
            continue_on_tensorflow()
        reports = [
            report_of(task, f"{number} of {len(tasks)}", command) for number, task in enumerate(tasks, 1)
        ]
    except KeyboardInterrupt:
        complain("stopped. The same command goes on after the last finished epoch.")
        return INTERRUPTED
    comparison = merged(earlier, _measured(tasks, reports, command))
    written = _write(place, comparison)
    console().print(comparison_table(comparison))
    emit({"written": written, "networks": [headline(one) for one in comparison.networks]})
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("compare", __doc__, EXAMPLES)
    add_data_options(parser)
    group = parser.add_argument_group("what to do")
    group.add_argument(
        "--networks", type=_networks, required=True, metavar="A,B,C", help=", ".join(CHOICES["network"])
    )
    group.add_argument(
        "--seeds", type=_positive, default=3, metavar="N", help="number of seeds per network (3)"
    )
    group.add_argument(
        "--recipe",
        choices=FROM_NOTHING,
        help="start from this recipe (default: what each network starts from)",
    )
    add_recipe_options(group)
    group.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, metavar="PLACE", help=f"without an ending ({DEFAULT_OUT})"
    )
    add_json(parser)
    return parser


def _networks(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in CHOICES["network"]:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(CHOICES['network'])}")
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 or more")
    return int(text)


def _tasks(arguments: argparse.Namespace, data: LabelledData) -> list[Task]:
    """What there is to train: all seeds of the first network, then of the next."""
    described = data.described()
    tasks = []
    for network in arguments.networks:
        lessons, start = taught(data, _start(arguments, network, data), arguments)
        train = first(lessons.train, arguments.limit) if arguments.limit else lessons.train
        recipe = changed(start, arguments, train)
        for seed in range(recipe.seed, recipe.seed + arguments.seeds):
            tasks.append(Task(replace(recipe, seed=seed), lessons, described))
    return tasks


def _start(arguments: argparse.Namespace, network: NetworkName, data: LabelledData) -> Recipe:
    """The recipe that a network starts from."""
    if arguments.recipe:
        return replace(RECIPES[arguments.recipe], network=network)
    return network_recipe(network, data)


def _measured(tasks: Sequence[Task], reports: Sequence[Report], command: str) -> list[Compared]:
    """Time what was trained, and set its reports together by network."""
    start_tensorflow()
    from training.comparison.measuring import Trained, compare  # noqa: PLC0415 - needs TensorFlow

    trained = []
    for _, pairs in groupby(zip(tasks, reports, strict=True), key=lambda pair: pair[0].recipe.network):
        found = list(pairs)
        chief = found[0][0]
        by_seed = {task.recipe.seed: report for task, report in found}
        trained.append(Trained(chief.recipe, chief.release, by_seed))
    images = tasks[0].data.train.images[:TIMED_PICTURES]
    console().print("timing the graphs in turns")
    return compare(trained, images, command)


def _write(place: Path, comparison: Comparison) -> list[str]:
    from training.comparison.figure import draw_comparison  # noqa: PLC0415 - needs matplotlib

    results, figure = (_beside(place, ending) for ending in (".json", ".png"))
    write_comparison(results, comparison)
    draw_comparison(comparison.networks, figure)
    written = [str(results), str(figure)]
    console().print(", ".join(written), markup=False)
    return written


def _beside(place: Path, ending: str) -> Path:
    return place.with_name(place.name.removesuffix(".json") + ending)


def report_of(task: Task, place: str, command: str) -> Report:
    """The report of the task's release, trained and made now if it is not there yet.

    Args:
        task: what to do.
        place: which of how many it is, for the progress line.
        command: the command line, which the release records.

    Raises:
        TrainingError: the checkpoint is another run's, or the network cannot be exported.
    """
    recipe, out = task.recipe, console()
    report = _finished(task)
    if report is not None:
        out.print(f"{recipe.network}, seed {recipe.seed} ({place}): done, {task.release}.")
        return report
    out.print(f"{recipe.network}, seed {recipe.seed} ({place}). Checkpoint in {task.run.folder}.")
    carry_out(replace(task.run, command=command), task.data, task.parts(), recipe)
    return _read(task.release)


def fit_all(tasks: Sequence[Task]) -> None:
    """Fit what has no release yet, so that the releases can be made on another backend."""
    for number, task in enumerate(tasks, 1):
        if _finished(task) is None:
            console().print(f"{task.recipe.network}, seed {task.recipe.seed} ({number} of {len(tasks)})")
            fit_alone(task.run, task.data, task.parts(), task.recipe)


def _finished(task: Task) -> Report | None:
    """The report of a whole release that was made by the same recipe, if there is one."""
    try:
        report = _read(task.release)
    except StoreError:
        return None
    made_by = report.training.configuration
    return (
        report if all(made_by.get(name) == value for name, value in task.recipe.as_json().items()) else None
    )


def _read(release: Path) -> Report:
    path = open_release(release).folder / REPORT
    return parse_report(path.read_bytes(), str(path))


def comparison_table(comparison: Comparison) -> Table:
    """A row per network."""
    table = figure_table(*HEADINGS)
    for one in comparison.networks:
        table.add_row(*row(one))
    return table


def row(one: Compared) -> tuple[str, ...]:
    """The cells of a network, in the order of HEADINGS."""
    return (
        one.network,
        f"{one.parameters:,}",
        f"{one.mflops:.1f}",
        f"{one.timing.milliseconds:.3f}",
        f"{one.summary.seconds_per_epoch:.1f}",
        _shown(one.summary.test),
        str(one.summary.test.n),
        f"{one.published.accuracy:g}" if one.published else "",
        _shown(one.summary.validation),
        _shown(one.summary.train),
    )


def headline(one: Compared) -> dict[str, object]:
    """What a network's row says, as JSON values; the rest stands in the comparison's file."""
    return {
        "network": one.network,
        "parameters": one.parameters,
        "mflops": one.mflops,
        "milliseconds": one.timing.milliseconds,
        "published": one.published and one.published.accuracy,
        **one.summary.model_dump(mode="json"),
    }


def _shown(figure: Spread) -> str:
    return f"{figure.mean:.4f}" + ("" if figure.std is None else f" ± {figure.std:.4f}")


if __name__ == "__main__":
    sys.exit(run(main))
