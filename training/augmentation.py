"""Random changes to training pictures that leave their class alone.

Stateless TensorFlow: what happens to a batch is a function of the seed pair handed in, so a resumed run
repeats what an uninterrupted one would have done. Touches nothing. Used by fitting.py.
"""

import tensorflow as tf

from inference.contract import EDGE
from training.recipes import Recipe
from training.untyped import Tensor


def augment(images: Tensor, recipe: Recipe, seed: Tensor) -> Tensor:
    """Flip, shift and erase as the recipe says.

    Args:
        images: uint8 (N, 28, 28).
        recipe: its `flip`, `shift` and `erase`.
        seed: int32 (2,).

    Returns:
        uint8 (N, 28, 28).
    """
    seeds = tf.random.experimental.stateless_split(seed, 3)
    if recipe.flip:
        images = _flip(images, seeds[0])
    if recipe.shift:
        images = _shift(images, recipe.shift, seeds[1])
    if recipe.erase:
        images = _erase(images, recipe.erase, seeds[2])
    return images


def _flip(images: Tensor, seed: Tensor) -> Tensor:
    """Mirror each picture left to right with chance one half."""
    chance = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1), seed)
    return tf.where(chance < 0.5, images[:, :, ::-1], images)


def _shift(images: Tensor, reach: int, seed: Tensor) -> Tensor:
    """Move each picture by up to `reach` pixels each way; what comes in is background."""
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach]])
    corner = tf.random.stateless_uniform((tf.shape(images)[0], 2), seed, 0, 2 * reach + 1, tf.int32)
    window = tf.range(EDGE)[None]
    rows = tf.gather(padded, corner[:, :1] + window, axis=1, batch_dims=1)
    return tf.gather(rows, corner[:, 1:] + window, axis=2, batch_dims=1)


def _erase(images: Tensor, edge: int, seed: Tensor) -> Tensor:
    """Blank a square of `edge` pixels, centred anywhere, in half of the pictures."""
    count = tf.shape(images)[0]
    place, chance = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    top_left = tf.random.stateless_uniform((count, 2), place, 0, EDGE, tf.int32) - edge // 2
    inside = [_between(top_left[:, axis], edge) for axis in (0, 1)]
    erased = inside[0][:, :, None] & inside[1][:, None, :]
    chosen = tf.random.stateless_uniform((count, 1, 1), chance) < 0.5
    return tf.where(erased & chosen, tf.zeros_like(images), images)


def _between(start: Tensor, length: int) -> Tensor:
    """As bool (N, 28), which positions lie in start..start+length-1."""
    position = tf.range(EDGE)[None]
    return (position >= start[:, None]) & (position < start[:, None] + length)
