"""Random changes to training pictures by layers of Keras: flip, rotate, zoom, shear, shift, erase, mixup.

They are made anew in each epoch or, if a recipe asks for augmented copies, once before the first epoch. The
network that is exported does not contain them.
"""

import math
from typing import Final

import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.contract import EDGE
from training.data.fashion import MAX_MODEL_BATCH_SIZE
from training.gradient.recipes import Recipe
from training.untyped import Tensor

FILL_WITH_BACKGROUND: Final = {"fill_mode": "constant", "fill_value": 0.0}
"""Arguments of Keras' layers that fill new pixels at the border with background (0)."""

FILL_WITH_NEAREST: Final = {"fill_mode": "nearest"}
"""Arguments of Keras' layers that fill new pixels with the nearest pixel of the border, as Keras'
ImageDataGenerator did for the published networks."""


class Augmentation:
    """Random changes to batches of training pictures, as a recipe sets them.

    Args:
        recipe: the recipe, of which the fields `flip`, `rotate`, `zoom`, `shear`, `shift`, `erase`, `mixup`
            and `seed` are used. A change that is not set costs no time.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._layers = _make_layers(recipe)

    def __call__(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Change the pictures of a batch at random.

        Args:
            images: uint8 (B, H, W), or (B, H, W, 3) in RGB.
            targets: float32 (B, C), rows of sum 1. Mixup mixes them as it mixes the pictures.

        Returns:
            Pictures and targets, with the shapes and types that they had.
        """
        if not self._layers:
            return images, targets
        is_grey = len(images.shape) == 3
        images_with_channels = images[..., tf.newaxis] if is_grey else images
        batch = {"images": tf.cast(images_with_channels, tf.float32), "labels": tf.convert_to_tensor(targets)}
        for layer in self._layers:
            batch = layer(batch, training=True)
        # A cast alone would cut the fraction off and darken every picture.
        changed_images = batch["images"][..., 0] if is_grey else batch["images"]
        return tf.cast(tf.round(changed_images), tf.uint8), batch["labels"]


def add_augmented_copies(
    images: PixelsBatch, targets: NDArray[np.float32], recipe: Recipe
) -> tuple[PixelsBatch, NDArray[np.float32]]:
    """Return the pictures unchanged, followed by augmented copies of them, with the targets of all.

    Args:
        images: uint8 (N, H, W) or (N, H, W, 3).
        targets: float32 (N, C).
        recipe: the recipe, of which `augmented_copies` and the fields of `Augmentation` are used. Equal
            recipes give equal copies.

    Returns:
        Pictures and targets, (1 + augmented_copies) * N of each.
    """
    augmentation = Augmentation(recipe)
    augmented_batches = [
        augmentation(
            images[start : start + MAX_MODEL_BATCH_SIZE], targets[start : start + MAX_MODEL_BATCH_SIZE]
        )
        for _ in range(recipe.augmented_copies)
        for start in range(0, len(images), MAX_MODEL_BATCH_SIZE)
    ]
    copies, copied_targets = zip(*augmented_batches, strict=True)
    return np.concatenate([images, *map(np.asarray, copies)]), np.concatenate(
        [targets, *map(np.asarray, copied_targets)]
    )


def _make_layers(recipe: Recipe) -> list[layers.Layer]:
    """Return the Keras layers that change pictures at random (flip, rotate ...), in the order of use."""
    rotation_share = recipe.rotate / 360
    shift_share = recipe.shift / EDGE
    shear_factor = math.tan(math.radians(recipe.shear))
    # Keras takes ranges for probability and area. Equal ends erase a square of `erase` pixels in half of the
    # pictures (arXiv 1708.04552).
    erased_share = (recipe.erase / EDGE) ** 2
    seed = recipe.seed
    fill_arguments = FILL_WITH_NEAREST if recipe.augmented_copies else FILL_WITH_BACKGROUND
    # Each layer has a seed of its own. With equal seeds, all would draw the same numbers.
    strengths = {
        layers.RandomFlip("horizontal", seed=seed): recipe.flip,
        layers.RandomRotation(rotation_share, **fill_arguments, seed=seed + 1): recipe.rotate,
        layers.RandomZoom(recipe.zoom, **fill_arguments, seed=seed + 2): recipe.zoom,
        layers.RandomShear(x_factor=min(shear_factor, 1.0), **fill_arguments, seed=seed + 3): recipe.shear,
        layers.RandomTranslation(
            shift_share, shift_share, **fill_arguments, interpolation="nearest", seed=seed + 4
        ): recipe.shift,
        layers.RandomErasing(
            (0.5, 0.5), scale=(erased_share, erased_share), fill_value=0, seed=seed + 5
        ): recipe.erase,
        layers.MixUp(recipe.mixup or 1.0, seed=seed + 6): recipe.mixup,
    }
    return [layer for layer, strength in strengths.items() if strength]
