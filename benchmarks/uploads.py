"""What is sent: pictures of Fashion-MNIST, and JPEGs drawn from them. Reads examples/."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parent.parent / "examples"

CHECKED = ("ankle-boot.png", "trouser.png", "bag.png")
"""Pictures of Fashion-MNIST, 28 x 28, grey: every peer has to see the same in them as we do."""

CONNECTIONS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "png": (1, 8, 64),
        "multipart": (8, 64),
        "jpeg": (8, 64),
        "jpeg-12mp": (1, 8),
        "pixels": (8, 64),
        "photo": (1, 8),
        "photo-12mp": (1, 8),
    }
)
"""Kinds of upload, and by how many connections each is sent if nothing else is asked for.

`multipart` and `pixels` carry the same picture as `png`, `photo-12mp` the same as `jpeg-12mp`. What peers do
with `photo` and `photo-12mp` is what we do: they answer by the network for photos.
"""

UPLOADS: Final = tuple(CONNECTIONS)

PHOTOS: Final = ("photo", "photo-12mp")

SIZES: Final = MappingProxyType(
    {"jpeg": (80, 60), "jpeg-12mp": (4000, 3000), "photo": (533, 400), "photo-12mp": (4000, 3000)}
)
"""Height and width in pixels."""

JPEG_QUALITY = 90
SENSOR_NOISE = 3.0
"""Standard deviation in grey levels, so that a JPEG of a flat ground is not cheaper than a photo."""

TINT = (0.95, 0.97, 1.0)
"""Blue, green, red: the ground is not quite white."""


@cache
def picture_for(upload: str) -> bytes:
    """The file that this kind of upload carries."""
    if upload not in SIZES:
        return (EXAMPLES / CHECKED[0]).read_bytes()
    photo = shop_photo(*SIZES[upload])[..., None] * TINT
    return encoded(photo, ".jpg", 0.0 if upload == "jpeg" else SENSOR_NOISE)


def checked_pictures() -> list[bytes]:
    """The files that a peer is checked with."""
    return [(EXAMPLES / name).read_bytes() for name in CHECKED]


def shop_photo(height: int, width: int) -> NDArray[np.uint8]:
    """The ankle boot as a shop would show it, dark on white: grey, (height, width)."""
    boot = cv2.imread(str(EXAMPLES / CHECKED[0]), cv2.IMREAD_GRAYSCALE)
    assert boot is not None
    framed = np.pad(255 - boot, ((10, 10), (3, 3)), constant_values=255)
    return np.asarray(cv2.resize(framed, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def encoded(picture: NDArray[Any], suffix: str, noise: float = 0.0) -> bytes:
    """A picture as a file, with noise of that standard deviation, the same every time."""
    grain = np.random.default_rng(0).normal(0, noise, picture.shape)
    noisy = np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else []
    written, upload = cv2.imencode(suffix, noisy, quality)
    assert written
    return upload.tobytes()
