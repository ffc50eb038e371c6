"""EXIF blocks that no camera writes: orientation nonsense, directories that loop, lie or never end."""

import struct

_ORIENTATION = 274


def blocks() -> dict[str, bytes]:
    """TIFF parts of EXIF blocks by what is wrong with them."""
    oriented = {f"orientation-{value}": _one(value) for value in (0, 6, 9, 255, 65535)}
    return oriented | {
        "ifd-loops": _header(8) + struct.pack("<HI", 0, 8),
        "ifd-loops-with-entries": _one(6)[:-4] + struct.pack("<I", 8),
        "sub-ifd-loops": _header(8) + struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
        "ifd-beyond-the-end": _header(0xFFFFFFF0),
        "ifd-inside-the-header": _header(0),
        "ifd-of-65535-entries": _header(8) + struct.pack("<H", 65535) + _entry(_ORIENTATION, 3, 1, 6),
        "orientation-as-text": _header(8) + struct.pack("<H", 1) + _entry(_ORIENTATION, 2, 4, 6) + bytes(4),
        "orientation-four-billion-times": _header(8)
        + struct.pack("<H", 1)
        + _entry(_ORIENTATION, 3, 0xFFFFFFFF, 6)
        + bytes(4),
        "unknown-byte-order": b"XX" + _one(6)[2:],
        "mixed-byte-order": b"MM" + _one(6)[2:],
        "empty": b"",
        "one-byte": b"I",
        "huge": _one(6) + bytes(20000),
    }


def _header(first_ifd: int) -> bytes:
    return b"II*\0" + struct.pack("<I", first_ifd)


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHIHxx", tag, kind, count, value)


def _one(orientation: int) -> bytes:
    return _header(8) + struct.pack("<H", 1) + _entry(_ORIENTATION, 3, 1, orientation) + bytes(4)
