"""From the pixels that stand out to a garment: no holes, no specks.

Pure functions of masks. Where the masks come from: border.py, segmentation.py.
"""

import cv2
import numpy as np

from inference.arrays import Mask


def filled(mask: Mask) -> Mask:
    """The same with its holes closed: what the background cannot reach from outside is garment.

    A white shirt on white differs from it at its outline, its seams and its folds alone.
    """
    height, width = mask.shape
    outside = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(outside, None, (0, 0), 255)
    holes = cv2.bitwise_not(outside)[1 : height + 1, 1 : width + 1]
    return cv2.bitwise_or(mask, holes).astype(np.uint8, copy=False)


def without_specks(mask: Mask, share: float) -> Mask:
    """The same without the parts that are small beside the largest: dust, JPEG noise, a watermark.

    Args:
        mask: which parts, touching at an edge or a corner.
        share: 0..1; a part stays that has this share of the largest one's area.
    """
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 2:
        return mask  # the background and at most one part
    areas = statistics[:, cv2.CC_STAT_AREA]
    stays = np.where(areas >= share * areas[1:].max(), 255, 0).astype(np.uint8)
    stays[0] = 0
    kept: Mask = stays[labels]
    return kept
