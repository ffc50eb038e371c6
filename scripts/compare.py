"""Train several networks under one recipe and several seeds, and set them side by side.

wardrobe compare --networks dense,conv3 [--seeds 3] [--recipe NAME] [--epochs N ...] [--out PLACE]
                          [--json]

Writes PLACE.json, PLACE.png (test accuracy beside the published one) and PLACE-time.png (validation accuracy
against milliseconds a picture). Each training is a run of its own with a checkpoint and a release, as
scripts.train makes them, so that a comparison which was stopped goes on where it was; later results join
those in the file. What the figures mean: docs/lab.md.
"""

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

from model_store.report import Report
from scripts.command_line import command_parser
from scripts.comparison_table import comparison_table, headline
from scripts.comparison_tasks import Task, fit_all, report_of
from scripts.data_options import add_data_options, load_data
from scripts.json_output import Emit, add_json, json_output
from scripts.quiet import continue_on_tensorflow, on_tensorflow, start_tensorflow
from scripts.recipe_options import add_recipe_options, changed, taught
from scripts.terminal import INTERRUPTED, complain, console, run
from training.comparison.results import Compared, Comparison, merged, read_comparison, write_comparison
from training.data.datasets import LabelledData
from training.data.splitting import first
from training.fitting.starting import for_few
from training.recipes import CHOICES, FROM_NOTHING, RECIPES, NetworkName, Recipe, starting_point

DEFAULT_OUT: Final = Path("docs/results/compare")

TIMED_PICTURES: Final = 50
"""Different pictures that the graphs are timed on; what is on them changes nothing."""

EXAMPLES = (
    "wardrobe compare --networks dense,conv3 --seeds 3",
    "wardrobe compare --networks dense --seeds 1 --epochs 2 --limit 5000 --out runs/try",
)


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
    group.add_argument("--seeds", type=_positive, default=3, metavar="N", help="trainings of each (3)")
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
    """The recipe that a network starts from, as scripts.train has it too."""
    if arguments.recipe:
        return replace(RECIPES[arguments.recipe], network=network)
    start = starting_point(network)
    return for_few(start, len(data.train)) if data.named else start


def _measured(tasks: Sequence[Task], reports: Sequence[Report], command: str) -> list[Compared]:
    """Time what was trained, and set its reports together by network."""
    start_tensorflow()
    from training.comparison.measuring import Trained, compare  # noqa: PLC0415 - needs TensorFlow

    trained = []
    for _, pairs in groupby(zip(tasks, reports, strict=True), key=lambda pair: pair[0].recipe.network):
        found = list(pairs)
        chief = found[0][0]
        by_seed = {task.recipe.seed: report for task, report in found}
        trained.append(Trained(chief.recipe, chief.release, by_seed, chief.parts))
    images = tasks[0].data.train.images[:TIMED_PICTURES]
    return compare(trained, images, command, console().print)


def _write(place: Path, comparison: Comparison) -> list[str]:
    from training.comparison.figures import draw_accuracies, draw_curve  # noqa: PLC0415 - needs matplotlib

    results, accuracies, curve = (_beside(place, ending) for ending in (".json", ".png", "-time.png"))
    write_comparison(results, comparison)
    draw_accuracies(comparison.networks, accuracies)
    draw_curve(comparison.networks, curve)
    written = [str(path) for path in (results, accuracies, curve)]
    console().print(", ".join(written), markup=False)
    return written


def _beside(place: Path, ending: str) -> Path:
    return place.with_name(place.name.removesuffix(".json") + ending)


if __name__ == "__main__":
    sys.exit(run(main))
