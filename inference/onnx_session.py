"""Run the serving graph on ONNX Runtime: the one file that knows it.

Reads one `.onnx` file and nothing else. Loading checks the graph's inputs and outputs, so that a wrong
model is refused before the first request. What the scores mean: classifier.py.
"""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# From 1.31 on its builds send usage data to their maker unless this is set before they are imported
# (Privacy.md in the wheel). What people upload is nobody's business, and the container has no way out.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from inference.arrays import PixelsBatch
from inference.contract import EDGE
from inference.errors import ContractBroken, ModelUnreadable
from inference.session import Scores

PIXELS = "pixels"
"""The graph's input: uint8, (N, 28, 28)."""

PROBABILITIES = "probabilities"
"""Its first output: float32, (N, C)."""

DISTANCE = "distance"
"""Its optional second output: float32, (N,), Mahalanobis distance to the nearest class."""

_UNUSABLE = (  # ONNX Runtime's errors have no ancestor of their own
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

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the graph.

        Args:
            path: the `.onnx` file.
            threads: processor threads within one inference. One is right for a server that runs
                as many workers as it has cores: more of them only wait for each other.

        Raises:
            ModelUnreadable: there is no such file, or it is no ONNX graph that is run here.
            ContractBroken: its inputs or outputs are not those named above.
        """
        try:
            self._graph = onnxruntime.InferenceSession(
                path, _options(threads), providers=["CPUExecutionProvider"]
            )
        except _UNUSABLE as error:
            raise ModelUnreadable(
                f"{path}: ONNX Runtime cannot load it ({error}). It must be the model.onnx of a release."
            ) from error
        _check_input(self._graph, path)
        self.outputs = _checked_outputs(self._graph, path)
        given = {output.name for output in self._graph.get_outputs()}
        self._names = [name for name in (PROBABILITIES, DISTANCE) if name in given]
        self._one = _OnePicture(self._graph, self._names)

    def run(self, pixels: PixelsBatch) -> Scores:
        """Score uint8 (N, 28, 28) pixels in one run of the graph.

        Raises:
            ContractBroken: it cannot be run on them, whatever shapes it promised.
        """
        try:
            if len(pixels) == 1:
                probabilities, *distances = self._one.run(pixels)
            else:
                probabilities, *distances = self._graph.run(self._names, {PIXELS: pixels})
        except _UNUSABLE as error:
            raise ContractBroken(f"The graph cannot be run ({error}). Serve another release.") from error
        return Scores(probabilities, distances[0] if distances else None)


class _OnePicture(threading.local):
    """Input and outputs for a single picture, bound once in each thread: 12 us less for most requests."""

    def __init__(self, graph: onnxruntime.InferenceSession, names: list[str]) -> None:
        self._graph = graph
        self._pixels = np.empty((1, EDGE, EDGE), np.uint8)
        shapes = {output.name: (1, *output.shape[1:]) for output in graph.get_outputs()}
        self._outputs = [np.empty(shapes[name], np.float32) for name in names]
        self._bound = graph.io_binding()
        self._bound.bind_input(PIXELS, *_place(self._pixels))
        for name, output in zip(names, self._outputs, strict=True):
            self._bound.bind_output(name, *_place(output))

    def run(self, pixels: PixelsBatch) -> list[NDArray[np.float32]]:
        """The outputs for uint8 (1, 28, 28) pixels, copied, since the next run writes over them."""
        np.copyto(self._pixels, pixels, casting="no")
        self._graph.run_with_iobinding(self._bound)
        return [output.copy() for output in self._outputs]


def _place(array: NDArray[Any]) -> tuple[str, int, type[np.generic], tuple[int, ...], int]:
    """Where an array lies, as ONNX Runtime wants to be told."""
    return "cpu", 0, array.dtype.type, array.shape, array.ctypes.data


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3  # errors: its warnings are about graph rewrites that nobody can act on
    return options


def _check_input(graph: onnxruntime.InferenceSession, path: Path) -> None:
    inputs = [(value.name, value.type, _sizes(value.shape)) for value in graph.get_inputs()]
    if inputs != [(PIXELS, "tensor(uint8)", [None, EDGE, EDGE])]:
        raise ContractBroken(
            f"{path}: the graph's inputs are {inputs}. "
            f"It must have one, `{PIXELS}`, uint8, (N, {EDGE}, {EDGE}) with N left open."
        )


def _checked_outputs(graph: onnxruntime.InferenceSession, path: Path) -> int:
    """How many classes the graph has; refuses any outputs but ours."""
    outputs = {value.name: (value.type, _sizes(value.shape)) for value in graph.get_outputs()}
    match outputs.get(PROBABILITIES):
        case ("tensor(float)", [None, int(classes)]) if outputs.keys() <= {PROBABILITIES, DISTANCE}:
            if outputs.get(DISTANCE, ("tensor(float)", [None])) == ("tensor(float)", [None]):
                return classes
    raise ContractBroken(
        f"{path}: the graph's outputs are {outputs}. It must have `{PROBABILITIES}`, float32, (N, C) with C "
        f"fixed, and may have `{DISTANCE}`, float32, (N,)."
    )


def _sizes(shape: list[int | str | None]) -> list[int | None]:
    """The shape with open dimensions as None; exporters give those names of their own."""
    return [size if isinstance(size, int) else None for size in shape]
