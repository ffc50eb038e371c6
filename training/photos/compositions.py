"""Lay a garment on another ground: from a product shot, or from the training set.

Grounds are strips along the border of cluttered photos, which show floor, bed or wall and no garment. Users
photograph garments on such grounds; shops do not. Pure functions of arrays and a random generator. Their
user: variants.py.
"""

from typing import Final

import cv2
import numpy as np

from inference.arrays import Mask, Picture, Pixels
from inference.garment.segmentation import filled

EDGE: Final = 200
"""Height and width of a composition, in pixels: seven for each one that a model sees."""

STRIP: Final = (0.1, 0.2)
"""Share of a photo's edge that is taken for its ground: people keep what they show off the border."""

FILLED: Final = (0.55, 0.95)
"""Share of the composition's edge that the garment's longest edge takes."""

SHADOW: Final = 0.35
"""The darkest shadow around a garment that lies somewhere, as a share of the light."""

APART: Final = 0.75
"""Share of the composition's edge that one shoe of a pair takes at most."""

TINT: Final = 0.55
"""The least light of a channel, of the strongest one's: clothes have colours, the training set has none."""


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


def mirrored(cut: CutOut) -> CutOut:
    """Left to right."""
    return np.ascontiguousarray(cut[:, ::-1])


def _scaled(cut: CutOut, across: float, down: float) -> CutOut:
    """Larger or smaller by these factors; at least 8 pixels, or nothing would be left to see."""
    height, width = cut.shape[:2]
    size = (max(8, round(width * across)), max(8, round(height * down)))
    how = cv2.INTER_AREA if across * down < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)


def turned(cut: CutOut, degrees: float) -> CutOut:
    """Turned about its middle, as large as that takes."""
    height, width = cut.shape[:2]
    edge = int(np.hypot(height, width)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += (edge / 2 - width / 2, edge / 2 - height / 2)
    return trimmed(np.asarray(cv2.warpAffine(cut, matrix, (edge, edge)), np.uint8))


def garment_of(pixels: Pixels, rng: np.random.Generator) -> CutOut:
    """A garment of the training set, enlarged, dark on light as it was photographed, mirrored half the time.

    Args:
        pixels: uint8 (28, 28), light on black.
        rng: decides the colour, which the data set took away.
    """
    size = (6 * pixels.shape[1], 6 * pixels.shape[0])
    light = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    silhouette = filled(np.where(pixels > 0, 255, 0).astype(np.uint8))
    mask = cv2.threshold(cv2.resize(silhouette, size), 127, 255, cv2.THRESH_BINARY)[1]
    picture = ((255.0 - light)[..., None] * _tint(rng)).astype(np.uint8)
    cut = cut_out(picture, mask.astype(np.uint8, copy=False))
    return mirrored(cut) if rng.random() < 0.5 else cut


def _tint(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Light by channel, 0..1, the strongest 1; grey in two of five, as so much of what people wear."""
    tint = rng.uniform(TINT, 1.0, 3)
    return np.ones(3) if rng.random() < 0.4 else tint / tint.max()


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


def plain_ground() -> Picture:
    """White, as in a shop's picture."""
    return np.full((EDGE, EDGE, 3), 255, np.uint8)


def laid_on(ground: Picture, cut: CutOut, rng: np.random.Generator) -> Picture:
    """A garment somewhere on a ground."""
    scale = rng.uniform(*FILLED) * EDGE / max(cut.shape)
    sized = _scaled(cut, scale, scale)
    top, left = (int(rng.uniform(0, max(0, EDGE - length) + 1)) for length in sized.shape[:2])
    return _lay(ground, sized, top, left, rng)


def pair_on(ground: Picture, cut: CutOut, rng: np.random.Generator) -> Picture:
    """Two of a garment on a ground, as shoes are shown: side by side from above, or one above the other."""
    scale = rng.uniform(0.7, 1.0) * APART * EDGE / max(cut.shape)
    one = _scaled(cut, scale * rng.uniform(0.85, 1.0), scale * rng.uniform(0.7, 1.1))
    pointing = float(rng.choice([0, 90, -90], p=[0.3, 0.35, 0.35]))
    # Left and right shoe are mirror images; two of one side are seen when both lie on their sides.
    opposite = rng.random() < 0.7
    first = turned(one, pointing + rng.uniform(-20, 20))
    other = mirrored(one) if opposite else one
    second = turned(other, (-pointing if opposite else pointing) + rng.uniform(-20, 20))
    stacked = pointing == 0 and rng.random() < 0.5
    for shoe, (top, left) in zip((first, second), _beside(first, second, rng, stacked=stacked), strict=True):
        ground = _lay(ground, shoe, top, left, rng)
    return ground


def _beside(
    first: CutOut, second: CutOut, rng: np.random.Generator, *, stacked: bool
) -> list[tuple[int, int]]:
    """Top and left of both: in a row about the middle, a little apart or overlapping."""
    along = 0 if stacked else 1
    lengths = [cut.shape[along] for cut in (first, second)]
    begin = EDGE / 2 - sum(lengths) / 2
    begins = [begin, begin + lengths[0] * (1 + rng.uniform(-0.15, 0.2))]
    across = [EDGE / 2 - cut.shape[1 - along] / 2 + rng.uniform(-12, 12) for cut in (first, second)]
    places = [(int(one), int(other)) for one, other in zip(begins, across, strict=True)]
    return places if stacked else [(other, one) for one, other in places]


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
