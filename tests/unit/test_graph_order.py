"""A graph has the same bytes in each export, whatever order and names the conversion gave it."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from training.release.graph_order import sort_graph

TWO, THREE = (np.full(3, number, np.float32) for number in (2, 3))


def graph_of(names: str, *, is_reversed: bool = False) -> onnx.ModelProto:
    """Outputs 2 x + 3 x and 2 x, with names of our choice for two results and two weights."""
    first, second, two, three = names.split()
    products = [
        helper.make_node("Mul", ["pixels", two], ["double"], name=first),
        helper.make_node("Mul", ["pixels", three], [second], name=second),
    ]
    weights = [numpy_helper.from_array(TWO, two), numpy_helper.from_array(THREE, three)]
    if is_reversed:
        products.reverse()
        weights.reverse()
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("sum", "double")]
    given = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3])]
    added = helper.make_node("Add", ["double", second], ["sum"], name=f"{first}{second}")
    graph = helper.make_graph([*products, added], "graph", given, ends, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_order_and_names_of_the_conversion_do_not_show() -> None:
    one, other = graph_of("a b c d"), graph_of("a__9 b__4 d c", is_reversed=True)
    assert one.SerializeToString() != other.SerializeToString()

    assert sort_graph(one).SerializeToString() == sort_graph(other).SerializeToString()


def test_inputs_outputs_and_answers_stay() -> None:
    given = graph_of("a b c d", is_reversed=True)
    given.graph.node.append(helper.make_node("Neg", ["pixels"], ["unused"]))

    found = sort_graph(given)

    onnx.checker.check_model(found)
    session = onnxruntime.InferenceSession(found.SerializeToString())
    pixels = np.array([[1, 2, 4]], np.float32)
    answers = session.run(None, {"pixels": pixels})
    assert [value.name for value in session.get_outputs()] == ["sum", "double"]
    assert np.array_equal(answers[0], 5 * pixels)
    assert np.array_equal(answers[1], 2 * pixels)
    assert [node.op_type for node in found.graph.node] == ["Mul", "Mul", "Add"]


def test_a_graph_with_branches_stays_as_it_is() -> None:
    given = graph_of("a b c d")
    branch = helper.make_graph(
        [helper.make_node("Identity", ["b"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    choice = numpy_helper.from_array(np.array(True), "choice")
    given.graph.initializer.append(choice)
    given.graph.node.append(
        helper.make_node("If", ["choice"], ["chosen"], then_branch=branch, else_branch=branch)
    )

    assert sort_graph(given) is given
