"""The layers whose settings a recipe gives to all of a network.

Initialiser, L2 and dropout come from the recipe, so that a network's own code (published.py, compact.py) is
its shape alone. The precision is Keras' global policy while a network is built (registry.py).
"""

from typing import Any, Final

import keras
import tensorflow as tf
from keras import layers

from training.gradient.recipes import Recipe
from training.untyped import Tensor

FEATURES_LAYER: Final = "features"
"""Name of the layer below the last one, in which distances are measured."""


class LayerFactory:
    """Maker of the layers of a network, which share the settings of a recipe.

    Args:
        recipe: the recipe, of which `initializer`, `l2` and `dropout` are used.
        training: whether to take the faster batch normalization, which only training can use.
    """

    def __init__(self, recipe: Recipe, *, training: bool) -> None:
        self._normalization = FusedNormalization if training else layers.BatchNormalization
        self._dropout = recipe.dropout
        self._initializer = recipe.initializer
        self._kernel: dict[str, Any] = {
            "kernel_initializer": recipe.initializer,
            "kernel_regularizer": keras.regularizers.L2(recipe.l2) if recipe.l2 else None,
        }

    def add_convolution(self, x: Tensor, channels: int, size: int, name: str, **settings: str) -> Tensor:
        """Add a convolution of `size` x `size` with bias and, unless the settings say otherwise, ReLU."""
        arguments = {"padding": "same", "activation": "relu"} | self._kernel | settings
        return layers.Conv2D(channels, size, name=name, **arguments)(x)

    def add_bare_convolution(
        self, x: Tensor, channels: int, size: int, name: str, strides: int = 1
    ) -> Tensor:
        """Add a convolution of `size` x `size` without bias or activation: normalization follows."""
        return layers.Conv2D(
            channels, size, strides=strides, padding="same", use_bias=False, name=name, **self._kernel
        )(x)

    def add_depthwise(
        self, x: Tensor, size: int, name: str, strides: int = 1, padding: str = "same"
    ) -> Tensor:
        """Add a convolution of each channel by itself, without bias or activation."""
        arguments = {"depthwise_initializer": self._initializer, "use_bias": False}
        return layers.DepthwiseConv2D(size, strides=strides, padding=padding, name=name, **arguments)(x)

    def add_dense(self, x: Tensor, units: int, name: str) -> Tensor:
        """Add a fully connected layer with ReLU over each picture's values in one row."""
        x = layers.Flatten(name="flat")(x) if len(x.shape) > 2 else x
        return layers.Dense(units, activation="relu", name=name, **self._kernel)(x)

    def add_normalization(self, x: Tensor, name: str) -> Tensor:
        """Add batch normalization of float (N, H, W, C) (Ioffe and Szegedy 2015, arXiv 1502.03167)."""
        return self._normalization(name=name)(x)

    def add_dropout(self, x: Tensor, share: float, name: str) -> Tensor:
        """Add dropout of `share`, or of the recipe's share if it names one (Srivastava et al. 2014)."""
        share = share if self._dropout is None else self._dropout
        return layers.Dropout(share, name=name)(x) if share else x

    def add_position_filter(self, x: Tensor) -> Tensor:
        """Add a filter for each channel over all positions, which gives the features, one row a picture."""
        x = self.add_normalization(self.add_depthwise(x, x.shape[1], "place", padding="valid"), "place_norm")
        return layers.Flatten(name=FEATURES_LAYER)(x)


class FusedNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras ships no types
    """TensorFlow's fused kernel, which Keras 3 does not call: the same weights under the same names.

    The arithmetic is the same but for the variance that moves the running one: it is divided by one less than
    there are.

    A training step of a small residual network takes half of the time in float32, two thirds in bfloat16 (two
    AMD EPYC cores, TensorFlow 2.21).
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        """Normalize float (N, H, W, C); while training, move the running mean and variance as well."""
        if not (training and self.trainable):
            return super().call(inputs, training=False, mask=mask)
        outputs, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        momentum = self.momentum
        self.moving_mean.assign(self.moving_mean * momentum + mean * (1 - momentum))
        self.moving_variance.assign(self.moving_variance * momentum + variance * (1 - momentum))
        return outputs
