"""A plain ground under uneven light: darker towards the corners, or lit from one side.

Pure functions of arrays. When it is looked for: foreground.py.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask, Picture
from inference.border import Border
from inference.framing import no_larger_than

_EDGE = 64
"""Longest edge, in pixels, at which the light is fitted: it changes slowly."""

_ROUNDS = 4
"""How often the fit may take in more of the ground."""


def differs_from_lit_ground(picture: Picture, border: Border) -> Mask:
    """Where a picture differs from its ground by more than the tolerance, whatever light falls on that.

    The ground is a quadratic surface in each channel, which a lamp's fall-off and a lens's vignette are
    nearly: fitted to what has the border's colour, then to all that it explains, which reaches further in.

    Args:
        picture: uint8, (H, W, 3), RGB.
        border: of the picture; plain.
    """
    height, width = picture.shape[:2]
    small = no_larger_than(picture, _EDGE).astype(np.float64)
    ground = cv2.resize(_fitted(small, border), (width, height)).astype(np.uint8, copy=False)
    farthest = np.full(3, np.floor(255 * border.tolerance))
    within = cv2.inRange(cv2.absdiff(picture, ground), np.zeros(3), farthest)
    return cv2.bitwise_not(within).astype(np.uint8, copy=False)


def _fitted(small: NDArray[np.float64], border: Border) -> Picture:
    terms = _quadratic(*small.shape[:2])
    samples = small.reshape(-1, 3)
    ground = np.broadcast_to(border.colour, samples.shape)
    for _ in range(_ROUNDS):
        explained = np.abs(samples - ground).max(axis=1) <= 255 * border.tolerance
        known = terms[explained]
        # Not numpy's least squares, which would wake a thread for each core, for six unknowns.
        _, weights = cv2.solve(known.T @ known, known.T @ samples[explained], flags=cv2.DECOMP_SVD)
        ground = terms @ weights
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8).reshape(small.shape)


def _quadratic(height: int, width: int) -> NDArray[np.float64]:
    """float64, (H x W, 6): 1, x, y, xx, yy, xy of each pixel, x and y from -1 to 1."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return np.stack((np.ones_like(x), x, y, x * x, y * y, x * y), axis=-1).reshape(-1, 6)
