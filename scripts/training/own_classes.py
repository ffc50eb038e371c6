"""Train own classes: the default of `train --data` for photos.

A head is learnt on the vectors of frozen networks; each picture is answered by a head that did not learn it.
train.py calls it. Reads the pictures; writes the run's folder alone. The steps: training/own_classes.py.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.progress import corrected, counting
from scripts.terminal import console, resumable
from scripts.training.caveats import complain_of_doubts
from scripts.training.fitting import carry_out
from scripts.training.loading import allow_many_networks, start_tensorflow
from scripts.training.options import conditions_of, given_fields, load_data, parts_of
from scripts.training.starting import task_of
from training.gradient.recipes import Recipe
from training.heads.out_of_fold import Fold, deal
from training.pictures.corrections import read_corrections
from training.pictures.fashion import LabelledData
from training.pictures.split import USUAL_FOLDS, first, rarest_class

if TYPE_CHECKING:
    from training.features.blocks import Block

OF_THE_SPLIT: Final = frozenset({"limit", "seed"})
"""The fields of a recipe that a head has a use for."""

OF_GRADIENT: Final = ("network", "recipe", "tensorboard")
"""Options of a training by gradient that are no fields of its recipe."""

START_SECONDS: Final = 25
SECONDS_TO_SEE: Final = 0.03
"""A picture, on two cores: its vector."""

SECONDS_TO_SEE_WITHOUT_LITE0: Final = 0.005
SECONDS_PER_PICTURE: Final = 0.1
"""Its part of the heads, of the export and of the report; half of it without EfficientNet-Lite0."""


def options_of_gradient(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The options among the arguments that a head has no use for, by their names there."""
    named = (name for name in OF_GRADIENT if getattr(arguments, name) is not None)
    return (*named, *(name for name in given_fields(arguments) if name not in OF_THE_SPLIT))


def train_own_classes(arguments: argparse.Namespace) -> Path:
    """Fit a head on frozen networks, and make the release.

    Returns:
        The folder of the run.

    Raises:
        DataError: the pictures cannot be learnt.
        BadRecipe: a class has pictures of one group alone.
    """
    if others := options_of_gradient(arguments):
        arguments.error(
            f"--{others[0].replace('_', '-')} is for Fashion-MNIST and pictures of 28 x 28: photos of own "
            "classes are learnt by a head"
        )
    start_tensorflow()
    from training.features.blocks import BLOCKS, READS, WITHOUT_LITE0  # noqa: PLC0415 - needs Keras

    blocks = WITHOUT_LITE0 if arguments.fast else BLOCKS
    recipe = _recorded(arguments, blocks)
    data = load_data(arguments, READS, read_corrections(arguments.corrections), division="cross-fitted")
    data = replace(data, licence=arguments.data_licence)
    if data.cross_fitted and recipe.limit is not None:
        few = first(data.train, recipe.limit)
        data = replace(data, train=few, test=few)
    parts = parts_of(data, recipe)
    folds = deal(parts, min(USUAL_FOLDS, rarest_class(parts.train.labels, parts.train.groups)))
    held_out = 0 if data.cross_fitted else len(parts.validation)
    complain_of_doubts(arguments, data, held_out + len(parts.train))
    with resumable("The same command begins again: heads take minutes at most."):
        return _fit_and_carry_out(arguments, data, recipe, folds, blocks)


def _recorded(arguments: argparse.Namespace, blocks: "Sequence[Block]") -> Recipe:
    """What a release records of the settings."""
    from training.features import backbone, imagenet  # noqa: PLC0415 - needs Keras

    usual = imagenet.NETWORK if "lite0" in blocks else backbone.NETWORK
    return replace(usual, seed=arguments.seed or 0, limit=arguments.limit)


def _fit_and_carry_out(
    arguments: argparse.Namespace,
    data: LabelledData,
    recipe: Recipe,
    folds: Sequence[Fold],
    blocks: "Sequence[Block]",
) -> Path:
    from training.own_classes import fit_own_classes  # noqa: PLC0415 - needs Keras

    allow_many_networks()
    parts, out = parts_of(data, recipe), console()
    announced = _seconds(len(parts.train), lite0="lite0" in blocks)
    about = math.ceil(sum(announced) / 10) * 10
    out.print(
        f"A head on {', '.join(blocks)}, and {len(folds)} heads that each answer what they did not learn: "
        f"about {about} s on two cores."
    )
    began = time.monotonic()
    with counting("seeing pictures, then fitting heads") as watch:

        def seen(done: int, of: int) -> None:
            watch(done, of)
            if done == of and (sentence := corrected(announced, time.monotonic() - began)):
                out.print(sentence)

        found = fit_own_classes(parts.train, folds, blocks, seen, out.print)
    right = found.answers.right.mean()
    height, width = data.reads.shape
    out.print(
        f"{right:.2%} of {len(parts.train):,} answers to pictures that the head had not learnt are "
        f"right; {found.fitted.seconds:.0f} s. The model reads {height} x {width} pixels in colour."
    )
    task = task_of(arguments, data, recipe)
    carry_out(
        *(task, data, parts, recipe),
        fitted=found.fitted,
        others=found.answers,
        accept=conditions_of(arguments),
    )
    return task.folder


def _seconds(pictures: int, *, lite0: bool) -> tuple[float, float]:
    """How long it takes to see so many pictures, and what follows."""
    if lite0:
        return SECONDS_TO_SEE * pictures, START_SECONDS + SECONDS_PER_PICTURE * pictures
    return SECONDS_TO_SEE_WITHOUT_LITE0 * pictures, START_SECONDS + SECONDS_PER_PICTURE * pictures / 2
