"""Inflate bytes that a client chose, in steps, as far as they are worth it. Pure.

Deflate can say nothing at length: blocks without content cost as much as others. A stream that takes more
than twice what it holds, and a little, is refused where that shows.
"""

import zlib
from dataclasses import dataclass
from typing import Final, TypeAlias

Buffer: TypeAlias = bytes | memoryview

STEP_BYTES: Final = 256 * 1024
"""How much goes in, or comes out, at a time."""

PACKED_PER_UNPACKED, SPARE_BYTES = 2, 1024
"""Packed bytes for each unpacked one, and beyond these. A compressor stores what it cannot shrink, in parts
of some kilobytes; headers of gzip hold a name."""


@dataclass(frozen=True)
class InflatedStream:
    """What a stream holds.

    Attributes:
        data: its bytes; one more than the limit if it has more.
        is_whole: the stream ended, and nothing follows it.
    """

    data: bytes
    is_whole: bool


def inflate(packed: Buffer, bits: int, limit: int) -> InflatedStream:
    """Inflate one stream of deflate, zlib or gzip.

    Args:
        packed: the stream.
        bits: zlib's number for its kind.
        limit: bytes that it may hold; no more than one beyond are made.

    Raises:
        zlib.error: it is damaged, or takes far more bytes than it holds.
    """
    inflating, source = zlib.decompressobj(bits), memoryview(packed)
    parts, size, at, waiting = list[bytes](), 0, 0, b""
    is_starved = True
    while size <= limit and not inflating.eof:
        if is_starved:
            spare = SPARE_BYTES + PACKED_PER_UNPACKED * size - at
            if at == len(source):
                break
            if spare <= 0:
                raise zlib.error(f"its first {at:,} bytes hold {size:,}")
            piece: Buffer = source[at : at + min(STEP_BYTES, spare)]
            at += len(piece)
        else:
            piece = waiting
        wanted = min(STEP_BYTES, limit + 1 - size)
        parts.append(inflating.decompress(piece, wanted))
        size += len(parts[-1])
        waiting = inflating.unconsumed_tail
        is_starved = not waiting and len(parts[-1]) < wanted
    is_whole = inflating.eof and at == len(source) and not inflating.unused_data
    return InflatedStream(parts[0] if len(parts) == 1 else b"".join(parts), is_whole)
