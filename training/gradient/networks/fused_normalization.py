"""Batch normalization in TensorFlow's fused kernel, which Keras 3 does not call.

Only for training on TensorFlow; no saved model contains it. Touches nothing. Its user: layers.py.
"""

import tensorflow as tf
from keras import layers

from training.untyped import Tensor


class BatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # keras ships no types
    """The same weights in the same order under the same name, and the same arithmetic but for one thing.

    The kernel's variance, which moves the running one, divides by one less than there are.
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
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1 - keep))
        return outputs
