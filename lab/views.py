"""Change a photo at random for a training: crop, turn or light it, or lay its garment on another ground."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture
from inference.contract import Imaging
from inference.pictures.border import mask_garment, measure_border
from inference.pictures.framing import find_bounding_box, shrink_to_edge

CROPPED: Final = (0.6, 1.0)
"""Range of the share of the area that a crop keeps."""
ASPECT: Final = 0.1
"""Largest relative difference between width and height of a crop."""
TURN: Final = 10.0
"""Largest angle by which a picture is turned, in degrees, to either side."""
ERASED: Final = (0.02, 0.2)
"""Range of the share of the area that is erased in a quarter of the pictures."""
LIGHT: Final = 0.15
"""Largest relative change of the light."""
CHANNEL: Final = 0.05
"""Largest relative change of each colour channel."""
BLUR_SIGMA: Final = (0.006, 0.019)
"""Range of the standard deviation of the blur, as a share of the edge."""
JPEG_QUALITY: Final = (30, 90)
"""Range of the quality with which some views are compressed."""

EDGE: Final = 240
"""Height and width in pixels of a garment on another ground, before it is stored."""

STRIP: Final = (0.1, 0.2)
"""Range of the share of a photo's edge that is taken for its ground.

People keep what they show off the border.
"""

FILLED: Final = (0.55, 0.95)
"""Range of the share of EDGE that the longest edge of the garment takes."""

SHADOW: Final = 0.35
"""Darkest shadow around a garment that lies on a ground, as a share of the light."""


def change_view(picture: Picture, edge: int, rng: np.random.Generator, *, cropped: bool = True) -> Picture:
    """Crop, flip, turn, light, blur, compress and erase a square picture, each at random.

    Args:
        picture: uint8 (H, H, 3).
        edge: the height and width of the result.
        rng: the generator from which everything is drawn.
        cropped: whether the picture is cropped. Otherwise the whole picture stays, with its aspect.

    Returns:
        uint8 (edge, edge, 3).
    """
    picture = frame_view(picture, edge, rng, cropped=cropped)
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
        _erase_rectangle(picture, rng)
    return picture


def frame_view(picture: Picture, edge: int, rng: np.random.Generator, *, cropped: bool) -> NDArray[np.uint8]:
    """Crop a square picture if asked, flip, turn and scale it at once: uint8 (edge, edge, 3)."""
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


def _erase_rectangle(picture: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Fill a rectangle with one colour, in place (Zhong et al. 2017, arXiv 1708.04896)."""
    edge = len(picture)
    area = rng.uniform(*ERASED) * edge**2
    aspect = np.exp(rng.uniform(-1, 1))
    height, width = int(min(edge - 1, np.sqrt(area * aspect))), int(min(edge - 1, np.sqrt(area / aspect)))
    top, left = int(rng.integers(edge - height)), int(rng.integers(edge - width))
    picture[top : top + height, left : left + width] = rng.integers(0, 256, 3)


def lay_on_ground(picture: Picture, beneath: Picture, rng: np.random.Generator) -> Picture | None:
    """Return a garment on another photo's ground, uint8 (EDGE, EDGE, 3); None if its own is not plain."""
    garment = cut_garment(shrink_to_edge(picture, EDGE))
    return None if garment is None else _lay_garment(_make_ground(beneath, rng), *garment, rng)


def cut_garment(picture: Picture) -> tuple[Picture, Mask] | None:
    """Return a garment and its mask, cropped and without holes; None if tiny, or the ground is not plain."""
    border = measure_border(picture, Imaging().border_tolerance)
    mask = mask_garment(picture, border.colour, border.tolerance)
    box = find_bounding_box(mask)
    if box is None or not border.is_plain() or min(mask[box].shape) < EDGE // 25:
        return None
    outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    cv2.drawContours(mask, outlines, -1, 255, cv2.FILLED)
    return picture[box], mask[box]


def _make_ground(photo: Picture, rng: np.random.Generator) -> Picture:
    """Return a ground, uint8 (EDGE, EDGE, 3).

    It is a strip of a photo's border, mirrored until it fills the square.
    """
    strip = np.rot90(photo, int(rng.integers(4)))
    strip = strip[: max(4, int(len(strip) * rng.uniform(*STRIP)))]
    more = [(0, max(0, EDGE - length)) for length in strip.shape[:2]]
    strip = np.pad(strip, [*more, (0, 0)], "symmetric")
    top, left = (int(rng.integers(length - EDGE + 1)) for length in strip.shape[:2])
    return np.ascontiguousarray(np.rot90(strip[top : top + EDGE, left : left + EDGE], int(rng.integers(4))))


def _lay_garment(ground: Picture, garment: Picture, mask: Mask, rng: np.random.Generator) -> Picture:
    """Return a garment somewhere on a ground, with a soft edge and a soft shadow."""
    scale = rng.uniform(*FILLED) * EDGE / max(mask.shape)
    height, width = (max(8, round(length * scale)) for length in mask.shape)
    top, left = (int(rng.integers(EDGE - length + 1)) for length in (height, width))
    inside = slice(top, top + height), slice(left, left + width)
    over = np.zeros_like(ground)
    where = np.zeros((EDGE, EDGE), np.uint8)
    over[inside], where[inside] = (cv2.resize(image, (width, height)) for image in (garment, mask))
    cover = cv2.GaussianBlur(where, (3, 3), 0)[..., None] / 255.0
    shadow = cv2.GaussianBlur(where, (15, 15), 0)[..., None] / 255.0 * rng.uniform(0, SHADOW)
    return (ground * (1 - shadow) * (1 - cover) + over * cover).astype(np.uint8)
