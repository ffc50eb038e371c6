"""Convert a Keras network to an ONNX graph, and count what the graph costs.

The conversion uses tf2onnx, because the exporter of Keras has three faults:

1. It leaves `training` open, so that layers of augmentation export what they do in training.
2. It makes inputs of constants.
3. It reports success although the graph has operators that ONNX does not have.
"""

import contextlib
import gc
import logging
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx

from inference.sessions.keras_session import shorten_error
from reports.network_figures import ModelFigures
from training.errors import ExportError
from training.gradient.networks.registry import count_trainable_weights
from training.untyped import Graph, Network, Tensor

OPSET: Final = 17
"""The newest set of ONNX operators that tf2onnx writes well; ONNX Runtime reads it from 1.12 on."""


OFTEN: Final = (2000, 1, 1)
"""Thresholds of the garbage collector (`gc.set_threshold`) during a conversion. With them one copy of the
graph is in memory, not ten."""


def convert_to_onnx(serving_network: Network) -> Graph:
    """Convert a Keras network to an ONNX graph.

    Args:
        serving_network: a network from one input, uint8, to a dictionary of outputs. The keys become the
            names of the outputs in the graph.

    Raises:
        ExportError: a layer has no form in ONNX.
    """
    (pixels,) = serving_network.inputs
    signature = [tf.TensorSpec(pixels.shape, pixels.dtype, name=pixels.name)]
    function = tf.function(lambda given: serving_network(given, training=False), input_signature=signature)
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # `_check_operators` says it in a sentence
    try:
        captured = function.get_concrete_function().graph.captures
        with _collect_garbage_often():
            graph, _ = tf2onnx.convert.from_function(
                function, signature, opset=OPSET, custom_op_handlers=_HANDLERS
            )
    except Exception as error:  # tracing and converting run the layers' own code
        raise ExportError(f"the network cannot be converted to ONNX ({shorten_error(error)}).") from error
    _keep_constants(graph, captured)
    _check_operators(graph, serving_network)
    return graph


LARGE: Final = 1024
"""Number of values from which a weight, such as a kernel, is stored as float16."""


def convert_weights_to_float16(graph: Graph) -> Graph:
    """Store the large weights of a graph as float16, and return the graph. They then take half the bytes.

    A Cast turns them back into float32; ONNX Runtime does that once, when it opens the graph. A weight with a
    value that float16 cannot hold stays float32.
    """
    casts = []
    for weight in graph.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or prod(weight.dims) < LARGE:
            continue
        with np.errstate(over="ignore"):
            half = onnx.numpy_helper.to_array(weight).astype(np.float16)
        if np.isfinite(half).all():
            name = weight.name
            weight.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_float16"))
            casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.graph.node]  # ONNX wants a node before the nodes that read its output
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    onnx.checker.check_model(graph)
    return graph


@contextlib.contextmanager
def _collect_garbage_often() -> Iterator[None]:
    """Collect garbage often in the block, and once more at its end.

    tf2onnx copies its graph, 60 MB for photos, in each step of each optimizer. The nodes of a graph refer to
    one another, so only the garbage collector frees a copy.
    """
    usual = gc.get_threshold()
    # Python collects the oldest generation only once its new objects are a quarter of the old ones. Frozen
    # objects are not counted, so after `freeze` this happens soon.
    gc.freeze()
    gc.set_threshold(*OFTEN)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
        gc.collect()


def _convert_erfc(context: Any, node: Any, name: str, _: object) -> None:  # noqa: ANN401 - tf2onnx ships no types
    """Convert the complementary error function, which is 1 - Erf."""
    _replace_node(context, node, name, lambda unit, x: ("Sub", [unit, _make_node(context, "Erf", [x], node)]))


def _convert_expm1(context: Any, node: Any, name: str, _: object) -> None:  # noqa: ANN401 - tf2onnx ships no types
    """Convert Exp - 1."""
    _replace_node(context, node, name, lambda unit, x: ("Sub", [_make_node(context, "Exp", [x], node), unit]))


def _replace_node(context: Any, node: Any, name: str, form: Any) -> None:  # noqa: ANN401 - tf2onnx ships no types
    """Replace a node by the operator that `form` returns for the constant 1 and the node's input."""
    (given,) = node.input
    outputs = node.output
    dtypes = [context.get_dtype(outputs[0])]
    shapes = [context.get_shape(outputs[0])]
    unit = context.make_const(tf2onnx.utils.make_name("one"), np.array(1, np.float32)).output[0]
    operator, inputs = form(unit, given)
    context.remove_node(node.name)
    context.make_node(operator, inputs, outputs=outputs, name=name, dtypes=dtypes, shapes=shapes)


