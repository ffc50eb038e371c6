"""Read the structure of a JPEG, PNG or WebP before a decoder opens it, and remove all but the picture.

A stranger may send a file that is small but takes minutes to decode: a JPEG with a million empty scans, or a
PNG with a million text chunks. The size in its header does not show this. Each function here walks once over
the parts of a file (markers of a JPEG, chunks of a PNG or WebP), counts them, and refuses a file with too
many. What remains takes a time that depends on width and height alone, so a limit for these is enough.

The result has no metadata, and nothing that follows the picture (a film, a second picture). Only the
orientation is read from the metadata.
"""

import contextlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from inference.errors import BrokenPicture

MAX_MARKERS: Final = 10_000
"""Largest number of markers in a JPEG, up to the end of its picture. Cameras write up to some hundred."""

MAX_TABLE_BYTES: Final = 64 * 1024
"""Largest number of bytes in the tables and frame headers of a JPEG before its first scan.

Pillow reads these bytes in Python, which is slow. Encoders write about 1 kB.
"""

MAX_SCANS, SCAN_COST_PIXELS, MAX_SCANNED_PIXELS = 20, 50_000, 100_000_000
"""Limits for the scans of a JPEG. A scan is one pass over all pixels, and takes about a nanosecond for each.

Any JPEG may have MAX_SCANS; encoders write up to 18. A JPEG with more of them may have as many as fit into
the time for MAX_SCANNED_PIXELS, where a scan takes the time for its pixels and for SCAN_COST_PIXELS more.
"""

MAX_CHUNKS: Final = 1_000
"""Largest number of chunks in a WebP, and of chunks without samples in a PNG."""

MIN_SAMPLE_CHUNK_BYTES: Final = 4 * 1024
"""Smallest mean size in bytes of the chunks of a PNG that hold samples. OpenCV and libpng write 8 kB.

MAX_CHUNKS smaller ones are allowed.
"""

MAX_PNG_SPARE_BYTES: Final = 64 * 1024
"""Largest number of packed bytes of a PNG beyond twice the bytes of its samples.

An honest encoder stores samples that it cannot shrink as they are, so it never comes near this.
"""

MAX_EXIF_BYTES: Final = 64 * 1024
"""Largest number of bytes of an EXIF block that are read."""


@dataclass(frozen=True)
class ScannedPicture:
    """The part of an upload that a decoder reads.

    Attributes:
        data: the file, without metadata and without everything behind the picture.
        size: the width and height in pixels. If several headers name a size, the largest of each.
        orientation: the way in which the camera was held, by the first EXIF block, 1 (upright) to 8.
        is_work_bounded: whether the time and memory of a decoder depend on this size alone.
    """

    data: bytes
    size: tuple[int, int]
    orientation: int = 1
    is_work_bounded: bool = True


_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Pattern of a marker between the parts of a JPEG: 0xFF and a code (ITU-T T.81, section B.1.1).

