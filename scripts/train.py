"""Train a release: data, network, fit, export, measure, hand over.

python -m scripts.train [--recipe bundled | --network NAME] [--data FOLDER | --train CSV --test CSV]
                        [--out STORE | --publish s3://BUCKET/PREFIX] [--force] [--by NAME]

Killed or stopped at any time, the same command goes on after the last finished epoch. What the recipes
are: training/recipes.py; how the release is made: training/release.py.
"""

import argparse
import sys
from pathlib import Path

from model_store.local import BUNDLED
from model_store.store import Store
from scripts.carrying_out import carry_out
from scripts.data_options import add_data_options, load_data
from scripts.handing_over import (
    DEFAULT_STORE,
    RELEASE,
    add_target_options,
    hand_over,
    open_target,
    summarise,
)
from scripts.recipe_options import add_recipe_options, changed
from scripts.terminal import INTERRUPTED, complain, console, run
from training.checkpoints import Run, forget_checkpoint
from training.datasets import LABELS
from training.recipes import (
    CHOICES,
    DEFAULT_NETWORK,
    RECIPES,
    Recipe,
    default_run_folder,
    fingerprint,
    starting_point,
)
from training.splitting import first, split


def main(argv: list[str] | None = None) -> int:
    """Train, or go on training, and hand the release over."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    out = console()
    store = _store(arguments)
    data = load_data(parser, arguments)
    train = first(data.train, arguments.limit) if arguments.limit else data.train
    recipe = changed(_start(arguments), arguments, train)
    parts = split(train, recipe.validation, recipe.seed, len(LABELS))
    task = Run(
        arguments.run or default_run_folder(recipe, data.described()), fingerprint(recipe, data.described())
    )
    if arguments.fresh:
        forget_checkpoint(task)
    out.print(
        f"{recipe.network}, seed {recipe.seed}: {len(parts.train):,} training pictures, "
        f"{len(parts.validation):,} held out, {len(data.test):,} for the report. Checkpoint in {task.folder}."
    )
    try:
        manifest = carry_out(task, data, parts, recipe, quantised=arguments.quantise)
    except KeyboardInterrupt:
        complain(f"stopped. The same command goes on after the last finished epoch, from {task.folder}.")
        return INTERRUPTED
    hand_over(task.folder / RELEASE, store, arguments)
    summarise(manifest)
    return 0


_BUNDLED_NAME = f"{BUNDLED.parent.name}/{BUNDLED.name}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.train", description="Train, calibrate, measure and hand over a release."
    )
    add_data_options(parser)
    recipe = parser.add_argument_group("what to do")
    _add_start_options(recipe)
    add_recipe_options(recipe)
    recipe.add_argument(
        "--quantise", action="store_true", help="serve in eight bits, if that answers the same"
    )
    group = parser.add_argument_group("where it goes")
    group.add_argument(
        "--run", type=Path, metavar="FOLDER", help="of the checkpoint (default: one per recipe in runs/)"
    )
    group.add_argument("--fresh", action="store_true", help="forget the checkpoint and begin anew")
    add_target_options(group, f"{DEFAULT_STORE}; with --recipe bundled: {_BUNDLED_NAME}")
    return parser


def _add_start_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options that choose the recipe which the others change."""
    start = group.add_mutually_exclusive_group()
    start.add_argument(
        "--network", choices=CHOICES["network"], help=f"start from this network's recipe ({DEFAULT_NETWORK})"
    )
    start.add_argument("--recipe", choices=sorted(RECIPES), help="start from this recipe")


def _start(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the arguments name."""
    if arguments.recipe:
        return RECIPES[arguments.recipe]
    return starting_point(arguments.network or DEFAULT_NETWORK)


def _store(arguments: argparse.Namespace) -> Store | None:
    """The store that the release goes to; None for the bundled release's own folder."""
    if arguments.recipe == "bundled" and arguments.publish is None and arguments.out is None:
        return None
    return open_target(arguments)


if __name__ == "__main__":
    sys.exit(run(main))
