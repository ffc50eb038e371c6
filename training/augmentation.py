"""Random changes to training pictures, as Keras layers: flip, small affine, shift, erase, mixup.

Layers of the training step alone (fitting.py); the network that is exported never meets them. They hold
no state: what happens to a batch is a function of the seed pair handed in, so a resumed run repeats what
an uninterrupted one would have done. Touches nothing. What they look like: contact_sheet.py.
"""

import math
from typing import Final

import tensorflow as tf
from keras import layers

from inference.contract import EDGE
from training.recipes import Recipe
from training.untyped import Tensor

SEEDS: Final = ("flip", "shift", "erase", "affine", "mixup")
"""Who takes which part of a step's seed. A new kind goes to the end: the others then do what they did."""

CENTRE: Final = (EDGE - 1) / 2
"""Of a picture, in pixels from the middle of its corner pixel."""


class Augmentation(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """All that a recipe asks for, one after another; what it leaves out costs nothing.

    Args:
        recipe: its `flip`, `shift`, `erase`, `rotate`, `zoom`, `shear` and `mixup`.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(name="augmentation")
        affine = recipe.rotate or recipe.zoom or recipe.shear
        self.kinds: list[layers.Layer] = [
            *([RandomFlip()] if recipe.flip else []),
            *([RandomAffine(recipe.rotate, recipe.zoom, recipe.shear)] if affine else []),
            *([RandomShift(recipe.shift)] if recipe.shift else []),
            *([RandomErase(recipe.erase)] if recipe.erase else []),
            *([Mixup(recipe.mixup)] if recipe.mixup else []),
        ]

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Change a batch.

        Args:
            images: uint8 (N, 28, 28).
            targets: float32 (N, T); what the loss compares with, linear in it: mixup mixes its rows.
            seed: int32 (2,).

        Returns:
            Both, in the same shapes and types.
        """
        seeds = dict(
            zip(SEEDS, tf.unstack(tf.random.experimental.stateless_split(seed, len(SEEDS))), strict=True)
        )
        for kind in self.kinds:
            images, targets = kind(images, targets, seeds[kind.name])
        return images, targets


class RandomFlip(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Mirror each picture left to right with chance one half."""

    def __init__(self) -> None:
        super().__init__(name="flip")

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        chance = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1), seed)
        return tf.where(chance < 0.5, images[:, :, ::-1], images), targets


class RandomShift(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Pad and crop: move each picture by up to `reach` pixels each way; what comes in is background."""

    def __init__(self, reach: int) -> None:
        super().__init__(name="shift")
        self._reach = reach

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        reach = self._reach
        padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach]])
        corner = tf.random.stateless_uniform((tf.shape(images)[0], 2), seed, 0, 2 * reach + 1, tf.int32)
        window = tf.range(EDGE)[None]
        rows = tf.gather(padded, corner[:, :1] + window, axis=1, batch_dims=1)
        return tf.gather(rows, corner[:, 1:] + window, axis=2, batch_dims=1), targets


class RandomErase(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Blank a square of `edge` pixels, centred anywhere, in half of the pictures (arXiv 1708.04552)."""

    def __init__(self, edge: int) -> None:
        super().__init__(name="erase")
        self._edge = edge

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        count = tf.shape(images)[0]
        place, chance = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        top_left = tf.random.stateless_uniform((count, 2), place, 0, EDGE, tf.int32) - self._edge // 2
        inside = [self._covered(top_left[:, axis]) for axis in (0, 1)]
        erased = inside[0][:, :, None] & inside[1][:, None, :]
        chosen = tf.random.stateless_uniform((count, 1, 1), chance) < 0.5
        return tf.where(erased & chosen, tf.zeros_like(images), images), targets

    def _covered(self, start: Tensor) -> Tensor:
        """As bool (N, 28), which positions lie in start..start+edge-1."""
        position = tf.range(EDGE)[None]
        return (position >= start[:, None]) & (position < start[:, None] + self._edge)


class RandomAffine(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Turn, scale and shear each picture a little about its middle, bilinear; what comes in is background.

    Args:
        rotate: largest angle in degrees, each way.
        zoom: largest relative change of size, each way; 0..1.
        shear: largest angle in degrees that upright lines lean by, each way.
    """

    def __init__(self, rotate: float, zoom: float, shear: float) -> None:
        super().__init__(name="affine")
        self._reach = (math.radians(rotate), zoom, math.radians(shear))

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        drawn = tf.random.stateless_uniform((tf.shape(images)[0], 3), seed, -1.0, 1.0) * tf.constant(
            self._reach
        )
        light = tf.raw_ops.ImageProjectiveTransformV3(
            images=tf.cast(images, tf.float32)[..., None],
            transforms=_back_to_source(*tf.unstack(drawn, axis=1)),
            output_shape=(EDGE, EDGE),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
        # In uint8 the operator would cut the fraction off and darken every picture.
        return tf.cast(tf.round(light[..., 0]), tf.uint8), targets


def _back_to_source(angle: Tensor, growth: Tensor, lean: Tensor) -> Tensor:
    """Where each pixel of the result comes from, as float32 (N, 8) for ImageProjectiveTransformV3.

    Its rows are a0 a1 a2 b0 b1 b2 0 0, which read the source at (a0 x + a1 y + a2, b0 x + b1 y + b2).
    """
    cos, sin, tan = tf.cos(angle) / (1 + growth), tf.sin(angle) / (1 + growth), tf.tan(lean)
    across, down = (cos, sin + tan * cos), (-sin, cos - tan * sin)
    zero = tf.zeros_like(angle)
    rows = [(*factors, CENTRE * (1 - factors[0] - factors[1])) for factors in (across, down)]
    return tf.stack([*rows[0], *rows[1], zero, zero], axis=1)


class Mixup(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Lay another picture of the batch over each, and its target over its target.

    The share of a picture's own is drawn from Beta(alpha, alpha) (Zhang et al. 2017, arXiv 1710.09412), for
    each picture anew. The smaller alpha, the more pictures stay nearly pure.
    """

    def __init__(self, alpha: float) -> None:
        super().__init__(name="mixup")
        self._alpha = alpha

    def call(self, images: Tensor, targets: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        count = tf.shape(images)[0]
        order, draw = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        partner = tf.argsort(tf.random.stateless_uniform((count,), order))
        # Two gamma draws make a beta draw. Where alpha is small both can underflow, far less in double.
        own, other = tf.unstack(tf.random.stateless_gamma((2, count), draw, self._alpha, dtype=tf.float64))
        share = tf.cast(own / (own + other), tf.float32)[:, None]
        light = _mixed(tf.cast(images, tf.float32), partner, share[:, :, None])
        return tf.cast(tf.round(light), images.dtype), _mixed(targets, partner, share)


def _mixed(values: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """`share` of each row's own, the rest of its partner's."""
    return share * values + (1 - share) * tf.gather(values, partner)