Within samples, 0xFF is followed by 0x00, or by the code of a restart (0xD0 to 0xD7), which are no such
markers.
"""

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
        if scans:  # a scan is followed by its samples, up to the next marker
            parts.append(upload[at:start])
        code = upload[start + 1] if marker else _NO_MORE
        end = start + 2 + int.from_bytes(upload[start + 2 : start + 4], "big")
        segment = upload[start:end]
        # A picture may lack its end marker. Then a segment that does not fit into it, or that is cut off, is
        # where the next picture of the file begins.
        if code in (_END, _NO_MORE) or (
            scans and (end > len(upload) or not _belongs_to_picture(code, segment))
        ):
            break
        if code in (_TEMPORARY, _BEGIN):
            at = start + 2
            continue
        # The first EXIF block is used, as libraries do; a later one may belong to an embedded preview.
        if code == _EXIF_OR_XMP and not orientation and segment[4:10] == _EXIF:
            orientation = read_orientation(segment[4:])
        elif not _is_metadata(code, segment):
            parts.append(segment)
            tables += 0 if scans else len(segment)
        # Decoders differ in which of several frame headers they believe, so the largest counts.
        if code in _FRAMES and len(segment) >= 9:
            down, across = struct.unpack_from(">HH", segment, 5)
            width, height = max(width, across), max(height, down)
        scans += code == _SCAN
        at = end
        if tables > MAX_TABLE_BYTES:
            raise _make_structure_error(
                "JPEG", f"has more than {MAX_TABLE_BYTES // 1024} kB of tables before its picture"
            )
    else:
        raise _make_structure_error("JPEG", f"has more than {MAX_MARKERS:,} markers, which no camera writes")
    if not scans:
        raise make_header_error(upload, "JPEG")
    if scans > MAX_SCANS and scans * (width * height + SCAN_COST_PIXELS) > MAX_SCANNED_PIXELS:
        raise _make_structure_error(
            "JPEG", f"of {width} x {height} pixels has {scans} scans, which no camera writes"
        )
    if code == _END:  # without it, the decoder says that the file is truncated, as it should
        parts.append(b"\xff\xd9")
    return ScannedPicture(b"".join(parts), (width, height), orientation or 1)


# Codes of markers (ITU-T T.81, table B.1). _NO_MORE stands for the end of the file.
_BEGIN, _END, _SCAN, _TEMPORARY, _EXIF_OR_XMP, _NO_MORE = 0xD8, 0xD9, 0xDA, 0x01, 0xE1, -1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _belongs_to_picture(code: int, segment: bytes) -> bool:
    """Return whether a segment that follows a scan has the form of a part of the same picture.

    If it does not, the picture has no end marker, and another picture or a film follows it. The forms are
    those of ITU-T T.81, section B.2.
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
    """Return whether bytes are a series of JPEG tables and nothing else.

    Args:
        most: the largest allowed first byte of a table. Its low half is the number of the table, 0 to 3.
        sizes: a function that returns the size of the table at the beginning of the given bytes.
    """
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
    parts = [upload[:33]]  # the signature (8 bytes) and the header chunk IHDR (25 bytes)
    sample_chunks = 0
    other_chunks = 0
    orientation = 0
    at = 33
    # What remains after each chunk of samples; below 0, the chunks hold more than the picture can need.
    spare_bytes = MAX_PNG_SPARE_BYTES + 2 * _count_png_sample_bytes(upload)
    max_sample_chunks = MAX_CHUNKS + len(upload) // MIN_SAMPLE_CHUNK_BYTES
    while at + 8 <= len(upload):
        length, kind = struct.unpack_from(">I4s", upload, at)
        end = at + 12 + length  # length, type and checksum have 4 bytes each
        if kind in _PNG_PARTS:
            parts.append(upload[at:end])
        elif kind == b"eXIf" and not orientation:
            orientation = read_orientation(upload[at + 8 : min(end, at + MAX_EXIF_BYTES)])
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            sample_chunks += 1
            spare_bytes -= min(end, len(upload)) - at
        else:
            other_chunks += 1
        if spare_bytes < 0:
            raise _make_structure_error(
                "PNG", "has more than twice as many bytes of packed samples as its size needs"
            )
        if sample_chunks > max_sample_chunks or other_chunks > MAX_CHUNKS:
            raise _make_structure_error(
                "PNG", f"has more than {MAX_CHUNKS:,} chunks, or its samples are in very small pieces"
            )
        at = end
    return ScannedPicture(b"".join(parts), struct.unpack_from(">II", upload, 16), orientation or 1)


