"""The learning rate, the order of the data and the early end, as pure functions of where a run is.

Nothing here has state: a resumed run calls the same functions and gets the same values. numpy only.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.recipes import Recipe

SOLVED_EPOCHS: Final = 3
SOLVED_STEPS: Final = 100
"""A run ends when all held-out pictures were right over so many epochs, and so many steps: an epoch of few
pictures has few."""


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


def is_solved(accuracies: Sequence[float], steps: int) -> bool:
    """Whether a run has nothing left to gain on the held-out pictures.

    Args:
        accuracies: on them, after each epoch so far.
        steps: in one epoch, 1 or more.
    """
    epochs = max(SOLVED_EPOCHS, math.ceil(SOLVED_STEPS / steps))
    return len(accuracies) >= epochs and min(accuracies[-epochs:]) == 1
