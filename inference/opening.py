"""Open an upload: name its format, read its header, and bound what decoding may cost; nothing is decoded.

Pillow reads the headers. What its readers do not bound is counted before they begin: docs/decisions/
0006-pillow-reads-files.md. HEIC and AVIF are opened by their own process alone (isolated_decoder.py).
Bytes in; signatures.py names what is no picture, decode.py is the next step.
"""

import io
import struct
import zlib
from functools import cache
from typing import Final, TypeAlias

from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat, UploadError
from inference.signatures import Format, format_of, unknown_format

SENSIBLE_EDGE: Final = 1000
"""Longest edge, in pixels, that a refusal recommends: more than any release looks at."""

SMALL_BYTES, SMALL_PIXELS = 16 * 1024, 32 * 32
"""Most that a PNG or JPEG may have to be decoded without a change of threads."""

SCANS, SCANNED_PIXELS = 40, 1_000_000_000
"""Scans that any JPEG may have, and pixels times scans of one that has more.

Encoders write up to 18. Each is a pass over all pixels, of about a nanosecond each.
"""

SCAN_COST: Final = 50_000
"""What a scan of no pixels costs, in pixels."""

MARKERS: Final = 50_000
"""Markers, fill bytes and strays before the first scan of a JPEG: each is a step of Pillow's in Python, and a
file of 20 MB holds millions, which took 3 s. Cameras write up to some hundred."""

EXIF_SEGMENTS: Final = 100
"""EXIF segments of a JPEG. Pillow joins them one by one, copying what it has: 130,000 of them took 30 s."""

STRIPS: Final = 50_000
"""Strips or tiles of a TIFF, of which Pillow makes an object each; a row of the largest picture is one."""

OpenedPicture: TypeAlias = ImageFile.ImageFile
"""A picture whose header was read and checked, and nothing else."""


def is_isolated(upload: bytes) -> bool:
    """Whether an upload is a HEIC or AVIF, whose decoders nothing bounds but a process of their own."""
    return format_of(upload) in ("HEIC", "AVIF")


def open_small(upload: bytes, max_pixels: int) -> OpenedPicture | None:
    """Open a PNG or JPEG of so few bytes that its header takes less time than a change of threads.

    Returns:
        As `open_picture`; None for every other upload, whose header belongs in a native thread.

    Raises:
        UploadError: as `open_picture`.
    """
    name = format_of(upload) if len(upload) <= SMALL_BYTES else None
    return _opened(upload, name, max_pixels) if name in ("PNG", "JPEG") else None


def is_small(upload: bytes, opened: OpenedPicture) -> bool:
    """Whether decoding takes less time than a change of threads."""
    few = len(upload) <= SMALL_BYTES and opened.width * opened.height <= SMALL_PIXELS
    return few and opened.format in ("PNG", "JPEG")


def is_bare_png(upload: bytes, height: int, width: int) -> bool:
    """Whether an upload is a sound PNG of this size, grey in 8 bits, of one chunk of samples and no other.

    Of these OpenCV and Pillow make the same samples.
    """
    if not upload.startswith(_bare_head(height, width)):
        return False
    end = 41 + int.from_bytes(upload[33:37], "big")
    sum_and_end = zlib.crc32(upload[37:end]).to_bytes(4, "big") + b"\0\0\0\0IEND\xaeB`\x82"
    return upload[37:41] == b"IDAT" and upload[end:] == sum_and_end


@cache
def _bare_head(height: int, width: int) -> bytes:
    """The signature and IHDR (PNG, sections 5.2 and 11.2.1), not interlaced."""
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + zlib.crc32(header).to_bytes(4, "big")


def open_picture(upload: bytes, max_pixels: int) -> OpenedPicture | None:
    """Read the header of an upload, and check what decoding it would take; nothing is decoded.

    Returns:
        None for a HEIC or AVIF, which are opened by the process that decodes them.

    Raises:
        UnknownFormat: not an accepted format, or samples that have neither 8 nor 16 bits.
        PictureTooLarge: it declares more than `max_pixels`.
        BrokenPicture: the header is truncated or damaged, or the file asks for work without bound.
    """
    name = format_of(upload)
    if name is None:
        raise unknown_format(upload)
    return None if is_isolated(upload) else _opened(upload, name, max_pixels)


def _opened(upload: bytes, name: Format, max_pixels: int) -> OpenedPicture:
    _check_header(upload, name)
    try:
        opened = Image.open(io.BytesIO(upload), formats=(name.upper(),))
    except Image.DecompressionBombError as error:
        raise too_large(f"has more than {2 * max_pixels:,} pixels", max_pixels) from error
    except Exception as error:
        raise unopened(upload, name) from error
    _check_size(opened, max_pixels)
    _check_work(upload, opened)
    return opened


def _check_header(upload: bytes, name: Format) -> None:
    """Refuse a header that takes Pillow long to read, before Pillow reads it."""
    if name == "PNG" and upload.count(b"iCCP") > 1:  # each may take 2 ms
        raise BrokenPicture("This PNG has more than one colour profile. Save it again.")
    if name == "JPEG" and not _has_few_segments(upload):
        raise BrokenPicture(
            f"This JPEG has more than {MARKERS:,} markers or fill bytes, or more than {EXIF_SEGMENTS} pieces "
            "of EXIF, before its picture, which no camera writes. Save it again."
        )
    if name == "TIFF" and _strips(upload) > STRIPS:
        raise BrokenPicture(f"This TIFF has more than {STRIPS:,} strips or tiles. Save it again.")


