"""The optimizers that a recipe can name.

All decay weights decoupled from the gradient (arXiv 1711.05101) and leave biases and normalization alone.
Touches nothing. When each step is taken, and with which learning rate: fitting.py, schedule.py.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import keras
from keras import ops

from training.networks.registry import LOGITS
from training.recipes import OptimizerName, Recipe
from training.untyped import Tensor

UNDECAYED: Final = ["bias", "gamma", "beta"]

SGD_MOMENTUM: Final = 0.9


class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # keras ships no types
    """Muon for convolutions too: Keras' own leaves every weight that is no matrix to AdamW.

    Steps along the orthogonal matrix nearest to the momentum (Jordan et al. 2024, "Muon: An optimizer for
    hidden layers in neural networks"), at AdamW's learning rates (Liu et al. 2025, arXiv 2502.16982, section
    2.2). A kernel is taken as the matrix of all its inputs by its outputs; of one filter per channel that
    leaves momentum of unit length. Biases, normalization, logits and what reads a single channel are AdamW's.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        shape = variable.shape
        mixes = len(shape) == 2 or (len(shape) == 4 and shape[2] > 1)
        return not mixes or LOGITS in variable.path

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """The orthogonal matrix nearest to a kernel's momentum, in the kernel's own shape."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """The step as large as one of AdamW's: its root mean square is `rms_rate` times the learning rate."""
        inputs, outputs = math.prod(x.shape[:-1]), x.shape[-1]
        return x * (self.rms_rate * math.sqrt(max(inputs, outputs)))


OPTIMIZERS: Final[dict[OptimizerName, Callable[..., Any]]] = {
    "adamw": keras.optimizers.AdamW,
    "adam": keras.optimizers.Adam,
    "sgd": lambda rate, **others: keras.optimizers.SGD(rate, momentum=SGD_MOMENTUM, nesterov=True, **others),
    "muon": lambda rate, weight_decay: Muon(rate, weight_decay=weight_decay, adam_weight_decay=weight_decay),
}


def build_optimizer(recipe: Recipe, variables: list[keras.Variable]) -> keras.Optimizer:
    """The recipe's optimizer, ready for these variables; its learning rate is set before each step."""
    optimizer = OPTIMIZERS[recipe.optimizer](recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    optimizer.build(variables)
    return optimizer
