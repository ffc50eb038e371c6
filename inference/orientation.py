"""Turn what a camera stored into what its owner saw: EXIF orientation.

Pure functions of bytes and arrays; decode.py calls them.
"""

import struct
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.formats.tiff import first_ifd

_ORIENTATION_TAG = 274
"""EXIF 2.32, section 4.6.4 A: 1 is upright, 2 to 8 are mirrored or turned."""

_Samples: TypeAlias = NDArray[np.integer[Any] | np.floating[Any]]

_TURNS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}


def exif_orientation(exif: bytes) -> int:
    """The orientation that an EXIF block names.

    Args:
        exif: the block, with or without its `Exif` mark; anything else may come too.

    Returns:
        1 to 8; 1 (upright) when the block names none or is damaged, since the picture is still a picture.
    """
    try:
        orientation = first_ifd(exif.removeprefix(b"Exif\0\0"), {_ORIENTATION_TAG}).get(_ORIENTATION_TAG, 1)
    except (struct.error, KeyError):
        return 1
    return orientation if orientation is not None and 1 <= orientation <= 8 else 1


def upright(stored: _Samples, orientation: int) -> _Samples:
    """Turn an array as the orientation asks.

    Args:
        stored: (H, W) or (H, W, channels).
        orientation: 1 to 8.

    Returns:
        the same samples; height and width are swapped for 5 to 8.
    """
    # 2, 4, 5 and 7 are the mirror images of 1, 3, 6 and 8, seen from the other side.
    match orientation:
        case 2:
            return cv2.flip(stored, 1)
        case 4:
            return cv2.flip(stored, 0)
        case 5:
            return cv2.transpose(stored)
        case 7:
            return cv2.rotate(cv2.transpose(stored), cv2.ROTATE_180)
    return cv2.rotate(stored, _TURNS[orientation]) if orientation in _TURNS else stored
