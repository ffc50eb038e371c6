"""Separate a garment from a cluttered background by its colours (GrabCut), and clean up masks.

C. Rother, V. Kolmogorov, A. Blake: "GrabCut": interactive foreground extraction using iterated graph cuts,
ACM Transactions on Graphics 23 (3), 2004. The picture's frame replaces the rectangle that a person would
draw. Pure functions of arrays; foreground.py calls them.
"""

import cv2
import numpy as np

from inference.arrays import Mask, Picture

FRAME = 0.02
"""Share of height and width, on each side, that is background: little, since garments reach close to it."""

CORE = 0.3
"""Share of height and width, in the middle, that is fixed as garment where none was found without it."""

SMALLEST = 0.04
"""Share of the picture below which a result is not a garment but a spot of another colour."""

SMALLEST_AROUND_CORE = 1.5 * CORE**2
"""The same where the middle was fixed as garment: a smaller result holds little else."""

LARGEST = 0.98
"""Share of the area within the frame above which garment and background were not separated."""

PART = 0.15
"""Share of the largest part's area from which another part stays: the second shoe does, a toy does not."""

_SEED = 0
_LEAST_EDGE = 8
_NO_RECTANGLE = (0, 0, 0, 0)


def segment(picture: Picture, edge: int, rounds: int) -> Mask | None:
    """Find the garment by the colours that the middle of the picture has and the frame has not.

    GrabCut may cut a pattern of strong contrasts away, because that is cheaper than cutting around it. If so,
    a second attempt fixes the middle of the picture as garment.

    The same picture always gives the same mask: the only random choice, the start of k-means, uses OpenCV's
    generator of the calling thread, which is seeded here.

    Args:
        picture: uint8, (H, W, 3), RGB.
        edge: longest edge, in pixels, to which a larger picture is scaled; the time grows with its square.
        rounds: how often colours and boundary are fitted to one another, at least 1.

    Returns:
        0..255 at the size of the picture, soft at the boundary; None when no garment was found.
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
    """Return the result of the last round that found a garment: a further round may lose it again."""
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
"""The bit that GrabCut's marks for sure and for probable foreground, 1 and 3, share."""


def _with_core(marks: Mask) -> Mask:
    height, width = marks.shape
    top, left = round(height * (1 - CORE) / 2), round(width * (1 - CORE) / 2)
    held = marks.copy()
    held[top : height - top, left : width - left] = cv2.GC_FGD
    return held


def _framed(height: int, width: int) -> Mask:
    """Mark the frame as sure background and the rest as probable garment."""
    marks = np.full((height, width), cv2.GC_BGD, np.uint8)
    top, left = max(1, round(height * FRAME)), max(1, round(width * FRAME))
    marks[top:-top, left:-left] = cv2.GC_PR_FGD
    return marks


def _largest_parts(found: Mask, smallest: float) -> Mask | None:
    """Remove threads, dots, holes and small parts; None when that leaves nothing or everything."""
    opened = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)
    share = cv2.countNonZero(opened) / opened.size
    if not smallest <= share <= LARGEST * _within_frame(*opened.shape):
        return None
    return without_specks(filled(opened), PART)


def _within_frame(height: int, width: int) -> float:
    return cv2.countNonZero(_framed(height, width)) / (height * width)


def filled(mask: Mask) -> Mask:
    """Close the holes of a mask: what the background cannot reach from outside is garment.

    A white shirt on white differs from it only at its outline, seams and folds.
    """
    height, width = mask.shape
    outside = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(outside, None, (0, 0), 255)
    holes = cv2.bitwise_not(outside)[1 : height + 1, 1 : width + 1]
    return cv2.bitwise_or(mask, holes).astype(np.uint8, copy=False)


def without_specks(mask: Mask, share: float) -> Mask:
    """Remove the parts of a mask that are small compared with the largest: dust, JPEG noise, a watermark.

    Args:
        mask: its parts are the sets of pixels that touch at an edge or a corner.
        share: 0..1; a part stays if it has at least this share of the area of the largest.
    """
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 2:
        return mask  # the background and at most one part
    areas = statistics[:, cv2.CC_STAT_AREA]
    stays = np.where(areas >= share * areas[1:].max(), 255, 0).astype(np.uint8)
    stays[0] = 0
    kept: Mask = stays[labels]
    return kept