def _make_node(context: Any, operator: str, inputs: list[str], node: Any) -> str:  # noqa: ANN401 - as above
    dtypes = [context.get_dtype(node.output[0])]
    shapes = [context.get_shape(node.output[0])]
    output: str = context.make_node(operator, inputs, dtypes=dtypes, shapes=shapes).output[0]
    return output


_HANDLERS: Final[dict[str, tuple[Any, list[str]]]] = {
    "Erfc": (_convert_erfc, []),
    "Expm1": (_convert_expm1, []),
}
"""Conversions of two operators of TensorFlow that tf2onnx does not know. The activations gelu and celu use
them."""


def _keep_constants(graph: Graph, captured: list[tuple[Tensor, Tensor]]) -> None:
    """Store the constants of layers in the graph, because tf2onnx takes them for inputs."""
    values = {name.name: value for value, name in captured if value.dtype != tf.resource}
    for given in [value for value in graph.graph.input if value.name in values]:
        graph.graph.initializer.append(onnx.numpy_helper.from_array(values[given.name].numpy(), given.name))
        graph.graph.input.remove(given)


def _check_operators(graph: Graph, serving: Network) -> None:
    """Refuse a graph with an operator that ONNX does not have. The message names the layer."""
    for node in graph.graph.node:
        if node.domain or not onnx.defs.has(node.op_type):
            raise ExportError(
                f"{_find_layer(node.name, serving)} uses {node.op_type}, which ONNX does not have. "
                "Train with another layer in its place."
            )


def _find_layer(node: str, serving: Network) -> str:
    """Return the layer that a node was made from, such as "the layer 'lstm'", for a message."""
    # The name of a node is a path of layers, outermost first. A layer may have got a number there, such as
    # lstm_1.
    names = {layer.name for layer in serving._flatten_layers(include_self=False, recursive=True)}
    for part in reversed(node.split("/")[:-1]):
        name = part if part in names else part.rpartition("_")[0]
        if name in names:
            return f"the layer {name!r}"
    return "a layer"


def compute_model_figures(
    name: str, network: Network, folder: Path, files: Sequence[str], temperature: float
) -> ModelFigures:
    """Return the size and cost of a network for the report: weights, operations for a picture, and bytes.

    Args:
        network: the network with its weights.
        files: the names of the files of the network, the graph last.
    """
    return ModelFigures(
        network=name,
        parameters=network.count_params(),
        trainable_parameters=count_trainable_weights(network),
        mflops=count_mflops(folder / files[-1]),
        bytes={file: (folder / file).stat().st_size for file in files},
        temperature=temperature,
    )


UNCOUNTED: Final = frozenset({"LSTM", "GRU", "RNN", "Loop", "Scan", "If", "Einsum"})
"""Operators whose multiplications are not counted: recurrent ones, and those that repeat others. A graph
that has one of them gets no count."""


def count_mflops(path: Path) -> float | None:
    """Count the millions of floating-point operations that a graph needs for one picture.

    Only convolutions and matrix products are counted, a multiplication with its addition as two operations,
    as is usual. Biases, activations and pooling would add a few percent.

    Args:
        path: the ONNX file of the graph.

    Returns:
        The millions of operations. None if they cannot be counted: a shape is not known, an operator is one
        of UNCOUNTED, or there is no convolution or matrix product.
    """
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        # A single picture, since the number of pictures is open in the file.
        value.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    if any(node.op_type in UNCOUNTED for node in graph.node):
        return None
    values = {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*graph.input, *graph.output, *graph.value_info)
    }
    shapes = {name: shape for name, shape in values.items() if all(shape)}  # a size of 0 is one not inferred
    shapes |= {constant.name: tuple(constant.dims) for constant in graph.initializer}
    try:
        return sum(_count_operations(node, shapes) for node in graph.node) / 1e6 or None
    except KeyError:
        return None


def _count_operations(node: Graph, shapes: dict[str, tuple[int, ...]]) -> int:
    """Count the operations of one node: two for each multiplication with its addition.

    Each output value is a sum over all values that one filter, or one row, reads.

    Args:
        shapes: the shapes of values and constants, by name.
    """
    if node.op_type in {"Conv", "FusedConv"}:
        fan_in = prod(shapes[node.input[1]][1:])  # input channels of the group x height x width
    elif node.op_type in {"MatMul", "Gemm"}:
        fan_in = shapes[node.input[0]][-1]
    elif node.op_type == "ConvTranspose":  # each input value goes into everything that one filter covers
        return 2 * prod(shapes[node.input[1]][1:]) * prod(shapes[node.input[0]])
    else:
        return 0
    return 2 * fan_in * prod(shapes[node.output[0]])
