"""Build a network by its name, from raw pixels to logits, in Keras' functional form.

Each network reads uint8 pixels and scales them itself, so that a saved model needs no preprocessing.
Trainings use logits. `add_softmax` adds the softmax afterwards.
"""

from collections.abc import Callable
from math import prod
from typing import Final, TypeAlias

import keras
from keras import layers

from inference.contract import GREY_28
from training.gradient.networks import published
from training.gradient.networks.compact import COMPACT_BUILDERS, build_compact_stages
from training.gradient.networks.efficientnet_lite import build_efficientnet_lite2
from training.gradient.networks.layers import LayerFactory
from training.gradient.recipes import Recipe
from training.untyped import Network, Tensor

NetworkBuilder: TypeAlias = Callable[[Tensor, LayerFactory], Tensor]
"""Function that builds a network without its last layer. It takes pictures, float (N, H, W, channels) in
0..1, and returns features, float (N, D)."""

LOGITS_LAYER: Final = "logits"
"""Name of the last layer, whose outputs are the logits of the classes."""

NETWORK_BUILDERS: Final[dict[str, NetworkBuilder]] = {
    "dense": published.build_dense_network,
    "conv2_same": published.build_conv2_same,
    "conv3": published.build_conv3,
    "labelling1": published.build_labelling1,
    "labelling2": published.build_labelling2,
    "arch1": published.build_arch1,
    "arch2": published.build_arch2,
    "vgg": published.build_vgg,
    **COMPACT_BUILDERS,
    "compact_stages": build_compact_stages,
    "efficientnet_lite2": build_efficientnet_lite2,
}
"""Functions that build the networks, by the name that a recipe gives."""


def build_network(
    recipe: Recipe,
    classes: int,
    shape: tuple[int, ...] = GREY_28.array_shape,
    *,
    is_training: bool = False,
) -> Network:
    """Build a network with fresh random weights.

    Args:
        recipe: the name of the network, and the settings of its layers. Weights and logits are float32, even
            if the recipe computes in bfloat16.
        classes: the number of logits.
        shape: the shape of one picture: (height, width), or (height, width, 3) for RGB.
        is_training: whether to build the form that trains faster. Its weights are in the same order as those
            of the other form, so `set_weights` can copy them.

    Returns:
        keras.Model from `pixels` uint8 (N, *shape) to `logits` float32 (N, classes).
    """
    # Keras takes the precision of new layers from a global policy, which is put back at the end.
    earlier_policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if recipe.precision == "bfloat16" else "float32")
    try:
        pixels = keras.Input(shape, name="pixels", dtype="uint8")
        scaled_pixels = layers.Rescaling(1 / 255, name="rescale")(pixels)
        if len(shape) == 2:
            scaled_pixels = layers.Reshape((*shape, 1), name="channel")(scaled_pixels)
        features = NETWORK_BUILDERS[recipe.network](
            scaled_pixels, LayerFactory(recipe, is_training=is_training)
        )
        logits = layers.Dense(classes, name=LOGITS_LAYER, dtype="float32")(features)
    finally:
        keras.config.set_dtype_policy(earlier_policy)
    return keras.Model(pixels, logits, name=recipe.network)


def count_trainable_weights(model: Network) -> int:
    """Return the number of weights that a training changes, without statistics and frozen layers."""
    return sum(prod(weights.shape) for weights in model.trainable_weights)


def add_softmax(model: Network) -> Network:
    """Return the network with a softmax added, so that it gives `probabilities`, float32 (N, classes)."""
    probabilities = layers.Softmax(name="probabilities", dtype="float32")(model.output)
    return keras.Model(model.input, probabilities, name=model.name)