def _has_few_segments(upload: bytes) -> bool:
    """Whether Pillow reads a JPEG as far as its first scan in MARKERS steps, each as Pillow takes it."""
    at, exif = 2, 0
    for _ in range(MARKERS):
        marker = upload[at : at + 2]
        if len(marker) < 2 or marker == b"\xff\xda":
            return True
        if marker[0] != 0xFF or marker[1] == 0xFF:  # a stray or fill byte
            at += 1
        elif marker[1] == 0 or 0xD0 <= marker[1] <= 0xD9:  # without a length
            at += 2
        else:
            exif += marker == b"\xff\xe1" and upload[at + 4 : at + 10] == b"Exif\0\0"
            at += 2 + max(2, int.from_bytes(upload[at + 2 : at + 4], "big"))
        if exif > EXIF_SEGMENTS:
            return False
    return False


def _strips(upload: bytes) -> int:
    """How many strips or tiles the first directory of a TIFF lists; 0 where it cannot be read."""
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(upload[:8])
        file = io.BytesIO(upload)
        file.seek(directory.next)
        directory.load(file)
        return max(len(directory.get(tag, ())) for tag in _OFFSETS)
    except Exception:  # noqa: BLE001 - opening it says what is wrong
        return 0


_OFFSETS = (273, 324)
"""StripOffsets and TileOffsets (TIFF 6.0, sections 8 and 15)."""

_TILE = (322, 323)
"""TileWidth and TileLength (section 15)."""


def unopened(upload: bytes, name: Format) -> BrokenPicture:
    """The error for a header that cannot be read."""
    return BrokenPicture(
        f"This {name} of {len(upload):,} bytes has a header that is truncated, damaged, or of a kind that is "
        "not read here. Send the whole file, or save it again."
    )


def _check_size(opened: OpenedPicture, max_pixels: int) -> None:
    """Refuse a picture, or a tile of a TIFF, of more pixels than allowed."""
    check_pixels(*opened.size, max_pixels)
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        across, down = (opened.tag_v2.get(tag, 1) for tag in _TILE)
        if across * down > max_pixels:
            raise too_large(f"is stored in tiles of {across} x {down} pixels", max_pixels)


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture of more pixels than allowed.

    Raises:
        PictureTooLarge: it has more.
    """
    if width * height > max_pixels:
        raise too_large(f"has {width} x {height} = {width * height:,} pixels", max_pixels)


def too_large(what: str, max_pixels: int) -> PictureTooLarge:
    """The error for a picture of more pixels than allowed."""
    return PictureTooLarge(
        f"The picture {what}; at most {max_pixels:,} pixels are read. "
        f"Scale it to about {SENSIBLE_EDGE:,} pixels on its longest edge."
    )


def _check_work(upload: bytes, opened: OpenedPicture) -> None:
    """Refuse samples that are not read, and a JPEG of too many scans.

    Scans are counted by their mark, so that a video behind a photo may add some by chance.
    """
    if opened.mode in ("I", "F"):
        raise UnknownFormat(
            f"This {name_of(opened)} has samples of 32 bits. Send one with 8 or 16 bits a sample."
        )
    if not isinstance(opened, JpegImagePlugin.JpegImageFile):
        return
    scans = upload.count(b"\xff\xda")
    if scans > SCANS and scans * (opened.width * opened.height + SCAN_COST) > SCANNED_PIXELS:
        raise broken(opened, f"has {scans} scans, which no camera writes")


def ends_too_early(upload: bytes) -> bool:
    """Whether the coded data of a HEIC or AVIF is longer than the file: libheif would leave tiles blank."""
    at = 0
    for _ in range(_BOXES):
        if at + 8 > len(upload):
            return at > len(upload)
        size, kind = struct.unpack_from(">I4s", upload, at)
        if kind == b"mdat" or size < 8:
            return bool(kind == b"mdat" and at + size > len(upload))
        at += size
    return False


_BOXES = 1_000
"""Boxes that are looked at; a file has some ten."""


def broken(opened: OpenedPicture, what: str) -> UploadError:
    """The error for a picture that was opened and cannot be read further."""
    return broken_picture(name_of(opened), *opened.size, what)


def broken_picture(name: str, width: int, height: int, what: str) -> BrokenPicture:
    """The same, by what its header says."""
    return BrokenPicture(
        f"This {name} of {width} x {height} pixels {what}. Send the whole file, or save it again."
    )


def name_of(opened: OpenedPicture) -> str:
    """The format's usual name."""
    return usual_name(str(opened.format))


def usual_name(pillow: str) -> str:
    """The usual name of a format that Pillow calls so."""
    return _PILLOW_NAMES.get(pillow, pillow)


_PILLOW_NAMES: dict[str, Format] = {"WEBP": "WebP", "MPO": "JPEG", "HEIF": "HEIC"}
"""Formats whose names differ in Pillow; MPO is a JPEG with further pictures behind it."""
