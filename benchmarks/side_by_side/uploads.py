"""What is sent: small and large, as files and as numbers. Reads examples/; draws the rest.

How a peer wants it wrapped is forms.py's affair.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

EXAMPLES = Path(__file__).parents[2] / "examples"

CHECKED = ("ankle-boot.png", "trouser.png", "bag.png")
"""Pictures of Fashion-MNIST, 28 x 28, grey: every peer has to see the same in them as we do."""

CONNECTIONS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"png": (1, 8, 64), "multipart": (8, 64), "jpeg": (8, 64), "jpeg-12mp": (1, 8), "pixels": (8, 64)}
)
"""Kinds of upload, and by how many connections each is sent if nothing else is asked for.

`multipart` and `pixels` carry the same picture as `png`. Parsing them costs the same on one connection as on
eight, and a dozen megapixels on 64 do nothing but queue.
"""

UPLOADS: Final = tuple(CONNECTIONS)

THUMBNAIL = (80, 60)
LARGE = (4000, 3000)
"""Height and width in pixels."""

JPEG_QUALITY = 90
SENSOR_NOISE = 3.0
"""Standard deviation in grey levels, so that a JPEG of a flat ground is not cheaper than a photo."""


@cache
def picture_for(upload: str) -> bytes:
    """The file that this kind of upload carries."""
    if upload == "jpeg":
        return _photo(THUMBNAIL, 0.0)
    if upload == "jpeg-12mp":
        return _photo(LARGE, SENSOR_NOISE)
    return (EXAMPLES / CHECKED[0]).read_bytes()


def checked_pictures() -> list[bytes]:
    """The files that a peer is checked with."""
    return [(EXAMPLES / name).read_bytes() for name in CHECKED]


def _photo(size: tuple[int, int], noise: float) -> bytes:
    """The ankle boot as a shop would show it, dark on white, as a JPEG of that height and width."""
    boot = cv2.imread(str(EXAMPLES / CHECKED[0]), cv2.IMREAD_GRAYSCALE)
    assert boot is not None
    height, width = size
    large = cv2.resize(255 - boot, (width * 3 // 4, width * 3 // 4), interpolation=cv2.INTER_CUBIC)
    picture = np.full((height, width), 255.0)
    top, left = (height - large.shape[0]) // 2, (width - large.shape[1]) // 2
    picture[top : top + large.shape[0], left : left + large.shape[1]] = large
    grain = np.random.default_rng(0).normal(0, noise, size)
    coloured = np.clip((picture + grain)[..., None] * (0.95, 0.97, 1.0), 0, 255).astype(np.uint8)
    written, upload = cv2.imencode(".jpg", coloured, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert written
    return upload.tobytes()
