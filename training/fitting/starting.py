"""The start of a training: a release to train further, with its split, pretrained weights, or few pictures.

What the parent learnt must not be held out: thresholds and held-out accuracy would be too good. Pure, but for
hashing a file of weights. Recipes: recipes.py. The network of a release: fine_tuning.py.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from pydantic import JsonValue

from inference.contract import InputContract
from model_store.manifest import Manifest
from training.data.datasets import NAME, OTHER_NAME, LabelledData, LabelledImages
from training.data.splitting import first, held_out_indices, held_out_share
from training.errors import BadRecipe, WeightsUnfit
from training.recipes import (
    ANY_SIZE,
    BACKBONE_EDGE,
    BACKBONES,
    IMAGENET,
    NETWORKS,
    NetworkName,
    Recipe,
    starting_point,
)

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
    known = (*NETWORKS, *BACKBONES)
    if "origin" in manifest.training or network not in known:
        raise BadRecipe(
            f"--from {manifest.version}: its network is none of those that are made here, so it cannot be "
            f"trained further. Releases of these networks can: {', '.join(known)}."
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


def with_weights(recipe: Recipe, named: str | None, reads: InputContract | None) -> Recipe:
    """The recipe with the pretrained weights that its network begins with, if it is a backbone.

    A recipe that trains a release further gets none: it begins with that release's.

    Args:
        recipe: may name the weights that it was made with.
        named: `imagenet` or a file; None for those of the recipe.
        reads: what the model reads; None where it is not known.

    Raises:
        BadRecipe: the network has no such weights, needs some, or does not read this; or it was made with
            others.
        WeightsUnfit: the file cannot be read.
    """
    network = recipe.network
    if network not in BACKBONES:
        if not (named or recipe.weights):
            return recipe
        raise BadRecipe(
            f"weights {named or recipe.weights}: the network {network} has none that were learnt elsewhere. "
            f"Networks with weights: {', '.join(BACKBONES)}. Name one with --network, or leave out --weights."
        )
    if reads is not None and (reads.channels != 3 or min(reads.shape) < BACKBONE_EDGE):
        raise BadRecipe(
            f"network {network}: it reads colour at {BACKBONE_EDGE} x {BACKBONE_EDGE} or more, and the model "
            f"is to read {reads.in_words}. Give --colour, and --image-size {BACKBONE_EDGE} or more."
        )
    if recipe.start:
        return replace(recipe, weights=None)
    named = named or (recipe.weights if recipe.weights == IMAGENET else None)
    if named is None:
        raise BadRecipe(
            f"network {network}: it needs pretrained weights, without which few pictures teach it little. "
            f"Give --weights {IMAGENET} or --weights FILE, or take --network {ANY_SIZE}."
        )
    weights = IMAGENET if named == IMAGENET else _sha256(Path(named))
    if recipe.weights not in {None, weights}:
        raise BadRecipe(f"--weights {named}: this recipe was made with other weights ({recipe.weights}).")
    return replace(recipe, weights=weights)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsUnfit(
            f"--weights {path}: {error.strerror}. Name a file of weights, or {IMAGENET}, which Keras fetches."
        ) from error


SHARE_HELD_OUT: Final = "held_out_share"
"""Key of a manifest's training configuration: pictures were held out by content, this share of them."""


GROUPED: Final = "grouped"
"""Key of a manifest's training configuration: whether pictures named groups, which stayed together."""

HAS_TEST: Final = "has_test"
"""Key of a manifest's training configuration: whether the data said which pictures were for the test."""


def split_record(recipe: Recipe, data: LabelledData) -> dict[str, JsonValue]:
    """What a release records of a split in addition to its recipe, so that it can be inherited."""
    images = first(data.train, recipe.limit)
    if images.keys is None:
        return {}
    return {SHARE_HELD_OUT: held_out_share(images, recipe.validation), **_divided_by(data)}


def _divided_by(data: LabelledData) -> dict[str, bool]:
    """What decides, in addition to the pictures' content, which of them are learnt."""
    return {GROUPED: data.grouped, HAS_TEST: data.has_test}


