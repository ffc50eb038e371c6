"""Layers with the settings of a recipe: initializer, L2 penalty and dropout.

A network is built from these layers, so that its own code has only its shape.
"""

from typing import Any, Final

import keras
import tensorflow as tf
from keras import layers

from training.gradient.recipes import Recipe
from training.untyped import Tensor

FEATURES_LAYER: Final = "features"
"""Name of the layer below the last one, from whose outputs the distance to the learnt pictures is
measured."""


class LayerFactory:
    """Maker of the layers of a network, which all have the settings of a recipe.

    Args:
        recipe: the recipe, of which `initializer`, `l2` and `dropout` are used.
        is_training: whether to use a faster batch normalization, which is for training alone.
    """

    def __init__(self, recipe: Recipe, *, is_training: bool) -> None:
        self._normalization = FusedNormalization if is_training else layers.BatchNormalization
        self._dropout = recipe.dropout
        self._initializer = recipe.initializer
        self._kernel: dict[str, Any] = {
            "kernel_initializer": recipe.initializer,
            "kernel_regularizer": keras.regularizers.L2(recipe.l2) if recipe.l2 else None,
        }

    def add_convolution(self, x: Tensor, channels: int, size: int, name: str, **settings: str) -> Tensor:
        """Add a convolution of `size` x `size` with bias, padding and ReLU.

        Args:
            settings: arguments of Keras' layer that replace these, such as padding="valid".
        """
        arguments = {"padding": "same", "activation": "relu"} | self._kernel | settings
        return layers.Conv2D(channels, size, name=name, **arguments)(x)

    def add_linear_convolution(
        self, x: Tensor, channels: int, size: int, name: str, strides: int = 1
    ) -> Tensor:
        """Add a convolution of `size` x `size` without bias or activation, which normalization follows."""
        return layers.Conv2D(
            channels, size, strides=strides, padding="same", use_bias=False, name=name, **self._kernel
        )(x)

    def add_depthwise_convolution(
        self, x: Tensor, size: int, name: str, strides: int = 1, padding: str = "same"
    ) -> Tensor:
        """Add a depthwise convolution (each channel has its own filter), without bias or activation."""
        arguments = {"depthwise_initializer": self._initializer, "use_bias": False}
        return layers.DepthwiseConv2D(size, strides=strides, padding=padding, name=name, **arguments)(x)

    def add_dense(self, x: Tensor, units: int, name: str) -> Tensor:
        """Add a fully connected layer with ReLU; values in several dimensions are flattened first."""
        x = layers.Flatten(name="flat")(x) if len(x.shape) > 2 else x
        return layers.Dense(units, activation="relu", name=name, **self._kernel)(x)

    def add_normalization(self, x: Tensor, name: str) -> Tensor:
        """Add batch normalization of float (N, H, W, C) (Ioffe and Szegedy 2015, arXiv 1502.03167)."""
        return self._normalization(name=name)(x)

    def add_dropout(self, x: Tensor, share: float, name: str) -> Tensor:
        """Add dropout of a share of the values; the recipe's `dropout`, if it is set, replaces the share."""
        share = share if self._dropout is None else self._dropout
        return layers.Dropout(share, name=name)(x) if share else x

    def add_global_depthwise_convolution(self, x: Tensor) -> Tensor:
        """Add one filter for each channel over all positions, which gives the features, (N, channels)."""
        x = self.add_normalization(
            self.add_depthwise_convolution(x, x.shape[1], "place", padding="valid"), "place_norm"
        )
        return layers.Flatten(name=FEATURES_LAYER)(x)


class FusedNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras ships no types
    """Batch normalization by TensorFlow's fused kernel, which Keras 3 does not call.

    It has the same weights under the same names as Keras' layer. Only the running variance differs: it moves
    towards the sample variance, with n - 1 in the denominator.

    A training step of a small residual network takes half of the time in float32, and two thirds in bfloat16
    (two AMD EPYC cores, TensorFlow 2.21).
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        """Normalize float (N, H, W, C). In training, also move the running mean and variance."""
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
