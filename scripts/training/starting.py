"""What a training by gradient starts from, as the arguments of `wardrobe train` name it: recipe and run.

Reads the recipe's file. The options: options.py; the recipes: training/gradient/recipes.py.
"""

import argparse
import shlex
from pathlib import Path

from scripts.training.options import planned
from training.gradient.fitting.checkpoints import Run
from training.gradient.recipes import (
    DEFAULT_NETWORK,
    RECIPES,
    Recipe,
    default_run_folder,
    for_network,
    read_recipe,
    run_fingerprint,
    starting_point,
)
from training.pictures.fashion import LabelledData


def start_named(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the arguments name, before the data or any option changes it.

    The limit that a file names becomes the option's value, unless that is given.
    """
    if not arguments.recipe:
        return starting_point(arguments.network or DEFAULT_NETWORK)
    if arguments.recipe in RECIPES:
        recipe = RECIPES[arguments.recipe]
        return for_network(recipe, arguments.network) if arguments.network else recipe
    recipe, given = read_recipe(Path(arguments.recipe))
    if "limit" in given and arguments.limit is None:
        arguments.limit = recipe.limit
    return for_network(recipe, arguments.network) if arguments.network else recipe


def shown_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the arguments name, with the fields that they change."""
    return planned(start_named(arguments), arguments)


def task_of(arguments: argparse.Namespace, data: LabelledData, recipe: Recipe) -> Run:
    """The run: its folder, what its checkpoint must carry, and the command that begins it again."""
    usual = default_run_folder(recipe, data)
    return Run(
        arguments.run or usual,
        run_fingerprint(recipe, data),
        arguments.tensorboard and arguments.tensorboard / usual.name,
        shlex.join(["python", "-m", "scripts.train", *arguments.words]),
    )
