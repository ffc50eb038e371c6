"""What a peer written by hand does with a photo: Pillow reads it, the serving graph for photos answers.

As short examples do it: a JPEG is decoded at a fraction of its size (`draft`), one resize with its aspect
kept, black around it. Runs in a peer's own environment: imports nothing of ours, and reads the bundled
release.
"""

import io
import json

import numpy as np
import onnxruntime
from clothing import LABELS, RELEASE
from PIL import Image, ImageOps

NETWORKS = json.loads((RELEASE / "manifest.json").read_text("utf-8"))["networks"]
EDGE = NETWORKS["photos"]["contract"]["input"]["shape"][0]


class PhotoModel:
    """The network of the bundled release that answers photos, with one thread."""

    def __init__(self) -> None:
        """Load it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            RELEASE / "photos.onnx", options, providers=["CPUExecutionProvider"]
        )

    def classify(self, upload: bytes) -> dict[str, object]:
        """The label and all probabilities of an uploaded photo."""
        opened = Image.open(io.BytesIO(upload))
        opened.draft("RGB", (EDGE, EDGE))
        photo = ImageOps.pad(ImageOps.exif_transpose(opened).convert("RGB"), (EDGE, EDGE))
        (scores,) = self._session.run(["probabilities"], {"pixels": np.asarray(photo)[None]})[0]
        return {
            "label": LABELS[int(scores.argmax())],
            "probabilities": dict(zip(LABELS, scores.tolist(), strict=True)),
        }
