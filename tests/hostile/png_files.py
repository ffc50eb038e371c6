"""PNGs: bombs, lies in every chunk, animations that are none (PNG, third edition)."""

import struct
from collections.abc import Iterable

from tests.hostile import exif
from tests.hostile.deflated import zlib_stored, zlib_zeros
from tests.hostile.entry import BROKEN, READ, READ_OR_BROKEN, TOO_LARGE, Entry, family
from tests.pictures import png_chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = png_chunk(b"IEND", b"")
MEGABYTE = 1_000_000

ADAM7 = ((4, 4), (4, 4), (7, 4), (7, 7), (14, 7), (14, 14), (28, 14))
"""Width and height of the seven passes of an interlaced picture of 28 x 28."""


def ihdr(width: int, height: int, depth: int = 8, kind: int = 0, *methods: int) -> bytes:
    """IHDR; `methods` are compression, filter and interlace."""
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, *(*methods, 0, 0, 0)[:3]))


def png(*chunks: bytes, header: bytes = ihdr(28, 28), data: bytes = zlib_zeros(28 * 29)) -> bytes:
    """A black PNG of 28 x 28 with chunks between IHDR and IDAT, or whatever stands in their place."""
    return SIGNATURE + header + b"".join(chunks) + png_chunk(b"IDAT", data) + END


def entries() -> Iterable[Entry]:
    """All of them."""
    yield from family("png", "png", TOO_LARGE, _bombs(), "pixels")
    yield from family("png", "png", READ, _odd_but_sound())
    yield from family("png", "png", BROKEN, _broken())
    yield from family("png", "png", READ_OR_BROKEN, _doubtful())
    yield from family("png", "png", READ_OR_BROKEN, _animated())
    blocks = {f"exif-{name}": png(png_chunk(b"eXIf", block)) for name, block in exif.blocks().items()}
    yield from family("png", "png", READ_OR_BROKEN, blocks)


def _bombs() -> dict[str, bytes]:
    sizes = ((65535, 65535), (0x7FFFFFFF, 0x7FFFFFFF), (0x7FFFFFFF, 1), (1, 0x7FFFFFFF), (50_000_001, 1))
    return {f"bomb-{width}x{height}": png(header=ihdr(width, height)) for width, height in sizes}


def _odd_but_sound() -> dict[str, bytes]:
    interlaced = zlib_zeros(sum(height * (width + 1) for width, height in ADAM7))
    return {
        "1x65535": png(header=ihdr(1, 65535), data=zlib_zeros(65535 * 2)),
        "65535x1": png(header=ihdr(65535, 1), data=zlib_zeros(65536)),
        "1x1": png(header=ihdr(1, 1), data=zlib_zeros(2)),
        "interlaced": png(header=ihdr(28, 28, 8, 0, 0, 0, 1), data=interlaced),
        "iccp-bomb": png(png_chunk(b"iCCP", b"p\0\0" + zlib_zeros(5 * MEGABYTE))),
        "ztxt-bomb": png(png_chunk(b"zTXt", b"k\0\0" + zlib_zeros(2 * MEGABYTE))),
        "itxt-bomb": png(png_chunk(b"iTXt", b"k\0\1\0\0\0" + zlib_zeros(2 * MEGABYTE))),
        "500-text-chunks": png(*[png_chunk(b"tEXt", b"k\0v")] * 500),
        "bytes-after-the-end": png() + b"<script>alert(1)</script>" * 40,
    }


def _broken() -> dict[str, bytes]:
    return {
        "0x0": png(header=ihdr(0, 0)),
        "0x28": png(header=ihdr(0, 28)),
        "28x0": png(header=ihdr(28, 0)),
        "no-chunks": SIGNATURE,
        "idat-too-long": png(data=zlib_zeros(MEGABYTE)),
        "idat-of-20-mb-at-49-megapixels": png(header=ihdr(7000, 7000, 1), data=zlib_zeros(20 * MEGABYTE)),
        "no-idat": SIGNATURE + ihdr(28, 28) + END,
        "no-iend": png()[:-12],
        "no-ihdr": SIGNATURE + png_chunk(b"IDAT", zlib_zeros(28 * 29)) + END,
        "no-idat-then-2-gb": SIGNATURE + ihdr(28, 28) + END + b"\xa0\0\0\0tEXt" + bytes(64),
        "iend-with-data-then-3-gb": SIGNATURE
        + ihdr(28, 28)
        + b"\0\0\0\x33IEND"
        + bytes(55)
        + b"\xa0\0\0\0IDAT"
        + END,
        "chunk-of-4-gb": SIGNATURE + ihdr(28, 28) + b"\xff\xff\xff\xffIDAT" + bytes(100),
        "chunk-of-2-gb": SIGNATURE + ihdr(28, 28) + b"\x7f\xff\xff\xfftEXt" + bytes(100),
        "ancillary-of-4-gb-before-idat": png(b"\xff\xff\xff\xf0tEXt" + bytes(8)),
    }


