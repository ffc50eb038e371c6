"""GIFs and WebPs: canvases, frames and chunks that disagree (GIF89a; RFC 9649)."""

import struct
from collections.abc import Iterable, Sequence

from tests.hostile import exif
from tests.hostile.entry import BROKEN, READ, READ_OR_BROKEN, TOO_LARGE, Entry, family, seed

FRAME_1X1 = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
"""An image descriptor of one pixel and its data."""

PALETTE_2 = b"\0\0\0\xff\xff\xff"


def gif(*blocks: bytes, width: int = 1, height: int = 1, flags: int = 0x80, end: bytes = b";") -> bytes:
    """A GIF with a palette of two and these blocks."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, flags, 0, 0) + PALETTE_2 + b"".join(blocks) + end


def frame(x: int, y: int, width: int, height: int, *, flags: int = 0, code_size: int = 2) -> bytes:
    """An image descriptor with data for one pixel, whatever it promises."""
    placed = struct.pack("<HHHHB", x, y, width, height, flags)
    return b"\x2c" + placed + bytes([code_size]) + b"\x02\x44\x01\x00"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp(*chunks: bytes) -> bytes:
    """A WebP of these chunks with a true length."""
    inside = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """A VP8X chunk."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def entries() -> Iterable[Entry]:
    """All of them."""
    yield from family(
        "gif", "gif", TOO_LARGE, {"bomb-65535x65535": gif(FRAME_1X1, width=65535, height=65535)}
    )
    yield from family("gif", "gif", BROKEN, _broken_gifs())
    yield from family("gif", "gif", READ_OR_BROKEN, _gifs())
    yield from family("webp", "webp", TOO_LARGE, _bombs(), "pixels")
    yield from family("webp", "webp", BROKEN, _broken_webps())
    yield from family("webp", "webp", READ_OR_BROKEN, _webps())
    yield from family("webp", "webp", READ, {"whole": seed("lossless.webp")})


