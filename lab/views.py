"""Change a picture at random: what a training sees of one photo. Pure functions of arrays."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Picture

CROPPED: Final = (0.6, 1.0)
"""Share of the area that a crop keeps."""
ASPECT: Final = 0.1
"""Relative, each way, by which a crop is wider than high."""
TURN: Final = 10.0
"""Degrees, each way."""
ERASED: Final = (0.02, 0.2)
"""Share of the area that is erased in a quarter of the pictures."""
LIGHT: Final = 0.15
CHANNEL: Final = 0.05
"""Relative, each way."""
BLUR_SIGMA: Final = (0.006, 0.019)
"""Of the edge."""
JPEG_QUALITY: Final = (30, 90)


def changed(picture: Picture, edge: int, rng: np.random.Generator, *, cropped: bool = True) -> Picture:
    """Crop, flip, turn, light, blur, compress and erase: uint8 (edge, edge, 3) of a square picture.

    Args:
        picture: uint8 (H, H, 3).
        edge: of the result.
        rng: from which everything is drawn.
        cropped: whether it is cropped; else the whole picture stays, with its aspect.
    """
    picture = framed(picture, edge, rng, cropped=cropped)
    light = (1 + rng.uniform(-LIGHT, LIGHT)) * (1 + rng.uniform(-CHANNEL, CHANNEL, 3))
    picture = np.minimum(picture * light.astype(np.float32), 255).astype(np.uint8)
    if rng.random() < 0.15:
        sigma = edge * rng.uniform(*BLUR_SIGMA)
        picture = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.uint8, copy=False)
    if rng.random() < 0.15:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))]
        written = cv2.imencode(".jpg", picture, quality)[1]
        picture = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)
    if rng.random() < 0.25:
        _erase(picture, rng)
    return picture


def framed(picture: Picture, edge: int, rng: np.random.Generator, *, cropped: bool) -> NDArray[np.uint8]:
    """Crop if asked, flip, turn and scale in one step: uint8 (edge, edge, 3) of a square picture."""
    whole = len(picture)
    side = whole * (np.sqrt(rng.uniform(*CROPPED)) if cropped else 1.0)
    aspect = 1 + (rng.uniform(-ASPECT, ASPECT) if cropped else 0.0)
    across, down = edge / min(side * aspect, whole), edge / min(side / aspect, whole)
    middle = whole / 2 + rng.uniform(-1, 1, 2) * (whole - side) / 2
    angle = np.radians(rng.uniform(-TURN, TURN))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    linear = np.diag([across * mirror, down]) @ turn
    matrix = np.column_stack([linear, edge / 2 - linear @ middle])
    return cv2.warpAffine(picture, matrix, (edge, edge), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _erase(picture: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Fill a rectangle with one colour, in place (Zhong et al. 2017, arXiv 1708.04896)."""
    edge = len(picture)
    area, aspect = rng.uniform(*ERASED) * edge**2, np.exp(rng.uniform(-1, 1))
    height, width = int(min(edge - 1, np.sqrt(area * aspect))), int(min(edge - 1, np.sqrt(area / aspect)))
    top, left = int(rng.integers(edge - height)), int(rng.integers(edge - width))
    picture[top : top + height, left : left + width] = rng.integers(0, 256, 3)
