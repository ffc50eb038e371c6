"""Read whole numbers from the first directory of a TIFF: size of a TIFF file, orientation in an EXIF block.

EXIF is a small TIFF inside other formats, so header.py and orientation.py share this. Bytes in, numbers out;
nothing is decoded (TIFF 6.0, section 2).
"""

import struct
from collections.abc import Collection

_ORDERS = {b"II": "<", b"MM": ">"}

_LETTERS = {3: "H", 4: "I"}
"""Field types SHORT and LONG as `struct` spells them; sizes and orientation use no others."""


def first_ifd(tiff: bytes, tags: Collection[int]) -> dict[int, int | None]:
    """The first value of each of these tags in the first directory.

    Args:
        tiff: a TIFF file, or the TIFF part of an EXIF block.
        tags: the tag numbers that are wanted; an absent one is absent from the answer.

    Returns:
        values by tag; of a tag that stands twice, the first, as libtiff does. None for one that is neither
        SHORT nor LONG, whatever follows it: libtiff would take a signed or 64-bit one, and where the two
        disagree on a size, the smaller would be checked and the larger be decoded.

    Raises:
        struct.error: the bytes end before the directory does.
        KeyError: they do not begin with a byte order mark.
    """
    order = _ORDERS[tiff[:2]]
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    first: dict[int, int | None] = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag in tags and tag not in first:
            first[tag] = _first_value(tiff, order, entry + 8, kind, values)
    return first


def _first_value(tiff: bytes, order: str, place: int, kind: int, values: int) -> int | None:
    letter = _LETTERS.get(kind)
    if letter is None:
        return None
    if values * struct.calcsize(letter) > 4:  # more than the entry has room for: it says where they are
        (place,) = struct.unpack_from(f"{order}I", tiff, place)
    (value,) = struct.unpack_from(f"{order}{letter}", tiff, place)
    return int(value)
