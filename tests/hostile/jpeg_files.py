"""JPEGs: sizes, tables, scans and metadata that lie (ITU-T T.81)."""

import struct
from collections.abc import Iterable

from tests.hostile import exif
from tests.hostile.entry import BROKEN, READ, READ_OR_BROKEN, TOO_LARGE, Entry, family, seed

SOI, EOI, SOS, SOF0, DHT, DQT = (b"\xff" + bytes([marker]) for marker in (0xD8, 0xD9, 0xDA, 0xC0, 0xC4, 0xDB))
SEGMENT_MAX = 65533


def segment(marker: int, data: bytes) -> bytes:
    """A marker, a length and its data."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def with_segments(*segments: bytes) -> bytes:
    """The seed with these right after SOI."""
    return SOI + b"".join(segments) + seed("small.jpg")[2:]


def entries() -> Iterable[Entry]:
    """All of them."""
    yield from family("jpeg", "jpg", TOO_LARGE, {"bomb-65535x65535": _sized(65535, 65535)}, "pixels")
    yield from family("jpeg", "jpg", TOO_LARGE, {"bomb-65500x65500": _sized(65500, 65500)}, "pixels")
    yield from family("jpeg", "jpg", READ, _odd_but_sound())
    yield from family("jpeg", "jpg", BROKEN, _broken())
    yield from family("jpeg", "jpg", READ_OR_BROKEN, _doubtful())
    blocks = {
        f"exif-{name}": with_segments(segment(0xE1, b"Exif\0\0" + block))
        for name, block in exif.blocks().items()
    }
    yield from family("jpeg", "jpg", READ_OR_BROKEN, blocks)


def _sized(width: int, height: int) -> bytes:
    return _at(SOF0, 5, struct.pack(">HH", height, width))


def _at(marker: bytes, offset: int, data: bytes) -> bytes:
    """The seed with `data` written over it, `offset` bytes after the first such marker begins."""
    whole = seed("small.jpg")
    start = whole.index(marker) + offset
    return whole[:start] + data + whole[start + len(data) :]


def _odd_but_sound() -> dict[str, bytes]:
    thumbnail = segment(0xE1, b"Exif\0\0" + seed("small.jpg"))
    return {
        "metadata-of-65-kb": with_segments(segment(0xE5, bytes(SEGMENT_MAX))),
        "thumbnail-that-is-a-picture": with_segments(thumbnail),
        "mpf": seed("small.jpg") + seed("small-progressive.jpg"),
        "fill-bytes": SOI + b"\xff" * 5000 + seed("small.jpg")[2:],
        "comment-html": with_segments(segment(0xFE, b"<script>alert(1)</script>")),
        "icc-junk": with_segments(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(range(256)))),
        "icc-255-of-1": with_segments(segment(0xE2, b"ICC_PROFILE\0\xff\1" + bytes(9))),
        "icc-0-of-0": with_segments(segment(0xE2, b"ICC_PROFILE\0\0\0")),
        "icc-1-of-255": with_segments(segment(0xE2, b"ICC_PROFILE\0\1\xff" + bytes(9))),
        "bytes-after-the-end": seed("small.jpg") + bytes(3000) + EOI,
    }


def _broken() -> dict[str, bytes]:
    whole, progressive = seed("small.jpg"), seed("small-progressive.jpg")
    scan = progressive[progressive.rindex(SOS) : -2]
    return {
        "0x0": _sized(0, 0),
        "0x64": _sized(0, 64),
        "48x0": _sized(48, 0),
        "ends-after-soi": SOI + EOI,
        "only-ff": b"\xff\xd8" + b"\xff" * 3000,
        "no-sof": whole.replace(SOF0, b"\xff\xec", 1),
        "no-eoi": whole[:-2],
        "mpf-cut-short": whole[: len(whole) * 2 // 3] + whole,
        "mpf-progressive-cut-short": progressive[: len(progressive) * 2 // 3] + whole,
        "thumbnail-and-cut-short": with_segments(segment(0xE1, b"Exif\0\0" + whole))[: -len(whole) // 3],
        "scan-before-size": SOI + whole[whole.index(SOS) :],
        "33-scans": progressive[:-2] + scan * 23 + EOI,
        "9000-segments": SOI + segment(0xFE, b"") * 9000 + whole[2:],
        "first-segment-beyond-the-end": SOI + b"\xff\xe0\xff\xff" + bytes(100),
    }


def _doubtful() -> dict[str, bytes]:
    whole, progressive = seed("small.jpg"), seed("small-progressive.jpg")
    kinds = {f"sof-{kind:x}": whole.replace(SOF0, bytes([0xFF, kind]), 1) for kind in _FRAME_KINDS}
    scan = progressive[progressive.rindex(SOS) : -2]
    return kinds | {
        "1x65535": _sized(1, 65535),
        "65535x1": _sized(65535, 1),
        "7000x7000": _sized(7000, 7000),
        "precision-0": _at(SOF0, 4, b"\0"),
        "precision-12": _at(SOF0, 4, b"\x0c"),
        "components-0": _at(SOF0, 9, b"\0"),
        "components-255": _at(SOF0, 9, b"\xff"),
        "sampling-0": _at(SOF0, 11, b"\0"),
        "sampling-15x15": _at(SOF0, 11, b"\xff"),
        "quantization-table-9": _at(SOF0, 12, b"\x09"),
        "no-quantization": whole.replace(DQT, b"\xff\xed"),
        "no-huffman": whole.replace(DHT, b"\xff\xed"),
        "huffman-overflow": _at(DHT, 5, b"\xff" * 16),
        "huffman-class-15": _at(DHT, 4, b"\xff"),
        "quantization-zero": _at(DQT, 5, bytes(64)),
        "scan-of-0-components": _at(SOS, 4, b"\0"),
        "scan-of-unknown-component": _at(SOS, 5, b"\x63"),
        "spectral-backwards": _at(SOS, 11, b"\x3f\x00\xff"),
        "restart-every-mcu": with_segments(segment(0xDD, b"\0\1")),
        "restarts-everywhere": whole[:-2] + b"\xff\xd0\xff\xd7" * 500 + EOI,
        "segment-length-0": with_segments(b"\xff\xe0\0\0"),
        "segment-length-1": with_segments(b"\xff\xe0\0\1"),
        "line-count-later": _sized(48, 64)[:-2] + segment(0xDC, b"\xff\xff") + EOI,
        "adobe-transform-255": with_segments(segment(0xEE, b"Adobe\0\x64\0\0\0\0\xff")),
        "jfif-nonsense": with_segments(segment(0xE0, b"JFIF\0\xff\xff\xff\0\0\0\0\xff\xff")),
        "two-sizes": with_segments(segment(0xC0, b"\x08\0\x08\0\x08\x01\1\x11\0")),
        "20-scans": progressive[:-2] + scan * 14 + EOI,
        "arithmetic": _at(SOF0, 1, b"\xc9"),
        "scan-of-zeros": whole[: whole.index(SOS) + 14] + bytes(4000) + EOI,
        "scan-of-ff00": whole[: whole.index(SOS) + 14] + b"\xff\0" * 2000 + EOI,
    }


_FRAME_KINDS = (0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
