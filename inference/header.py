"""Format and size of an upload from its own bytes, and faults to find before a decoder runs.

File names and Content-Types are not used. A decoder must not start on a picture that is too large: a few
kilobytes of PNG can hold gigabytes of white. Bytes in, a `Header` out; decode.py comes next.
"""

import struct
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, TypeAlias

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats import bmp, gif, heif, jpeg, png, tiff, webp
from inference.formats.isobmff import brands
from inference.formats.lookalikes import seems_to_be

Format: TypeAlias = Literal["PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF", "HEIC", "AVIF"]

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded unless an operator says otherwise: in serving as in training."""

_NAMES = ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF", *(["HEIC"] if find_spec("pillow_heif") else []))

ACCEPTED = f"Send {', '.join(_NAMES)} or AVIF."
"""Names HEIC where its decoder is installed, which the container image leaves out."""

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""ISO/IEC 23008-12, annex B, and AVIF, section 6. What the picture is coded in decides who decodes it."""

_SIZES = {
    "PNG": png.size,
    "JPEG": jpeg.size,
    "WebP": webp.size,
    "GIF": gif.size,
    "BMP": bmp.size,
    "TIFF": tiff.size,
}

_FAULTS = {
    "PNG": png.fault,
    "JPEG": jpeg.fault,
    "WebP": webp.fault,
    "GIF": gif.fault,
    "TIFF": tiff.fault,
}
"""BMP is left to its decoder."""


@dataclass(frozen=True)
class Header:
    """What an upload says of itself.

    Attributes:
        width: >= 1, in pixels, as stored (a photo taken upright may be stored on its side).
        height: >= 1, likewise.
        tiled_pixels: what decoding the tiles of a TIFF, HEIC or AVIF takes, in pixels; 0 without tiles.
            HEIC and AVIF have at least one, which may be larger than the picture.
        still: the parsed boxes of a HEIC or AVIF; None for other formats.
    """

    format: Format
    width: int
    height: int
    tiled_pixels: int = 0
    still: heif.Still | None = field(default=None, compare=False, repr=False)

    @property
    def pixels(self) -> int:
        """What decoding takes memory and time for: the number that limits apply to."""
        return max(self.width * self.height, self.tiled_pixels)


def read_header(upload: bytes) -> Header:
    """Read the format of a picture and the size that it declares.

    Args:
        upload: all of it; only the header is read.

    Raises:
        UnknownFormat: not a picture of an accepted format, which the message names if it is known, or a TIFF
            whose samples have more than 16 bits,
            or a HEIC or AVIF of something else than HEVC or AV1.
        BrokenPicture: the header is truncated, or names no size.
    """
    name = _format(upload)
    try:
        still = heif.read_still(upload) if name in ("HEIC", "AVIF") else None
        width, height = still.size if still else _SIZES[name](upload)
    except struct.error as error:
        raise BrokenPicture(
            f"This {name} ends within its header, after {len(upload)} bytes. Send the whole file."
        ) from error
    if width < 1 or height < 1:
        raise BrokenPicture(f"This {name} says that it is {width} x {height} pixels. Save it again.")
    if still:
        return Header(name, width, height, still.pixels, still)
    return Header(name, width, height, tiff.tiled_pixels(upload, width, height) if name == "TIFF" else 0)


def find_fault(upload: bytes, header: Header) -> str | None:
    """Find what a decoder would fill with grey, or spend time and memory on without bound.

    Some decoders do not report that an upload is truncated, and the limit on pixels does not bound the work
    that a file can ask for.

    Args:
        upload: all of it; bytes after the picture's end do not count.
        header: of the upload.

    Returns:
        The fault, as it fits after "This PNG"; None when there is none of these.
    """
    if header.still:
        return heif.fault(upload, header.still)
    find = _FAULTS.get(header.format)
    return find(upload) if find else None


def begins_as_picture(upload: bytes) -> bool:
    """Whether the first bytes are those of an accepted format; what follows is not looked at."""
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
    named = brands(upload)
    if named & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if named & _HEIC_BRANDS else None
