"""Scan the structure of a JPEG, PNG or WebP before a library opens it, and remove other parts of the file.

A decoder in C reads these three formats in time proportional to the samples that a fixed header names. Other
work grows with the number of parts of a file (markers, chunks, metadata). These are walked here once, in few
steps for each part, and counted. Metadata and everything behind the picture are removed: EXIF except for the
orientation, XMP, text, profiles, films and second pictures. Pure functions of bytes. picture_opening.py
compares the size with the limits.
"""

import contextlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from inference.errors import BrokenPicture

MAX_MARKERS: Final = 10_000
"""Limit for the markers of a JPEG, up to the end of its picture. Cameras write up to some hundred."""

MAX_TABLE_BYTES: Final = 64 * 1024
"""Limit for the tables and frame headers of a JPEG before its first scan, which Pillow reads in Python.
Encoders write about 1 kB."""

MAX_SCANS, SCAN_COST_PIXELS, MAX_SCANNED_PIXELS = 20, 50_000, 100_000_000
"""Limits for the scans of a JPEG: the scans that any JPEG may have, the cost of an empty scan in pixels, and
the product of pixels and scans of a JPEG with more scans.

Encoders write up to 18 scans. Each scan is a pass over all pixels, of about a nanosecond each.
"""

MAX_CHUNKS: Final = 1_000
"""Limit for the chunks of a WebP, and for the chunks of a PNG that hold no samples."""

MIN_SAMPLE_CHUNK_BYTES: Final = 4 * 1024
"""Smallest mean size of the chunks of a PNG that hold samples; MAX_CHUNKS more are allowed. OpenCV and libpng
write 8 kB."""

MAX_PNG_SPARE_BYTES: Final = 64 * 1024
"""Limit for the packed bytes of a PNG beyond twice its samples. Encoders store samples that do not shrink."""

MAX_EXIF_BYTES: Final = 64 * 1024
"""Largest number of bytes of an EXIF block that are read."""


@dataclass(frozen=True)
class ScannedPicture:
    """The part of an upload that a decoder reads.

    Attributes:
        data: the file, without metadata and without everything behind the picture.
        size: width and height, the largest that a header names.
        orientation: the orientation by the first EXIF block, 1..8.
        is_work_bounded: whether the work of the decoder is limited by this size.
    """

    data: bytes
    size: tuple[int, int]
    orientation: int = 1
    is_work_bounded: bool = True


