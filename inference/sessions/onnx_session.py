"""Run the graph of a release on ONNX Runtime: pixels in, probabilities out.

The graph (`model.onnx`) was made from the trained Keras model, and is what services run. Its inputs and
outputs are checked when it is loaded, so that a wrong file is refused before the first request.
"""

import os
from pathlib import Path

# From 1.31 on, its builds send usage data to their maker unless this is set before the import (Privacy.md in
# the wheel). A service on private networks must not send any.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from inference.arrays import PixelsBatch
from inference.contract import GREY_28, LABEL, PARTS
from inference.errors import ContractBroken, ModelUnreadable
from inference.sessions.session import Scores

PIXELS = "pixels"
"""Name of the graph's input: uint8, (N, H, W) or (N, H, W, 3), as the release's contract says."""

PROBABILITIES = "probabilities"
"""Name of the graph's output for the class: float32, (N, C)."""

ATTRIBUTE_PREFIX = f"{PROBABILITIES}_"
"""Beginning of the name of an attribute's output: float32, (N, C). The name of the attribute follows."""

PARTS_PREFIX = "parts_"
"""Beginning of the name of the optional output for parts of a picture: float32, (N, P, C).

The name of the attribute that is answered follows. A blank part has the probability 0 for all labels.
"""

DISTANCE = "distance"
"""Name of the graph's optional last output, float32, (N,): how unlike the learnt pictures each picture is.

It is the Mahalanobis distance to the nearest class or, if photos of other things were learnt, the log odds of
being such a photo (out of distribution).
"""

_UNUSABLE = (  # ONNX Runtime's errors have no common base class
    onnx_errors.Fail,
    onnx_errors.InvalidArgument,
    onnx_errors.InvalidGraph,
    onnx_errors.InvalidProtobuf,
    onnx_errors.NoModel,
    onnx_errors.NoSuchFile,
    onnx_errors.NotImplemented,
    onnx_errors.RuntimeException,
)


class OnnxSession:
    """A serving graph, loaded and checked."""

    def __init__(self, path: Path, threads: int = 1, shape: tuple[int, ...] = GREY_28.array_shape) -> None:
        """Load the graph.

        Args:
            path: the `.onnx` file.
            threads: the number of threads within one inference; 1 for a server with as many workers as cores.
            shape: the shape of the pixels of one picture, as the contract says.

        Raises:
            ModelUnreadable: the file is missing or not an ONNX graph that can be run.
            ContractBroken: the inputs or outputs of the graph differ from the names and shapes above.
        """
        try:
            self._graph = onnxruntime.InferenceSession(
                path, _make_session_options(threads), providers=["CPUExecutionProvider"]
            )
        except _UNUSABLE as error:
            raise ModelUnreadable(
                f"{path}: ONNX Runtime cannot load it ({error}). It must be the model.onnx of a release."
            ) from error
        _check_input(self._graph, path, shape)
        self.outputs = _checked_outputs(self._graph, path)
        self._names = [output.name for output in self._graph.get_outputs()]

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score the pixels of N pictures, uint8, in one run of the graph.

        Raises:
            ContractBroken: the graph fails, although it declares the right shapes.
        """
        try:
            outputs = dict(zip(self._names, self._graph.run(self._names, {PIXELS: pixels}), strict=True))
        except _UNUSABLE as error:
            raise ContractBroken(f"The graph cannot be run ({error}). Serve another release.") from error
        of_parts = next((outputs[name] for name in self._names if name.startswith(PARTS_PREFIX)), None)
        return Scores(
            {head: outputs[get_output_name(head)] for head in self.outputs},
            outputs.get(DISTANCE),
            of_parts,
        )


def get_output_name(head: str) -> str:
    """Return the name of the graph's output for a head."""
    return PROBABILITIES if head == LABEL else f"{ATTRIBUTE_PREFIX}{head}"


def _make_session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3  # errors: warnings concern graph rewrites that operators cannot change
    return options


def _check_input(graph: onnxruntime.InferenceSession, path: Path, shape: tuple[int, ...]) -> None:
    inputs = [(value.name, value.type, _list_sizes(value.shape)) for value in graph.get_inputs()]
    if inputs != [(PIXELS, "tensor(uint8)", [None, *shape])]:
        raise ContractBroken(
            f"{path}: the graph's inputs are {inputs}. "
            f"It must have one, `{PIXELS}`, uint8, (N, {', '.join(map(str, shape))}) with N left open."
        )


def _checked_outputs(graph: onnxruntime.InferenceSession, path: Path) -> dict[str, int]:
    """Return the number of labels of each head; refuse any other outputs."""
    outputs = {value.name: (value.type, _list_sizes(value.shape)) for value in graph.get_outputs()}
    heads: dict[str, int] = {}
    for name, form in outputs.items():
        match form:
            case ("tensor(float)", [None, int(labels)]) if name.startswith(ATTRIBUTE_PREFIX):
                heads[name.removeprefix(ATTRIBUTE_PREFIX)] = labels
            case ("tensor(float)", [None, int(labels)]) if name == PROBABILITIES:
                heads[LABEL] = labels
            case ("tensor(float)", [None]) if name == DISTANCE:
                pass
            case ("tensor(float)", [None, count, int()]) if name.startswith(PARTS_PREFIX):
                if count != len(PARTS):
                    break
            case _:
                break
    else:
        if PROBABILITIES in outputs:
            return heads
    raise ContractBroken(
        f"{path}: the graph's outputs are {outputs}. It must have `{PROBABILITIES}`, float32, (N, C) with C "
        f"fixed, and may have `{ATTRIBUTE_PREFIX}NAME`, likewise, `{DISTANCE}`, float32, (N,), "
        f"and `{PARTS_PREFIX}NAME`, float32, (N, {len(PARTS)}, C)."
    )


def _list_sizes(shape: list[int | str | None]) -> list[int | None]:
    """Return a shape with None for open dimensions, which exporters name differently."""
    return [size if isinstance(size, int) else None for size in shape]
