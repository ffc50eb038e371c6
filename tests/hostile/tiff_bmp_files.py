"""TIFFs and BMPs: directories that loop, types that lie, sizes that overflow (TIFF 6.0; Windows' BMP)."""

import struct
from collections.abc import Iterable

from tests.hostile.deflated import zlib_zeros
from tests.hostile.entry import BROKEN, READ, READ_OR_BROKEN, TOO_LARGE, UNKNOWN, Entry, family

SHORT, LONG = 3, 4
OPEN = frozenset({200, 415, 422})
"""A decoder may read samples of a kind that we then refuse."""

WIDTH, HEIGHT, BITS, PACKING, COLOUR, OFFSETS, TURN, SAMPLES, ROWS, COUNTS = (
    256, 257, 258, 259, 262, 273, 274, 277, 278, 279,
)  # fmt: skip
TILE_WIDTH, TILE_HEIGHT = 322, 323


def tiff(
    changed: dict[int, tuple[int, int, int] | None] | None = None,
    *extra: bytes,
    strip: bytes = bytes(784),
    following: int = 0,
) -> bytes:
    """A grey TIFF of 28 x 28 with some fields changed.

    Args:
        changed: type, count and value by tag; None leaves the tag out.
        extra: whole entries, put before all others.
        strip: the bytes of its one strip.
        following: the offset of the next directory.
    """
    fields: dict[int, tuple[int, int, int] | None] = {
        WIDTH: (LONG, 1, 28),
        HEIGHT: (LONG, 1, 28),
        BITS: (SHORT, 1, 8),
        PACKING: (SHORT, 1, 1),
        COLOUR: (SHORT, 1, 1),
        OFFSETS: (LONG, 1, 8),
        SAMPLES: (SHORT, 1, 1),
        ROWS: (LONG, 1, 28),
        COUNTS: (LONG, 1, len(strip)),
        **(changed or {}),
    }
    listed = [*extra, *(entry(tag, *field) for tag, field in sorted(fields.items()) if field)]
    padded = strip + bytes(len(strip) % 2)
    directory = struct.pack("<H", len(listed)) + b"".join(listed) + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8 + len(padded)) + padded + directory


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    """Twelve bytes of a directory; on a little-endian page a SHORT is a LONG with zeros after it."""
    return struct.pack("<HHII", tag, kind, count, value & 0xFFFFFFFF)


def entries() -> Iterable[Entry]:
    """All of them."""
    yield from family("tiff", "tif", READ, {"sound": tiff(), "orientation-6": tiff({TURN: (SHORT, 1, 6)})})
    yield from family("tiff", "tif", TOO_LARGE, _tiff_bombs(), "pixels")
    yield from family("tiff", "tif", BROKEN, _broken_tiffs())
    yield from family("tiff", "tif", OPEN, _tiffs())
    yield from family("tiff", "tif", UNKNOWN, _wide_tiffs(), "bits")
    yield from family("bmp", "bmp", READ, {"sound": bmp()})
    yield from family("bmp", "bmp", TOO_LARGE, _bmp_bombs(), "pixels")
    yield from family("bmp", "bmp", BROKEN, _broken_bmps())
    yield from family("bmp", "bmp", READ_OR_BROKEN, _bmps())
    yield from family("bmp", "bmp", UNKNOWN, {"text": b"BMW drivers wear trousers"})


def _tiff_bombs() -> dict[str, bytes]:
    sizes = ((0xFFFFFFFF, 0xFFFFFFFF), (65535, 65535), (50_000_001, 1))
    tiles = {edge: tiff({**_ONE_TILE, **_tile(edge, edge)}) for edge in (8192, 65520)}
    thin = {WIDTH: (LONG, 1, 1), HEIGHT: (LONG, 1, 1_000_000)}
    wide = {"thin-in-wide-tiles": tiff({**_ONE_TILE, **thin, **_tile(4096, 16)})}
    named = {f"tile-of-{edge}x{edge}": body for edge, body in tiles.items()}
    return (
        named
        | wide
        | {
            f"bomb-{width}x{height}": tiff({WIDTH: (LONG, 1, width), HEIGHT: (LONG, 1, height)})
            for width, height in sizes
        }
    )


