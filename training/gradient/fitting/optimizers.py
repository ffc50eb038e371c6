"""The optimizers that a recipe can name, and their learning rate over a training.

All of them decay weights separately from the gradient step (arXiv 1711.05101), except biases and the weights
of normalization.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import keras
from keras import ops

from training.gradient.networks.registry import LOGITS_LAYER
from training.gradient.recipes import OptimizerName, Recipe
from training.untyped import Tensor

VARIABLES_WITHOUT_DECAY: Final = ["bias", "gamma", "beta"]
"""Names of variables that do not decay: biases, and the scale and offset of normalization."""

SGD_MOMENTUM: Final = 0.9


class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # keras ships no types
    """The optimizer Muon, also for convolutions, which Keras' own Muon leaves to AdamW.

    A step goes along the orthogonal matrix nearest to the momentum (Jordan et al. 2024, "Muon: An optimizer
    for hidden layers in neural networks"), with the learning rates of AdamW (Liu et al. 2025, arXiv
    2502.16982, section 2.2). A kernel is treated as the matrix of all its inputs by its outputs. The step for
    a depthwise kernel, which has a single output, is the momentum scaled to unit length. AdamW changes
    biases, normalization, the layer of logits, and kernels with a single input channel.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        # Keras calls this method, and expects this name.
        shape = variable.shape
        has_several_inputs = len(shape) == 2 or (len(shape) == 4 and shape[2] > 1)
        return not has_several_inputs or LOGITS_LAYER in variable.path

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Return the orthogonal matrix nearest to a kernel's momentum, in the kernel's own shape."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Scale a step so that its root mean square is `rms_rate` times the learning rate, as with AdamW."""
        inputs = math.prod(x.shape[:-1])
        outputs = x.shape[-1]
        return x * (self.rms_rate * math.sqrt(max(inputs, outputs)))


OPTIMIZER_BUILDERS: Final[dict[OptimizerName, Callable[..., Any]]] = {
    "adamw": keras.optimizers.AdamW,
    "adam": keras.optimizers.Adam,
    "sgd": partial(keras.optimizers.SGD, momentum=SGD_MOMENTUM, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "muon": lambda rate, *, weight_decay, **others: Muon(
        rate, weight_decay=weight_decay, adam_weight_decay=weight_decay, **others
    ),
}

MAX_AVERAGE_SHARE: Final = 0.05
"""Largest share of all steps over which the running average of the weights goes back. A longer average would
still include the initial weights at the end of a short training."""


def build_optimizer(recipe: Recipe, variables: list[keras.Variable], steps_per_epoch: int) -> keras.Optimizer:
    """Build the optimizer of a recipe, with its learning rate schedule and running average of weights."""
    step_count = steps_per_epoch * recipe.epochs
    optimizer = OPTIMIZER_BUILDERS[recipe.optimizer](
        make_learning_rate(recipe, steps_per_epoch),
        weight_decay=recipe.weight_decay,
        use_ema=True,
        # A momentum of 1 - 1/n averages over about the last n steps.
        ema_momentum=min(recipe.averaging, max(0.0, 1 - 1 / (MAX_AVERAGE_SHARE * step_count))),
    )
    optimizer.exclude_from_weight_decay(var_names=VARIABLES_WITHOUT_DECAY)
    optimizer.build(variables)
    return optimizer


def make_learning_rate(
    recipe: Recipe, steps_per_epoch: int
) -> keras.optimizers.schedules.LearningRateSchedule | float:
    """Return the learning rate of a recipe as a schedule over steps, or as one number.

    The schedule rises linearly over `warm_up` epochs, then falls to zero as a half cosine (arXiv
    1608.03983). If the recipe's schedule is `constant`, the rate is the same throughout.
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    rising_steps = min(round(recipe.warm_up * steps_per_epoch), steps_per_epoch * recipe.epochs - 1)
    falling_steps = steps_per_epoch * recipe.epochs - rising_steps
    if not rising_steps:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, falling_steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, falling_steps, warmup_target=recipe.learning_rate, warmup_steps=rising_steps
    )
