"""Room for the pixels of many pictures: in memory, or on the disk where they would fill it.

Reads and writes a file without a name, in the folder for temporary files.
"""

import math
import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from training.errors import BadPictures

IN_MEMORY: Final = 1 << 29
"""Bytes of pixels that are held in memory: 4,854 pictures of 192 x 192 in colour. More lie on the disk."""

AT_ONCE: Final = 256
"""Pictures that are copied between files: 27 MiB of 192 x 192 in colour."""


def room_for(pictures: int, shape: tuple[int, ...]) -> PixelsBatch:
    """Room for so many pictures, uint8: in memory, or beyond IN_MEMORY in a file that has no name.

    Raises:
        BadPictures: the disk has no room for it.
    """
    size = math.prod((pictures, *shape))
    if size <= IN_MEMORY:
        return np.empty((pictures, *shape), np.uint8)
    with tempfile.TemporaryFile() as file:
        try:
            if sys.platform == "darwin":  # which has no such call
                file.truncate(size)
            else:
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk would else kill the process later
        except OSError as error:
            raise BadPictures(
                f"{tempfile.gettempdir()}: {pictures:,} pictures take {size:,} bytes there "
                f"({error.strerror}). Make room, or name another folder in TMPDIR."
            ) from error
        return np.memmap(file, np.uint8, "r+", shape=(pictures, *shape))


def stacked(pictures: Sequence[Pixels]) -> PixelsBatch:
    """Pictures of one shape, one or more, in one array. Errors: `room_for`."""
    return np.stack(pictures, out=room_for(len(pictures), pictures[0].shape))


def taken(images: PixelsBatch, places: NDArray[np.int64]) -> PixelsBatch:
    """The pictures at these positions, in this order, of which no more are in memory than of the others.

    Errors: `room_for`.
    """
    found = room_for(len(places), images.shape[1:])
    for start in range(0, len(places), AT_ONCE):
        found[start : start + AT_ONCE] = images[places[start : start + AT_ONCE]]
    return found
