"""Random changes to training pictures, as Keras layers: flip, small affine, shift, erase, mixup.

Layers of the training step alone (fitting.py); the network that is exported never meets them. Chance is drawn
beforehand, with numpy, as a function of a seed alone; the layers only do what was drawn. So a resumed run
repeats what an uninterrupted one would have done, and each of Keras' backends does the same to a picture.
Touches nothing. What they look like: contact_sheet.py.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from inference.contract import EDGE
from training.recipes import Recipe
from training.untyped import Tensor

Draws: TypeAlias = dict[str, NDArray[Any]]
"""What chance decided, for each picture of one or more steps, by name; a plain dict, as compilers like it.

The leading axes are (steps, N), or (N,) once a step is taken out; what follows is each kind's own:

- flip: bool (); whether.
- affine: float32 (8,); where each pixel of the result is read, as `keras.ops.image.affine_transform` has it.
- shift: int32 (2,); row and column of the window in the padded picture, 0..2 reach.
- erase: int32 (3,); row and column of the square's middle, 0..27, and whether, 0 or 1.
- mixup_partner: int32 (); which picture of the batch is laid over this one, 0..N-1.
- mixup_share: float32 (); what stays of this one, 0..1.
"""

SEEDS: Final = ("flip", "shift", "erase", "affine", "mixup")
"""Who takes which part of a seed. A new kind goes to the end: the others then do what they did."""

CENTRE: Final = (EDGE - 1) / 2
"""Of a picture, in pixels from the middle of its corner pixel."""

SHARES: Final = 2**16
"""Mixup's shares are whole multiples of one part of so many: with 8 bits of light that is all that a float32
holds exactly, so compilers that contract or reorder the sum still come to the same picture."""


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

    def draw(self, shape: tuple[int, int], seed: Sequence[int]) -> Draws:
        """Draw for some steps at once.

        Args:
            shape: steps, and pictures per step.
            seed: integers of 0 or more, which alone decide what is drawn; zeros at the end do not count.

        Returns:
            The entries of the kinds that the recipe asks for, leading axes `shape`; may be empty.
        """
        draws: Draws = {}
        for kind in self.kinds:
            # From 1, for numpy takes [seed, 0] for [seed], which may have ordered the very data.
            rng = np.random.default_rng([*seed, 1 + SEEDS.index(kind.name)])
            draws |= kind.draw(shape, rng)
        return draws

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Change a batch.

        Args:
            images: uint8 (N, 28, 28).
            targets: float32 (N, T); what the loss compares with, linear in it: mixup mixes its rows.
            draws: one step of what `draw` gave, leading axis N; it may hold other entries.

        Returns:
            Both, in the same shapes and types.
        """
        for kind in self.kinds:
            images, targets = kind(images, targets, draws)
        return images, targets


