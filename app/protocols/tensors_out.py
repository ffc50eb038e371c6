"""Predictions as tensors of the Open Inference Protocol, in JSON or as bytes behind it.

Pure. Binary tensors are little-endian and row by row; each element of BYTES begins with its length (Triton's
extension_binary_data.md).
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.protocols.tensors_in import LENGTH_BYTES, Wanted
from inference.arrays import Probabilities
from inference.classifier import Prediction
from inference.contract import ModelContract

OUTPUTS: dict[str, tuple[str, Callable[[Prediction], Any]]] = {
    "probabilities": ("FP32", lambda prediction: prediction.probabilities),
    "label": ("BYTES", lambda prediction: prediction.label),
    "confidence": ("FP32", lambda prediction: prediction.confidence),
    "familiarity": ("FP32", lambda prediction: prediction.familiarity),
    "decision": ("BYTES", lambda prediction: prediction.decision),
    "reason": ("BYTES", lambda prediction: prediction.reason or ""),
}
"""Each output with its datatype, and where a prediction holds it."""


def offered_outputs(contract: ModelContract) -> tuple[str, ...]:
    """The outputs of a model: all, but familiarity where it measures none."""
    return tuple(name for name in OUTPUTS if name != "familiarity" or contract.familiarity is not None)


def shape_of(name: str, contract: ModelContract) -> list[int]:
    """The shape of an output behind the number of pictures."""
    return [len(contract.labels)] if name == "probabilities" else []


def encode(
    head: dict[str, Any],
    predictions: Sequence[Prediction],
    outputs: Sequence[Wanted],
    labels: tuple[str, ...],
) -> tuple[bytes, int | None]:
    """The body of an answer.

    Args:
        head: what stands beside `outputs`.
        predictions: one for each picture.
        outputs: which tensors to write, in this order.
        labels: in index order.

    Returns:
        the body, and the length of its JSON if binary tensors follow it.
    """
    tensors, binaries = [], []
    for wanted in outputs:
        datatype, values, shape = _values(wanted, predictions, labels)
        tensor = {"name": wanted.name, "datatype": datatype, "shape": shape}
        if wanted.binary:
            binaries.append(_packed(values))
            tensors.append(tensor | {"parameters": {"binary_data_size": len(binaries[-1])}})
        else:
            tensors.append(tensor | {"data": values.tolist()})
    header = json.dumps(head | {"outputs": tensors}, separators=(",", ":")).encode()
    return b"".join((header, *binaries)), len(header) if binaries else None


def _values(
    wanted: Wanted, predictions: Sequence[Prediction], labels: tuple[str, ...]
) -> "tuple[str, np.ndarray[Any, Any], list[int]]":
    """Datatype, values in one row, and shape."""
    if wanted.top is not None:
        top = min(wanted.top, len(labels))
        named = [text for one in predictions for text in _likeliest(one.probabilities, labels, top)]
        return "BYTES", np.array(named, np.object_), [len(predictions), top]
    datatype, of = OUTPUTS[wanted.name]
    values = np.array([of(one) for one in predictions], np.float32 if datatype == "FP32" else np.object_)
    return datatype, values.ravel(), list(values.shape)


def _likeliest(probabilities: Probabilities, labels: tuple[str, ...], count: int) -> list[str]:
    """Triton's `value:index:label`, likeliest first, the lower index first among equals."""
    order = (-probabilities).argsort(kind="stable")[:count]
    return [f"{probabilities[index]:.6f}:{index}:{labels[index]}" for index in order]


def _packed(values: "np.ndarray[Any, Any]") -> bytes:
    if values.dtype == np.float32:
        return values.astype("<f4").tobytes()
    texts = [text.encode() for text in values]
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)
