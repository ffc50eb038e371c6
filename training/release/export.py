"""Write the files of a network, and check that they give the answers of the network.

A release has a network twice. model.keras is for further work with Keras, and returns probabilities alone.
model.onnx is the graph that a service runs. It also returns a `distance`, which says how far a picture is
from the learnt ones, and the answers about attributes such as the colour.

The distance is the Mahalanobis distance to the nearest class. If photos of other things (out of distribution,
OOD) were learnt, it is the OOD score. A graph that answers differently from its network raises an error.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import keras
import numpy as np
import onnx
from keras import layers, ops

from inference.arrays import PixelsBatch
from inference.contract import LABEL
from inference.errors import ModelError
from inference.sessions.keras_session import shorten_error
from inference.sessions.onnx_session import (
    ATTRIBUTE_PREFIX,
    DISTANCE,
    PARTS_PREFIX,
    PROBABILITIES,
    OnnxSession,
)
from inference.sessions.session import Scores
from model_store.manifest import GoldenAnswers
from model_store.release_files import GRAPH_FILE, MODEL_FILE, PHOTO_GRAPH_FILE
from training.answering import make_batched_model
from training.data.fashion import choose_model_batch_size
from training.errors import ExportError
from training.evaluation.evaluate import score_pictures
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.gradient.networks.layers import FEATURES_LAYER
from training.gradient.networks.registry import LOGITS_LAYER, add_softmax
from training.heads.logistic import LogisticHead
from training.heads.ood import LOG_ODDS_BEYOND_RADIUS, ClassWhitening, OodScorer
from training.release.conversion import convert_to_onnx, convert_weights_to_float16
from training.release.graph_order import sort_graph
from training.release.parity import check_float16_rounding, check_parity
from training.untyped import Network, Tensor

BATCH_AXIS: Final = "N"
"""Name of the axis of pictures in a graph, whose length is open."""


PARITY_PICTURES: Final = 1000
PARITY_PHOTOS: Final = 32
"""Numbers of pictures on which a graph is compared with its network: pictures of 28 x 28, and large ones."""

GOLDEN_PHOTOS: Final = 2
"""Number of made pictures whose answers are stored in the release, for the check of a server."""

PATCHES: Final = 7
"""Number of coloured patches along each edge of a made picture."""

SEED: Final = 0
"""Seed of the made pictures on which network and graph are compared: no photo is stored in a release."""


def export_network(
    folder: Path,
    model: Network,
    ood_measure: ClassWhitening | OodScorer,
    images: PixelsBatch,
    attributes: Mapping[str, LogisticHead] = MappingProxyType({}),
) -> None:
    """Write the files model.keras and model.onnx of a network, and check that both give the same answers.

    Args:
        model: the network, from pixels to logits.
        ood_measure: the weights that turn the features of the network into the output `distance`.
        images: pictures on which the two files are compared.
        attributes: the heads of attributes, by name; each gives a further output of model.onnx.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
    """
    artifact = save_artifact(model, folder / MODEL_FILE)
    export_graph(artifact, ood_measure, folder / GRAPH_FILE, attributes)
    check_parity(
        partial(compute_expected_scores, artifact, ood_measure, attributes), folder / GRAPH_FILE, images
    )


def save_artifact(model: Network, path: Path) -> Network:
    """Write a network with a softmax to model.keras, without its optimizer, and return that network.

    Args:
        model: the network, from pixels to logits.
        path: the file, whose name ends in `.keras`.

    Returns:
        The network in the file: `pixels` uint8 (N, 28, 28) to `probabilities` float32 (N, C).
    """
    artifact = add_softmax(model)
    artifact.save(path, include_optimizer=False)
    return artifact


def compute_layer_features(
    model: Network, images: PixelsBatch
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Compute the features of pictures: the output of the layer below the last one, float32 (N, D)."""
    body = keras.Model(model.input, model.get_layer(FEATURES_LAYER).output)
    features: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = make_batched_model(
        body, choose_model_batch_size(images)
    )(images)
    return features


def compute_expected_scores(
    artifact: Network,
    ood_measure: ClassWhitening | OodScorer,
    attributes: Mapping[str, LogisticHead],
    images: PixelsBatch,
) -> Scores:
    """Compute, with Keras, the scores that the ONNX graph of the network has to give for pictures."""
    read = {PROBABILITIES: artifact.output, DISTANCE: artifact.get_layer(FEATURES_LAYER).output}
    if attributes:
        read[LOGITS_LAYER] = artifact.get_layer(LOGITS_LAYER).input
    given = make_batched_model(keras.Model(artifact.input, read), choose_model_batch_size(images))(images)
    heads = {name: head.compute_probabilities(given[LOGITS_LAYER]) for name, head in attributes.items()}
    distances = ood_measure.compute_distances(given[DISTANCE].astype(np.float32))
    return Scores({LABEL: given[PROBABILITIES], **heads}, distances)


def export_graph(
    artifact: Network,
    ood_measure: ClassWhitening | OodScorer | None,
    path: Path,
    attributes: Mapping[str, LogisticHead] = MappingProxyType({}),
) -> None:
    """Write the ONNX graph that serves a network, with outputs for distance and attributes.

    Args:
        artifact: the network with softmax, from `save_artifact`.
        ood_measure: the weights that turn the features into the output `distance`; None for no such output.
        path: the file, whose name ends in `.onnx`.
        attributes: the heads of attributes, by name; each reads the features and gives an output.
    """
    answers = {PROBABILITIES: artifact.output} | {
        f"{ATTRIBUTE_PREFIX}{name}": _add_attribute_answer(artifact, head, place)
        for place, (name, head) in enumerate(attributes.items())
    }
    features = None if ood_measure is None else artifact.get_layer(FEATURES_LAYER).output
    if isinstance(ood_measure, ClassWhitening):
        answers[DISTANCE] = _add_nearest_distance(features, ood_measure)
    elif ood_measure is not None:
        answers[DISTANCE] = _add_log_odds(features, ood_measure)
    write_graph(keras.Model(artifact.input, answers), path)