def _broken_tiffs() -> dict[str, bytes]:
    signed = entry(WIDTH, 9, 1, 20000)
    return {
        "0x0": tiff({WIDTH: (LONG, 1, 0), HEIGHT: (LONG, 1, 0)}),
        "no-width": tiff({WIDTH: None}),
        "signed-width-first": tiff(None, signed, entry(HEIGHT, 9, 1, 5000), strip=zlib_zeros(28 * 29)),
        "64-bit-width-first": tiff(None, entry(WIDTH, 16, 1, 20000)),
        "width-of-three-values": tiff({WIDTH: (LONG, 3, 8)}),
        "directory-beyond-the-end": b"II*\0\xff\xff\xff\xff",
        "directory-in-the-header": b"II*\0\0\0\0\0" + bytes(40),
        "directory-of-65535": b"II*\0\x08\0\0\0\xff\xff" + entry(WIDTH, LONG, 1, 28),
        "directory-empty": b"II*\0\x08\0\0\0\0\0" + bytes(4),
        "only-the-mark": b"II*\0",
        "tile-of-0": tiff({**_ONE_TILE, **_tile(0, 0)}),
        "strips-that-overlap": overlapping_strips(1000),
        "4000-lists-of-byte-counts": repeated_counts(4000),
    }


def repeated_counts(times: int) -> bytes:
    """A TIFF whose directory repeats one list of byte counts, all 0, before the entries that matter."""
    zeros = bytes(4 * 10_000)
    return tiff({HEIGHT: (LONG, 1, 10_000)}, *[entry(COUNTS, LONG, 10_000, 8)] * times, strip=zeros)


def overlapping_strips(count: int) -> bytes:
    """A TIFF of one row a strip, each of which names the same deflated data, which hold no pixel."""
    data = b"\x78\x01" + b"\0\0\0\xff\xff" * 2000
    offsets = struct.pack("<I", 8) * count
    lengths = struct.pack("<I", len(data)) * count
    stored = data + offsets + lengths
    layout = {
        HEIGHT: (LONG, 1, count),
        PACKING: (SHORT, 1, 8),
        OFFSETS: (LONG, count, 8 + len(data)),
        ROWS: (LONG, 1, 1),
        COUNTS: (LONG, count, 8 + len(data) + len(offsets)),
    }
    return tiff(layout, strip=stored)  # type: ignore[arg-type] # dict is invariant


_ONE_TILE: dict[int, tuple[int, int, int] | None] = {
    OFFSETS: None, COUNTS: None, ROWS: None, 324: (LONG, 1, 8), 325: (LONG, 1, 784),
}  # fmt: skip


def _tile(width: int, height: int) -> dict[int, tuple[int, int, int] | None]:
    return {TILE_WIDTH: (LONG, 1, width), TILE_HEIGHT: (LONG, 1, height)}


def _wide_tiffs() -> dict[str, bytes]:
    # 49 megapixels of doubles would take 2 GB; deflated, such a file has 2 MB.
    sides: dict[int, tuple[int, int, int] | None] = {WIDTH: (LONG, 1, 7000), HEIGHT: (LONG, 1, 7000)}
    four = struct.pack("<4H", 64, 64, 64, 64)
    return {
        "doubles": tiff({**sides, BITS: (SHORT, 1, 64), 339: (SHORT, 1, 3)}),
        "doubles-said-in-a-byte": tiff({**sides, BITS: (1, 1, 64), 339: (SHORT, 1, 3)}),
        "doubles-of-four-channels": tiff({**sides, BITS: (SHORT, 4, 8), SAMPLES: (SHORT, 1, 4)}, strip=four),
    }


