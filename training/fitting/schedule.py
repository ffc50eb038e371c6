"""The learning rate and the order of the data, as pure functions of where a run is.

Nothing here remembers anything: a resumed run asks the same questions and gets the same answers. numpy only.
"""

import math

import numpy as np
from numpy.typing import NDArray

from training.recipes import Recipe


def learning_rate(recipe: Recipe, epochs_done: float) -> float:
    """A straight rise over `warm_up` epochs, then a half cosine down to zero (arXiv 1608.03983).

    Args:
        recipe: its `learning_rate` is the peak.
        epochs_done: 0..epochs, with fractions inside an epoch.
    """
    if epochs_done < recipe.warm_up:
        return recipe.learning_rate * epochs_done / recipe.warm_up
    share = (epochs_done - recipe.warm_up) / max(recipe.epochs - recipe.warm_up, 1e-9)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def batches(count: int, batch_size: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """The order of one epoch: positions in the training set, one row per step.

    Args:
        count: training pictures.
        batch_size: at most `count` is used.
        seed: the recipe's.
        epoch: 1-based.

    Returns:
        int32 (steps, batch); the last pictures of the order that fill no batch wait for another epoch.
    """
    size = min(batch_size, count)
    order = np.random.default_rng([seed, epoch]).permutation(count).astype(np.int32)
    return order[: count // size * size].reshape(-1, size)
