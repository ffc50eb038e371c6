"""Train networks under one recipe and several seeds, and compare.

Writes PLACE.json and PLACE.png: test accuracy next to the published one. Each training is a run of its own
with a checkpoint and a release, as `wardrobe train` makes them, so that a stopped comparison continues; a
network that is compared again replaces its earlier results in the file.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model_store.errors import StoreError
from model_store.local import open_release
from reports.values import report_of
from scripts.doubted import write_doubted
from scripts.options import add_data_options, add_recipe_options, named_without_photos, planned, sized
from scripts.progress import Terminal
from scripts.terminal import at_least, command_parser, console, perform, print_table, resumable, run
from training.gradient.fitting.checkpoints import Run
from training.gradient.recipes import (
    NETWORKS,
    RECIPES,
    Recipe,
    for_network,
    starting_point,
)
from training.loading import allow_many_networks, check_tensorflow, require, start_tensorflow
from training.pictures.fashion import LabelledData
from training.pictures.named import load

if TYPE_CHECKING:
    from training.gradient.comparison.results import Compared, Comparison

RELEASE: Final = "release"

DEFAULT_OUT: Final = Path("runs/compare")


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


def main(argv: list[str] | None = None) -> int:
    """Train what is not trained yet, and show the reports beside one another."""
    return perform(build_parser(), _compare, argv)


def _compare(arguments: argparse.Namespace) -> object:
    check_tensorflow()
    require("matplotlib", "matplotlib")
    # matplotlib takes seconds to load, which --help and a wrong argument should not.
    from training.gradient.comparison.results import OWN_RECIPE, merged, read_comparison  # noqa: PLC0415

    named = named_without_photos(arguments)
    place = arguments.out.with_name(arguments.out.name.removesuffix(".json"))
    earlier = read_comparison(_ending(place, ".json"))
    command = shlex.join(["python", "-m", "scripts.compare", *arguments.words])
    data = load(named, Terminal())
    start_tensorflow()
    allow_many_networks()
    tasks = _tasks(arguments, data, command)
    with resumable("The same command goes on after the last finished epoch."):
        _train_missing(tasks)
    found = _found(tasks, arguments.recipe or OWN_RECIPE)
    written = _write(place, merged(earlier, found))
    print_table([_row(one) for one in found])
    return {"written": written, "networks": [headline(one) for one in found]}


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("compare", __doc__, EXAMPLES)
    add_data_options(parser)
    group = parser.add_argument_group("what to do")
    add = group.add_argument
    add("--networks", type=_networks, required=True, metavar="A,B,C", help=", ".join(NETWORKS))
    add("--seeds", type=at_least(1), default=3, metavar="N", help="number of seeds per network (3)")
    add("--recipe", choices=sorted(RECIPES), help="start from this recipe (default: each network's own)")
    add_recipe_options(group)
    add("--out", type=Path, default=DEFAULT_OUT, metavar="PLACE", help=f"without an ending ({DEFAULT_OUT})")
    return parser


def _networks(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in NETWORKS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(NETWORKS)}")
    return names


def _tasks(arguments: argparse.Namespace, data: LabelledData, command: str) -> list[Task]:
    """What there is to train: all seeds of the first network, then of the next."""
    from training.pixel_network import run_of  # noqa: PLC0415 - needs Keras

    tasks = []
    for network in arguments.networks:
        fresh = sized(starting_point(network), data)
        start = for_network(RECIPES[arguments.recipe], network) if arguments.recipe else fresh
        recipe = planned(start, arguments)
        for seed in range(recipe.seed, recipe.seed + arguments.seeds):
            seeded = replace(recipe, seed=seed)
            tasks.append(Task(seeded, data, run_of(seeded, data, command=command)))
    return tasks


def _train_missing(tasks: Sequence[Task]) -> None:
    """Make the releases that are not there yet.

    Raises:
        TrainingError: a checkpoint is another run's, or a network cannot be exported.
    """
    from training.pixel_network import train_pixels  # noqa: PLC0415 - needs Keras

    progress = Terminal()
    for number, task in enumerate(tasks, 1):
        place = f"{task.recipe.network}, seed {task.recipe.seed} ({number} of {len(tasks)})"
        if _is_finished(task):
            progress.say(f"{place}: done, {task.release}.")
            continue
        progress.say(f"{place}.")
        trained = train_pixels(task.data, task.recipe, task.run, progress)
        write_doubted(trained.run, trained.asked, trained.labels)


def _is_finished(task: Task) -> bool:
    """Whether its release is whole, and was made by the same recipe."""
    try:
        made_by = report_of(open_release(task.release)).training.configuration
    except StoreError:
        return False
    return all(made_by.get(name) == value for name, value in task.recipe.as_json().items())


def _found(tasks: Sequence[Task], recipe: str) -> "list[Compared]":
    """The reports of the releases, by network; `recipe` is the name of what all were trained by."""
    from training.gradient.comparison.results import compared  # noqa: PLC0415 - needs matplotlib

    return [
        compared(network, {task.recipe.seed: report_of(open_release(task.release)) for task in group}, recipe)
        for network, group in groupby(tasks, key=lambda task: task.recipe.network)
    ]


def _write(place: Path, comparison: "Comparison") -> list[str]:
    from training.gradient.comparison.results import draw_comparison, write_comparison  # noqa: PLC0415 - as above
    from training.measure.plots import save  # noqa: PLC0415 - as above

    results, figure = _ending(place, ".json"), _ending(place, ".png")
    write_comparison(results, comparison)
    save(draw_comparison(comparison.networks), figure)
    written = [str(results), str(figure)]
    console().print(", ".join(written))
    return written


def _ending(place: Path, ending: str) -> Path:
    return place.with_name(place.name + ending)


def _row(one: "Compared") -> dict[str, str]:
    """The cells of a network, by their headings."""
    found = one.summary
    return {
        "network": one.network,
        "parameters": f"{one.parameters:,}",
        "trainable": "" if one.trainable_parameters is None else f"{one.trainable_parameters:,}",
        "MFLOP": "" if one.mflops is None else f"{one.mflops:.1f}",
        "recipe": one.recipe_name,
        "seconds": "" if one.seconds is None else f"{one.seconds:.0f}",
        "test accuracy": str(found.test),
        "seeds": str(found.test.n),
        "published": f"{one.published.accuracy:g}" if one.published else "",
        "test loss": f"{one.loss:.4f}",
        "published loss": f"{one.published.loss:g}" if one.published and one.published.loss else "",
        "validation": str(found.validation),
        "training": str(found.train),
    }


def headline(one: "Compared") -> dict[str, object]:
    """What a network's row says, as JSON values; the rest stands in the comparison's file."""
    return {
        "network": one.network,
        "parameters": one.parameters,
        "trainable_parameters": one.trainable_parameters,
        "mflops": one.mflops,
        "recipe": one.recipe_name,
        "seconds": one.seconds,
        "published": one.published and one.published.accuracy,
        "loss": one.loss,
        "published_loss": one.published and one.published.loss,
        **one.summary.model_dump(mode="json"),
    }


if __name__ == "__main__":
    sys.exit(run(main))
