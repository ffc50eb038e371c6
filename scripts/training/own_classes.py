"""Train own classes: the default of `train --data` for photos.

A head is learnt on the vectors of frozen networks; each picture is answered by a head that did not learn it.
train.py calls it. Reads the pictures; writes the run's folder alone. The steps: training/own_classes.py.
"""

import argparse
import math
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.contract import InputContract
from scripts.progress import corrected, counting
from scripts.terminal import console
from scripts.training.fitting import carry_out
from scripts.training.loading import allow_many_networks, start_tensorflow
from scripts.training.options import conditions_of, parts_of
from scripts.training.starting import size_of, task_of
from training.data.datasets import LabelledData
from training.data.listing import list_pictures
from training.data.picture_files import decode_file
from training.export.out_of_fold import Fold
from training.recipes import Recipe

if TYPE_CHECKING:
    from training.features import Block

OF_THE_SPLIT: Final = frozenset({"limit", "seed"})
"""The fields of a recipe that change no fit by gradient."""

START_SECONDS: Final = 25
SECONDS_TO_SEE: Final = 0.03
"""A picture, on two cores: its vector."""

SECONDS_TO_SEE_WITHOUT_LITE0: Final = 0.005
SECONDS_PER_PICTURE: Final = 0.1
"""Its part of the heads, of the export and of the report; half of it without EfficientNet-Lite0."""


def blocks_for(arguments: argparse.Namespace, given: Collection[str]) -> "tuple[Block, ...] | None":
    """What a picture's vector consists of; None where the command, or its pictures, wants another fit.

    Args:
        arguments: of `wardrobe train`.
        given: the fields of a recipe that they set.
    """
    if arguments.colour and arguments.image_size is not None:
        arguments.error(
            "photos of own classes are read in colour, 192 x 192: leave out --image-size and --colour. "
            "--image-size alone trains a network by gradient on grey pictures"
        )
    decided = (
        *(arguments.network, arguments.recipe, arguments.release),
        *(arguments.tensorboard, arguments.image_size),
    )
    wants_another = any(one is not None for one in decided) or not OF_THE_SPLIT.issuperset(given)
    if wants_another or arguments.folds == 0 or not _names_photos(arguments.data):
        if arguments.fast:
            arguments.error("--fast is for photos of own classes, where no network, recipe or size is named")
        return None
    start_tensorflow()
    from training.features import BLOCKS, WITHOUT_LITE0  # noqa: PLC0415 - needs Keras

    return WITHOUT_LITE0 if arguments.fast else BLOCKS


def _names_photos(data: str | None) -> bool:
    """Whether --data names pictures, not all of them already pixels in the form of Fashion-MNIST."""
    if data in {None, "keras"}:
        return False
    place = Path(str(data)).expanduser()
    if not place.exists() or any(place.glob("*-ubyte*")):
        return False
    read = (decode_file(one.path) for one in list_pictures(place).pictures)
    return any(not isinstance(one, str) and one[1].is_photo for one in read)


def reads_and_recipe(
    arguments: argparse.Namespace, blocks: "Sequence[Block]"
) -> tuple[InputContract, Recipe]:
    """What the pictures are read for, and what a release records of it."""
    from training.features import READS  # noqa: PLC0415 - needs Keras
    from training.transfer import backbone, imagenet  # noqa: PLC0415 - likewise

    usual = imagenet.NETWORK if "lite0" in blocks else backbone.NETWORK
    return READS, replace(usual, seed=arguments.seed or 0, limit=arguments.limit)


def fit_and_carry_out(
    arguments: argparse.Namespace,
    data: LabelledData,
    recipe: Recipe,
    folds: Sequence[Fold],
    blocks: "Sequence[Block]",
) -> Path:
    """Fit, and make the release.

    Args:
        arguments: of the command.
        data: as `reads_and_recipe` says.
        recipe: from there.
        folds: of its training pictures.
        blocks: of the vectors.

    Returns:
        The folder of the run.
    """
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
    out.print(
        f"{right:.2%} of {len(parts.train):,} answers to pictures that the head had not learnt are "
        f"right; {found.fitted.seconds:.0f} s. The model reads {size_of(data.reads)}."
    )
    task = task_of(arguments, data, recipe, None)
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
