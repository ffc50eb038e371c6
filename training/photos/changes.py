"""Change a photo: another camera, another light, another upload of the same garment.

Pure functions of a picture and a random generator; each takes and returns uint8 (H, W, 3), RGB. Other
grounds: compositions.py. Their user: variants.py.
"""

from typing import Final

import cv2
import numpy as np

from inference.arrays import Picture
from inference.garment.border import Colour

TURN: Final = 12.0
"""Degrees, each way: people tilt a phone a little, and do not photograph clothes upside down."""

STRETCH: Final = 0.1
"""Relative, each way and axis: a garment seen at a slant is shorter."""

CROPPED: Final = 0.08
"""Share of an edge, at most: a garment that runs out of the picture a little is still that garment."""

HEADLESS: Final = 0.25
"""Share of the height, at most, that is cut off above: on photos of people the head is often missing."""

GAMMA: Final = (0.65, 1.5)
CONTRAST: Final = (0.75, 1.15)
BRIGHTNESS: Final = 20.0
"""Of 255, each way."""
CAST: Final = 0.08
"""Relative, each way and channel: what a lamp's colour does that white balance left."""

SHADE: Final = (0.1, 0.6)
"""Relative difference in light between two sides of a room's photo."""

SMALLEST: Final = 40
"""Pixels of the longest edge: a thumbnail, and little more than a model sees."""
LARGEST: Final = 160

JPEG_QUALITY: Final = (25, 85)
"""From a forwarded picture's to a camera's."""


def warped(picture: Picture, ground: Colour | None, rng: np.random.Generator) -> Picture:
    """Turn and stretch about the middle.

    Args:
        picture: the photo.
        ground: what comes in at the edges; None mirrors the picture there.
        rng: decides how much.
    """
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-TURN, TURN), 1.0)
    across, down = rng.uniform(1 - STRETCH, 1 + STRETCH, 2)
    matrix = np.diag([across, down]) @ turn
    matrix[:, 2] += (width / 2 * (1 - across), height / 2 * (1 - down))
    border = cv2.BORDER_REFLECT if ground is None else cv2.BORDER_CONSTANT
    filling = (0.0, 0.0, 0.0) if ground is None else tuple(map(float, ground))
    moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=border, borderValue=filling)
    return moved.astype(np.uint8, copy=False)


def cropped(picture: Picture, rng: np.random.Generator) -> Picture:
    """Cut a little off each side."""
    height, width = picture.shape[:2]
    top, bottom = (int(height * share) for share in rng.uniform(0, CROPPED, 2))
    left, right = (int(width * share) for share in rng.uniform(0, CROPPED, 2))
    return picture[top : height - bottom, left : width - right]


def headless(picture: Picture, rng: np.random.Generator) -> Picture:
    """Cut some of the height off above."""
    return picture[int(len(picture) * rng.uniform(0, HEADLESS)) :]


def toned(picture: Picture, rng: np.random.Generator) -> Picture:
    """Other exposure, contrast, brightness and colour cast."""
    curved = 255 * (picture / 255.0) ** rng.uniform(*GAMMA)
    middle = 128.0
    light = (curved - middle) * rng.uniform(*CONTRAST) + middle + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    return _as_picture(light * rng.uniform(1 - CAST, 1 + CAST, 3))


def shaded(picture: Picture, rng: np.random.Generator) -> Picture:
    """Light from one side."""
    height, width = picture.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    across = (np.arange(width) / width - 0.5) * np.cos(angle)
    down = (np.arange(height) / height - 0.5) * np.sin(angle)
    slope = (across + down[:, None]) * rng.uniform(*SHADE)
    return _as_picture(picture * (1 + slope[..., None]))


def _as_picture(light: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Picture:
    return np.clip(light, 0, 255).astype(np.uint8)


def resampled(picture: Picture, rng: np.random.Generator) -> Picture:
    """Smaller, as image software makes it; a picture that is small already stays as it is."""
    height, width = picture.shape[:2]
    scale = rng.uniform(SMALLEST, LARGEST) / max(height, width)
    how = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST]))
    if scale >= 1:
        return picture
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return cv2.resize(picture, size, interpolation=how).astype(np.uint8, copy=False)


def recompressed(picture: Picture, rng: np.random.Generator) -> Picture:
    """Through JPEG once more."""
    quality = int(rng.integers(*JPEG_QUALITY))
    # OpenCV writes BGR and reads RGB here, so that nothing changes places but what JPEG loses.
    written = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR_RGB), np.uint8)
