"""What clients send: one known picture in every form that the service takes."""

import base64
import io
import zipfile

import cv2
import numpy as np

from inference.arrays import Pixels


def a_garment(seed: int = 0) -> Pixels:
    """Pixels that no two seeds share: a light shape on black with some texture."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 6:22] = random.integers(60, 255, (20, 16))
    return pixels


def png(pixels: Pixels) -> bytes:
    """A PNG of whatever shape OpenCV takes."""
    encoded, upload = cv2.imencode(".png", pixels)
    assert encoded
    return upload.tobytes()


def in_base64(upload: bytes) -> str:
    return base64.b64encode(upload).decode()


def zipped(method: int = zipfile.ZIP_DEFLATED, /, **members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


UPLOAD = png(a_garment())
