"""Pixels as a PNG file, so that people can look at what the model saw.

Bytes in memory only. The way back is decode.py, which takes such a file as it is.
"""

import cv2

from inference.arrays import Pixels


def pixels_to_png(pixels: Pixels) -> bytes:
    """Encode uint8 (28, 28) pixels as an 8-bit grey PNG; decoding it gives the same pixels."""
    _, encoded = cv2.imencode(".png", pixels)
    return encoded.tobytes()