def _doubtful() -> dict[str, bytes]:
    data = png_chunk(b"IDAT", zlib_zeros(28 * 29))
    shredded = b"".join(png_chunk(b"IDAT", bytes([byte])) for byte in zlib_zeros(28 * 29))
    kinds = {f"depth-{d}-kind-{k}": png(header=ihdr(28, 28, d, k)) for d, k in _UNKNOWN_KINDS}
    methods = {f"methods-{m}": png(header=ihdr(28, 28, 8, 0, *m)) for m in ((1, 0, 0), (0, 1, 0), (0, 0, 2))}
    named = {
        name.replace("(", "").replace(")", "").replace(", ", "-"): body for name, body in methods.items()
    }
    chunks = {f"{name}-chunk": png(png_chunk(kind, junk)) for name, (kind, junk) in _JUNK.items()}
    crc = {f"crc-of-{kind.decode().lower()}": _with_wrong_crc(kind) for kind in (b"IHDR", b"IDAT", b"IEND")}
    return (
        kinds
        | named
        | chunks
        | crc
        | {
            "two-ihdr": SIGNATURE + ihdr(28, 28) + ihdr(9000, 9000) + data + END,
            "idat-shredded": SIGNATURE + ihdr(28, 28) + shredded + END,
            "idat-empty": png(data=b""),
            "idat-no-zlib": png(data=b"not zlib at all"),
            "idat-preset-dictionary": png(data=b"\x78\x20" + bytes(20)),
            "idat-too-short": png(data=zlib_zeros(100)),
            "idat-filter-9": png(data=zlib_stored(b"\x09" * 28 * 29)),
            "palette-missing": png(header=ihdr(28, 28, 8, 3)),
            "palette-of-257": png(png_chunk(b"PLTE", bytes(257 * 3)), header=ihdr(28, 28, 8, 3)),
            "palette-index-out-of-range": png(
                png_chunk(b"PLTE", bytes(3)),
                header=ihdr(28, 28, 8, 3),
                data=zlib_stored(b"\0" + b"\xff" * 28) * 28,
            ),
            "wide-header-of-49-megapixels": png(header=ihdr(7000, 7000)),
        }
    )


_UNKNOWN_KINDS = ((3, 0), (0, 0), (32, 0), (8, 1), (8, 5), (8, 7), (16, 3), (255, 255))

_JUNK = {
    "icc-junk": (b"iCCP", b"profile\0\0" + bytes(range(256))),
    "icc-empty": (b"iCCP", b""),
    "icc-endless-name": (b"iCCP", b"p" * 3000),
    "icc-truncated": (b"iCCP", b"p\0\0" + zlib_zeros(MEGABYTE)[:500]),
    "gamma-zero": (b"gAMA", bytes(4)),
    "chromaticity-zero": (b"cHRM", bytes(32)),
    "significant-bits-99": (b"sBIT", b"\x63"),
    "physical-zero": (b"pHYs", bytes(9)),
    "background-short": (b"bKGD", b"\0"),
    "transparency-long": (b"tRNS", bytes(300)),
    "time-nonsense": (b"tIME", b"\xff" * 7),
    "unknown-critical": (b"QQQQ", b"?"),
    "unknown-kind": (b"\0\xff\0\xff", b"?"),
    "text-html": (b"tEXt", b"Comment\0<script>alert(document.cookie)</script>"),
    "palette-in-grey": (b"PLTE", bytes(768)),
}


def _with_wrong_crc(kind: bytes) -> bytes:
    whole = png()
    start = whole.index(kind)
    end = start + 4 + int.from_bytes(whole[start - 4 : start], "big")
    return whole[:end] + b"\xde\xad\xbe\xef" + whole[end + 4 :]


def _animated() -> dict[str, bytes]:
    frame = _fctl(0, 28, 28)
    fdat = png_chunk(b"fdAT", struct.pack(">I", 2) + zlib_zeros(28 * 29))
    first = png_chunk(b"IDAT", zlib_zeros(28 * 29))
    head = SIGNATURE + ihdr(28, 28)
    return {
        "apng": head + _actl(2) + frame + first + _fctl(1, 28, 28) + fdat + END,
        "apng-no-frames": png(_actl(0)),
        "apng-2-billion-frames": png(_actl(0x7FFFFFFF), frame),
        "apng-frame-outside": png(_actl(1), _fctl(0, 28, 28, x=4000)),
        "apng-frame-of-4-gigapixels": png(_actl(1), _fctl(0, 65535, 65535)),
        "apng-frame-0x0": png(_actl(1), _fctl(0, 0, 0)),
        "apng-second-frame-huge": head + _actl(2) + frame + first + _fctl(1, 30000, 30000) + fdat + END,
        "apng-data-without-frame": head + _actl(2) + first + fdat + END,
        "apng-sequence-broken": head + _actl(2) + _fctl(7, 28, 28) + first + _fctl(7, 28, 28) + fdat + END,
        "apng-500-frames": head + _actl(500) + frame + first + (_fctl(1, 28, 28) + fdat) * 499 + END,
    }


def _actl(frames: int) -> bytes:
    return png_chunk(b"acTL", struct.pack(">II", frames, 0))


def _fctl(sequence: int, width: int, height: int, x: int = 0) -> bytes:
    return png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, width, height, x, 0, 1, 10, 0, 0))