def _count_png_sample_bytes(upload: bytes) -> int:
    """Return the largest number of bytes of a PNG's samples (PNG, sections 7.2, 8.1 and 11.2.1)."""
    width, height, depth, colour = struct.unpack_from(">IIBB", upload, 16)
    channels = {0: 1, 2: 3, 3: 1, 4: 2}.get(colour, 4)
    # An interlaced picture is stored in seven passes, together up to 2 * height + 7 rows. Each row begins
    # with one byte for its filter, and its last byte may be only partly used.
    rows = 2 * height + 7
    bits: int = width * height * channels * depth
    return -(-bits // 8) + 2 * int(rows)


_PNG_PARTS = frozenset((b"PLTE", b"tRNS", b"IDAT", b"IEND"))
"""Chunks of a PNG that a decoder needs: colours, transparency, samples, and the end."""


def scan_webp(upload: bytes) -> ScannedPicture:
    """Return the picture of a WebP without metadata and other parts, by a walk over its chunks.

    Returns:
        The scanned picture. If it is lossless, animated or transparent, it is the whole upload, and
        `is_work_bounded` is false: such a stream has as many tables as it says, and one of 295 kB took 382
        MB.

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
        following = at + 8 + length + length % 2  # chunks have an even number of bytes
        if kind in _WEBP_TABLES:
            return ScannedPicture(upload, _read_webp_size(upload), is_work_bounded=False)
        if kind == b"VP8 ":
            picture = picture or upload[at:following]
        elif kind == b"EXIF" and not orientation:
            orientation = read_orientation(upload[at + 8 : at + 8 + min(length, MAX_EXIF_BYTES)])
        at = following
    else:
        raise _make_structure_error("WebP", f"has more than {MAX_CHUNKS:,} chunks")
    if len(picture) < 18:
        raise make_header_error(upload, "WebP")
    if min(end, at) > len(upload) + 1:  # some writers leave out the last chunk's byte of padding
        raise _make_structure_error("WebP", "is truncated", "Send the whole file.")
    # Two numbers of 14 bits; the upper two bits of each only ask for another scale (RFC 6386, section 9.1).
    across, down = struct.unpack_from("<HH", picture, 14)
    head = b"RIFF" + struct.pack("<I", 4 + len(picture)) + b"WEBP"
    return ScannedPicture(head + picture, (across & 0x3FFF, down & 0x3FFF), orientation or 1)


_WEBP_TABLES = frozenset((b"ALPH", b"VP8L", b"ANMF"))
"""Chunks of a WebP whose streams have tables of any number: transparency, lossless pictures, animations."""


def _read_webp_size(upload: bytes) -> tuple[int, int]:
    """Return the size by the first chunk of a WebP (RFC 9649, sections 2.7 and 3.4)."""
    first = upload[12:30].ljust(18, b"\0")
    if first.startswith(b"VP8X"):
        return 1 + int.from_bytes(first[12:15], "little"), 1 + int.from_bytes(first[15:18], "little")
    bits = int.from_bytes(first[9:13], "little") if first.startswith(b"VP8L") else 0
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1 (upright) to 8, in the first directory of an EXIF block; 1 if it has none.

    It is tag 0x0112, one number of 16 bits (CIPA DC-008, section 4.6.4).
    """
    block = exif[:MAX_EXIF_BYTES].removeprefix(_EXIF)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])  # little or big endian
    # A damaged block points behind its end, and one without byte order makes no format: both are errors of
    # struct, and such a picture is taken as upright.
    with contextlib.suppress(struct.error):
        (directory,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, directory)
        for at in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", block, at)
            if tag == 0x0112:
                return value if (kind, values) == (3, 1) and 1 <= value <= 8 else 1
    return 1


def make_header_error(upload: bytes, format_name: str) -> BrokenPicture:
    """Return the error for a header that cannot be read."""
    return BrokenPicture(
        f"This {format_name} of {len(upload):,} bytes has a header that is truncated, damaged, or "
        "of a kind that is not read here. Send the whole file, or save it again."
    )


def _make_structure_error(name: str, fault: str, remedy: str = "Save it again.") -> BrokenPicture:
    return BrokenPicture(f"This {name} {fault}. {remedy}")
