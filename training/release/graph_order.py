"""Give a graph the same order and the same names in each export.

The library that converts networks orders and names nodes and weights by chance. Without this module, two runs
of the same training would write graphs that compute the same, but have other bytes.
"""

from collections.abc import Iterator

import onnx


def sort_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model with its nodes and weights in the order in which its outputs need them.

    Nodes, their results and weights are named by their numbers in this order. The inputs and outputs of the
    graph keep their names. What no output needs is left out.

    A graph with graphs inside it, such as the branches of an `If`, is returned as it is. The inner graphs use
    its names.
    """
    graph = model.graph
    if any(
        attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute
    ):
        return model
    weights = {weight.name: weight for weight in graph.initializer}
    needed = [*_walk_graph(graph)]
    nodes = [node for node in needed if isinstance(node, onnx.NodeProto)]
    used = [name for name in needed if isinstance(name, str)]
    kept = {value.name for value in (*graph.input, *graph.output)}
    names = {name: f"weight_{number}" for number, name in enumerate(used)}
    for number, node in enumerate(nodes):
        for place, name in enumerate(node.output):
            names[name] = name if name in kept else f"{node.op_type}_{number}_{place}"
    ordered = onnx.helper.make_graph(
        [_rename_node(node, names, number) for number, node in enumerate(nodes)],
        graph.name,
        graph.input,
        graph.output,
        [_rename_weight(weights[name], names[name]) for name in used],
    )
    result = onnx.ModelProto()
    result.CopyFrom(model)
    result.graph.CopyFrom(ordered)
    return result


def _walk_graph(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto | str]:
    """Yield each node after what it reads, and the name of each weight, beginning at the first output."""
    weights = {weight.name for weight in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    seen = set[str]()
    # A value is put back under the values that it needs, so that it comes after them.
    waiting = [(value.name, False) for value in reversed(graph.output)]
    while waiting:
        name, is_ready = waiting.pop()
        node = makers.get(name)
        first = node.output[0] if node else name
        if is_ready and node:
            yield node
        elif first not in seen:
            seen.add(first)
            if node:
                waiting.append((name, True))
                waiting += [(needed, False) for needed in reversed(node.input)]
            elif name in weights:
                yield name


def _rename_node(node: onnx.NodeProto, names: dict[str, str], number: int) -> onnx.NodeProto:
    """Return a node that reads and makes values of other names, with its attributes sorted."""
    renamed = onnx.NodeProto()
    renamed.CopyFrom(node)
    renamed.name = f"{node.op_type}_{number}"
    renamed.input[:] = [names.get(name, name) for name in node.input]
    renamed.output[:] = [names.get(name, name) for name in node.output]
    attributes = sorted(node.attribute, key=lambda attribute: attribute.name)
    del renamed.attribute[:]
    renamed.attribute.extend(attributes)
    return renamed


def _rename_weight(weight: onnx.TensorProto, name: str) -> onnx.TensorProto:
    """Return a weight with another name."""
    renamed = onnx.TensorProto()
    renamed.CopyFrom(weight)
    renamed.name = name
    return renamed
