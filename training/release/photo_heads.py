"""Read and write photos.keras, which has the heads of the network for photos.

A head is the last part of a network; it answers one question, such as the class or the colour. Below the
heads is a frozen network, which turns a photo into a vector. It comes with this package, so photos.keras
leaves it out. The file is a Keras model with two inputs: the pixels, whose colours an attribute may read, and
the vector.
"""

from pathlib import Path
from typing import Final

import keras
import numpy as np
from keras import layers, ops

from inference.sessions.keras_session import load_keras_model
from inference.sessions.onnx_session import ATTRIBUTE_PREFIX, PARTS_PREFIX
from model_store.manifest import GoldenAnswers
from model_store.release_files import PHOTO_MODEL_FILE
from training.errors import ExportError
from training.features.blocks import BLOCKS_INPUT_CONTRACT, VECTOR_LAYER, build_vector_network
from training.features.parts import IS_SPEAKING, PART_VECTORS, add_part_vectors
from training.features.shipped import PHOTO_BLOCKS
from training.features.weights import hash_weights
from training.release.export import export_photo_network
from training.untyped import Network, Tensor

BELOW: Final = "photos_seen_by"
"""Key in the report's facts about a training. Its value is the hash of the frozen network's weights."""

STORED: Final = "float16"
COMPUTED: Final = "float32"
"""Types of the weights in photos.keras and in a network that is used."""


def describe_frozen_network() -> dict[str, str]:
    """Return what a release records about the frozen network that its heads for photos need: a hash."""
    return {BELOW: hash_weights(build_vector_network(PHOTO_BLOCKS))}


def read_photo_heads(path: Path) -> Network:
    """Read the heads for photos from photos.keras, as a float32 network from pixels and vector to outputs.

    Raises:
        ModelUnreadable: Keras cannot load it.
    """
    return _copy_heads_with_type(load_keras_model(path), COMPUTED)


def export_photo_heads(
    heads: Network, folder: Path, parts: str | None = None
) -> tuple[Network, GoldenAnswers]:
    """Write heads for photos to photos.keras, and the whole network to photos.onnx.

    Args:
        heads: the heads, in float32.
        parts: the attribute that photos.onnx also answers for parts of a photo; None for none.

    Returns:
        The whole network with the weights that both files have, and some answers of the graph.

    Raises:
        ExportError: a weight has no float16, or the serving graph cannot be made or answers differently.
    """
    # The whole network gets the rounded weights, so that photos.onnx and photos.keras have the same.
    stored = _copy_heads_with_type(heads, STORED)
    stored.save(folder / PHOTO_MODEL_FILE, include_optimizer=False)
    whole = join_to_frozen_network(_copy_heads_with_type(stored, COMPUTED), parts)
    return whole, export_photo_network(whole, folder)


def join_to_frozen_network(heads: Network, parts: str | None = None) -> Network:
    """Return the whole network for photos: the bundled frozen network with these heads on top.

    Its input is `pixels`, uint8 (N, 224, 224, 3); its outputs are those of the heads. For parts, one more
    output is the answer of the attribute's head to each part.

    Args:
        heads: the heads, in float32.
        parts: the attribute that is also answered for parts of a photo; None for none.
    """
    body = build_vector_network(PHOTO_BLOCKS)
    if parts is None:
        return keras.Model(body.input, heads([body.input, body.output]), name="photos")
    seen = add_part_vectors(body)
    answers = heads([seen.input, seen.output[VECTOR_LAYER]]) | _answer_parts(heads, seen, parts)
    return keras.Model(seen.input, answers, name="photos")


def _answer_parts(heads: Network, seen: Network, attribute: str) -> dict[str, Tensor]:
    """Return the output for parts: the answers of an attribute's head to the vectors of the parts.

    Args:
        heads: the heads; that of the attribute reads the vector alone.
        seen: the network from `add_part_vectors`.
    """
    vectors = seen.output[PART_VECTORS]
    part_count, width = vectors.shape[1:]
    head = keras.Model(heads.inputs[1], heads.output[f"{ATTRIBUTE_PREFIX}{attribute}"], name="parts")
    shares = ops.reshape(head(ops.reshape(vectors, (-1, width))), (-1, part_count, head.output.shape[1]))
    return {f"{PARTS_PREFIX}{attribute}": shares * ops.expand_dims(seen.output[IS_SPEAKING], 2)}


def _copy_heads_with_type(heads: Network, dtype: str) -> Network:
    """Return a copy of heads with weights of another type. The copy has new inputs.

    Raises:
        ExportError: a weight is too large for the type.
    """

    def clone_with_type(layer: layers.Layer) -> layers.Layer:
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=clone_with_type)
        config = layer.get_config()
        if isinstance(layer, layers.Layer):  # an operation has no type of its own
            config["dtype"] = dtype
        return type(layer).from_config(config)

    vector = keras.Input(heads.inputs[1].shape[1:], name=VECTOR_LAYER)
    inputs = [keras.Input(BLOCKS_INPUT_CONTRACT.array_shape, dtype="uint8", name="pixels"), vector]
    copy = keras.models.clone_model(heads, inputs, clone_with_type)
    weights = [np.asarray(weight, dtype) for weight in heads.get_weights()]
    if not all(np.isfinite(weight).all() for weight in weights):
        raise ExportError(
            f"A weight of {PHOTO_MODEL_FILE} is too large for {dtype}. Learn more varied photos."
        )
    copy.set_weights(weights)
    return copy
