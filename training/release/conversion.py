"""Convert a Keras network to an ONNX graph, by tf2onnx.

Keras' own exporter leaves `training` open, so that layers of augmentation export what they do in training,
makes inputs of constants, and reports success with operators that ONNX does not have.
`compute_model_figures` counts what a network and its graph cost.
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
from reports.values import ModelFigures
from training.errors import ExportError
from training.gradient.networks.registry import count_trainable_weights
from training.untyped import Graph, Network, Tensor

OPSET: Final = 17
"""The newest set of ONNX operators that tf2onnx writes well; ONNX Runtime reads it from 1.12 on."""


OFTEN: Final = (2000, 1, 1)
"""Thresholds of the garbage collector (`gc.set_threshold`) with which one copy of a graph stays, not ten."""


def convert_network(serving: Network) -> Graph:
    """Convert a Keras network to an ONNX graph.

    Args:
        serving: a network from one input, uint8, to a dictionary of outputs, the keys of which become their
            names.

    Raises:
        ExportError: a layer has no form in ONNX.
    """
    (pixels,) = serving.inputs
    signature = [tf.TensorSpec(pixels.shape, pixels.dtype, name=pixels.name)]
    function = tf.function(lambda given: serving(given, training=False), input_signature=signature)
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
    _check_operators(graph, serving)
    return graph


LARGE: Final = 1024
"""Number of values from which a weight is large, so that `store_in_half_precision` stores it as float16."""


def store_in_half_precision(graph: Graph) -> Graph:
    """Store the large weights of a graph as float16, and return the graph.

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
    nodes = [*casts, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    onnx.checker.check_model(graph)
    return graph


@contextlib.contextmanager
def _collect_garbage_often() -> Iterator[None]:
    """Collect garbage soon in the block, and at its end.

    tf2onnx copies its graph, 60 MB for photos, in each step of each optimizer, and the nodes of a graph hold
    one another. Python collects all generations once a quarter of the old objects is new, of which what is
    frozen does not count.
    """
    usual = gc.get_threshold()
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
    """Put the operator that `form` makes of 1 and the node's input in the node's place."""
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
"""Operators of TensorFlow that tf2onnx does not know: gelu and celu use them."""


def _keep_constants(graph: Graph, captured: list[tuple[Tensor, Tensor]]) -> None:
    """Store the constants of layers, which tf2onnx takes for inputs, in the graph."""
    values = {name.name: value for value, name in captured if value.dtype != tf.resource}
    for given in [value for value in graph.graph.input if value.name in values]:
        graph.graph.initializer.append(onnx.numpy_helper.from_array(values[given.name].numpy(), given.name))
        graph.graph.input.remove(given)


def _check_operators(graph: Graph, serving: Network) -> None:
    """Name the layer of an operator that ONNX does not have."""
    for node in graph.graph.node:
        if node.domain or not onnx.defs.has(node.op_type):
            raise ExportError(
                f"{_find_layer(node.name, serving)} uses {node.op_type}, which ONNX does not have. "
                "Train with another layer in its place."
            )


def _find_layer(node: str, serving: Network) -> str:
    """Return the layer of a node: the innermost part of its name that is a layer's, perhaps numbered."""
    names = {layer.name for layer in serving._flatten_layers(include_self=False, recursive=True)}
    for part in reversed(node.split("/")[:-1]):
        name = part if part in names else part.rpartition("_")[0]
        if name in names:
            return f"the layer {name!r}"
    return "a layer"


def compute_model_figures(
    name: str, network: Network, folder: Path, files: Sequence[str], temperature: float
) -> ModelFigures:
    """Return the size and cost of a network for the report: weights, operations and bytes.

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
"""Operators whose multiplications are not counted: recurrent ones, and those that repeat others."""


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
    """Count two per multiply-add: each output value sums over all values that one filter or row sees."""
    if node.op_type in {"Conv", "FusedConv"}:
        fan_in = prod(shapes[node.input[1]][1:])  # input channels of the group x height x width
    elif node.op_type in {"MatMul", "Gemm"}:
        fan_in = shapes[node.input[0]][-1]
    elif node.op_type == "ConvTranspose":  # each input value goes into everything that one filter covers
        return 2 * prod(shapes[node.input[1]][1:]) * prod(shapes[node.input[0]])
    else:
        return 0
    return 2 * fan_in * prod(shapes[node.output[0]])
