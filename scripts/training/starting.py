"""What a training starts from, as the arguments of `wardrobe train` name it: release, input, recipe, run.

Contradictions among the options end as wrong usage. Reads the release and the recipe's file. The options:
options.py; the rules of further training: training/fitting/starting.py.
"""

import argparse
import shlex
from pathlib import Path

from inference.contract import GREY_28, InputContract, whole_pictures
from model_store.cache import find_release
from model_store.files import MODEL
from model_store.local import LocalRelease
from scripts.terminal import console
from scripts.training.options import input_of, network_recipe, planned
from training.data.datasets import LabelledData
from training.fitting.checkpoints import Run
from training.fitting.starting import ParentRelease, check_start, fine_tuning, further
from training.recipes import (
    DEFAULT_NETWORK,
    RECIPES,
    Recipe,
    check_edge,
    default_run_folder,
    read_recipe,
    run_fingerprint,
    starting_point,
)


def named_release(arguments: argparse.Namespace) -> LocalRelease | None:
    """The release that is trained further, if one is."""
    if arguments.release and arguments.network:
        arguments.error("--from RELEASE brings its network along: leave out --network")
    if arguments.from_version and not arguments.release:
        arguments.error("--from-version belongs to --from, which names the store")
    return find_release(arguments.release, arguments.from_version) if arguments.release else None


def input_named(arguments: argparse.Namespace, release: LocalRelease | None) -> InputContract:
    """What the model is to read: Fashion-MNIST's input unless a size or another release is named.

    It is printed.
    """
    named = arguments.image_size is not None
    if release is not None and named:
        arguments.error("--from RELEASE brings its input along: leave out --image-size")
    reads = GREY_28 if release is None else input_of(release)
    if named:
        reads = whole_pictures(arguments.image_size, 1)
    console().print(f"The model reads {size_of(reads)}, framing {reads.framing}.")
    return reads


def size_of(reads: InputContract) -> str:
    """Such as `64 x 64 pixels in colour`."""
    return f"{' x '.join(map(str, reads.shape))} pixels in {'colour' if reads.channels == 3 else 'grey'}"


def start_named(arguments: argparse.Namespace, reads: InputContract, release: LocalRelease | None) -> Recipe:
    """The recipe that the arguments name, before the data or any option changes it."""
    if arguments.recipe:
        recipe = _named_recipe(arguments)
        if release is not None and arguments.recipe not in RECIPES:
            recipe = further(recipe, release.manifest)
        check_start(recipe, release.version if release else None)
        check_edge(recipe, reads.shape)
        return recipe
    if release is None:
        return network_recipe(arguments.network, reads)
    return fine_tuning(release.manifest)


def _named_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that --recipe names.

    The limit that a file names becomes the option's value, unless that is given.
    """
    if arguments.recipe in RECIPES:
        return RECIPES[arguments.recipe]
    recipe, given = read_recipe(Path(arguments.recipe))
    if "limit" in given and arguments.limit is None:
        arguments.limit = recipe.limit
    return recipe


def shown_recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that the arguments name, with the fields that they change."""
    release = named_release(arguments)
    named = arguments.recipe is not None
    start = _named_recipe(arguments) if named else starting_point(arguments.network or DEFAULT_NETWORK)
    if release is not None and arguments.recipe not in RECIPES:
        start = further(start, release.manifest) if named else fine_tuning(release.manifest)
    return planned(start, arguments)


def task_of(
    arguments: argparse.Namespace, data: LabelledData, recipe: Recipe, release: LocalRelease | None
) -> Run:
    """The run: its folder, what its checkpoint must carry, and the command that begins it again."""
    usual = default_run_folder(recipe, data)
    parent = None
    if release is not None:
        same_classes = data.labels == release.manifest.model.labels
        parent = ParentRelease(release.folder / MODEL, same_classes=same_classes)
    return Run(
        arguments.run or usual,
        run_fingerprint(recipe, data),
        parent,
        arguments.tensorboard and arguments.tensorboard / usual.name,
        shlex.join(["python", "-m", "scripts.train", *arguments.words]),
    )
