"""Run a Keras network on many pictures, batch by batch.

`keras.Model.predict` converts the network to a graph (traces it) once for each size of a batch, so twice if
the last batch is smaller. TensorFlow counts these for all networks of a process together, and then warns of
them (https://github.com/tensorflow/tensorflow/issues/42441). Here a network is traced once.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from inference.arrays import PixelsBatch
from training.untyped import Network

NetworkOutput: TypeAlias = Any
"""Output of a network, float32 (N, ...), or a dictionary of these."""


def make_batched_model(network: Network, batch_size: int) -> Callable[[PixelsBatch], NetworkOutput]:
    """Return a function that runs a network on pictures, in inference mode and without tracing it again.

    Args:
        network: the network, with one input of fixed height and width.
        batch_size: the number of pictures that the network gets at once.

    Returns:
        A function from uint8 (N, ...), N at least 1, to the network's outputs, as arrays.
    """
    (pixels,) = network.inputs
    traced_network = tf.function(lambda batch: network(batch, training=False)).get_concrete_function(
        tf.TensorSpec(pixels.shape, tf.uint8)
    )

    def run_in_batches(images: PixelsBatch) -> NetworkOutput:
        batches = (images[begin : begin + batch_size] for begin in range(0, len(images), batch_size))
        answers = [
            keras.tree.map_structure(np.asarray, traced_network(tf.constant(batch))) for batch in batches
        ]
        return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *answers)

    return run_in_batches
