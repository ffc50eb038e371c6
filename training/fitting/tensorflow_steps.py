"""Take an epoch's updates on TensorFlow: one compiled step, the data in memory.

What Keras runs on unless told otherwise, and the fastest of its backends on a processor. Touches the
trainee's variables alone. The same on JAX: jax_steps.py.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.fitting.augmentation import Draws
from training.fitting.steps import Lesson, Trainee, cross_entropy, decay, right
from training.untyped import Tensor


class TensorFlowSteps:
    """Steps of one trainee; keeps steps.Steps."""

    def __init__(self, trainee: Trainee) -> None:
        self._trainee = trainee
        self._images = tf.constant(trainee.images)
        self._targets = tf.constant(trainee.targets)
        self._step = tf.function(self._traced)

    def take(self, lesson: Lesson, told: Callable[[int], None]) -> NDArray[np.float64]:
        totals = np.zeros(2)
        for number, (indices, rate) in enumerate(zip(lesson.order, lesson.rates, strict=True)):
            self._trainee.optimizer.learning_rate = rate
            draws = {name: tf.constant(drawn[number]) for name, drawn in lesson.draws.items()}
            totals += np.array(self._step(tf.constant(indices), draws))
            told(number + 1)
        return totals / len(lesson.order)

    def _traced(self, indices: Tensor, draws: Draws) -> Tensor:
        """One update; returns the batch's loss and accuracy, float32 (2,)."""
        trainee = self._trainee
        images, targets = tf.gather(self._images, indices), tf.gather(self._targets, indices)
        images, targets = trainee.augmentation(images, targets, draws)
        with tf.GradientTape() as tape:
            logits = trainee.model(images, training=True)
            loss = cross_entropy(targets, logits, trainee.recipe.label_smoothing) + sum(trainee.model.losses)
        variables = trainee.model.trainable_variables
        trainee.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self._move_average()
        return tf.stack([loss, right(targets, logits)])

    def _move_average(self) -> None:
        """Move the averaged weights, batch statistics included, towards the present ones."""
        trainee = self._trainee
        kept = decay(trainee.recipe.averaging, trainee.optimizer.iterations)
        for average, present in zip(trainee.average.weights, trainee.model.weights, strict=True):
            average.assign(average * kept + present * (1 - kept))


def accelerators() -> list[str]:
    """The names of the GPUs that TensorFlow finds."""
    details = tf.config.experimental.get_device_details
    return [details(device).get("device_name", "GPU") for device in tf.config.list_physical_devices("GPU")]
