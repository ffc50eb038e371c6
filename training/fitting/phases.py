"""The phases of a training: one, or for pretrained weights a linear probe and then fine-tuning.

Fresh logits would first spoil what the layers below know; so they are learnt alone until they fit it (Kumar
et al. 2022, arXiv 2202.10054). Pure, but for setting which layers learn. The fit: fit.py.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from keras import layers

from training.fitting.starting import FINER
from training.networks.registry import LOGITS
from training.recipes import BACKBONES, Recipe
from training.untyped import Network

PROBE_SHARE: Final = 1 / 3
"""Share of the epochs in which the logits are learnt alone."""


@dataclass(frozen=True)
class Phase:
    """Epochs with an optimizer and a learning rate schedule of their own.

    Attributes:
        before: epochs of earlier phases.
        recipe: with the epochs and the learning rate of this phase.
        probe: learn the logits alone.
    """

    before: int
    recipe: Recipe
    probe: bool = False

    @property
    def end(self) -> int:
        """Epochs done when it is over."""
        return self.before + self.recipe.epochs

    def set_trainable(self, model: Network) -> None:
        """Set which layers are trainable. The batch normalization of a backbone never is.

        It then keeps to the mean and variance that it came with, which a few small batches would spoil
        (keras.io/guides/transfer_learning).
        """
        if self.recipe.network not in BACKBONES:
            return
        for layer in model.layers:
            kept = self.probe or isinstance(layer, layers.BatchNormalization)
            layer.trainable = layer.name == LOGITS or not kept


def phases_of(recipe: Recipe) -> tuple[Phase, ...]:
    """All phases, in order."""
    if recipe.weights is None:
        return (Phase(0, recipe),)
    probing = math.ceil(PROBE_SHARE * recipe.epochs)
    probe = Phase(0, replace(recipe, epochs=probing), probe=True)
    if probing == recipe.epochs:
        return (probe,)
    rest, rate = recipe.epochs - probing, FINER * recipe.learning_rate
    return probe, Phase(probing, replace(recipe, epochs=rest, learning_rate=rate))
