"""Format and size of an upload from its first bytes, before any decoder runs.

Names and Content-Types are not believed, and a decoder is not started on a picture that is too large:
a few kilobytes of PNG can hold gigabytes of white. Bytes in, a `Header` out. Decoding: decode.py.
"""

import re
import struct
from dataclasses import dataclass
from typing import Literal, TypeAlias

from inference.errors import BrokenPicture, UnknownFormat
from inference.lookalikes import seems_to_be
from inference.tiff_ifd import first_ifd

Format: TypeAlias = Literal["PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF"]

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

ACCEPTED = "Send PNG, JPEG, WebP, GIF, BMP or TIFF."

Size: TypeAlias = tuple[int, int]
"""Width and height as stored, before orientation."""


@dataclass(frozen=True)
class Header:
    """What an upload says of itself.

    Attributes:
        width: >= 1, in pixels, as stored (a photo taken upright may be stored on its side).
        height: >= 1, likewise.
    """

    format: Format
    width: int
    height: int


def read_header(upload: bytes) -> Header:
    """Find out what a picture is and how large it says it is.

    Args:
        upload: all of it; only the header is looked at.

    Raises:
        UnknownFormat: no picture that is read here; the message names what it seems to be. A TIFF whose
            samples have more than 16 bits is none either.
        BrokenPicture: the header is truncated, or names no size.
    """
    name = _format(upload)
    try:
        width, height = _READERS[name](upload)
    except struct.error as error:
        raise BrokenPicture(
            f"This {name} ends within its header, after {len(upload)} bytes. Send the whole file."
        ) from error
    if width < 1 or height < 1:
        raise BrokenPicture(f"This {name} says that it is {width} x {height} pixels. Save it again.")
    return Header(name, width, height)


def begins_as_picture(upload: bytes) -> bool:
    """Whether these bytes begin as one of the formats that are read here do, whatever follows."""
    return _known_format(upload) is not None


def _format(upload: bytes) -> Format:
    known = _known_format(upload)
    if known is not None:
        return known
    if not upload:
        raise UnknownFormat(f"The upload is empty. {ACCEPTED}")
    seeming = seems_to_be(upload)
    what = f"This looks like {seeming}, which is not read here." if seeming else "This is no known picture."
    raise UnknownFormat(f"{what} {ACCEPTED}")


def _known_format(upload: bytes) -> Format | None:
    for magic, name in _MAGIC:
        if upload.startswith(magic):
            return name
    if upload.startswith(b"RIFF") and upload[8:12] == b"WEBP":
        return "WebP"
    # Text may begin with "BM" as well, but a bitmap's reserved bytes are 0.
    if upload.startswith(b"BM") and not any(upload[6:10]):
        return "BMP"
    return None


_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)


def _png_size(upload: bytes) -> Size:
    kind, width, height = struct.unpack_from(">4sII", upload, 12)
    if kind != b"IHDR":
        raise BrokenPicture("This PNG does not begin with an IHDR chunk. Save it again.")
    return width, height


_JPEG_FILL = re.compile(rb"\xff+")
_JPEG_MARKERS_MAX = 4096
"""More segments before the size than any camera writes (an ICC profile takes up to 255)."""
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15 without DHT, JPG and DAC (ITU-T T.81, table B.1)."""
_JPEG_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Markers that no length follows: stuffing, TEM, RST0 to RST7, SOI."""
_JPEG_NO_FRAME_AFTER = frozenset({0xD9, 0xDA})
"""EOI and SOS: the size stands before them or nowhere."""


def _jpeg_size(upload: bytes) -> Size:
    position = 2
    for _ in range(_JPEG_MARKERS_MAX):
        fill = _JPEG_FILL.search(upload, position)
        if fill is None:
            break
        position = fill.end()
        (marker,) = struct.unpack_from(">B", upload, position)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", upload, position + 4)
            return width, height
        if marker in _JPEG_NO_FRAME_AFTER:
            break
        position += 1 if marker in _JPEG_ALONE else 1 + struct.unpack_from(">H", upload, position + 1)[0]
    raise BrokenPicture(
        "This JPEG names no size (it has no SOF segment). Save it again, or send the whole file."
    )


def _webp_size(upload: bytes) -> Size:
    # RFC 9649, section 2: "VP8 " lossy, "VP8L" lossless, "VP8X" with extras.
    match upload[12:16]:
        case b"VP8X":
            return _uint24(upload, 24) + 1, _uint24(upload, 27) + 1
        case b"VP8L":
            (packed,) = struct.unpack_from("<I", upload, 21)
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", upload, 26)
            return width & 0x3FFF, height & 0x3FFF  # the upper two bits are a scale for display
    raise BrokenPicture("This WebP does not begin with a VP8, VP8L or VP8X chunk. Save it again.")


def _uint24(upload: bytes, offset: int) -> int:
    low, high = struct.unpack_from("<HB", upload, offset)
    return int(low | high << 16)


def _gif_size(upload: bytes) -> Size:
    width, height = struct.unpack_from("<HH", upload, 6)
    return width, height


OS2_HEADER = 12
"""Bytes of BITMAPCOREHEADER, whose width and height are 16 bits; all later kinds have 32."""


def _bmp_size(upload: bytes) -> Size:
    (header,) = struct.unpack_from("<I", upload, 14)
    width, height = struct.unpack_from("<HH" if header == OS2_HEADER else "<ii", upload, 18)
    return width, abs(height)  # a negative height means that rows run from top to bottom


_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS = 256, 257, 258
_TIFF_BITS_MAX = 16
"""A sample of more is none that is read here, and decoding 50 million pixels of 64 bits took 2.3 GB."""


def _tiff_size(upload: bytes) -> Size:
    fields = first_ifd(upload, {_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS})
    bits = fields.get(_TIFF_BITS, 1)
    if bits is None or bits > _TIFF_BITS_MAX:
        said = bits or "some other number of"
        raise UnknownFormat(f"This TIFF has samples of {said} bits. Send one with 8 or 16 bits a sample.")
    width, height = fields.get(_TIFF_WIDTH), fields.get(_TIFF_HEIGHT)
    if width is None or height is None:
        raise BrokenPicture("This TIFF names no width or no height (tags 256 and 257). Save it again.")
    return width, height


_READERS = {
    "PNG": _png_size,
    "JPEG": _jpeg_size,
    "WebP": _webp_size,
    "GIF": _gif_size,
    "BMP": _bmp_size,
    "TIFF": _tiff_size,
}