def _tiffs() -> dict[str, bytes]:
    short = {
        f"{name}-{value}": tiff({tag: (SHORT, 1, value)})
        for name, tag, values in (
            ("bits", BITS, (0, 1, 2, 4, 7, 12, 16, 24, 32, 64, 65535)),
            (
                "packing",
                PACKING,
                (0, 2, 3, 4, 5, 6, 7, 8, 9, 32773, 34676, 34712, 34925, 50000, 50001, 65535),
            ),
            ("colour", COLOUR, (0, 2, 3, 4, 5, 6, 8, 32803, 32844, 65535)),
            ("orientation", TURN, (0, 5, 9, 65535)),
            ("samples", SAMPLES, (0, 2, 3, 4, 5, 65535)),
            ("planar", 284, (0, 2, 9)),
            ("predictor", 317, (2, 3, 9)),
            ("sample-format", 339, (2, 3, 5, 9)),
        )
        for value in values
    }
    floats = {BITS: (SHORT, 1, 32), 339: (SHORT, 1, 3)}
    nan, infinity = struct.pack("<f", float("nan")), struct.pack("<f", float("inf"))
    return short | {
        "next-directory-is-this-one": tiff(following=8 + 784),
        "next-directory-beyond": tiff(following=0xFFFFFFF0),
        "sub-directory-is-this-one": tiff({330: (LONG, 1, 8 + 784)}),
        "nan": tiff(floats, strip=nan * 784),  # type: ignore[arg-type]
        "infinity": tiff(floats, strip=infinity * 784),  # type: ignore[arg-type]
        "strip-beyond-the-end": tiff({OFFSETS: (LONG, 1, 0xFFFFFFF0)}),
        "strip-of-4-gb": tiff({COUNTS: (LONG, 1, 0xFFFFFFFF)}),
        "4-billion-strips": tiff({OFFSETS: (LONG, 0xFFFFFFFF, 8), COUNTS: (LONG, 0xFFFFFFFF, 8)}),
        "no-strip": tiff({OFFSETS: None}),
        "rows-per-strip-0": tiff({ROWS: (LONG, 1, 0)}),
        "1x65535": tiff({WIDTH: (LONG, 1, 1), HEIGHT: (LONG, 1, 65535)}),
        "65535x1": tiff({WIDTH: (LONG, 1, 65535), HEIGHT: (LONG, 1, 1)}),
        "49-megapixels-of-nothing": tiff({WIDTH: (LONG, 1, 7000), HEIGHT: (LONG, 1, 7000)}),
        "tile-of-7": tiff({**_ONE_TILE, **_tile(7, 7)}),
        "tile-of-4096": tiff({**_ONE_TILE, **_tile(4096, 4096)}),
        "icc-junk": tiff({34675: (7, 500, 8)}),
        "width-twice": tiff(None, entry(WIDTH, LONG, 1, 28), entry(WIDTH, LONG, 1, 60000)),
        "1000-entries": tiff(None, *[entry(60000, LONG, 1, 1)] * 1000),
        "deflate-bomb": tiff({PACKING: (SHORT, 1, 8)}, strip=zlib_zeros(2_000_000)),
    }


def bmp(
    *, header: int = 40, width: int = 8, height: int = 8, bits: int = 24, packing: int = 0, colours: int = 0,
    offset: int = 54, data: bytes = bytes(192),
) -> bytes:  # fmt: skip
    """A BMP whose header says these things and whose data is what it is."""
    described = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, packing, 0, 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(data), 0, 0, offset) + described + data


def _bmp_bombs() -> dict[str, bytes]:
    sizes = ((0x7FFFFFFF, 0x7FFFFFFF), (65535, 65535), (50_000_001, 1), (1, -0x80000000))
    return {f"bomb-{width}x{height}": bmp(width=width, height=height) for width, height in sizes}


def _broken_bmps() -> dict[str, bytes]:
    return {
        "0x0": bmp(width=0, height=0),
        "negative-width": bmp(width=-8),
        "os2-of-0x0": b"BM" + struct.pack("<IHHI", 26, 0, 0, 26) + struct.pack("<IHHHH", 12, 0, 0, 1, 24),
        "ends-within-the-header": bmp()[:20],
        "data-missing": bmp(data=b""),
    }


def _bmps() -> dict[str, bytes]:
    named = {
        f"{name}-{value}": bmp(**{name: value})  # type: ignore[arg-type]
        for name, values in (
            ("bits", (0, 1, 2, 4, 8, 15, 16, 32, 64, 65535)),
            ("packing", (1, 2, 3, 4, 5, 6, 99)),
            ("header", (0, 12, 16, 64, 108, 124, 0xFFFFFFFF)),
            ("colours", (1, 257, 0xFFFFFFFF)),
            ("offset", (0, 14, 0xFFFFFFFF)),
        )
        for value in values
    }
    return named | {
        "1x65535": bmp(width=1, height=65535),
        "65535x1": bmp(width=65535, height=1),
        "rle8-overrun": bmp(bits=8, packing=1, data=b"\xff\x07" * 96),
        "rle8-jump-outside": bmp(bits=8, packing=1, data=b"\0\x02\xff\xff" * 48),
        "rle4-endless-line": bmp(bits=4, packing=2, data=b"\0\0" * 96),
        "49-megapixels-of-nothing": bmp(width=7000, height=7000),
    }
