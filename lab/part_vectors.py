"""Compute feature vectors of the upper, middle and lower part of a picture from the maps of one run.

The vector of a whole picture has the means of some stages' outputs (maps) over all positions. The vector of a
part has their means over some rows.
"""

import numpy as np
from numpy.typing import NDArray

from inference.contract import PART_ROWS


def find_picture_rows(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return where the first row that is not black begins, and where the last one ends: float64 (N, 2).

    A wide picture has black rows above and below in the square that the network reads. Both numbers are
    shares of the square's height. A square that is all black counts as a whole picture.

    Args:
        pixels: uint8 (N, H, W, 3).
    """
    is_shown = pixels.max((2, 3)) > 0
    is_shown[~np.any(is_shown, axis=1)] = True
    height = is_shown.shape[1]
    ends = np.stack([is_shown.argmax(1), height - is_shown[:, ::-1].argmax(1)], 1)
    return np.asarray(ends / height)


def weigh_rows(ends: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Return the share that each row of a map has in each part, float64 (N, parts, rows), each sum 1.

    A row that lies in a part by half counts half.

    Args:
        ends: the begin and end of each picture in its square, from `find_picture_rows`.
        rows: the number of rows of the map.
    """
    first, last = ends[:, :1, None], ends[:, 1:, None]
    begin, end = (
        first + np.array(sides)[:, None] * (last - first) for sides in zip(*PART_ROWS.values(), strict=True)
    )
    edges = np.arange(rows + 1) / rows
    inside = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0, None)
    return np.asarray(inside / inside.sum(2, keepdims=True))


def average_parts(maps: list[NDArray[np.float32]], ends: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the vectors of the parts of N pictures, float32 (N, parts, D).

    Args:
        maps: the outputs of the stages, float32 (N, channels, rows, columns) each.
        ends: the begin and end of each picture in its square, from `find_picture_rows`.
    """
    of_stages = [
        np.einsum("npr,ncr->npc", weigh_rows(ends, each.shape[2]).astype(np.float32), each.mean(3))
        for each in maps
    ]
    return np.concatenate(of_stages, 2)
