"""TIFF (6.0): the size, what the tiles cover, and whether the strips or tiles fit into the file.

Only the first directory counts: it is the picture that is decoded.
"""

import struct
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from inference.errors import BrokenPicture, UnknownFormat
from inference.formats import ends_too_early

_WIDTH, _HEIGHT, _BITS = 256, 257, 258
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_STRIP_BYTES, _TILE_BYTES = 279, 325

_BITS_MAX = 16
"""Decoding 50 million pixels with samples of 64 bits took 2.3 GB."""

_SHARED = 2
"""How often the same bytes of the file may be decoded: strips that all name the same 1 MB took 1 ms each."""

_ORDERS = {b"II": "<", b"MM": ">"}
_TYPES = {3: "u2", 4: "u4"}
"""SHORT and LONG as numpy spells them; sizes and byte counts use no other types."""


class _Entry(NamedTuple):
    """An entry of a directory: `place` is where its values begin, `type` None for one not listed above."""

    tag: int
    type: np.dtype[np.unsignedinteger[Any]] | None
    values: int
    place: int


def size(tiff: bytes) -> tuple[int, int]:
    """Width and height as stored.

    Raises:
        UnknownFormat: a sample has more than 16 bits.
        BrokenPicture: the directory names no width or no height.
        struct.error: the file ends within the directory.
    """
    fields = _first_values(tiff, {_WIDTH, _HEIGHT, _BITS})
    bits = fields.get(_BITS, 1)
    if bits is None or bits > _BITS_MAX:
        said = bits or "some other number of"
        raise UnknownFormat(f"This TIFF has samples of {said} bits. Send one with 8 or 16 bits a sample.")
    width, height = fields.get(_WIDTH), fields.get(_HEIGHT)
    if width is None or height is None:
        raise BrokenPicture("This TIFF names no width or no height (tags 256 and 257). Save it again.")
    return width, height


def tiled_pixels(tiff: bytes, width: int, height: int) -> int:
    """The pixels that decoding the tiles takes, as far as they are more than those of the picture.

    One tile is held in memory as a whole, however small the picture is, and all are decompressed as a whole.
    Those at the edges overhang, so that a sound picture may be covered by twice its pixels; strips do not.

    Args:
        tiff: the whole upload.
        width: of the picture, in pixels.
        height: likewise.

    Returns:
        The pixels of one tile or half of what all tiles cover, whichever is more; 0 for strips.

    Raises:
        BrokenPicture: the size of the tiles is not a positive whole number.
    """
    fields = _first_values(tiff, {_TILE_WIDTH, _TILE_HEIGHT})
    if not fields:
        return 0
    across, down = fields.get(_TILE_WIDTH), fields.get(_TILE_HEIGHT)
    if not across or not down:
        raise BrokenPicture("This TIFF has tiles without a size (tags 322 and 323). Save it again.")
    tiles = -(-width // across) * -(-height // down)
    return max(across * down, tiles * across * down // 2)


def fault(tiff: bytes) -> str | None:
    """What is wrong with the strips or tiles.

    Returns:
        The fault, as it fits after "This TIFF"; None when they are no longer, in all, than the file is.
    """
    stored = 0
    for entry in _entries(tiff, {_STRIP_BYTES, _TILE_BYTES}):
        if entry.type is None:
            return "names the bytes of its strips in a type other than SHORT and LONG"
        if entry.place + entry.values * entry.type.itemsize > len(tiff):
            return ends_too_early(tiff)
        stored += int(np.frombuffer(tiff, entry.type, entry.values, entry.place).sum(dtype=np.uint64))
    if stored > _SHARED * len(tiff):
        return "names more bytes of strips or tiles than it has"
    return None


def _first_values(tiff: bytes, tags: Collection[int]) -> dict[int, int | None]:
    """The first value of each of these tags in the first directory.

    Args:
        tiff: the whole upload.
        tags: the tag numbers to look for.

    Returns:
        Values by tag, of those that are there. None for a value that is neither SHORT nor LONG: libtiff would
        take a signed or 64-bit one, and where the two disagree on a size, the smaller would be checked and
        the larger be decoded.

    Raises:
        struct.error: the bytes end before the directory does.
        KeyError: they do not begin with a byte order mark.
    """
    return {entry.tag: _first_value(tiff, entry) for entry in _entries(tiff, tags)}


def _first_value(tiff: bytes, entry: _Entry) -> int | None:
    if entry.type is None:
        return None
    if entry.place + entry.type.itemsize > len(tiff):
        raise struct.error("A value lies beyond the end.")
    return int(np.frombuffer(tiff, entry.type, 1, entry.place)[0])


def _entries(tiff: bytes, tags: Collection[int]) -> Iterator[_Entry]:
    """The entries of these tags; of a tag that stands twice, the first, as libtiff does."""
    missing = set(tags)
    order = _ORDERS[tiff[:2]]
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, start)
    for place in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, count, elsewhere = struct.unpack_from(f"{order}HHII", tiff, place)
        if tag in missing:
            missing.remove(tag)
            stored = np.dtype(order + _TYPES[kind]) if kind in _TYPES else None
            fits = stored is None or count * stored.itemsize <= 4  # else the entry says where the values are
            yield _Entry(tag, stored, count, place + 8 if fits else elsewhere)
