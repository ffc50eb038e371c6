"""Open an upload: name its format, bound the work that it asks for, and say by which lane it is decoded.

A JPEG, PNG or WebP is scanned here (scan.py): what is handed on holds a picture and nothing else, of a size
that was compared with the limits. Any other format is decoded by a process of its own (child_decoder.py),
its header included. Nothing is decoded here. Bytes in; signatures.py names what is no picture, decode.py is
the next step.
"""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from inference.contract import GREY_28, InputContract
from inference.errors import BrokenPicture, PictureTooLarge
from inference.scan import ScannedPicture, make_header_error, scan_jpeg, scan_png, scan_webp
from inference.signatures import Format, find_format, make_format_error

SENSIBLE_EDGE: Final = 1000
"""Longest edge, in pixels, that a refusal recommends: more than any release looks at."""

MAX_EDGE: Final = 30_000
"""Most samples of an edge. Decoders keep a pointer for each row: a picture of 1 x 49,000,000 takes 1.5 GB."""

MAX_SMALL_BYTES, MAX_SMALL_PIXELS = 16 * 1024, 32 * 32
"""Most that a PNG or JPEG may have to be decoded without a change of threads."""

MIN_LARGE_BODY_BYTES: Final = 32 * 1024
"""From so many bytes on, a request's body is large: a small picture in base64, or the numbers of some, has
fewer."""

MIN_LARGE_RUN_NUMBERS: Final = 8 * 28 * 28
"""From so many numbers on, a network takes long: eight pictures of 28 x 28, or one of 64 x 64 in RGB."""

_SCANS: dict[Format, Callable[[bytes], ScannedPicture]] = {
    "JPEG": scan_jpeg,
    "PNG": scan_png,
    "WebP": scan_webp,
}


Lane: TypeAlias = Literal["bare", "light", "heavy", "isolated"]
"""How a picture is decoded: a PNG that is a grey model's own input, and nothing else; one that takes less
time than a change of threads; any other one that a scan bounds; one that a process of its own reads."""


@dataclass(frozen=True)
class OpenedPicture:
    """An upload, and how it is decoded; nothing is decoded yet.

    Attributes:
        data: the upload, or what a scan left of it.
        size: width and height; of the lane `isolated` those that a header names all the same, else 0 x 0.
        orientation: 1..8, as EXIF has it; of the lane `isolated` it is read with the rest.
    """

    format: Format
    data: bytes
    lane: Lane
    size: tuple[int, int] = (0, 0)
    orientation: int = 1

    @property
    def pixel_count(self) -> int:
        """Width x height."""
        return self.size[0] * self.size[1]


def find_light_lanes(contract: InputContract, *, is_only_network: bool) -> frozenset[Lane]:
    """The lanes of pictures that take less time, all the way to their answer, than a change of threads.

    A network that answers photos takes milliseconds for whatever is no input of the other one.

    Args:
        contract: the input of the network that reads pixels.
        is_only_network: whether it is the only one.
    """
    if math.prod(contract.array_shape) >= MIN_LARGE_RUN_NUMBERS:
        return frozenset()
    return frozenset({"bare", "light"} if is_only_network else {"bare"})


def open_picture(upload: bytes, max_pixels: int, contract: InputContract = GREY_28) -> OpenedPicture:
    """Name the format of an upload, scan it where its decoder runs in this process, and choose its lane.

    Args:
        upload: bytes of any kind.
        max_pixels: largest width x height that a header may declare.
        contract: the input of the network that reads pixels.

    Raises:
        UnknownFormat: not an accepted format.
        PictureTooLarge: it declares more than `max_pixels`, or an edge of more than MAX_EDGE.
        BrokenPicture: it is truncated or damaged, or the file asks for work without bound.
    """
    name = find_format(upload)
    if name is None:
        raise make_format_error(upload)
    if name not in _SCANS:
        return OpenedPicture(name, upload, "isolated")
    height, width = contract.shape
    if name == "PNG" and contract.channels == 1 and is_bare_png(upload, height, width):
        check_picture_size(width, height, max_pixels)
        return OpenedPicture(name, upload, "bare", (width, height))  # there is nothing to scan
    scanned = _SCANS[name](upload)
    if not all(scanned.size):
        raise make_header_error(upload, name)
    check_picture_size(*scanned.size, max_pixels)
    if not scanned.is_bounded:
        return OpenedPicture(name, upload, "isolated", scanned.size)
    return OpenedPicture(
        name, scanned.data, _lane(name, scanned, contract), scanned.size, scanned.orientation
    )


def _lane(name: Format, scanned: ScannedPicture, contract: InputContract) -> Lane:
    if contract.channels == 1 and scanned.orientation == 1 and is_bare_png(scanned.data, *contract.shape):
        return "bare"
    few = len(scanned.data) <= MAX_SMALL_BYTES and math.prod(scanned.size) <= MAX_SMALL_PIXELS
    return "light" if few and name != "WebP" else "heavy"


def check_picture_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture of more pixels than allowed.

    Raises:
        PictureTooLarge: it has more, or too long an edge.
    """
    if width * height > max_pixels:
        what = f"has {width} x {height} = {width * height:,} pixels; at most {max_pixels:,} pixels are read"
    elif max(width, height) > MAX_EDGE:
        what = f"has {width} x {height} pixels; an edge of at most {MAX_EDGE:,} is read"
    else:
        return
    raise PictureTooLarge(
        f"The picture {what}. Scale it to about {SENSIBLE_EDGE:,} pixels on its longest edge."
    )


def is_bare_png(upload: bytes, height: int, width: int) -> bool:
    """Whether an upload is a sound PNG of this size, grey in 8 bits, of one chunk of samples and no other.

    Of these OpenCV and Pillow make the same samples. OpenCV unpacks whatever the chunk holds, so a longer one
    than samples can need is none.
    """
    packed = int.from_bytes(upload[33:37], "big")
    if not upload.startswith(_bare_head(height, width)) or packed > 2 * height * (width + 1):
        return False
    end = 41 + packed
    sum_and_end = zlib.crc32(upload[37:end]).to_bytes(4, "big") + b"\0\0\0\0IEND\xaeB`\x82"
    return upload[37:41] == b"IDAT" and upload[end:] == sum_and_end


@cache
def _bare_head(height: int, width: int) -> bytes:
    """The signature and IHDR (PNG, sections 5.2 and 11.2.1), not interlaced."""
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


def make_damage_error(name: str, width: int, height: int) -> BrokenPicture:
    """The error for a picture that was opened and cannot be decoded."""
    return BrokenPicture(
        f"This {name} of {width} x {height} pixels is truncated, damaged, or stored in a way that is not "
        "read here. Send the whole file, or save it again."
    )
