"""The start of a training: a release to train further, or few pictures.

What the parent learnt must not be held out: thresholds and held-out accuracy would be too good. Reads what a
release says about that. Recipes: recipes.py. The network of a release: fine_tuning.py.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Final, cast

from model_store.local import LocalRelease
from model_store.manifest import Manifest
from training.data.datasets import NAME, OTHER_NAME, LabelledData, LabelledImages
from training.data.learnt import NOTHING, Learnt, load_learnt
from training.errors import BadRecipe
from training.recipes import NETWORKS, NetworkName, Recipe, starting_point

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


MANY_EPOCHS: Final = 100
"""More come of fewer than 160 pictures; then a training ends early."""

PATIENCE: Final = 20
"""Epochs without a better one after which it does."""


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
        BadRecipe: its network is none of ours, or stays as it is below a head.
    """
    if "head" in manifest.training:
        raise BadRecipe(
            f"--from {manifest.version}: a head on frozen networks was learnt, which is learnt again on all "
            "pictures within minutes: leave out --from, or give corrections to `wardrobe improve`."
        )
    network = manifest.training.get("network")
    if "origin" in manifest.training or network not in NETWORKS:
        raise BadRecipe(
            f"--from {manifest.version}: its network is none of those that are made here, so it cannot be "
            f"trained further. Releases of these networks can: {', '.join(NETWORKS)}."
        )
    usual = starting_point(cast("NetworkName", network))
    return replace(usual, learning_rate=FINER * usual.learning_rate, start=manifest.version)


def check_classes(found: Collection[str], manifest: Manifest) -> None:
    """Check that a training from a release does not drop some of its classes by accident.

    Args:
        found: the labels of the data set.
        manifest: of the release.

    Raises:
        BadRecipe: they are some of the release's classes, and no others.
    """
    labels = manifest.model.labels
    if not set(found) < set(labels):
        return
    missing = [label for label in labels if label not in found]
    raise BadRecipe(
        f"This data set has {len(found)} of the {len(labels)} classes of {manifest.version}; missing: "
        f"{', '.join(missing)}. To keep all of them, learn these pictures by `wardrobe improve CSV`; for a "
        "release of these classes alone, give --new-classes."
    )


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
        "or leave start out of the recipe."
    )


@dataclass(frozen=True)
class ParentLearnt:
    """What a release that is trained further learnt.

    Attributes:
        version: of the release.
        learnt: it and its parents; None where it does not say.
        data: name of its data set, and the hash of the training set.
    """

    version: str
    learnt: Learnt | None
    data: tuple[str, str]

    @classmethod
    def of(cls, release: LocalRelease) -> "ParentLearnt":
        """Read it from a release whose network was made here."""
        manifest = release.manifest
        data = (manifest.data.name, manifest.data.train_sha256)
        return cls(manifest.version, load_learnt(release.folder), data)

    @property
    def known(self) -> Learnt:
        """What is not held out; nothing where that is not known."""
        return self.learnt or NOTHING

    def learnt_some(self, train: LabelledImages) -> bool:
        """Whether it learnt some of these training pictures, as far as is known."""
        return bool(self.known.has(train.contents).any()) or self.data[1] == train.sha256()

    def doubt(self, data: LabelledData) -> str | None:
        """The warning where it may have learnt what figures come from, if any."""
        tested = int(self.known.has(data.test.contents).sum())
        if tested:
            return f"{self.version} learnt {tested:,} of the test pictures: the test accuracy is too good."
        if self.learnt is None and (self.data[0] in {NAME, OTHER_NAME}) != data.named:
            return (
                f"{self.version} learnt {self.data[0]} and does not say which. If these are among them, "
                "held-out and test accuracy are too good, and thresholds too low: then train without --from."
            )
        return None


def for_few(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with smaller batches and more epochs, where there are few pictures to learn from."""
    batch = min(recipe.batch_size, max(BATCH_MIN, pictures // STEPS_PER_EPOCH))
    epochs = max(recipe.epochs, ceil(STEPS_MIN * batch / pictures))
    patience = PATIENCE if epochs > MANY_EPOCHS and recipe.patience is None else recipe.patience
    return replace(recipe, batch_size=batch, epochs=epochs, patience=patience)
