"""The layers that the networks are built of, with what a recipe says of every one of them.

Precision, initialiser, L2 and dropout are the recipe's and the same for all layers; so a network's own text
(published.py, compact.py) is its shape alone. Touches nothing.
"""

from typing import Any, Final

import keras
import tensorflow as tf
from keras import layers

from training.recipes import Recipe
from training.untyped import Tensor

FEATURES: Final = "features"
"""The name of the layer below the last one: what distances are measured in."""


class Bricks:
    """Makes layers, and applies them.

    Args:
        recipe: its `precision`, `initializer`, `l2` and `dropout`.
        training: take the faster batch normalization, which only training can use.
    """

    def __init__(self, recipe: Recipe, *, training: bool) -> None:
        self.policy = keras.DTypePolicy("mixed_bfloat16" if recipe.precision == "bfloat16" else "float32")
        self._normalization = FusedBatchNormalization if training else layers.BatchNormalization
        self._initializer = recipe.initializer
        self._l2 = recipe.l2
        self._dropout = recipe.dropout

    def convolution(self, x: Tensor, channels: int, size: int, name: str, padding: str = "same") -> Tensor:
        """A convolution of `size` x `size` with bias and ReLU."""
        return layers.Conv2D(channels, size, padding=padding, activation="relu", name=name, **self._kernel())(
            x
        )

    def filters(self, x: Tensor, channels: int, size: int, name: str, strides: int = 1) -> Tensor:
        """A convolution of `size` x `size` without bias or activation: normalization follows."""
        return layers.Conv2D(
            channels, size, strides=strides, padding="same", use_bias=False, name=name, **self._kernel()
        )(x)

    def depthwise(
        self, x: Tensor, size: int, name: str, *, strides: int = 1, padding: str = "same"
    ) -> Tensor:
        """A convolution of each channel by itself, without bias or activation."""
        return layers.DepthwiseConv2D(
            size,
            strides=strides,
            padding=padding,
            use_bias=False,
            depthwise_initializer=self._initializer,
            name=name,
            dtype=self.policy,
        )(x)

    def dense(self, x: Tensor, units: int, name: str) -> Tensor:
        """A fully connected layer with ReLU."""
        return layers.Dense(units, activation="relu", name=name, **self._kernel())(x)

    def normalized(self, x: Tensor, name: str) -> Tensor:
        """Batch normalization of float (N, H, W, C) (Ioffe and Szegedy 2015, arXiv 1502.03167)."""
        return self._normalization(name=name, dtype=self.policy)(x)

    def normalized_row(self, x: Tensor, name: str) -> Tensor:
        """The same for float (N, D), which the faster kernel does not take."""
        return layers.BatchNormalization(name=name, dtype=self.policy)(x)

    def dropped(self, x: Tensor, share: float, name: str) -> Tensor:
        """Dropout of `share`, or of the recipe's share if it names one (Srivastava et al. 2014)."""
        share = share if self._dropout is None else self._dropout
        return layers.Dropout(share, name=name, dtype=self.policy)(x) if share else x

    def pooled(self, x: Tensor, name: str) -> Tensor:
        """The largest of each 2 x 2."""
        return layers.MaxPooling2D(name=name, dtype=self.policy)(x)

    def averaged(self, x: Tensor, name: str) -> Tensor:
        """The mean of each 2 x 2; at an odd edge, of what there is."""
        return layers.AveragePooling2D(2, padding="same", name=name, dtype=self.policy)(x)

    def meant(self, x: Tensor, name: str) -> Tensor:
        """The mean of each channel over all positions."""
        return layers.GlobalAveragePooling2D(name=name, dtype=self.policy)(x)

    def rectified(self, x: Tensor, name: str) -> Tensor:
        """ReLU."""
        return layers.ReLU(name=name, dtype=self.policy)(x)

    def added(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        """The sum of a branch and its shortcut."""
        return layers.Add(name=name, dtype=self.policy)([x, y])

    def flattened(self, x: Tensor, name: str = "flat") -> Tensor:
        """One row a picture."""
        return layers.Flatten(name=name, dtype=self.policy)(x)

    def _kernel(self) -> dict[str, Any]:
        """What all layers with a full kernel share."""
        return {
            "kernel_initializer": self._initializer,
            "kernel_regularizer": keras.regularizers.L2(self._l2) if self._l2 else None,
            "dtype": self.policy,
        }


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras ships no types
    """The same arithmetic in TensorFlow's fused kernel, which Keras 3 does not call.

    Only for training: a step of `resnet` at batch 128 takes 58 ms instead of 113 in float32, 40 instead of
    60 in bfloat16 (two AMD EPYC cores, TensorFlow 2.21). It never reaches an artifact.
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        """Normalize float (N, H, W, C); while training, move the running mean and variance as well."""
        if not training:
            return super().call(inputs, training=False, mask=mask)
        outputs, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.convert_to_tensor(self.gamma),
            tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon,
            is_training=True,
        )
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
        return outputs
