"""JPEG (ITU-T T.81): the size, and whether the main picture is all there.

A phone's file may hold more pictures: a thumbnail within its metadata, further ones after the end of the
first (CIPA DC-007, multi-picture format). Only the first is decoded, so only its own segments count.
"""

import re
import struct

from inference.errors import BrokenPicture
from inference.formats import ends_too_early

SCANS_MAX = 32
"""Each scan of a progressive JPEG is a pass over all pixels: 75 bytes more take 60 ms more at 49 megapixels.
Encoders write up to 18 (libjpeg's own script for four components)."""

SEGMENTS_MAX = 8192
"""More than metadata of 20 MB needs: a segment holds 64 kB."""

_SIZE_WITHIN = 4096
"""Segments before the size. Cameras write fewer; an ICC profile takes up to 255."""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15 without DHT, JPG and DAC (table B.1)."""
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Stuffing, TEM, RST0 to RST7, SOI."""

_FILL = re.compile(rb"\xff+")
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
"""All markers but stuffed zeros, TEM and restarts, which have no length and may stand within a scan (B.1.1).

A pattern of one 0xff, not of several: with a plus, a megabyte of fill bytes takes hours, and an ordinary
photo 20 times as long.
"""


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height as stored, from the first SOF segment.

    Raises:
        BrokenPicture: no SOF segment precedes the first scan.
        struct.error: the file ends within a segment.
    """
    position = 2
    for _ in range(_SIZE_WITHIN):
        fill = _FILL.search(jpeg, position)
        if fill is None:
            break
        position = fill.end()
        (marker,) = struct.unpack_from(">B", jpeg, position)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", jpeg, position + 4)
            return width, height
        if marker in (_EOI, _SOS):
            break
        position += 1 if marker in _WITHOUT_LENGTH else 1 + struct.unpack_from(">H", jpeg, position + 1)[0]
    raise BrokenPicture(
        "This JPEG names no size (it has no SOF segment). Save it again, or send the whole file."
    )


def fault(jpeg: bytes) -> str | None:
    """What is wrong with the main picture; libjpeg fills what is missing with grey and reports nothing.

    Args:
        jpeg: the whole upload.

    Returns:
        The fault, as it fits after "This JPEG"; None when the picture ends with its own EOI, after a scan.
    """
    position, scans = 2, 0
    for _ in range(SEGMENTS_MAX):
        found = _MARKER.search(jpeg, position)
        if found is None or found[1][0] == _SOI:  # the end, or the beginning of the next picture
            return ends_too_early(jpeg)
        marker, position = found[1][0], found.end()
        if marker == _EOI:
            return None if scans else ends_too_early(jpeg)
        position += int.from_bytes(jpeg[position : position + 2], "big")
        scans += marker == _SOS
        if scans > SCANS_MAX:
            return f"has more than {SCANS_MAX} scans, which no camera writes"
    return f"has more than {SEGMENTS_MAX} segments, which no camera writes"
