"""Tell a garment from a cluttered background by its colours: GrabCut.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut": interactive foreground extraction using iterated graph cuts,
ACM Transactions on Graphics 23 (3), 2004. The picture's frame stands in for the rectangle that a person would
draw. Pure functions of arrays; when it is called: foreground.py.
"""

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.silhouette import filled, without_specks

FRAME = 0.04
"""Share of height and width, on each side, that is background: people leave room around what they show."""

SMALLEST = 0.04
"""Share of the picture below which what was found is no garment but a spot of odd colour."""

LARGEST = 0.98
"""Share of what lies within the frame above which nothing was told apart."""

PART = 0.15
"""Share of the largest part's area from which another part stays: the second shoe does, a toy does not."""

_SEED = 0
_LEAST_EDGE = 8
_NO_RECTANGLE = (0, 0, 0, 0)


def segment(picture: Picture, edge: int, rounds: int) -> Mask | None:
    """Where the garment is, by the colours that the middle has and the frame has not.

    The same picture always gives the same mask: the only chance in it, where k-means begins, is drawn from
    the generator of OpenCV that belongs to the calling thread, and that is seeded here.

    Args:
        picture: uint8, (H, W, 3), RGB.
        edge: longest edge, in pixels, at which the colours of a larger picture are told apart; the time grows
            with its square.
        rounds: how often colours and boundary are fitted to one another.

    Returns:
        0..255 at the size of the picture, soft at the boundary; None when no garment was told apart.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = (max(_LEAST_EDGE, round(width * scale)), max(_LEAST_EDGE, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    found = _largest_parts(_grabcut(small, rounds))
    return None if found is None else cv2.resize(found, (width, height)).astype(np.uint8, copy=False)


def _grabcut(small: Picture, rounds: int) -> Mask:
    marks = _framed(*small.shape[:2])
    cv2.setRNGSeed(_SEED)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # OpenCV's workspace for the two mixtures
    cv2.grabCut(small, marks, _NO_RECTANGLE, background, foreground, rounds, cv2.GC_INIT_WITH_MASK)
    return np.where(marks == cv2.GC_PR_FGD, 255, 0).astype(np.uint8)


def _framed(height: int, width: int) -> Mask:
    """GrabCut's marks: the frame is background for sure, the rest probably garment."""
    marks = np.full((height, width), cv2.GC_BGD, np.uint8)
    top, left = max(1, round(height * FRAME)), max(1, round(width * FRAME))
    marks[top:-top, left:-left] = cv2.GC_PR_FGD
    return marks


def _largest_parts(found: Mask) -> Mask | None:
    """No threads and dots, no holes, no small parts; None when that leaves nothing or everything."""
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)
    share = cv2.countNonZero(opened) / opened.size
    if not SMALLEST <= share <= LARGEST * _within_frame(*opened.shape):
        return None
    return without_specks(filled(opened), PART)


def _within_frame(height: int, width: int) -> float:
    return cv2.countNonZero(_framed(height, width)) / (height * width)
