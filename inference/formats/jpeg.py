"""JPEG (ITU-T T.81): the size, and whether the main picture is all there.

A phone's file may hold more pictures: a thumbnail within its metadata, further ones after the end of the
first (CIPA DC-007, multi-picture format). Only the first is decoded, so only its own segments count.
"""

import re
import struct
from collections.abc import Iterator
from itertools import islice

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

_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
"""All markers but stuffed zeros, TEM and restarts, which have no length and may stand within a scan (B.1.1).

A pattern of one 0xff, not of several: with a plus, a megabyte of fill bytes takes hours, and an ordinary
photo 20 times as long.
"""


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height as stored, from the first SOF segment.

    Raises:
        BrokenPicture: no SOF segment precedes the first scan.
    """
    for marker, position in islice(_segments(jpeg), _SIZE_WITHIN):
        if marker in _FRAMES and position + 7 <= len(jpeg):
            height, width = struct.unpack_from(">HH", jpeg, position + 3)
            return width, height
        if marker in (_EOI, _SOS):
            break
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
    scans = 0
    for number, (marker, _) in enumerate(_segments(jpeg)):
        if marker in (_EOI, _SOI):  # the end, or the beginning of the next picture
            return None if scans and marker == _EOI else ends_too_early(jpeg)
        scans += marker == _SOS
        if scans > SCANS_MAX or number > SEGMENTS_MAX:
            return f"has more than {SCANS_MAX} scans or {SEGMENTS_MAX} segments, which no camera writes"
    return ends_too_early(jpeg)


def _segments(jpeg: bytes) -> Iterator[tuple[int, int]]:
    """The marker of each segment after the first SOI, and the position of its length."""
    position = 2
    while found := _MARKER.search(jpeg, position):
        marker, position = found[1][0], found.end()
        yield marker, position
        position += int.from_bytes(jpeg[position : position + 2], "big")
