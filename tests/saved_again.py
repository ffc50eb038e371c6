"""A photo as it comes back when a program has saved it again: other bytes, nearly the same picture."""

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from PIL import Image

from inference.arrays import Picture

ORIENTATION = 0x0112
"""Of EXIF; 6 turns the stored picture a quarter clockwise."""


def as_jpeg(picture: Picture, orientation: int = 1) -> bytes:
    """At quality 80, as shops save thumbnails."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(picture).save(file, "JPEG", quality=80, exif=exif)
    return file.getvalue()


def _scaled(picture: Picture) -> bytes:
    height, width = picture.shape[:2]
    smaller = cv2.resize(picture, (int(0.8 * width), int(0.8 * height)), interpolation=cv2.INTER_AREA)
    return as_jpeg(smaller.astype(np.uint8, copy=False))


def _bordered(picture: Picture) -> bytes:
    """At four times the size, as photos have it, a white line of a pixel around it."""
    larger = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    return as_jpeg(np.pad(larger, ((1, 1), (1, 1), (0, 0)), constant_values=255).astype(np.uint8, copy=False))


def _as_png(picture: Picture) -> bytes:
    """Of a JPEG, whose losses it keeps."""
    file = io.BytesIO()
    Image.open(io.BytesIO(as_jpeg(picture))).save(file, "PNG")
    return file.getvalue()


SAVED_AGAIN: Mapping[str, Callable[[Picture], bytes]] = {
    "JPEG for PNG": as_jpeg,
    "PNG for JPEG": _as_png,
    "scaled": _scaled,
    "turned by EXIF": lambda picture: as_jpeg(np.rot90(picture).copy(), orientation=6),
    "a thin border": _bordered,
}
"""By what was done to it."""