class RandomFlip(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Mirror each picture left to right with chance one half."""

    def __init__(self) -> None:
        super().__init__(name="flip")

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Draws:
        """Draw the entry `flip`."""
        return {"flip": rng.random(shape) < 0.5}

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        return ops.where(draws["flip"][:, None, None], images[:, :, ::-1], images), targets


class RandomShift(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Pad and crop: move each picture by up to `reach` pixels each way; what comes in is background."""

    def __init__(self, reach: int) -> None:
        super().__init__(name="shift")
        self._reach = reach

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Draws:
        """Draw the entry `shift`."""
        return {"shift": rng.integers(0, 2 * self._reach + 1, (*shape, 2), np.int32)}

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        edge, window = EDGE + 2 * self._reach, ops.arange(EDGE, dtype="int32")
        padded = ops.pad(images, [[0, 0], [self._reach] * 2, [self._reach] * 2])
        # One gather from all pixels in a row: take_along_axis, once an axis, is three times slower on
        # TensorFlow.
        first = ops.arange(ops.shape(images)[0], dtype="int32")[:, None] * edge
        rows = first + draws["shift"][:, :1] + window
        columns = draws["shift"][:, 1:] + window
        places = rows[:, :, None] * edge + columns[:, None, :]
        return ops.take(ops.reshape(padded, (-1,)), places, axis=0), targets


class RandomErase(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Blank a square of `edge` pixels, centred anywhere, in half of the pictures (arXiv 1708.04552)."""

    def __init__(self, edge: int) -> None:
        super().__init__(name="erase")
        self._edge = edge

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Draws:
        """Draw the entry `erase`."""
        return {"erase": rng.integers(0, (EDGE, EDGE, 2), (*shape, 3), np.int32)}

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        drawn = draws["erase"]
        rows, columns = (self._covered(drawn[:, axis] - self._edge // 2) for axis in (0, 1))
        chosen = drawn[:, 2, None, None] == 1
        erased = rows[:, :, None] & columns[:, None, :] & chosen
        return ops.where(erased, ops.zeros_like(images), images), targets

    def _covered(self, start: Tensor) -> Tensor:
        """As bool (N, 28), which positions lie in start..start+edge-1."""
        position = ops.arange(EDGE, dtype="int32")[None]
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

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Draws:
        """Draw the entry `affine`."""
        drawn = rng.uniform(-1.0, 1.0, (*shape, 3)) * self._reach
        return {"affine": _back_to_source(*np.moveaxis(drawn, -1, 0)).astype(np.float32)}

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        light = ops.image.affine_transform(
            ops.cast(images, "float32")[..., None],
            draws["affine"],
            interpolation="bilinear",
            fill_mode="constant",
            fill_value=0,
            data_format="channels_last",
        )
        # The cast alone would cut the fraction off and darken every picture.
        return ops.cast(ops.round(light[..., 0]), "uint8"), targets


def _back_to_source(
    angle: NDArray[np.float64], growth: NDArray[np.float64], lean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where each pixel of the result comes from, (..., 8), as `keras.ops.image.affine_transform` has it.

    Its rows are a0 a1 a2 b0 b1 b2 0 0, which read the source at (a0 x + a1 y + a2, b0 x + b1 y + b2).
    """
    cos, sin, tan = np.cos(angle) / (1 + growth), np.sin(angle) / (1 + growth), np.tan(lean)
    across, down = (cos, sin + tan * cos), (-sin, cos - tan * sin)
    zero = np.zeros_like(angle)
    rows = [(*factors, CENTRE * (1 - factors[0] - factors[1])) for factors in (across, down)]
    return np.stack([*rows[0], *rows[1], zero, zero], axis=-1)


class Mixup(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Lay another picture of the batch over each, and its target over its target.

    The share of a picture's own is drawn from Beta(alpha, alpha) (Zhang et al. 2017, arXiv 1710.09412), for
    each picture anew. The smaller alpha, the more pictures stay nearly pure.
    """

    def __init__(self, alpha: float) -> None:
        super().__init__(name="mixup")
        self._alpha = alpha

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> Draws:
        """Draw the entries `mixup_partner`, each step's a permutation of its batch, and `mixup_share`."""
        in_place = np.broadcast_to(np.arange(shape[1], dtype=np.int32), shape)
        # numpy goes over to logarithms where a small alpha would make it divide zero by zero.
        share = np.round(rng.beta(self._alpha, self._alpha, shape) * SHARES) / SHARES
        return {"mixup_partner": rng.permuted(in_place, axis=1), "mixup_share": share.astype(np.float32)}

    def call(self, images: Tensor, targets: Tensor, draws: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """As `Augmentation.call`."""
        partner, share = draws["mixup_partner"], draws["mixup_share"][:, None]
        light = _mixed(ops.cast(images, "float32"), partner, share[:, :, None])
        return ops.cast(ops.round(light), "uint8"), _mixed(targets, partner, share)


def _mixed(values: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """`share` of each row's own, the rest of its partner's."""
    return share * values + (1 - share) * ops.take(values, partner, axis=0)
