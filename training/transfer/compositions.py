"""Lay a garment of a shop's photo on the ground of a cluttered one.

Grounds are strips along the border of users' photos, which show floor, bed or wall and no garment. Pure
functions of arrays and a random generator. Their user: pretraining_photos.py.
"""

from typing import Final

import cv2
import numpy as np

from inference.arrays import Mask, Picture

EDGE: Final = 200
"""Height and width of a composition, in pixels."""

STRIP: Final = (0.1, 0.2)
"""Share of a photo's edge that is taken for its ground: people keep what they show off the border."""

FILLED: Final = (0.55, 0.95)
"""Share of the composition's edge that the garment's longest edge takes."""

SHADOW: Final = 0.35
"""The darkest shadow around a garment that lies somewhere, as a share of the light."""

CutOut = Picture
"""A garment without its ground, (H, W, 4): RGB, and 0..255 where the garment is."""


def cut_out(picture: Picture, mask: Mask) -> CutOut:
    """A garment without its ground and what surrounds it: a picture (H, W, 3) and its mask (H, W)."""
    return trimmed(np.dstack([picture, mask]))


def trimmed(cut: CutOut) -> CutOut:
    """Without what surrounds the garment."""
    hard = cv2.threshold(cut[..., 3], 127, 255, cv2.THRESH_BINARY)[1]
    left, top, width, height = cv2.boundingRect(hard)
    return np.ascontiguousarray(cut[top : top + max(1, height), left : left + max(1, width)])


def _scaled(cut: CutOut, across: float, down: float) -> CutOut:
    """Larger or smaller by these factors; at least 8 pixels, or nothing would be left to see."""
    height, width = cut.shape[:2]
    size = (max(8, round(width * across)), max(8, round(height * down)))
    how = cv2.INTER_AREA if across * down < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)


def texture(photo: Picture, rng: np.random.Generator) -> Picture:
    """A ground, uint8 (EDGE, EDGE, 3): a strip of a photo's border, mirrored until it fills."""
    strip = np.rot90(photo, int(rng.integers(4)))
    strip = strip[: max(4, int(len(strip) * rng.uniform(*STRIP)))]
    while len(strip) < EDGE:
        strip = np.vstack([strip, strip[::-1]])
    while strip.shape[1] < EDGE:
        strip = np.hstack([strip, strip[:, ::-1]])
    top, left = (int(rng.integers(length - EDGE + 1)) for length in strip.shape[:2])
    return np.ascontiguousarray(np.rot90(strip[top : top + EDGE, left : left + EDGE], int(rng.integers(4))))


def laid_on(ground: Picture, cut: CutOut, rng: np.random.Generator) -> Picture:
    """A garment somewhere on a ground."""
    scale = rng.uniform(*FILLED) * EDGE / max(cut.shape)
    sized = _scaled(cut, scale, scale)
    top, left = (int(rng.uniform(0, max(0, EDGE - length) + 1)) for length in sized.shape[:2])
    return _lay(ground, sized, top, left, rng)


def _lay(ground: Picture, cut: CutOut, top: int, left: int, rng: np.random.Generator) -> Picture:
    """The garment over the ground, its edge and a shadow soft; what lies outside is cut off."""
    height, width = cut.shape[:2]
    rows, columns = slice(max(0, top), top + height), slice(max(0, left), left + width)
    darkness = rng.uniform(0, SHADOW)
    under = ground[rows, columns]
    if not under.size:
        return ground
    inside = cut[rows.start - top :, columns.start - left :][: under.shape[0], : under.shape[1]]
    mask, garment = np.ascontiguousarray(inside[..., 3]), inside[..., :3]
    cover = cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / 255.0
    shadow = cv2.GaussianBlur(mask, (15, 15), 0)[..., None] / 255.0 * darkness
    laid = ground.copy()
    laid[rows, columns] = (under * (1 - shadow) * (1 - cover) + garment * cover).astype(np.uint8)
    return laid
