"""The networks, in Keras' functional form.

Each reads raw `pixels`, uint8 (N, 28, 28), and rescales them itself, so that an artifact needs nothing
beside it. They are trained on logits and get their softmax afterwards (`with_softmax`). Touches nothing.
Which one is run: recipes.py; how: fitting.py.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import keras
import tensorflow as tf
from keras import layers

from inference.contract import EDGE
from training.recipes import NetworkName, Precision
from training.untyped import Network, Policy, Tensor

FEATURES: Final = "features"
"""The name of the layer below the last one: what distances are measured in."""

LOGITS: Final = "logits"

Normalization: TypeAlias = Callable[..., Tensor]
"""Makes a batch normalization layer."""

RESNET_WIDTH: Final = 16
"""Channels of the first stage; each of the three doubles the one before."""


def build(
    network: NetworkName, classes: int, precision: Precision = "float32", *, training: bool = False
) -> Network:
    """Build a network with fresh weights.

    Args:
        network: which one.
        classes: how many logits.
        precision: what it computes in; its weights and its logits are float32 either way.
        training: build the form that trains faster (see `_FusedBatchNormalization`). Its weights are in
            the order of the other form's, so `set_weights` carries them over.

    Returns:
        keras.Model from `pixels` uint8 (N, 28, 28) to `logits` float32 (N, classes).
    """
    policy = keras.DTypePolicy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    pixels = keras.Input((EDGE, EDGE), name="pixels", dtype="uint8")
    light = layers.Rescaling(1 / 255, name="rescale", dtype=policy)(pixels)
    light = layers.Reshape((EDGE, EDGE, 1), name="channel", dtype=policy)(light)
    features = BUILDERS[network](
        light, policy, _FusedBatchNormalization if training else layers.BatchNormalization
    )
    logits = layers.Dense(classes, name=LOGITS, dtype="float32")(features)
    return keras.Model(pixels, logits, name=network)


def with_softmax(model: Network) -> Network:
    """The artifact: the same layers and weights, answering `probabilities` float32 (N, classes)."""
    probabilities = layers.Softmax(name="probabilities", dtype="float32")(model.output)
    return keras.Model(model.input, probabilities, name=model.name)


def _conv3(x: Tensor, policy: Policy, _: Normalization) -> Tensor:
    """Three 3 x 3 convolutions, each halved by pooling,, a dense layer: 241,546 parameters."""
    for number, channels in enumerate((32, 64, 128), start=1):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv{number}", dtype=policy)(
            x
        )
        x = layers.MaxPooling2D(name=f"pool{number}", dtype=policy)(x)
    x = layers.Flatten(name="flat", dtype=policy)(x)
    return layers.Dense(128, activation="relu", name=FEATURES, dtype=policy)(x)


def _resnet(x: Tensor, policy: Policy, normalization: Normalization) -> Tensor:
    """Three stages of one residual block each at 28, 14 and 7 pixels (He et al. 2015, arXiv 1512.03385)."""

    def convolved(x: Tensor, channels: int, size: int, strides: int, name: str) -> Tensor:
        x = layers.Conv2D(
            channels, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv", dtype=policy
        )(x)
        return normalization(name=f"{name}_norm", dtype=policy)(x)

    x = layers.ReLU(name="stem_relu", dtype=policy)(convolved(x, RESNET_WIDTH, 3, 1, "stem"))
    for stage in (1, 2, 3):
        channels, strides = RESNET_WIDTH << (stage - 1), 1 if stage == 1 else 2
        branch = convolved(x, channels, 3, strides, f"stage{stage}_a")
        branch = layers.ReLU(name=f"stage{stage}_a_relu", dtype=policy)(branch)
        branch = convolved(branch, channels, 3, 1, f"stage{stage}_b")
        shortcut = x if stage == 1 else convolved(x, channels, 1, strides, f"stage{stage}_shortcut")
        x = layers.Add(name=f"stage{stage}_add", dtype=policy)([shortcut, branch])
        x = layers.ReLU(name=f"stage{stage}_relu", dtype=policy)(x)
    return layers.GlobalAveragePooling2D(name=FEATURES, dtype=policy)(x)


BUILDERS: Final = {"conv3": _conv3, "resnet": _resnet}


class _FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras ships no types
    """The same arithmetic in TensorFlow's fused kernel, which Keras 3 does not call.

    Only for training: a step of `resnet` at batch 128 takes 58 ms instead of 113 in float32, 40 instead of
    60 in bfloat16 (two AMD EPYC cores, TensorFlow 2.21). It never reaches an artifact.
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
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
