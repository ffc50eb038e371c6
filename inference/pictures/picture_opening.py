"""Open an upload: recognise its format, limit the work that it can cause, and choose how it is decoded.

A JPEG, PNG or WebP is scanned here (scan.py). The result holds a picture and nothing else, of a size within
the limits. Any other format is decoded in a separate process (child_decoder.py), including its header.
Nothing is decoded here. signatures.py names uploads that are no pictures. decode.py is the next step.
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
from inference.pictures.samples import QUARTER_TURNS
from inference.pictures.scan import ScannedPicture, make_header_error, scan_jpeg, scan_png, scan_webp
from inference.pictures.signatures import Format, find_picture_format, make_format_error

RECOMMENDED_MAX_EDGE: Final = 1000
"""Longest edge, in pixels, that a refusal recommends; no release needs a longer one."""

MAX_EDGE: Final = 30_000
"""Limit for an edge, in samples. Decoders keep a pointer for each row: 1 x 49,000,000 pixels take 1.5 GB."""

MAX_SMALL_BYTES: Final = 16 * 1024
"""Most bytes of a PNG or JPEG that is decoded without a change of threads."""

MAX_SMALL_PIXELS: Final = 32 * 32
"""Largest width x height of a PNG or JPEG that is decoded without a change of threads."""

MIN_LARGE_BODY_BYTES: Final = 32 * 1024
"""Smallest large body of a request. A small picture in base64, or the numbers of some pictures, has fewer
bytes."""

MIN_LARGE_RUN_NUMBERS: Final = 8 * 28 * 28
"""Count of numbers from which a network takes long: eight pictures of 28 x 28, or one of 64 x 64 in RGB."""

_SCANS: dict[Format, Callable[[bytes], ScannedPicture]] = {
    "JPEG": scan_jpeg,
    "PNG": scan_png,
    "WebP": scan_webp,
}


Lane: TypeAlias = Literal["bare", "light", "heavy", "isolated"]
"""The way in which a picture is decoded.

- `bare`: a PNG that is the input of a grey model, and nothing else;
- `light`: a picture that takes less time than a change of threads;
- `heavy`: any other picture whose work a scan limits;
- `isolated`: a picture that a separate process reads.
"""


@dataclass(frozen=True)
class OpenedPicture:
    """An upload that was recognised and checked, but not decoded yet, with the way to decode it.

    Attributes:
        format: the format of the upload.
        data: the upload, without the parts that a scan removed.
        lane: the lane that decodes it.
        size: width and height by the header, as stored, not upright; 0 x 0 if a separate process has to read
            the header.
        orientation: the orientation of EXIF, 1..8; 1 in the lane `isolated`, where it is read later.
    """

    format: Format
    data: bytes
    lane: Lane
    size: tuple[int, int] = (0, 0)
    orientation: int = 1

    @property
    def pixel_count(self) -> int:
        """Width x height, in pixels."""
        return self.size[0] * self.size[1]

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height once the picture is turned upright; not known in the lane `isolated`."""
        width, height = self.size
        return (height, width) if self.orientation in QUARTER_TURNS else (width, height)


def list_quick_lanes(contract: InputContract, *, is_only_network: bool) -> frozenset[Lane]:
    """Return the lanes (ways to decode) whose pictures need no other thread, because they are quick.

    Such a picture takes less time, up to its answer, than a change of threads.

    A network that answers photos takes milliseconds for a picture that is no input of the other network.

    Args:
        contract: the input of the network that reads pixels.
        is_only_network: whether this is the only network of the release.
    """
    if math.prod(contract.array_shape) >= MIN_LARGE_RUN_NUMBERS:
        return frozenset()
    return frozenset({"bare", "light"} if is_only_network else {"bare"})


def open_picture(upload: bytes, max_pixels: int, contract: InputContract = GREY_28) -> OpenedPicture:
    """Recognise the format of an upload, scan it if its decoder runs in this process, and choose its lane.

    Args:
        upload: the bytes of the upload, of any kind.
        max_pixels: the largest width x height that the header may declare.
        contract: the input of the network that reads pixels.

    Raises:
        UnknownPictureFormat: the upload has no accepted format.
        PictureTooLarge: the header declares more than `max_pixels`, or an edge of more than MAX_EDGE.
        BrokenPicture: the upload is truncated or damaged, or would cause work without limit.
    """
    name = find_picture_format(upload)
    if name is None:
        raise make_format_error(upload)
    if name not in _SCANS:
        return OpenedPicture(name, upload, "isolated")
    height, width = contract.shape
    if name == "PNG" and contract.channels == 1 and is_minimal_grey_png(upload, height, width):
        check_picture_size(width, height, max_pixels)
        return OpenedPicture(name, upload, "bare", (width, height))  # there is nothing to scan
    scanned = _SCANS[name](upload)
    if not all(scanned.size):
        raise make_header_error(upload, name)
    check_picture_size(*scanned.size, max_pixels)
    if not scanned.is_work_bounded:
        return OpenedPicture(name, upload, "isolated", scanned.size)
    return OpenedPicture(
        name, scanned.data, _choose_lane(name, scanned, contract), scanned.size, scanned.orientation
    )


def _choose_lane(name: Format, scanned: ScannedPicture, contract: InputContract) -> Lane:
    if (
        contract.channels == 1
        and scanned.orientation == 1
        and is_minimal_grey_png(scanned.data, *contract.shape)
    ):
        return "bare"
    is_small = len(scanned.data) <= MAX_SMALL_BYTES and math.prod(scanned.size) <= MAX_SMALL_PIXELS
    return "light" if is_small and name != "WebP" else "heavy"


def check_picture_size(width: int, height: int, max_pixels: int) -> None:
    """Check that a picture has no more pixels, and no longer edge, than allowed.

    Raises:
        PictureTooLarge: the picture has too many pixels, or too long an edge.
    """
    if width * height > max_pixels:
        fault = f"has {width} x {height} = {width * height:,} pixels; at most {max_pixels:,} pixels are read"
    elif max(width, height) > MAX_EDGE:
        fault = f"has {width} x {height} pixels; an edge of at most {MAX_EDGE:,} is read"
    else:
        return
    raise PictureTooLarge(
        f"The picture {fault}. Scale it to about {RECOMMENDED_MAX_EDGE:,} pixels on its longest edge."
    )


def is_minimal_grey_png(upload: bytes, height: int, width: int) -> bool:
    """Return whether an upload is a sound PNG of this size, grey in 8 bits, with one chunk of samples alone.

    OpenCV and Pillow decode such a PNG to the same samples. OpenCV unpacks everything in the chunk, so the
    function returns False if the chunk is longer than the samples can need.
    """
    packed = int.from_bytes(upload[33:37], "big")
    if not upload.startswith(_bare_head(height, width)) or packed > 2 * height * (width + 1):
        return False
    end = 41 + packed
    sum_and_end = zlib.crc32(upload[37:end]).to_bytes(4, "big") + b"\0\0\0\0IEND\xaeB`\x82"
    return upload[37:41] == b"IDAT" and upload[end:] == sum_and_end


@cache
def _bare_head(height: int, width: int) -> bytes:
    """Return the signature and IHDR of a PNG that is not interlaced (PNG, sections 5.2 and 11.2.1)."""
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


def make_damage_error(format_name: str, width: int, height: int) -> BrokenPicture:
    """Return the error for a picture with a sound header that cannot be decoded."""
    return BrokenPicture(
        f"This {format_name} of {width} x {height} pixels is truncated, damaged, or stored in a way that is "
        "not read here. Send the whole file, or save it again."
    )
