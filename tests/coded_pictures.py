"""HEIC and AVIF uploads, by the encoders of three libraries."""

import io

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Picture
from tests.pictures import encoded, exif

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def heic(samples: NDArray[np.generic], orientation: int = 1, **options: object) -> bytes:
    """By x265 of pillow-heif: grey, RGB or RGBA; 16 bits become 10. `tile_size` makes a grid."""
    channels = samples.shape[2] if samples.ndim == 3 else 1
    mode = _MODES[channels] + (";16" if samples.dtype == np.uint16 else "")
    turned = {} if orientation == 1 else {"exif": b"Exif\0\0" + exif(orientation)}
    chosen = {"quality": 95, "chroma": 444, **turned, **options}
    file = io.BytesIO()
    pillow_heif.encode(mode, samples.shape[1::-1], samples.tobytes(), file, **chosen)
    return file.getvalue()


def avif(samples: NDArray[np.generic], depth: int = 8) -> bytes:
    """By OpenCV; quality 100 is lossless."""
    return encoded(".avif", samples, cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, depth)


def avif_turned(picture: Picture, orientation: int) -> bytes:
    """By Pillow, which writes irot and imir."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "AVIF", quality=90, subsampling="4:4:4", exif=exif(orientation))
    return file.getvalue()
