"""Turn a fitted network into the two files that a release carries: model.keras and model.onnx.

model.keras returns probabilities alone; the serving graph returns `distance`, too: the Mahalanobis distance,
or the OOD score where out-of-distribution (OOD) photos were learnt (out_of_distribution.py). An adopted model
whose features cannot be reached has none. A graph that answers differently from its network is never kept
(`check_parity`). Touches the named files.
"""

import warnings
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Final

import keras
import numpy as np
import onnx
from keras import layers, ops

from inference.arrays import PixelsBatch, Probabilities
from inference.onnx_session import DISTANCE, PIXELS, PROBABILITIES, OnnxSession
from training.data.datasets import ANSWERED_AT_ONCE
from training.errors import GraphUnusable, ParityFailed
from training.evaluation.out_of_distribution import OodScore, Whitening
from training.networks.layers import FEATURES
from training.networks.registry import with_softmax
from training.untyped import Graph, Network, Tensor

OPSET: Final = 17
"""The newest set of ONNX operators that tf2onnx writes well; ONNX Runtime reads it from 1.12 on."""

BATCH_AXIS: Final = "N"

PARITY_TOLERANCE: Final = 1e-5
"""Largest difference of a probability between network and float32 graph."""

PARITY_PICTURES: Final = 1000

Shapes = dict[str, tuple[int, ...]]


def save_artifact(model: Network, path: Path) -> Network:
    """Write model.keras, softmax attached, without the optimizer.

    Args:
        model: to logits.
        path: ends in `.keras`.

    Returns:
        The artifact: `pixels` uint8 (N, 28, 28) to `probabilities` float32 (N, C).
    """
    artifact = with_softmax(model)
    artifact.save(path, include_optimizer=False)
    return artifact


def features_of(model: Network, images: PixelsBatch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The layer below the last, float32 (N, D)."""
    return _batched(keras.Model(model.input, model.get_layer(FEATURES).output), images)


def probabilities_of(artifact: Network, images: PixelsBatch) -> Probabilities:
    """The network's own answers, float32 (N, C)."""
    return _batched(artifact, images)


def _batched(model: Network, images: PixelsBatch) -> Probabilities:
    answers: Probabilities = model.predict(images, batch_size=ANSWERED_AT_ONCE, verbose=0)
    return answers


def export_graph(artifact: Network, measure: Whitening | OodScore | None, path: Path) -> None:
    """Write the serving graph.

    Args:
        artifact: from `save_artifact`.
        measure: of its features, what `distance` says; None leaves it out.
        path: ends in `.onnx`.

    Raises:
        GraphUnusable: what was exported has not the outputs that serving reads.
    """
    serving = artifact if measure is None else _with_distance(artifact, measure)
    serving(np.zeros((1, *artifact.input_shape[1:]), np.uint8))  # Keras exports what was called once
    with warnings.catch_warnings():
        # Keras' own shim for tf2onnx sets np.object, which numpy warns of; nothing here can mend that.
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"keras\..*tf2onnx_lib")
        serving.export(path, format="onnx", verbose=False, opset_version=OPSET)
    axes = [2] if measure is None else [1, 2]
    onnx.save(_renamed(onnx.load(path), axes, path), path)


def _with_distance(artifact: Network, measure: Whitening | OodScore) -> Network:
    """The artifact with a second answer: how far its features lie from what it learnt."""
    features = artifact.get_layer(FEATURES).output
    distance = _nearest(features, measure) if isinstance(measure, Whitening) else _odds(features, measure)
    return keras.Model(artifact.input, {PROBABILITIES: artifact.output, DISTANCE: distance})


def _nearest(features: Tensor, whitening: Whitening) -> Tensor:
    """The distance to the nearest class mean."""
    whiten = layers.Dense(whitening.matrix.shape[1], name="whiten")
    whitened = whiten(features)
    whiten.set_weights([whitening.matrix, whitening.offset])
    apart = ops.expand_dims(whitened, 1) - whitening.means[None]
    return ops.sqrt(ops.min(ops.sum(ops.square(apart), axis=2), axis=1))


