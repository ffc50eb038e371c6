"""A plain ground under uneven light: darker towards the corners, or lit from one side.

Pure functions of arrays. When it is looked for: foreground.py.
"""

from functools import lru_cache

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
    # A row a channel: comparing and multiplying whole rows takes a quarter of the time.
    samples = np.ascontiguousarray(small.reshape(-1, 3).T)
    ground = np.asarray(border.colour, np.float64)[:, np.newaxis]
    measured = np.concatenate((terms, samples)).T
    explained = np.zeros(samples.shape[1], bool)
    for _ in range(_ROUNDS):
        before, explained = explained, np.abs(samples - ground).max(axis=0) <= 255 * border.tolerance
        if (explained == before).all():
            break
        sums = (terms * explained) @ measured
        # Not numpy's least squares, which would wake a thread for each core, for six unknowns.
        _, weights = cv2.solve(sums[:, : len(terms)], sums[:, len(terms) :], flags=cv2.DECOMP_SVD)
        ground = weights.T @ terms
    return np.clip(np.rint(ground), 0, 255).astype(np.uint8).T.reshape(small.shape)


@lru_cache(maxsize=16)
def _quadratic(height: int, width: int) -> NDArray[np.float64]:
    """float64, (6, H x W): 1, x, y, xx, yy, xy of each pixel, x and y from -1 to 1.

    Kept, since the pictures of a catalogue have few sizes.
    """
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    return np.stack((np.ones_like(x), x, y, x * x, y * y, x * y)).reshape(6, -1)