def lzw_gif(codes: Sequence[int], before: bytes = b"") -> bytes:
    """A GIF of 28 x 28 with four colours and these codes of 3 bits: 4 empties the table, 5 ends the picture.

    Args:
        codes: whatever their number; a table that grows would need codes of more bits.
        before: extensions before the frame.
    """
    bits = "".join(f"{code:03b}"[::-1] for code in codes)
    length = -(-len(bits) // 8)
    data = int(bits.ljust(8 * length, "0")[::-1], 2).to_bytes(length, "little")
    blocks = [data[start : start + 255] for start in range(0, length, 255)]
    packed = b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
    placed = b"\x2c" + struct.pack("<HHHHB", 0, 0, 28, 28, 0) + b"\x02"
    return gif(before, placed + packed, width=28, height=28)


def _broken_gifs() -> dict[str, bytes]:
    return {
        "0x0": gif(FRAME_1X1, width=0, height=0),
        "80000-resets": lzw_gif([4] * 80_000),
        "reset-after-every-pixel": lzw_gif([4, 0] * 40_000),
        "2000-comments": gif(b"\x21\xfe\x01a\0" * 2000 + FRAME_1X1),
    }


def _gifs() -> dict[str, bytes]:
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    codes = {f"code-size-{size}": gif(frame(0, 0, 1, 1, code_size=size)) for size in (0, 1, 9, 12, 255)}
    return codes | {
        "1x65535": gif(frame(0, 0, 1, 65535), width=1, height=65535),
        "65535x1": gif(frame(0, 0, 65535, 1), width=65535, height=1),
        "no-frames": gif(),
        "no-frames-but-a-loop": gif(loop),
        "no-palette": gif(FRAME_1X1, flags=0),
        "no-trailer": gif(FRAME_1X1, end=b""),
        "ends-after-the-header": b"GIF89a\1\0\1\0",
        "frame-larger-than-canvas": gif(frame(0, 0, 65535, 65535)),
        "frame-outside": gif(frame(60000, 60000, 10, 10)),
        "frame-0x0": gif(frame(0, 0, 0, 0)),
        "frame-interlaced": gif(frame(0, 0, 1, 1, flags=0x40)),
        "frame-with-palette-of-256": gif(frame(0, 0, 1, 1, flags=0x87)),
        "2000-frames": gif(loop, *[FRAME_1X1] * 2000),
        "comments-without-end": gif(b"\x21\xfe" + b"\xff" * 3000),
        "sub-blocks-of-one-byte": gif(frame(0, 0, 1, 1)[:-1] + b"\x01\x00" * 3000 + b"\0"),
        "unknown-block": gif(b"\x99\x01\x02" + FRAME_1X1),
        "disposal-7": gif(b"\x21\xf9\x04\xff\xff\xff\xff\x00", FRAME_1X1),
        "49-megapixels-of-nothing": gif(FRAME_1X1, width=7000, height=7000),
        "palette-index-out-of-range": gif(frame(0, 0, 1, 1, code_size=8)),
    }


def _bombs() -> dict[str, bytes]:
    picture = seed("lossless.webp")[12:]
    vp8l = picture[:8] + b"\x2f" + struct.pack("<I", 0x0FFFFFFF) + picture[13:]
    return {
        "bomb-canvas-16777216x16777216": webp(canvas(1 << 24, 1 << 24), picture),
        "bomb-canvas-50000001x1": webp(canvas(1 << 24, 3), picture),
        "bomb-vp8l-16384x16384": webp(vp8l),
        "bomb-vp8-16383x16383": webp(_vp8_sized(16383, 16383)),
    }


def _vp8_sized(width: int, height: int) -> bytes:
    picture = seed("lossy.webp")[12:]
    return picture[:14] + struct.pack("<HH", width, height) + picture[18:]


def _broken_webps() -> dict[str, bytes]:
    whole = seed("lossy.webp")
    return {
        "riff-of-4-gb": whole[:4] + b"\xff\xff\xff\xfe" + whole[8:],
        "vp8-0x0": webp(_vp8_sized(0, 0)),
        "no-chunks": webp(),
        "unknown-first-chunk": webp(chunk(b"JUNK", bytes(40)), whole[12:]),
        "ends-after-the-mark": whole[:12],
    }


def _webps() -> dict[str, bytes]:
    lossy, lossless = seed("lossy.webp")[12:], seed("lossless.webp")[12:]
    inner = bytes(6) + (47).to_bytes(3, "little") + (63).to_bytes(3, "little") + bytes(3) + b"\0"
    moving = chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", inner + lossless)
    blocks = {
        f"exif-{name}": webp(canvas(48, 64, flags=0x08), lossless, chunk(b"EXIF", block))
        for name, block in exif.blocks().items()
    }
    return blocks | {
        "animated": webp(canvas(48, 64, flags=0x02), moving),
        "animated-without-frames": webp(canvas(48, 64, flags=0x02), chunk(b"ANIM", bytes(6))),
        "animated-1000-empty-frames": webp(canvas(48, 64, flags=0x02), *[chunk(b"ANMF", bytes(16))] * 1000),
        "canvas-smaller-than-picture": webp(canvas(1, 1), lossless),
        "canvas-larger-than-picture": webp(canvas(5000, 5000), lossless),
        "canvas-alone": webp(canvas(48, 64)),
        "all-flags": webp(canvas(48, 64, flags=0xFF), lossless),
        "two-canvases": webp(canvas(48, 64), canvas(1 << 24, 1 << 24), lossless),
        "icc-junk": webp(canvas(48, 64, flags=0x20), chunk(b"ICCP", bytes(range(256))), lossless),
        "alpha-junk": webp(canvas(160, 213, flags=0x10), chunk(b"ALPH", bytes(50)), lossy),
        "chunk-of-4-gb": webp(lossy[:4] + b"\xff\xff\xff\xff" + lossy[8:]),
        "chunk-of-0": webp(lossy[:4] + bytes(4) + lossy[8:]),
        "riff-of-0": b"RIFF" + bytes(4) + b"WEBP" + lossy,
        "vp8-no-key-frame": webp(lossy[:8] + bytes([lossy[8] | 1]) + lossy[9:]),
        "vp8l-wrong-mark": webp(lossless[:8] + b"\0" + lossless[9:]),
        "vp8l-zeros": webp(lossless[:20] + bytes(len(lossless) - 20)),
    }
