"""Random changes to training pictures by Keras' own layers: flip, affine, shift, erase, mixup; their sheet.

They run in the input pipeline (fit.py); the network that is exported never contains them. Touches nothing.
`wardrobe train --show-augmentation` draws the sheet.
"""

import math
from dataclasses import replace
from typing import Any, Final

import numpy as np
import tensorflow as tf
from keras import layers
from matplotlib.figure import Figure

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

OFF: Final[dict[str, Any]] = {
    "flip": False,
    "rotate": 0.0,
    "zoom": 0.0,
    "shear": 0.0,
    "shift": 0,
    "erase": 0,
    "mixup": 0.0,
}
"""The recipe's fields that switch a kind off, in the order in which a batch meets them."""


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
            images: uint8 (B, H, W), or (B, H, W, 3) in RGB.
            targets: float32 (B, C), rows of sum 1; mixup mixes them as it mixes the pictures.

        Returns:
            Both, in the same shapes and types.
        """
        if not self._layers:
            return images, targets
        grey = len(images.shape) == 3
        shaped = images[..., tf.newaxis] if grey else images
        batch = {"images": tf.cast(shaped, tf.float32), "labels": tf.convert_to_tensor(targets)}
        for layer in self._layers:
            batch = layer(batch, training=True)
        # A cast alone would cut the fraction off and darken every picture.
        changed = batch["images"][..., 0] if grey else batch["images"]
        return tf.cast(tf.round(changed), tf.uint8), batch["labels"]


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


def draw_contact_sheet(recipe: Recipe, pictures: LabelledImages) -> Figure:
    """Draw a row for each kind that the recipe has and one for all together: a picture, then its variants.

    Args:
        recipe: whose augmentation is shown; its seed decides what is drawn.
        pictures: two or more, of which a few are shown.
    """
    alone = replace(recipe, **OFF)
    kinds = {kind: getattr(recipe, kind) for kind in OFF}
    rows = {f"{kind}: {value}": replace(alone, **{kind: value}) for kind, value in kinds.items() if value}
    rows["all together, as training sees them"] = recipe
    figure = Figure(figsize=(VARIANTS + 2, 1.6 * len(rows)), layout="constrained")
    blocks = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    # The last classes of Fashion-MNIST have the least symmetrical pictures: boots and bags.
    firsts = np.resize(np.unique(pictures.labels, return_index=True)[1][::-1], len(rows))
    for block, (title, drawn), index in zip(blocks, rows.items(), firsts.tolist(), strict=True):
        block.suptitle(title, x=0.01, ha="left", fontsize=11)
        neighbours = np.arange(min(NEIGHBOURS, len(pictures)))
        images = pictures.images[[index, *neighbours]]
        augmentation, targets = Augmentation(drawn), np.zeros((len(images), 1), np.float32)
        variants = [augmentation(images, targets)[0][0] for _ in range(VARIANTS)]
        for axes, image in zip(block.subplots(1, 1 + VARIANTS), [images[0], *variants], strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
    return figure
