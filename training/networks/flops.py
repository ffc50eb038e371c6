"""What one picture costs, counted in the serving graph itself.

Convolutions and matrix products alone, one multiplication and one addition counted as two, as the field does
(additions of biases, activations and pooling are a few percent more). Reads one file.
"""

from math import prod
from pathlib import Path

import onnx

from training.errors import GraphUnusable
from training.untyped import Graph

Shapes = dict[str, tuple[int, ...]]


def mflops(path: Path) -> float:
    """Millions of multiplications and additions for one picture.

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
