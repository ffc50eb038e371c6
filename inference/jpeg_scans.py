"""Count the scans of a JPEG before it is decoded.

A progressive JPEG is refined scan by scan, each a pass over the whole picture, and nothing but the file's
size limits their number: 75 bytes more take 60 ms more at 49 million pixels, so that 20 MB would have taken
hours. Bytes in, a verdict out.
"""

import re

SCANS_MAX = 32
"""Encoders write up to 18 (libjpeg's own script for four components), of colour pictures 10."""

SEGMENTS_MAX = 8192
"""More than metadata of 20 MB needs: a segment holds 64 kB, and nobody fills them by the byte."""

_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
"""All but stuffed zeros, TEM and restarts, which have no length and stand anywhere (ITU-T T.81, B.1.1).

Of several 0xff in a row, which are fill, the last is taken. A pattern that took the others too, by a plus,
would try a row anew from each of them where no marker follows: hours for a megabyte of 0xff. It is also 20
times as slow in an ordinary photo, since the first byte of such a pattern is not searched for by itself.
"""

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA


def has_too_many_scans(jpeg: bytes) -> bool:
    """Whether there are more than SCANS_MAX scans or SEGMENTS_MAX segments.

    Args:
        jpeg: all of it; pictures inside its metadata, such as a camera's thumbnail, do not count.
    """
    position = scans = segments = 0
    while segments < SEGMENTS_MAX and (found := _MARKER.search(jpeg, position)):
        marker, position = found[1][0], found.end()
        segments += 1
        if marker == _EOI:
            return False
        if marker != _SOI:
            position += int.from_bytes(jpeg[position : position + 2], "big")
        scans += marker == _SOS
        if scans > SCANS_MAX:
            return True
    return segments == SEGMENTS_MAX
