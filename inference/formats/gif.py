"""GIF (GIF89a): the size, and whether the first frame asks for more work than its pixels need.

The data are LZW codes in blocks of up to 255 bytes. A code may reset the decoder's table and gives no pixel:
OpenCV takes 5 to 10 us for each, so that 15 MB of nothing else took 218 s.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from inference.formats import ends_too_early

_EXTENSIONS_MAX = 1000
_BLOCKS_MAX = 1 << 18
"""Encoders fill all blocks of a frame but the last: this is 64 MB."""

_PIXELS_PER_RESET = 250
"""Encoders reset a table that is full, with 4096 entries; those that avoid compression, every 254 pixels."""

_RESETS = 100
"""As many are decoded however small the frame is."""

_CODE_BITS_MAX = 12
_FEW, _MANY = 64, 4096
"""Codes to look at together: about as many as stood between the last two resets."""


def size(gif: bytes) -> tuple[int, int]:
    """Width and height of the canvas.

    Raises:
        struct.error: the file ends within its header.
    """
    width, height = struct.unpack_from("<HH", gif, 6)
    return width, height


def with_known_background(gif: bytes) -> bytes:
    """Replace the index of a background colour that the palette does not have: OpenCV refuses such a file.

    The colour itself is never shown, since the background is transparent.
    """
    flags, background = struct.unpack_from("<BB", gif, 10)
    is_unknown = flags & 0x80 and background >= 2 << (flags & 7)
    return gif[:11] + b"\0" + gif[12:] if is_unknown else gif


def fault(gif: bytes) -> str | None:
    """What is wrong with the first frame, the only one that is decoded.

    Args:
        gif: the whole upload.

    Returns:
        The fault, as it fits after "This GIF"; None when the decoder finds all others itself.
    """
    try:
        width, height, code_bits, codes = _first_frame(gif)
    except (IndexError, struct.error):
        return ends_too_early(gif)
    except OverflowError:
        return "is in more blocks than any encoder writes"
    if _resets_exceed(codes, code_bits, width * height):
        return "resets its compression more often than its pixels need"
    return None


def _first_frame(gif: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, bits of the smallest code, and the codes."""
    position = _after_palette(13, gif[10])
    for _ in range(_EXTENSIONS_MAX):
        if gif[position] != 0x21:
            break
        position = _read_blocks(gif, position + 2)[1]  # after the kind of the extension
    else:
        raise OverflowError
    width, height, flags = struct.unpack_from("<HHB", gif, position + 5)
    position = _after_palette(position + 10, flags)
    return width, height, gif[position], _read_blocks(gif, position + 1)[0]


def _after_palette(position: int, flags: int) -> int:
    return position + (3 << (flags & 7) + 1 if flags & 0x80 else 0)


def _read_blocks(gif: bytes, position: int) -> tuple[bytes, int]:
    """What the blocks hold, and the position after them; an empty block is the last."""
    data = bytearray()
    for _ in range(_BLOCKS_MAX):
        length = gif[position]
        position += 1 + length
        if not length:
            return bytes(data), position
        data += gif[position - length : position]
    raise OverflowError


def _resets_exceed(codes: bytes, bits: int, pixels: int) -> bool:
    """Whether more codes empty the table than pixels need; clear and end of information do.

    Args:
        codes: from the lowest bit of each byte to the highest.
        bits: what the smallest code of a pixel takes; another number than 2 to 11 is left to the decoder.
        pixels: of the frame. Decoders stop where there are more codes than these.
    """
    if not 2 <= bits < _CODE_BITS_MAX:
        return False
    clear = 1 << bits  # the next one ends the information: neither gives a pixel
    stored, end = np.frombuffer(codes + bytes(4), np.uint8), 8 * len(codes)
    most = _RESETS + pixels // _PIXELS_PER_RESET
    position, entries, together, resets = 0, clear + 1, _MANY, 0
    while resets <= most and pixels >= 0:
        widths = _widths(entries, together)
        ends = position + np.cumsum(widths)
        ends = ends[ends <= end]
        if not ends.size:
            return False
        values = _values(stored, ends, widths[: ends.size])
        found = np.flatnonzero(values | 1 == clear | 1)
        if found.size:
            run = entries + int(found[0]) - clear
            position, entries, together = int(ends[found[0]]), clear + 1, min(run + _FEW, _MANY)
            resets, pixels = resets + 1, pixels - int(found[0])
        else:
            position, entries, together = int(ends[-1]), entries + ends.size, min(2 * together, _MANY)
            pixels -= ends.size
    return resets > most


def _widths(entries: int, count: int) -> NDArray[np.int64]:
    """Bits of the next codes: those of the number of entries, since each code adds one to the table."""
    return np.minimum(
        np.searchsorted(_POWERS, np.arange(entries, entries + count), side="right"), _CODE_BITS_MAX
    )


_POWERS = 1 << np.arange(_CODE_BITS_MAX + 1)


def _values(
    stored: NDArray[np.uint8], ends: NDArray[np.int64], widths: NDArray[np.int64]
) -> NDArray[np.int64]:
    starts = ends - widths
    first = starts >> 3
    word = stored[first].astype(np.int64) | stored[first + 1].astype(np.int64) << 8
    word |= stored[first + 2].astype(np.int64) << 16
    values: NDArray[np.int64] = word >> (starts & 7) & (1 << widths) - 1
    return values