def _add_attribute_answer(artifact: Network, head: LogisticHead, place: int) -> Tensor:
    """Return the probabilities of an attribute's head, as an output of the network."""
    # The layer has a number, since the name of an attribute may have characters that a layer's cannot have.
    dense = layers.Dense(len(head.bias), activation="softmax", name=f"attribute_{place}", dtype="float32")
    answer = dense(artifact.get_layer(LOGITS_LAYER).input)
    dense.set_weights([head.kernel, head.bias])
    return answer


def write_graph(serving_network: Network, path: Path) -> None:
    """Write a network to a file as an ONNX graph; the keys of its outputs become their names.

    Raises:
        ExportError: a layer has no form in ONNX, or ONNX Runtime cannot run the graph.
    """
    model = convert_to_onnx(serving_network)
    # tf2onnx gives the open axis of each input and output a name of its own. One name says that they agree.
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH_AXIS
    del model.graph.value_info[:]
    model = sort_graph(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    try:
        OnnxSession(path, shape=serving_network.input_shape[1:])
    except ModelError as error:
        raise ExportError(
            f"ONNX Runtime cannot run the converted network ({shorten_error(error)})."
        ) from error


def _add_nearest_distance(features: Tensor, whitening: ClassWhitening) -> Tensor:
    """Return the Mahalanobis distance to the nearest class mean, as an output of the network."""
    whiten = layers.Dense(whitening.matrix.shape[1], name="whiten")
    whitened = whiten(features)
    whiten.set_weights([whitening.matrix, whitening.offset])
    apart = ops.expand_dims(whitened, 1) - whitening.means[None]
    return ops.sqrt(ops.min(ops.sum(ops.square(apart), axis=2), axis=1))


def _add_log_odds(features: Tensor, score: OodScorer) -> Tensor:
    """Return the log odds that a picture is out of distribution, as an output of the network."""
    distance = ops.expand_dims(_add_nearest_distance(features, score.whitening), 1)
    hidden = layers.Dense(len(score.hidden_bias), activation="relu", name="ood_hidden")
    odds = layers.Dense(1, name="ood_log_odds")
    answer = odds(hidden(ops.concatenate([features, distance], axis=1)))
    hidden.set_weights([score.hidden_kernel, score.hidden_bias])
    odds.set_weights([score.output_kernel, score.output_bias])
    return answer[:, 0] + LOG_ODDS_BEYOND_RADIUS * ops.relu(distance[:, 0] - score.radius)


def export_photo_network(network: Network, folder: Path) -> GoldenAnswers:
    """Write photos.onnx, the graph of a network for photos, and return some of its answers.

    Large weights are stored as float16. The graph is compared with the network before and after. The answers
    go into the release, so that a server can check that the graph still gives them (golden answers).

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
    """
    graph = folder / PHOTO_GRAPH_FILE
    images = _make_coloured_patches()
    write_graph(network, graph)

    def compute_scores(pixels: PixelsBatch) -> Scores:
        given = make_batched_model(network, choose_model_batch_size(pixels))(pixels)
        heads = {LABEL: given[PROBABILITIES]} | {
            name.removeprefix(ATTRIBUTE_PREFIX): output
            for name, output in given.items()
            if name.startswith(ATTRIBUTE_PREFIX)
        }
        parts = next((output for name, output in given.items() if name.startswith(PARTS_PREFIX)), None)
        return Scores(heads, given.get(DISTANCE), parts)

    # First in float32, with the narrow limit. With the wide limit of float16 alone, a small fault of the
    # conversion could pass for rounding.
    check_parity(compute_scores, graph, images)
    exact = score_pictures(OnnxSession(graph, shape=BLOCKS_INPUT_CONTRACT.array_shape), images)
    onnx.save(convert_weights_to_float16(onnx.load(graph)), graph)
    check_float16_rounding(graph, exact, images)
    given = OnnxSession(graph, shape=BLOCKS_INPUT_CONTRACT.array_shape).run(images[:GOLDEN_PHOTOS])
    return GoldenAnswers.from_arrays(images[:GOLDEN_PHOTOS], given.probabilities, given.distances)


def _make_coloured_patches() -> PixelsBatch:
    """Make pictures of 7 x 7 coloured patches, uint8 (PARITY_PHOTOS, 224, 224, 3), some with black rows.

    No photo is used, because golden answers store their pictures in the release.
    """
    rng = np.random.default_rng(SEED)
    patches = rng.integers(0, 256, (PARITY_PHOTOS, PATCHES, PATCHES, 3), np.uint8)
    pictures = patches.repeat(BLOCKS_INPUT_CONTRACT.shape[0] // PATCHES, axis=1).repeat(
        BLOCKS_INPUT_CONTRACT.shape[1] // PATCHES, axis=2
    )
    # The rows of a picture are found between black ones: here some of them, a single one, and none.
    middle = BLOCKS_INPUT_CONTRACT.shape[0] // 2
    for picture, rows in zip(pictures[GOLDEN_PHOTOS:], (middle // 2, 1, 0), strict=False):
        picture[: middle - rows] = 0
        picture[middle:] = 0
    return pictures
