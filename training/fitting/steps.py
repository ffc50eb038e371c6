"""What one epoch's updates need, and the arithmetic that every backend shares.

Touches nothing. Who takes the updates: tensorflow_steps.py and jax_steps.py, chosen in backend.py; who asks
for them: fitting.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training.fitting.augmentation import Augmentation, Draws
from training.recipes import Recipe
from training.untyped import Network, Tensor


@dataclass(frozen=True)
class Trainee:
    """A network under training, with all that stays the same from epoch to epoch.

    Attributes:
        recipe: what is done to it.
        model: keras.Model to logits.
        average: the same network; its weights are the running average of the model's.
        optimizer: of the model, built.
        augmentation: what is done to the pictures.
        images: uint8 (N, 28, 28), the training pictures.
        targets: float32 (N, C), what is to be learnt of each.
    """

    recipe: Recipe
    model: Network
    average: Network
    optimizer: keras.Optimizer
    augmentation: Augmentation
    images: NDArray[np.uint8]
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """All that one epoch does not share with the next, drawn before it begins.

    Attributes:
        order: int32 (S, B), the pictures of each step.
        rates: float32 (S,), the learning rate of each step.
        draws: what happens to each picture; leading axes (S, B).
    """

    order: NDArray[np.int32]
    rates: NDArray[np.float32]
    draws: Draws


class Steps(Protocol):
    """Takes the updates of an epoch; between two epochs the Keras variables hold all the state."""

    def take(self, lesson: Lesson, told: Callable[[int], None]) -> NDArray[np.float64]:
        """Update the network and its average once for each step.

        Args:
            lesson: the epoch's.
            told: after each step, its number, 1-based.

        Returns:
            float64 (2,): loss in nats and accuracy, as means over the steps.
        """


def cross_entropy(targets: Tensor, logits: Tensor, smoothing: float) -> Tensor:
    """Cross entropy in nats against the smoothed targets, mean over the batch.

    Args:
        targets: float32 (B, C), rows of sum 1.
        logits: float32 (B, C).
        smoothing: 0..1, the share that all classes get alike (arXiv 1512.00567, section 7).
    """
    smoothed = targets * (1 - smoothing) + smoothing / logits.shape[-1]
    return ops.mean(ops.categorical_crossentropy(smoothed, logits, from_logits=True))


def right(targets: Tensor, logits: Tensor) -> Tensor:
    """The share of a batch whose largest logit is where the target's largest value is, float32."""
    return ops.mean(ops.cast(ops.argmax(logits, 1) == ops.argmax(targets, 1), "float32"))


def decay(averaging: float, steps: Tensor) -> Tensor:
    """What the running average of the weights keeps of itself at a step, 0..`averaging`.

    It grows into its final value, so that the first steps do not average over the initial weights.

    Args:
        averaging: the final value.
        steps: how many were taken.
    """
    taken = ops.cast(steps, "float32")
    return ops.minimum(averaging, (1 + taken) / (10 + taken))
