"""PNG (third edition): the size, and whether the chunks hold what IHDR promises, no less and no more.

OpenCV believes the lengths in a PNG: one of 4 GB in a file of 1 kB makes it clear 4 GB of memory. libpng
inflates all of IDAT, whatever the size of the picture: 1 MB can hold 1 GB, which takes seconds.
"""

import struct
import zlib
from collections.abc import Iterator

from inference.errors import BrokenPicture
from inference.formats import ends_too_early

_SIGNATURE = 8
_CHUNKS_MAX = 1 << 16
"""More than any PNG of our sizes has: encoders write 8 kB or more a chunk."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel, by colour type."""

_WHOLE = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row and the steps to the next ones, of each pass of an interlaced picture."""

_SURPLUS = 1 << 16
"""Bytes of samples beyond what IHDR implies that are still decoded: libpng ignores them."""

_HARMLESS = 900
"""Bytes of a zlib stream that are not inflated twice: at 1,032 to 1 (zlib.net, "Technical Details") they hold
less than a megabyte, which takes milliseconds. Thumbnails are that small."""

_PIECE = 1 << 16
_INFLATED_PIECE = 1 << 18


def size(png: bytes) -> tuple[int, int]:
    """Width and height from IHDR.

    Raises:
        BrokenPicture: another chunk comes first.
        struct.error: the file ends within the chunk.
    """
    kind, width, height = struct.unpack_from(">4sII", png, 12)
    if kind != b"IHDR":
        raise BrokenPicture("This PNG does not begin with an IHDR chunk. Save it again.")
    return width, height


def fault(png: bytes) -> str | None:
    """What is wrong with the chunks.

    Args:
        png: the whole upload, which begins with IHDR.

    Returns:
        The fault, as it fits after "This PNG"; None when the chunks reach IEND and IDAT holds no more than
        the picture's samples.
    """
    data = _image_data(png)
    if data is None:
        return ends_too_early(png)
    if sum(map(len, data)) > _HARMLESS and _inflates_beyond(data, _bytes_of_samples(png) + _SURPLUS):
        return "holds more data than its size needs"
    return None


def _image_data(png: bytes) -> list[memoryview] | None:
    """The data of the IDAT chunks; None when there is none, or no empty IEND at the end.

    OpenCV looks for IDAT beyond an IEND that is not empty: such a PNG of 100 bytes took 4.1 GB.
    """
    position, data = _SIGNATURE, []
    for _ in range(_CHUNKS_MAX):
        if position + 12 > len(png):
            return None
        length = int.from_bytes(png[position : position + 4], "big")
        kind = png[position + 4 : position + 8]
        if kind == b"IDAT":
            data.append(memoryview(png)[position + 8 : position + 8 + length])
        position += 12 + length  # length, kind, data, checksum
        if kind == b"IEND":
            return data if data and length == 0 and position <= len(png) else None
    return None


def _bytes_of_samples(png: bytes) -> int:
    """What the rows take before compression; each begins with a byte that names its filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    bits = depth * _CHANNELS.get(colour, 1)  # decoders refuse other colour types
    total = 0
    for left, top, right, down in _ADAM7 if interlaced else _WHOLE:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total


def _inflates_beyond(data: list[memoryview], most: int) -> bool:
    """Whether the zlib stream holds more than `most` bytes; it is inflated no further, a piece at a time."""
    stream, inflated = zlib.decompressobj(), 0
    try:
        for piece in _pieces(data):
            rest: bytes | memoryview = piece
            while rest and inflated <= most:
                inflated += len(stream.decompress(rest, _INFLATED_PIECE))
                rest = stream.unconsumed_tail
            if stream.eof or inflated > most:
                break
    except zlib.error:
        return False  # the decoder finds the damage, and no data after it
    return inflated > most


def _pieces(data: list[memoryview]) -> Iterator[memoryview]:
    """At most 64 kB each: zlib copies what it has not consumed yet."""
    for chunk in data:
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE]
