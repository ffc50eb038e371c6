"""Tell a garment from a cluttered background by its colours: GrabCut.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut": interactive foreground extraction using iterated graph cuts,
ACM Transactions on Graphics 23 (3), 2004. The picture's frame stands in for the rectangle that a person would
draw. Pure functions of arrays; when it is called: foreground.py.
"""

import cv2
import numpy as np

from inference.arrays import Mask, Picture
from inference.silhouette import filled, without_specks

FRAME = 0.02
"""Share of height and width, on each side, that is background: little, since garments reach close to it."""

CORE = 0.3
"""Share of height and width, in the middle, that is garment for sure where it is not found otherwise."""

SMALLEST = 0.04
"""Share of the picture below which what was found is no garment but a spot of odd colour."""

SMALLEST_AROUND_CORE = 1.5 * CORE**2
"""The same where the middle was held fast: nothing but that was found below it."""

LARGEST = 0.98
"""Share of what lies within the frame above which nothing was told apart."""

PART = 0.15
"""Share of the largest part's area from which another part stays: the second shoe does, a toy does not."""

_SEED = 0
_LEAST_EDGE = 8
_NO_RECTANGLE = (0, 0, 0, 0)


def segment(picture: Picture, edge: int, rounds: int) -> Mask | None:
    """Where the garment is, by the colours that the middle has and the frame has not.

    A pattern of strong contrasts is cheaper to cut away than to cut around, and vanishes. Then the middle of
    the picture is held fast, where what people show mostly is.

    The same picture always gives the same mask: the only chance in it, where k-means begins, is drawn from
    the generator of OpenCV that belongs to the calling thread, and that is seeded here.

    Args:
        picture: uint8, (H, W, 3), RGB.
        edge: longest edge, in pixels, at which the colours of a larger picture are told apart; the time grows
            with its square.
        rounds: how often colours and boundary are fitted to one another, at least 1.

    Returns:
        0..255 at the size of the picture, soft at the boundary; None when no garment was told apart.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = (max(_LEAST_EDGE, round(width * scale)), max(_LEAST_EDGE, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    marks = _framed(size[1], size[0])
    found = _grabcut(small, marks, rounds, SMALLEST)
    if found is None:
        found = _grabcut(small, _with_core(marks), rounds, SMALLEST_AROUND_CORE)
    return None if found is None else cv2.resize(found, (width, height)).astype(np.uint8, copy=False)


def _grabcut(small: Picture, marks: Mask, rounds: int, smallest: float) -> Mask | None:
    """What the last round found that found something: a round too many may lose the garment again."""
    marks = marks.copy()
    cv2.setRNGSeed(_SEED)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # OpenCV's workspace for the two mixtures
    kept, mode = None, cv2.GC_INIT_WITH_MASK
    for _ in range(rounds):
        cv2.grabCut(small, marks, _NO_RECTANGLE, background, foreground, 1, mode)
        found = _largest_parts(np.where(marks & _GARMENT, 255, 0).astype(np.uint8), smallest)
        if found is None:
            break
        kept, mode = found, cv2.GC_EVAL
    return kept


_GARMENT = cv2.GC_FGD
"""The bit that GrabCut's marks for sure and for probable foreground, 1 and 3, have in common."""


def _with_core(marks: Mask) -> Mask:
    height, width = marks.shape
    top, left = round(height * (1 - CORE) / 2), round(width * (1 - CORE) / 2)
    held = marks.copy()
    held[top : height - top, left : width - left] = cv2.GC_FGD
    return held


def _framed(height: int, width: int) -> Mask:
    """GrabCut's marks: the frame is background for sure, the rest probably garment."""
    marks = np.full((height, width), cv2.GC_BGD, np.uint8)
    top, left = max(1, round(height * FRAME)), max(1, round(width * FRAME))
    marks[top:-top, left:-left] = cv2.GC_PR_FGD
    return marks


def _largest_parts(found: Mask, smallest: float) -> Mask | None:
    """No threads and dots, no holes, no small parts; None when that leaves nothing or everything."""
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)
    share = cv2.countNonZero(opened) / opened.size
    if not smallest <= share <= LARGEST * _within_frame(*opened.shape):
        return None
    return without_specks(filled(opened), PART)


def _within_frame(height: int, width: int) -> float:
    return cv2.countNonZero(_framed(height, width)) / (height * width)