def _odds(features: Tensor, score: OodScore) -> Tensor:
    """The log odds of being out of distribution."""
    linear = ops.sum(features * score.weights[None], axis=1)
    distance = _nearest(features, score.whitening)
    return linear + score.distance_weight * distance + score.offset


def _renamed(graph: Graph, axes: list[int], path: Path) -> Graph:
    """Give inputs, outputs and the batch axis the names that serving reads; tf2onnx makes up its own."""
    named = {2: PROBABILITIES, 1: DISTANCE}
    found = [len(output.type.tensor_type.shape.dim) for output in graph.graph.output]
    if len(graph.graph.input) != 1 or sorted(found) != axes:
        raise GraphUnusable(
            f"{path}: the exporter gave inputs {[value.name for value in graph.graph.input]} and outputs "
            f"{[value.name for value in graph.graph.output]}; expected one, and outputs of {axes} axes."
        )
    names = {graph.graph.input[0].name: PIXELS}
    names |= {output.name: named[count] for output, count in zip(graph.graph.output, found, strict=True)}
    for value in (*graph.graph.input, *graph.graph.output):
        value.name = names[value.name]
        value.type.tensor_type.shape.dim[0].dim_param = BATCH_AXIS
    for node in graph.graph.node:
        for slots in (node.input, node.output):
            slots[:] = [names.get(slot, slot) for slot in slots]
    del graph.graph.value_info[:]
    onnx.checker.check_model(graph)
    return graph


def check_parity(
    network: Callable[[PixelsBatch], Probabilities],
    path: Path,
    images: PixelsBatch,
    allowed: float = PARITY_TOLERANCE,
) -> float:
    """Compare a float32 serving graph with the network it was made from.

    Args:
        network: gives the network's probabilities.
        path: the graph.
        images: uint8 (N, 28, 28).
        allowed: largest difference of a probability; more for a network that itself rounds to half precision.

    Returns:
        The largest difference of a probability.

    Raises:
        ParityFailed: it is above `allowed`, or not a number.
    """
    difference = float(np.abs(OnnxSession(path).run(images).probabilities - network(images)).max())
    if not difference <= allowed:
        raise ParityFailed(
            f"{path}: a probability differs by {difference:.2g} from the network's, over {len(images)} "
            f"pictures; {allowed:g} is allowed. Try other versions of keras and tf2onnx."
        )
    return difference


def mflops(path: Path) -> float:
    """Millions of multiplications and additions for one picture.

    Of convolutions and matrix products alone, one multiplication and one addition counted as two, as the
    field does (additions of biases, activations and pooling are a few percent more).

    Raises:
        GraphUnusable: a shape that is needed cannot be inferred.
    """
    graph = onnx.shape_inference.infer_shapes(_for_one_picture(onnx.load(path)), data_prop=True)
    shapes = _shapes(graph)
    try:
        return sum(_operations(node, shapes) for node in graph.graph.node) / 1e6
    except KeyError as error:
        raise GraphUnusable(f"{path}: the shape of {error} cannot be inferred.") from error


def _for_one_picture(graph: Graph) -> Graph:
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    return graph


def _shapes(graph: Graph) -> Shapes:
    values = (*graph.graph.input, *graph.graph.output, *graph.graph.value_info)
    found = {value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim) for value in values}
    known = {name: shape for name, shape in found.items() if all(shape)}  # a size of 0 is one not inferred
    return known | {constant.name: tuple(constant.dims) for constant in graph.graph.initializer}


def _operations(node: Graph, shapes: Shapes) -> int:
    """Two per multiply-add: each output value sums over everything that one filter or row sees."""
    match node.op_type:
        case "Conv" | "FusedConv":
            seen = prod(shapes[node.input[1]][1:])  # input channels of the group x height x width
        case "MatMul" | "Gemm":
            seen = shapes[node.input[0]][-1]
        case _:
            return 0
    return 2 * seen * prod(shapes[node.output[0]])
