"""Train several networks under one recipe and several seeds, and compare them.

Writes PLACE.json and PLACE.png: test accuracy next to the published one, and validation accuracy against
milliseconds a picture. Each training is a run of its own with a checkpoint and a release, as
`wardrobe train` makes them, so that a stopped comparison continues; later results join
those in the file. What the figures mean: docs/how-to/retrain.md.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

from rich.table import Table

from model_store.errors import StoreError
from model_store.local import open_release
from scripts.fitting import (
    allow_many_networks,
    carry_out,
    continue_on_tensorflow,
    fit_alone,
    on_tensorflow,
    start_tensorflow,
)
from scripts.publish import RELEASE
from scripts.terminal import at_least, command_parser, console, figure_table, perform, resumable, run
from scripts.training_options import (
    add_data_options,
    add_recipe_options,
    load_data,
    network_recipe,
    parts_of,
    planned,
    sized,
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
from training.data.splitting import Split
from training.fitting.checkpoints import Run
from training.recipes import (
    CHOICES,
    FROM_NOTHING,
    RECIPES,
    Recipe,
    default_run_folder,
    run_fingerprint,
)

DEFAULT_OUT: Final = Path("docs/results/compare")


EXAMPLES = (
    "wardrobe compare --networks dense,conv3 --seeds 3",
    "wardrobe compare --networks dense --seeds 1 --epochs 2 --limit 5000 --out runs/try",
)


@dataclass(frozen=True)
class Task:
    """One training: its recipe, its data, and the run that `wardrobe train` takes for the same two."""

    recipe: Recipe
    data: LabelledData
    run: Run

    @property
    def release(self) -> Path:
        """Where its release is, or will be."""
        return self.run.folder / RELEASE

    def parts(self) -> Split:
        """The training set in two."""
        return parts_of(self.data, self.recipe)

    def __str__(self) -> str:
        """For progress lines."""
        return f"{self.recipe.network}, seed {self.recipe.seed}"


def main(argv: list[str] | None = None) -> int:
    """Train what is not trained yet, measure, write and show."""
    return perform(build_parser(), _compare, argv)


def _compare(arguments: argparse.Namespace) -> object:
    command = shlex.join(["python", "-m", "scripts.compare", *arguments.words])
    place = arguments.out.with_name(arguments.out.name.removesuffix(".json"))
    earlier = read_comparison(_ending(place, ".json"))
    tasks = _tasks(arguments, load_data(arguments), command)
    allow_many_networks()
    with resumable("The same command goes on after the last finished epoch."):
        _train_missing(tasks)
    comparison = merged(earlier, _measured(tasks, command))
    written = _write(place, comparison)
    console().print(comparison_table(comparison))
    return {"written": written, "networks": [headline(one) for one in comparison.networks]}


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("compare", __doc__, EXAMPLES)
    add_data_options(parser)
    group = parser.add_argument_group("what to do")
    add = group.add_argument
    add("--networks", type=_networks, required=True, metavar="A,B,C", help=", ".join(CHOICES["network"]))
    add("--seeds", type=at_least(1), default=3, metavar="N", help="number of seeds per network (3)")
    add("--recipe", choices=FROM_NOTHING, help="start from this recipe (default: each network's own)")
    add_recipe_options(group)
    add("--out", type=Path, default=DEFAULT_OUT, metavar="PLACE", help=f"without an ending ({DEFAULT_OUT})")
    return parser


def _networks(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in CHOICES["network"]:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(CHOICES['network'])}")
    return names


def _tasks(arguments: argparse.Namespace, data: LabelledData, command: str) -> list[Task]:
    """What there is to train: all seeds of the first network, then of the next."""
    tasks = []
    for network in arguments.networks:
        fresh = sized(network_recipe(network, data.reads), data)
        start = replace(RECIPES[arguments.recipe], network=network) if arguments.recipe else fresh
        lessons, recipe = planned(data, start, arguments)
        for seed in range(recipe.seed, recipe.seed + arguments.seeds):
            seeded = replace(recipe, seed=seed)
            folder, mark = default_run_folder(seeded, data), run_fingerprint(seeded, data)
            tasks.append(Task(seeded, lessons, Run(folder, mark, command=command)))
    return tasks


def _train_missing(tasks: Sequence[Task]) -> None:
    """Make the releases that are not there yet; on another backend, fit all and make them on TensorFlow.

    Raises:
        TrainingError: a checkpoint is another run's, or a network cannot be exported.
    """
    out = console()
    for number, task in enumerate(tasks, 1):
        place = f"{task} ({number} of {len(tasks)})"
        if _is_finished(task):
            out.print(f"{place}: done, {task.release}.")
            continue
        out.print(f"{place}. Checkpoint in {task.run.folder}.")
        if on_tensorflow():
            carry_out(task.run, task.data, task.parts(), task.recipe)
        else:
            fit_alone(task.run, task.data, task.parts(), task.recipe)
    if not on_tensorflow():
        continue_on_tensorflow()


def _is_finished(task: Task) -> bool:
    """Whether its release is whole, and was made by the same recipe."""
    try:
        made_by = open_release(task.release).report().training.configuration
    except StoreError:
        return False
    return all(made_by.get(name) == value for name, value in task.recipe.as_json().items())


def _measured(tasks: Sequence[Task], command: str) -> list[Compared]:
    """Time what was trained, and set its reports together by network."""
    start_tensorflow()
    from training.comparison.measuring import Trained, compare  # noqa: PLC0415 - needs TensorFlow

    trained = []
    for _, group in groupby(tasks, key=lambda task: task.recipe.network):
        chief, *others = group
        by_seed = {task.recipe.seed: open_release(task.release).report() for task in (chief, *others)}
        trained.append(Trained(chief.recipe, chief.release, by_seed))
    console().print("timing the graphs in turns")
    return compare(trained, tasks[0].data.train.images[:1], command)


def _write(place: Path, comparison: Comparison) -> list[str]:
    from training.comparison.figure import draw_comparison  # noqa: PLC0415 - needs matplotlib

    results, figure = _ending(place, ".json"), _ending(place, ".png")
    write_comparison(results, comparison)
    draw_comparison(comparison.networks, figure)
    written = [str(results), str(figure)]
    console().print(", ".join(written))
    return written


def _ending(place: Path, ending: str) -> Path:
    return place.with_name(place.name + ending)


def comparison_table(comparison: Comparison) -> Table:
    """A row per network."""
    rows = [row(one) for one in comparison.networks]
    table = figure_table(*rows[0])
    for cells in rows:
        table.add_row(*cells.values())
    return table


def row(one: Compared) -> dict[str, str]:
    """The cells of a network, by their headings."""
    found = one.summary
    return {
        "network": one.network,
        "parameters": f"{one.parameters:,}",
        "MFLOP": f"{one.mflops:.1f}",
        "ms": f"{one.timing.milliseconds:.3f}",
        "s/epoch": f"{found.seconds_per_epoch:.1f}",
        "test accuracy": _shown(found.test),
        "n": str(found.test.n),
        "published": f"{one.published.accuracy:g}" if one.published else "",
        "validation": _shown(found.validation),
        "training": _shown(found.train),
    }


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