_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""The next marker that is neither part of the samples nor a restart (ITU-T T.81, section B.1.1)."""

_EXIF = b"Exif\0\0"


def scan_jpeg(upload: bytes) -> ScannedPicture:
    """Return the picture of a JPEG without metadata and other parts, by a walk over its markers.

    Raises:
        BrokenPicture: there is no scan, or there are too many markers, tables or scans.
    """
    parts = [upload[:2]]
    tables = 0
    scans = 0
    at = 2
    width = height = orientation = 0
    for _ in range(MAX_MARKERS):
        marker = _MARKER.search(upload, at)
        start = marker.start() if marker else len(upload)
        if scans:  # samples, up to the next marker
            parts.append(upload[at:start])
        code = upload[start + 1] if marker else _NO_MORE
        end = start + 2 + int.from_bytes(upload[start + 2 : start + 4], "big")
        segment = upload[start:end]
        if code in (_END, _NO_MORE) or (scans and (end > len(upload) or not _goes_on(code, segment))):
            break
        if code in (_TEMPORARY, _BEGIN):
            at = start + 2
            continue
        if code == _EXIF_OR_XMP and not orientation and segment[4:10] == _EXIF:
            orientation = read_orientation(segment[4:])
        elif not _is_metadata(code, segment):
            parts.append(segment)
            tables += 0 if scans else len(segment)
        if code in _FRAMES and len(segment) >= 9:
            down, across = struct.unpack_from(">HH", segment, 5)
            width, height = max(width, across), max(height, down)
        scans += code == _SCAN
        at = end
        if tables > MAX_TABLE_BYTES:
            raise _broken("JPEG", f"has more than {MAX_TABLE_BYTES // 1024} kB of tables before its picture")
    else:
        raise _broken("JPEG", f"has more than {MAX_MARKERS:,} markers, which no camera writes")
    if not scans:
        raise make_header_error(upload, "JPEG")
    if scans > MAX_SCANS and scans * (width * height + SCAN_COST_PIXELS) > MAX_SCANNED_PIXELS:
        raise _broken("JPEG", f"of {width} x {height} pixels has {scans} scans, which no camera writes")
    if code == _END:
        parts.append(b"\xff\xd9")
    return ScannedPicture(b"".join(parts), (width, height), orientation or 1)


_BEGIN, _END, _SCAN, _TEMPORARY, _EXIF_OR_XMP, _NO_MORE = 0xD8, 0xD9, 0xDA, 0x01, 0xE1, -1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _goes_on(code: int, segment: bytes) -> bool:
    """Return whether a segment behind a scan belongs to the picture, by its form (ITU-T T.81, section B.2).

    Any other segment is part of another picture or of a film, behind a picture that lacks its end.
    """
    content = segment[4:]
    match code:
        case 0xDA:  # a scan
            count = content[0] if content else 0
            return 1 <= count <= 4 and len(content) == 4 + 2 * count
        case 0xC4:  # tables of Huffman codes
            return _are_tables(content, most=0x13, sizes=lambda table: 17 + sum(table[1:17]))
        case 0xDB:  # tables of quantisation
            return _are_tables(content, most=0x13, sizes=lambda table: 1 + 64 * (1 + (table[0] >> 4)))
        case 0xDC | 0xDD:  # the number of lines; the interval of restarts
            return len(content) == 2
        case _:
            return code in {0xFE, 0xCC} or 0xE0 <= code <= 0xEF


def _are_tables(content: bytes, most: int, sizes: Callable[[bytes], int]) -> bool:
    """Return whether bytes are tables and nothing else, each with its size and a number of at most `most`."""
    at = 0
    while at < len(content):
        if content[at] > most or content[at] & 0xF > 3:
            return False
        at += sizes(content[at:])
    return at == len(content) > 0


def _is_metadata(code: int, segment: bytes) -> bool:
    """Return whether a segment is a comment or an application segment that says nothing about colours."""
    tells_colours = segment[4:9] in (b"JFIF\0", b"Adobe")
    return code == 0xFE or (0xE0 <= code <= 0xEF and not tells_colours)


def scan_png(upload: bytes) -> ScannedPicture:
    """Return the picture of a PNG: its chunks with samples, colours and transparency alone.

    Raises:
        BrokenPicture: the PNG has no header, too many chunks, or far more packed bytes than samples.
    """
    if len(upload) < 33 or upload[12:16] != b"IHDR":
        raise make_header_error(upload, "PNG")
    parts = [upload[:33]]
    pieces = 0
    other_chunks = 0
    orientation = 0
    at = 33
    spare_bytes = MAX_PNG_SPARE_BYTES + 2 * _samples_of_png(upload)
    most = MAX_CHUNKS + len(upload) // MIN_SAMPLE_CHUNK_BYTES
    while at + 8 <= len(upload):
        length, kind = struct.unpack_from(">I4s", upload, at)
        end = at + 12 + length
        if kind in _PNG_PARTS:
            parts.append(upload[at:end])
        elif kind == b"eXIf" and not orientation:
            orientation = read_orientation(upload[at + 8 : min(end, at + MAX_EXIF_BYTES)])
        if kind == b"IEND":
            break
        pieces += kind == b"IDAT"
        other_chunks += kind != b"IDAT"
        spare_bytes -= min(end, len(upload)) - at if kind == b"IDAT" else 0
        if spare_bytes < 0:
            raise _broken("PNG", "has more than twice as many bytes of packed samples as its size needs")
        if pieces > most or other_chunks > MAX_CHUNKS:
            raise _broken(
                "PNG", f"has more than {MAX_CHUNKS:,} chunks, or its samples are in very small pieces"
            )
        at = end
    return ScannedPicture(b"".join(parts), struct.unpack_from(">II", upload, 16), orientation or 1)


def _samples_of_png(upload: bytes) -> int:
    """Return the largest number of bytes of a PNG's samples (PNG, sections 7.2, 8.1 and 11.2.1)."""
    width, height, depth, colour = struct.unpack_from(">IIBB", upload, 16)
    channels = {0: 1, 2: 3, 3: 1, 4: 2}.get(colour, 4)
    rows = 2 * height + 7  # of an interlaced one; each begins with its filter, and ends with a whole byte
    bits: int = width * height * channels * depth
    return -(-bits // 8) + 2 * int(rows)


_PNG_PARTS = frozenset((b"PLTE", b"tRNS", b"IDAT", b"IEND"))


def scan_webp(upload: bytes) -> ScannedPicture:
    """Return the picture of a WebP without metadata and other parts, by a walk over its chunks.

    Returns:
        The scanned picture. If it is lossless, animated or has alpha, it is whole and its work is not
        bounded, since such a stream has as many tables as it says: one of 295 kB took 382 MB.

    Raises:
        BrokenPicture: the WebP has no picture, is truncated, or has too many chunks.
    """
    end = 8 + int.from_bytes(upload[4:8], "little")
    at = 12
    orientation = 0
    picture = b""
    for _ in range(MAX_CHUNKS):
        if at + 8 > min(end, len(upload)):
            break
        kind, length = struct.unpack_from("<4sI", upload, at)
        following = at + 8 + length + length % 2
        if kind in _WEBP_TABLES:
            return ScannedPicture(upload, _webp_size(upload), is_work_bounded=False)
        if kind == b"VP8 ":
            picture = picture or upload[at:following]
        elif kind == b"EXIF" and not orientation:
            orientation = read_orientation(upload[at + 8 : at + 8 + min(length, MAX_EXIF_BYTES)])
        at = following
    else:
        raise _broken("WebP", f"has more than {MAX_CHUNKS:,} chunks")
    if len(picture) < 18:
        raise make_header_error(upload, "WebP")
    if min(end, at) > len(upload) + 1:  # of a last chunk the byte of padding may be missing
        raise _broken("WebP", "is truncated", "Send the whole file.")
    across, down = struct.unpack_from("<HH", picture, 14)  # RFC 6386, section 9.1
    head = b"RIFF" + struct.pack("<I", 4 + len(picture)) + b"WEBP"
    return ScannedPicture(head + picture, (across & 0x3FFF, down & 0x3FFF), orientation or 1)


_WEBP_TABLES = frozenset((b"ALPH", b"VP8L", b"ANMF"))


def _webp_size(upload: bytes) -> tuple[int, int]:
    """Return the size by the first chunk of a WebP (RFC 9649, sections 2.7 and 3.4)."""
    first = upload[12:30].ljust(18, b"\0")
    if first.startswith(b"VP8X"):
        return 1 + int.from_bytes(first[12:15], "little"), 1 + int.from_bytes(first[15:18], "little")
    bits = int.from_bytes(first[9:13], "little") if first.startswith(b"VP8L") else 0
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1..8, in the first directory of an EXIF block; 1 if it has none.

    CIPA DC-008, section 4.6.4: tag 0x0112, one SHORT.
    """
    block = exif[:MAX_EXIF_BYTES].removeprefix(_EXIF)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    with contextlib.suppress(struct.error):
        (directory,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, directory)
        for at in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", block, at)
            if tag == 0x0112:
                return value if (kind, values) == (3, 1) and 1 <= value <= 8 else 1
    return 1


def make_header_error(upload: bytes, name: str) -> BrokenPicture:
    """Return the error for a header that cannot be read."""
    return BrokenPicture(
        f"This {name} of {len(upload):,} bytes has a header that is truncated, damaged, or of a kind that is "
        "not read here. Send the whole file, or save it again."
    )


def _broken(name: str, fault: str, remedy: str = "Save it again.") -> BrokenPicture:
    return BrokenPicture(f"This {name} {fault}. {remedy}")
