"""Format and size of an upload from its first bytes, before any decoder runs.

Names and Content-Types are not believed, and a decoder is not started on a picture that is too large:
a few kilobytes of PNG can hold gigabytes of white. Bytes in, a `Header` out. Decoding: decode.py.
"""

import struct
from dataclasses import dataclass
from typing import Literal, TypeAlias

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats import ends_too_early, gif, jpeg, png, tiff
from inference.lookalikes import seems_to_be

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
        tiled_pixels: what the tiles of a TIFF cover, if that costs more than the picture; else 0.
    """

    format: Format
    width: int
    height: int
    tiled_pixels: int = 0

    @property
    def pixels(self) -> int:
        """What decoding takes memory and time for: the number that limits apply to."""
        return max(self.width * self.height, self.tiled_pixels)


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
    return Header(name, width, height, tiff.tiled_pixels(upload, width, height) if name == "TIFF" else 0)


def find_fault(upload: bytes, header: Header) -> str | None:
    """What a decoder would fill with grey, or spend time and memory on without bound.

    Some decoders do not report that an upload is truncated, and the limit on pixels does not bound the work
    that a file can ask for. BMP is left to its decoder.

    Args:
        upload: all of it; bytes after the picture's end do not count.
        header: of the upload.

    Returns:
        The fault, as it fits after "This PNG"; None when there is none of these.
    """
    match header.format:
        case "PNG":
            return png.fault(upload)
        case "JPEG":
            return jpeg.fault(upload)
        case "GIF":
            return gif.fault(upload)
        case "TIFF":
            return tiff.fault(upload)
        case "WebP" if len(upload) < 8 + int.from_bytes(upload[4:8], "little"):
            return ends_too_early(upload)
    return None


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


OS2_HEADER = 12
"""Bytes of BITMAPCOREHEADER, whose width and height are 16 bits; all later kinds have 32."""


def _bmp_size(upload: bytes) -> Size:
    (header,) = struct.unpack_from("<I", upload, 14)
    width, height = struct.unpack_from("<HH" if header == OS2_HEADER else "<ii", upload, 18)
    return width, abs(height)  # a negative height means that rows run from top to bottom


_READERS = {
    "PNG": png.size,
    "JPEG": jpeg.size,
    "WebP": _webp_size,
    "GIF": gif.size,
    "BMP": _bmp_size,
    "TIFF": tiff.size,
}
