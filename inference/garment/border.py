"""The background of a picture: the colour of its border, how plain that is, and what differs from it.

Pure functions of arrays. foreground.py decides which of them to use.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture
from inference.framing import no_larger_than

Colour: TypeAlias = NDArray[np.float64]
"""float64, (3,), RGB, 0..255."""

_MIDDLE_GREY = 127.5

_LIGHT_EDGE = 64
"""Longest edge, in pixels, at which the light is fitted: it changes slowly."""

_LIGHT_ROUNDS = 4
"""How often the fit may extend to more of the ground."""


@dataclass(frozen=True)
class Border:
    """The outermost pixels of a picture.

    Attributes:
        colour: their median, channel by channel.
        share: 0..1, how many of them have that colour, within the tolerance.
        tolerance: 0..1, share of full scale.
    """

    colour: Colour
    share: float
    tolerance: float

    def is_light(self) -> bool:
        """Whether the background is nearer to white than to black."""
        return luma(self.colour) > _MIDDLE_GREY

    def is_black(self) -> bool:
        """Whether the colour is black, within the tolerance."""
        return bool(self.colour.max() <= 255 * self.tolerance)

    def is_white(self) -> bool:
        """Whether the colour is white, within the tolerance."""
        return bool(self.colour.min() >= 255 * (1 - self.tolerance))


def look_at_border(picture: Picture, tolerance: float) -> Border:
    """Measure the median colour of the outermost pixels, and the share of them that has it.

    The paper takes the colour of a corner. On a plain background that is the same colour, and a garment that
    covers the corner does not change the median.

    Args:
        picture: uint8, (H, W, 3), RGB.
        tolerance: share of full scale by which a pixel may differ, in any channel.
    """
    pixels = np.concatenate((picture[0], picture[-1], picture[:, 0], picture[:, -1]))
    # numpy's median takes four times as long.
    ordered = np.sort(pixels, axis=0)
    colour: Colour = (ordered[(len(pixels) - 1) // 2].astype(np.float64) + ordered[len(pixels) // 2]) / 2
    same = cv2.countNonZero(_within(pixels[:, None], colour, tolerance))
    return Border(colour, same / len(pixels), tolerance)


def garment_mask(picture: Picture, background: Colour, tolerance: float) -> Mask:
    """Mark where a picture differs from its background by more than the tolerance, in any channel.

    Args:
        picture: uint8, (H, W, 3), RGB.
        background: the border's colour.
        tolerance: share of full scale.
    """
    return cv2.bitwise_not(_within(picture, background, tolerance)).astype(np.uint8, copy=False)


def _within(picture: Picture, colour: Colour, tolerance: float) -> Mask:
    # OpenCV rounds bounds to the nearest integer; rounding inwards keeps 242 outside a bound of 242.25.
    darkest, lightest = np.ceil(colour - 255 * tolerance), np.floor(colour + 255 * tolerance)
    return cv2.inRange(picture, darkest, lightest).astype(np.uint8, copy=False)


def differs_from_lit_ground(picture: Picture, border: Border) -> Mask:
    """Mark where a picture differs from a plain but unevenly lit ground by more than the tolerance.

    A quadratic surface in each channel approximates the fall-off of a lamp and the vignette of a lens. The
    fit starts with the pixels of the border's colour and extends to all that it explains.

    Args:
        picture: uint8, (H, W, 3), RGB.
        border: of the picture; plain.
    """
    height, width = picture.shape[:2]
    small = no_larger_than(picture, _LIGHT_EDGE).astype(np.float64)
    ground = cv2.resize(_fitted(small, border), (width, height)).astype(np.uint8, copy=False)
    farthest = np.full(3, np.floor(255 * border.tolerance))
    within = cv2.inRange(cv2.absdiff(picture, ground), np.zeros(3), farthest)
    return cv2.bitwise_not(within).astype(np.uint8, copy=False)


def _fitted(small: NDArray[np.float64], border: Border) -> Picture:
    terms = _quadratic(*small.shape[:2])
    # One row per channel: operations on whole rows take a quarter of the time.
    samples = np.ascontiguousarray(small.reshape(-1, 3).T)
    ground = np.asarray(border.colour, np.float64)[:, np.newaxis]
    measured = np.concatenate((terms, samples)).T
    explained = np.zeros(samples.shape[1], bool)
    for _ in range(_LIGHT_ROUNDS):
        before, explained = explained, np.abs(samples - ground).max(axis=0) <= 255 * border.tolerance
        if (explained == before).all():
            break
        sums = (terms * explained) @ measured
        # numpy's least squares would start a thread per core, for six unknowns.
        _, weights = cv2.solve(sums[:, : len(terms)], sums[:, len(terms) :], flags=cv2.DECOMP_SVD)
        ground = weights.T @ terms
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8).T.reshape(small.shape)


@lru_cache(maxsize=16)
def _quadratic(height: int, width: int) -> NDArray[np.float64]:
    """float64, (6, H x W): 1, x, y, xx, yy, xy of each pixel, x and y from -1 to 1.

    Cached, since the pictures of a catalogue have few sizes.
    """
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return np.stack((np.ones_like(x), x, y, x * x, y * y, x * y)).reshape(6, -1)


def luma(colour: Colour) -> float:
    """Return the lightness of a colour, 0..255 (ITU-R BT.601)."""
    return float(colour @ (0.299, 0.587, 0.114))
