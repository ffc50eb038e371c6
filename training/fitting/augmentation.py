"""Random changes to training pictures by Keras' own layers: flip, affine, shift, erase, mixup; their sheet.

They run in the input pipeline (fit.py); the network that is exported never contains them. Touches nothing.
The sheet shows a row for each kind and one for all together: `wardrobe train --show-augmentation`.
"""

import math
from dataclasses import replace
from typing import Final

import numpy as np
import tensorflow as tf
from keras import layers
from matplotlib.figure import Figure
from numpy.typing import NDArray

from inference.contract import EDGE
from training.data.datasets import LabelledImages
from training.recipes import Recipe
from training.untyped import Tensor

BACKGROUND: Final = {"fill_mode": "constant", "fill_value": 0.0}
"""New pixels at the border are background (0)."""

VARIANTS: Final = 10
"""Shown of each picture in the sheet."""

NEIGHBOURS: Final = 31
"""Other pictures of the batch, for mixup to draw from."""

OFF: Final = {"flip": False, "rotate": 0.0, "zoom": 0.0, "shear": 0.0, "shift": 0, "erase": 0, "mixup": 0.0}
"""The recipe's fields that switch a kind off."""

USUAL: Final = {"flip": True, "rotate": 10.0, "zoom": 0.1, "shear": 5.0, "shift": 2, "erase": 8, "mixup": 0.2}
"""How a kind is drawn that the recipe leaves out."""

KINDS: Final = {
    "flip": {"flip": "half of the pictures, left to right"},
    "small affine": {
        "rotate": "turned by up to {:g}°",
        "zoom": "scaled by up to {:.0%}",
        "shear": "sheared by up to {:g}°",
    },
    "shift": {"shift": "by up to {} pixels each way"},
    "erase": {"erase": "a square of {} pixels in half of the pictures"},
    "mixup": {"mixup": "with another picture, in shares from Beta({0:g}, {0:g})"},
}
"""In the order in which a batch meets them: the fields that decide, and what a title says of each."""


class Augmentation:
    """The changes that a recipe asks for, one after another; what it leaves out costs nothing.

    Args:
        recipe: its `flip`, `rotate`, `zoom`, `shear`, `shift`, `erase`, `mixup` and `seed`.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._layers = _layers(recipe)

    def __call__(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Change a batch.

        Args:
            images: uint8 (B, 28, 28).
            targets: float32 (B, C), rows of sum 1; mixup mixes them as it mixes the pictures.

        Returns:
            Both, in the same shapes and types.
        """
        if not self._layers:
            return images, targets
        batch = {
            "images": tf.cast(images[..., tf.newaxis], tf.float32),
            "labels": tf.convert_to_tensor(targets),
        }
        for layer in self._layers:
            batch = layer(batch, training=True)
        # A cast alone would cut the fraction off and darken every picture.
        return tf.cast(tf.round(batch["images"][..., 0]), tf.uint8), batch["labels"]


def _layers(recipe: Recipe) -> list[layers.Layer]:
    turn, shift = recipe.rotate / 360, recipe.shift / EDGE
    lean = math.tan(math.radians(recipe.shear))
    # One area and one probability: a square of `erase` pixels in half of the pictures (arXiv 1708.04552).
    area = (recipe.erase / EDGE) ** 2
    seed = recipe.seed
    wanted = {
        layers.RandomFlip("horizontal", seed=seed): recipe.flip,
        layers.RandomRotation(turn, **BACKGROUND, seed=seed + 1): recipe.rotate,
        layers.RandomZoom(recipe.zoom, **BACKGROUND, seed=seed + 2): recipe.zoom,
        layers.RandomShear(x_factor=min(lean, 1.0), **BACKGROUND, seed=seed + 3): recipe.shear,
        layers.RandomTranslation(
            shift, shift, **BACKGROUND, interpolation="nearest", seed=seed + 4
        ): recipe.shift,
        layers.RandomErasing((0.5, 0.5), scale=(area, area), fill_value=0, seed=seed + 5): recipe.erase,
        layers.MixUp(recipe.mixup or 1.0, seed=seed + 6): recipe.mixup,
    }
    return [layer for layer, strength in wanted.items() if strength]


def draw_contact_sheet(recipe: Recipe, pictures: LabelledImages, labels: tuple[str, ...]) -> Figure:
    """Draw a row for each kind and one for all together: the picture as it is, then its variants.

    A kind that the recipe leaves out is drawn at a usual strength and marked so.

    Args:
        recipe: whose augmentation is shown; its seed decides what is drawn.
        pictures: two or more, of which a few are shown.
        labels: the names of the classes.
    """
    rows = [_row(kind, recipe) for kind in KINDS]
    together = ", ".join(kind for kind, (title, _) in zip(KINDS, rows, strict=True) if "off in" not in title)
    rows.append((f"all together, as training sees them: {together or 'nothing'}", recipe))
    figure = Figure(figsize=(VARIANTS + 2, 1.6 * len(rows)), layout="constrained")
    blocks = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    # The last classes of Fashion-MNIST have the least symmetrical pictures: boots and bags.
    firsts = np.resize(np.unique(pictures.labels, return_index=True)[1][::-1], len(rows))
    for block, (title, drawn), index in zip(blocks, rows, firsts.tolist(), strict=True):
        block.suptitle(title, x=0.01, ha="left", fontsize=11)
        batch = pictures.take(_with_neighbours(index, len(pictures)))
        axes = block.subplots(1, 1 + VARIANTS)
        axes[0].imshow(batch.images[0], cmap="gray", vmin=0, vmax=255)
        augmentation, targets = Augmentation(drawn), np.eye(len(labels), dtype=np.float32)[batch.labels]
        for one in axes[1:]:
            images, mixed = augmentation(batch.images, targets)
            one.imshow(images[0], cmap="gray", vmin=0, vmax=255)
            if drawn.mixup:
                one.set_title(_named(mixed[0].numpy(), labels), fontsize=7, parse_math=False)
        for one in axes:
            one.set_axis_off()
    return figure


def _row(kind: str, recipe: Recipe) -> tuple[str, Recipe]:
    """A title, and a recipe of the kind alone, at the recipe's strength or else at a usual one."""
    settings = {field: getattr(recipe, field) for field in KINDS[kind]}
    used = any(settings.values())
    strength = settings if used else {field: USUAL[field] for field in settings}
    phrases = [KINDS[kind][field].format(value) for field, value in strength.items() if value]
    title = f"{kind}: {', '.join(phrases)}{'' if used else ' (off in this recipe)'}"
    return title, replace(recipe, **(OFF | strength))


def _with_neighbours(index: int, count: int) -> NDArray[np.int64]:
    """The place of a picture, and those of others of the set behind it."""
    others = np.setdiff1d(np.arange(min(NEIGHBOURS + 1, count)), [index])
    return np.concatenate([[index], others[:NEIGHBOURS]])


def _named(target: NDArray[np.float32], labels: tuple[str, ...]) -> str:
    """The classes that a target holds one per cent of or more, the largest share first."""
    order = np.argsort(-target, kind="stable")
    return "\n".join(f"{target[index]:.0%} {labels[index]}" for index in order if target[index] >= 0.005)
