"""The start of a training: a release to train further, or a recipe for few pictures.

Pure. Recipes: recipes.py. The network of a release: fine_tuning.py.
"""

from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Final, cast

from model_store.manifest import Manifest
from training.errors import BadRecipe
from training.recipes import CHOICES, NetworkName, Recipe, starting_point

FINER: Final = 0.1
"""Share of the usual learning rate that a release is trained further with: enough to learn new classes, and
not so much that what it knows is lost at once."""

STEPS_MIN: Final = 1000
"""Steps that a training should have: with fewer, it learns too little."""

STEPS_PER_EPOCH: Final = 32
"""Steps per epoch that smaller batches should give."""

BATCH_MIN: Final = 16
"""Smallest batch that is chosen for that. Half of it was worse (docs/explanation/experiments.md): batch
normalization needs several pictures."""


@dataclass(frozen=True)
class ParentRelease:
    """The release that a training starts from.

    Attributes:
        model: its model.keras.
        same_classes: whether it knows the classes that are to be learnt, in the same order; then its last
            layer is kept.
    """

    model: Path
    same_classes: bool


def fine_tuning(manifest: Manifest) -> Recipe:
    """The recipe for training a release further.

    Raises:
        BadRecipe: its network is none of ours.
    """
    network = manifest.training.get("network")
    if "origin" in manifest.training or network not in CHOICES["network"]:
        raise BadRecipe(
            f"--from {manifest.version}: its network was not made here, so it cannot be trained further. "
            f"Releases of these networks can: {', '.join(CHOICES['network'])}."
        )
    usual = starting_point(cast("NetworkName", network))
    return replace(usual, learning_rate=FINER * usual.learning_rate, start=manifest.version)


def further(recipe: Recipe, manifest: Manifest) -> Recipe:
    """A recipe that names no release, for training this one further.

    Raises:
        BadRecipe: the release has another network, or one that was not made here.
    """
    network = fine_tuning(manifest).network
    if recipe.network != network:
        raise BadRecipe(
            f"network {recipe.network}: the release {manifest.version} is a {network}. Set network to "
            "that, or leave out --from."
        )
    return recipe if recipe.start else replace(recipe, start=manifest.version)


def check_start(recipe: Recipe, version: str | None) -> None:
    """Check that a recipe starts from the release that it was made for.

    Args:
        recipe: a named one.
        version: of the release that is to be trained further; None for fresh weights.

    Raises:
        BadRecipe: it begins with another release, or with none.
    """
    if recipe.start == version:
        return
    if recipe.start is None:
        raise BadRecipe(f"--from {version}: this recipe begins with fresh weights. Leave out one of the two.")
    came = "none was named" if version is None else f"this is {version}"
    raise BadRecipe(
        f"This recipe trains the release {recipe.start} further, and {came}. Name that one with --from "
        "(docs/how-to/retrain.md says where it is), or train the like of it first with --recipe first."
    )


def for_few(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with smaller batches and more epochs, where there are few pictures to learn from."""
    batch = min(recipe.batch_size, max(BATCH_MIN, pictures // STEPS_PER_EPOCH))
    return replace(recipe, batch_size=batch, epochs=max(recipe.epochs, ceil(STEPS_MIN * batch / pictures)))
