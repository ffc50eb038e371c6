"""Wrap a hand-made model so that it has the inputs and outputs of our own models.

The hand-made layers keep their weights; what inference/keras_session.py adds when it serves such a model bare
(shape, scaling, softmax) becomes layers. Touches nothing. adoption.py makes the release.
"""

from typing import Final

import keras
from keras import layers
from pydantic import JsonValue

from inference.contract import EDGE
from inference.keras_session import Habits
from training.networks.layers import FEATURES
from training.untyped import Network, Tensor

_OTHER_PRECISIONS: Final = ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
"""How Keras' configurations say them: of an input, or as a layer's policy."""

_AFTER_THE_LAST_DENSE: Final = ("Softmax", "Activation", "Dropout", "Identity")
"""What may stand between the last dense layer and the answer without changing where the features are."""


def in_float32(model: Network) -> tuple[Network, bool]:
    """Give up other precisions: a serving graph rounds in other places, and processors gain nothing by them.

    Args:
        model: as it was loaded.

    Returns:
        The model with the same weights, and whether anything had to be changed.
    """
    config = keras.saving.serialize_keras_object(model)
    plain = _said_in_float32(config)
    if plain == config:
        return model, False
    made = keras.saving.deserialize_keras_object(plain)
    made.set_weights(model.get_weights())
    return made, True


def _said_in_float32(config: JsonValue) -> JsonValue:
    if isinstance(config, dict):
        return {key: _said_in_float32(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(map(_said_in_float32, config))
    return "float32" if isinstance(config, str) and config in _OTHER_PRECISIONS else config


def with_habits(model: Network, habits: Habits) -> Network:
    """Put a model inside one that feeds it as it wants to be fed.

    Args:
        model: computes in float32.
        habits: what was found out about it.

    Returns:
        `pixels` uint8 (N, 28, 28) to `probabilities` float32 (N, C). If the model's last dense layer can be
        separated from what is below it, the layer FEATURES stands between the two.
    """
    pixels = keras.Input((EDGE, EDGE), name="pixels", dtype="uint8")
    shaped = layers.Reshape(habits.shape, name="shape")(pixels) if habits.shape != (EDGE, EDGE) else pixels
    if "int" not in habits.dtype:
        shaped = layers.Rescaling(1 / habits.divisor, name="rescale", dtype="float32")(shaped)
    scores = _through(model, shaped)
    ending = layers.Softmax if habits.softmax else layers.Identity
    return keras.Model(pixels, ending(name="probabilities", dtype="float32")(scores), name="adopted")


def _through(model: Network, fed: Tensor) -> Tensor:
    """The model's scores, by way of its features if they can be reached."""
    features, head = _features(model)
    if features is None:
        return keras.Model(model.inputs, model.outputs, name="whole")(fed)
    body = keras.Model(model.inputs, features, name="body")
    given = keras.Input(features.shape[1:], dtype=features.dtype)
    scores = given
    for operation in head:
        scores = operation(scores)
    return keras.Model(given, scores, name="head")(layers.Identity(name=FEATURES)(body(fed)))


def _features(model: Network) -> tuple[Tensor | None, list[Tensor]]:
    """What goes into the last dense layer, and the operations from there on; None if there is no telling."""
    tensor, head = model.outputs[0], list[Tensor]()
    while True:
        # Keras' own record of what made a tensor: a layer's `input` is ambiguous once it was called twice.
        operation, node, _ = tensor._keras_history
        before = operation._inbound_nodes[node].input_tensors
        if len(before) != 1:
            return None, []
        head.insert(0, operation)
        tensor = before[0]
        if type(operation) is layers.Dense:
            return (tensor, head) if len(tensor.shape) == 2 else (None, [])
        if type(operation).__name__ not in _AFTER_THE_LAST_DENSE:
            return None, []
