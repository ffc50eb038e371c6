"""The serving graph in eight bits: smaller, and only kept if it answers as the float32 graph does.

Static quantisation of the convolutions and matrix products that lead to the probabilities; the distance stays
float32. Scales are calibrated on training pictures (Jacob et al. 2017, arXiv 1712.05877). Rewrites one file.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from inference.arrays import PixelsBatch, Probabilities
from inference.onnx_session import PIXELS, PROBABILITIES, OnnxSession
from training.data.datasets import LabelledImages
from training.errors import ParityFailed
from training.untyped import Graph

CALIBRATION_PICTURES: Final = 1000
CALIBRATION_BATCH: Final = 100

SAME_LABELS: Final = 0.999
"""Share of pictures that must keep their label."""

ACCURACY_TOLERANCE: Final = 0.0005
"""Largest change of the accuracy, either way: 0.05 point."""


def quantise(path: Path, train: LabelledImages, held_out: LabelledImages) -> None:
    """Replace a serving graph by its eight-bit form.

    Args:
        path: the graph; left as it was when its eight-bit form is refused.
        train: the first CALIBRATION_PICTURES of it set the scales.
        held_out: what both forms are compared on.

    Raises:
        ParityFailed: see `check_same_answers`.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        small = Path(scratch) / "small.onnx"
        write_eight_bit(path, small, train.images[:CALIBRATION_PICTURES])
        check_same_answers(
            OnnxSession(path).run(held_out.images).probabilities,
            OnnxSession(small).run(held_out.images).probabilities,
            held_out.labels,
        )
        small.replace(path)


def write_eight_bit(path: Path, small: Path, images: PixelsBatch) -> None:
    """Write the eight-bit form of a serving graph, whatever it may answer.

    Args:
        path: the float32 graph.
        small: where its eight-bit form goes.
        images: uint8 (N, 28, 28), of the training set; they set the scales.
    """
    prepared = small.with_name("prepared.onnx")
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        small,
        _Pictures(images),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "MatMul", "Gemm"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=independent_of(onnx.load(prepared), PROBABILITIES),
    )


class _Pictures(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Hands training pictures to the calibration, batch by batch."""

    def __init__(self, images: PixelsBatch) -> None:
        self._batches: Iterator[PixelsBatch] = iter(
            [images[at : at + CALIBRATION_BATCH] for at in range(0, len(images), CALIBRATION_BATCH)]
        )

    def get_next(self) -> dict[str, PixelsBatch] | None:
        batch = next(self._batches, None)
        return None if batch is None else {PIXELS: batch}


def independent_of(graph: Graph, output: str) -> list[str]:
    """Names of the nodes that one output does not depend on."""
    makers = {name: node for node in graph.graph.node for name in node.output}
    needed, waiting = set(), [output]
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is not None and maker.name not in needed:
            needed.add(maker.name)
            waiting += maker.input
    return [node.name for node in graph.graph.node if node.name not in needed]


def check_same_answers(full: Probabilities, small: Probabilities, labels: NDArray[np.uint8]) -> None:
    """Compare an eight-bit graph's answers with the float32 graph's.

    Args:
        full: float32 (N, C), of the float32 graph.
        small: float32 (N, C), of the eight-bit one.
        labels: uint8 (N,), the truth.

    Raises:
        ParityFailed: fewer than SAME_LABELS of the labels agree, or the accuracies differ by more than
            ACCURACY_TOLERANCE.
    """
    before, after = full.argmax(axis=1), small.argmax(axis=1)
    same = float(np.mean(before == after))
    change = float(np.mean(after == labels) - np.mean(before == labels))
    if same < SAME_LABELS or abs(change) > ACCURACY_TOLERANCE:
        raise ParityFailed(
            f"In eight bits the graph keeps {same:.2%} of its labels ({SAME_LABELS:.1%} is asked) and its "
            f"accuracy changes by {100 * change:+.2f} points ({100 * ACCURACY_TOLERANCE:g} is allowed). "
            "Train without --quantise."
        )
