"""AV1 within AVIF: the size that is decoded, and the one frame of a still picture.

A decoder allocates what the sequence header says, whatever the file around it says. So the first one is read
here, and gets to the decoder with one frame and nothing else.
"""

import struct
from collections.abc import Iterator

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats.bits import Bits

_SEQUENCE_HEADER, _FRAME_HEADER, _TILE_GROUP, _FRAME = 1, 3, 4, 6
"""Types of OBUs (AV1 Bitstream & Decoding Process Specification, section 6.2.2)."""

HEADER_BYTES = 256
"""Bytes of an item within which its sequence header has to stand."""

_UNITS_MAX = 4096
"""A frame has at most as many tiles (section 3: MAX_TILE_ROWS x MAX_TILE_COLS)."""


def frame_size(stream: bytes) -> tuple[int, int]:
    """The largest width and height that a frame may have.

    Args:
        stream: the first `HEADER_BYTES` of an item, or all of it.

    Raises:
        BrokenPicture: no sequence header comes before the frame.
        UnknownFormat: the header is one of a video with a timing of its own.
        struct.error: the bytes end within the header.
    """
    for kind, start, _, end in _units(stream):
        if kind == _SEQUENCE_HEADER:
            return _largest(Bits(stream[start:end]))
        if kind in (_FRAME_HEADER, _FRAME):
            break
    raise BrokenPicture(
        "This AVIF does not begin with a sequence header. Send the whole file, or save it again."
    )


def _largest(bits: Bits) -> tuple[int, int]:
    """max_frame_width and max_frame_height (section 5.5.1)."""
    bits.take(4)
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        if bits.take(1):
            raise UnknownFormat("This AVIF is coded as a video with timing. Send it as a still picture.")
        delay = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            bits.take(1 if bits.take(5) > 7 else 0)
            bits.take(4 if delay and bits.take(1) else 0)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(across) + 1, bits.take(down) + 1


def single_frame(stream: bytes) -> bytes:
    """The first sequence header and the frame, without anything that may stand beside them.

    Args:
        stream: the data of the item.

    Raises:
        BrokenPicture: not one frame, or damaged lengths.
    """
    header, frames, kept = b"", 0, []
    try:
        for count, (kind, _, begin, end) in enumerate(_units(stream)):
            if kind == _SEQUENCE_HEADER:
                header = header or stream[begin:end]
            elif kind in (_FRAME_HEADER, _TILE_GROUP, _FRAME):
                frames += kind != _TILE_GROUP
                kept.append(stream[begin:end])
            if end > len(stream) or count > _UNITS_MAX or frames > 1:
                break
        else:
            if frames == 1:
                return header + b"".join(kept)
    except struct.error:
        pass
    raise BrokenPicture(
        "This AVIF does not hold one frame. Send the whole file as one still picture, or save it again."
    )


def _units(stream: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of each OBU the type, where its content begins, where its header begins, and where it ends."""
    at = 0
    while at < len(stream):
        begin, flags = at, stream[at]
        at += 2 if flags & 4 else 1  # an extension follows
        length = len(stream) - at
        if flags & 2:
            length, at = _leb128(stream, at)
        yield flags >> 3 & 15, at, begin, at + length
        at += length


def _leb128(stream: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte (section 4.10.5), and where it ends."""
    number = 0
    for place in range(8):
        (byte,) = struct.unpack_from("B", stream, at + place)
        number |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return number, at + place + 1
    raise struct.error("A length has more than eight bytes.")
