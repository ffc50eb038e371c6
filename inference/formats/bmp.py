"""BMP: the size. Its decoder reports a truncated file itself, so there is no fault to look for."""

import struct

OS2_HEADER = 12
"""Bytes of BITMAPCOREHEADER, whose width and height have 16 bits; those of all later headers have 32."""


def size(bmp: bytes) -> tuple[int, int]:
    """Width and height.

    Raises:
        struct.error: the file ends within its header.
    """
    (header,) = struct.unpack_from("<I", bmp, 14)
    width, height = struct.unpack_from("<HH" if header == OS2_HEADER else "<ii", bmp, 18)
    return width, abs(height)  # a negative height means that rows run from top to bottom