@dataclass(frozen=True)
class ParentSplit:
    """How a release that is trained further held pictures out.

    Attributes:
        version: of the release.
        recipe: one with its seed of the split, number of held-out pictures and limit.
        share: that was held out by content; None if they were held out by position.
        data: name of its data set, and the hash of the training set; empty where the split is not known.
        photos: hash of those that it learnt; None if it learnt none.
        divided_by: what decided in addition to the content which pictures it learnt; None where that is not
            known.
    """

    version: str
    recipe: Recipe
    share: float | None
    data: tuple[str, str]
    photos: str | None = None
    divided_by: dict[str, JsonValue] | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> "ParentSplit":
        """Read it from a manifest whose network was made here."""
        known = manifest.training
        fields = ("seed", "split_seed", "validation", "limit")
        values: dict[str, Any] = {name: known[name] for name in fields if name in known}
        share = known.get(SHARE_HELD_OUT)
        train = manifest.data.train_sha256 if {"seed", "validation"} <= known.keys() else ""
        return cls(
            manifest.version,
            Recipe(**values),
            share if isinstance(share, float) else None,
            (manifest.data.name, train),
            photos if isinstance(photos := known.get("photos"), str) else None,
            {name: known[name] for name in (GROUPED, HAS_TEST)} if GROUPED in known else None,
        )

    def inherited(self, recipe: Recipe, data: LabelledData, given: Collection[str]) -> Recipe:
        """The recipe with this split, but for the fields that were given or that it names."""
        same = self.data[1] == data.train.sha256()
        by_content = self.share is not None and data.train.keys is not None
        if not same and not by_content:
            return recipe
        if recipe.split_seed is None:
            recipe = replace(recipe, split_seed=self.recipe.splitting)
        if "validation" in given:
            return recipe
        if same:
            return replace(recipe, validation=self.recipe.validation)
        images = first(data.train, recipe.limit)
        usual = held_out_share(images, recipe.validation) == self.share
        return recipe if usual else replace(recipe, validation=int(cast("float", self.share) * len(images)))

    def learnt_some(self, data: LabelledData) -> bool:
        """Whether it learnt some of these training pictures, as far as is known."""
        same = self.data[1] == data.train.sha256()
        return same or (self.share is not None and data.train.keys is not None)

    def check_photos(self, photos: str | None, *, dealt: bool, complain: Callable[[str], None]) -> None:
        """Warn where it may have learnt the photos that choose thresholds.

        Args:
            photos: the hash of those to learn.
            dealt: whether these choose thresholds; else others do.
            complain: receives the warning.

        Raises:
            BadRecipe: it learnt just these.
        """
        if self.photos is None:
            return
        if self.photos == photos:
            if not dealt:
                return  # these and no others, none of which choose thresholds
            raise BadRecipe(
                f"--from {self.version}: it learnt these photos, so that they cannot choose thresholds. Name "
                "others with --check-photos, or train without --from."
            )
        complain(
            f"{self.version} learnt photos, not known which. If these are among them, thresholds and figures "
            "of photos are too good: name others with --check-photos, or train without --from."
        )

    def check(self, recipe: Recipe, data: LabelledData) -> str | None:
        """Check that nothing is held out that the release learnt.

        Returns:
            The warning where that cannot be known.

        Raises:
            BadRecipe: it learnt some of it.
        """
        images = first(data.train, recipe.limit)
        if self.data[1] == data.train.sha256():
            leaked = np.intersect1d(
                self._learnt(data.train), held_out_indices(images, recipe.validation, recipe.splitting)
            ).size
            if leaked:
                self._refuse(f"learnt {leaked:,} of the pictures that would be held out")
        elif self.share is not None and images.keys is not None:
            more = held_out_share(images, recipe.validation) > self.share
            if more or recipe.splitting != self.recipe.splitting:
                self._refuse("may have learnt pictures that would be held out")
            if self.divided_by not in (None, _divided_by(data)):
                return self._not_known("part of these, divided by other groups or by another test set")
        elif (self.data[0] in {NAME, OTHER_NAME}) != data.named:
            return self._not_known(f"another training set ({self.data[0]})")
        return None

    def _not_known(self, what: str) -> str:
        return (
            f"{self.version} learnt {what}, not known which pictures. If they are among these, held-out and "
            "test accuracy are too good, and thresholds too low: then train without --from."
        )

    def _learnt(self, train: LabelledImages) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
        """Ascending positions of what it learnt, in the same training set."""
        images = first(train if self.share is not None else replace(train, keys=None), self.recipe.limit)
        held_out = held_out_indices(images, self.recipe.validation, self.recipe.splitting)
        return np.setdiff1d(np.arange(len(images)), held_out, assume_unique=True)

    def _refuse(self, what: str) -> None:
        limit = f" --limit {self.recipe.limit}" if self.recipe.limit else ""
        raise BadRecipe(
            f"--from {self.version}: it {what}, so thresholds and held-out accuracy would be too good. It "
            f"was trained with --split-seed {self.recipe.splitting} --validation {self.recipe.validation}"
            f"{limit}. Leave these options out, give the same, or train without --from."
        )


def for_few(recipe: Recipe, pictures: int) -> Recipe:
    """The recipe with smaller batches and more epochs, where there are few pictures to learn from."""
    batch = min(recipe.batch_size, max(BATCH_MIN, pictures // STEPS_PER_EPOCH))
    return replace(recipe, batch_size=batch, epochs=max(recipe.epochs, ceil(STEPS_MIN * batch / pictures)))
