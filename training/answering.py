"""Run a network on pictures, batch by batch, as one graph that is traced once.

`keras.Model.predict` traces a graph per shape of batch, thus twice where the last one is smaller. TensorFlow
adds up the traces of all networks of a process, and warns of them
(https://github.com/tensorflow/tensorflow/issues/42441). Touches nothing.
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
        batch_size: pictures in a run of the network.

    Returns:
        A function from uint8 (N, ...), N at least 1, to the network's outputs, as arrays.
    """
    (pixels,) = network.inputs
    traced_network = tf.function(lambda given: network(given, training=False)).get_concrete_function(
        tf.TensorSpec(pixels.shape, tf.uint8)
    )

    def run_in_batches(images: PixelsBatch) -> NetworkOutput:
        batches = (images[begin : begin + batch_size] for begin in range(0, len(images), batch_size))
        answers = [
            keras.tree.map_structure(np.asarray, traced_network(tf.constant(batch))) for batch in batches
        ]
        return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *answers)

    return run_in_batches
