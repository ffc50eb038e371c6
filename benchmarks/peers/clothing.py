"""What every peer does with an upload: decode it in grey, shrink it, run the serving graph, name the class.

Written once and plainly, so that peers differ in their server alone. Runs in each peer's own environment:
imports nothing of ours, and reads the bundled release. One session of one thread in each process, as the
service has. Whole photos, for the network that answers photos: photo.py.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it is read as ONNX Runtime is imported

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

RELEASE = Path(__file__).parents[2] / "model_store" / "bundled"

EDGE = 28

LABELS = json.loads((RELEASE / "report.json").read_text("utf-8"))["labels"]

Pixels = NDArray[np.uint8]


def pixels_of(upload: bytes) -> Pixels:
    """Decode a picture to uint8 (28, 28) as short examples do: grey, shrunk, neither trimmed nor negated."""
    picture = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError("no picture")
    if picture.shape != (EDGE, EDGE):
        picture = cv2.resize(picture, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)


class Model:
    """The serving graph of the bundled release."""

    def __init__(self) -> None:
        """Load it with one thread: there are as many processes as cores."""
        cv2.setNumThreads(1)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            RELEASE / "model.onnx", options, providers=["CPUExecutionProvider"]
        )

    def classify(self, pixels: Pixels) -> dict[str, object]:
        """The label and all probabilities of uint8 (28, 28) pixels."""
        scores = self._session.run(["probabilities"], {"pixels": pixels[None]})[0][0]
        return {
            "label": LABELS[int(scores.argmax())],
            "probabilities": dict(zip(LABELS, scores.tolist(), strict=True)),
        }

    def classify_upload(self, upload: bytes) -> dict[str, object]:
        """The same, of a picture as it was uploaded."""
        return self.classify(pixels_of(upload))

    def classify_rows(self, rows: list[list[int]]) -> dict[str, object]:
        """The same, of 28 rows of 28 numbers."""
        return self.classify(np.array(rows, np.uint8))
