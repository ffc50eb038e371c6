"""WebP (RFC 9649): the size, and whether the file is as long as it says."""

import struct

from inference.errors import BrokenPicture
from inference.formats import ends_too_early


def size(webp: bytes) -> tuple[int, int]:
    """Width and height of the canvas, or of a picture without one (section 2).

    Raises:
        BrokenPicture: the first chunk is of an unknown kind.
        struct.error: the file ends within its header.
    """
    match webp[12:16]:
        case b"VP8X":
            return _uint24(webp, 24) + 1, _uint24(webp, 27) + 1
        case b"VP8L":
            (packed,) = struct.unpack_from("<I", webp, 21)
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", webp, 26)
            return width & 0x3FFF, height & 0x3FFF  # the upper two bits are a scale for display
    raise BrokenPicture("This WebP does not begin with a VP8, VP8L or VP8X chunk. Save it again.")


def _uint24(webp: bytes, offset: int) -> int:
    low, high = struct.unpack_from("<HB", webp, offset)
    return int(low | high << 16)


def fault(webp: bytes) -> str | None:
    """What is wrong: the file is shorter than its RIFF header says; None when it is not."""
    return ends_too_early(webp) if len(webp) < 8 + int.from_bytes(webp[4:8], "little") else None
