"""Unpack compressed data of a client in steps, and stop as soon as it costs more than it can be worth.

Two kinds of data are dangerous. A few kilobytes may unpack to gigabytes, so the caller gives a limit for the
unpacked bytes. And many megabytes may unpack to nothing, since a block without content takes as much time as
any other. So a stream is refused as soon as its packed bytes exceed PACKED_PER_UNPACKED times its unpacked
bytes plus SPARE_BYTES.
"""

import zlib
from dataclasses import dataclass
from typing import Final, TypeAlias

Buffer: TypeAlias = bytes | memoryview

INFLATE_STEP_BYTES: Final = 256 * 1024
"""Number of bytes that go in, or come out, in one step."""

PACKED_PER_UNPACKED, SPARE_BYTES = 2, 1024
"""Largest number of packed bytes for each unpacked byte, and of packed bytes beyond these.

A compressor stores bytes that it cannot shrink as they are, so honest data stays near 1. The spare bytes are
for
headers: one of gzip holds a file name.
"""


@dataclass(frozen=True)
class InflatedStream:
    """The unpacked content of a compressed stream.

    Attributes:
        data: the unpacked bytes; one more than the limit if there are more.
        is_whole: whether the stream ended and nothing follows it.
    """

    data: bytes
    is_whole: bool


def inflate_stream(packed: Buffer, bits: int, limit: int) -> InflatedStream:
    """Unpack one stream of deflate, zlib or gzip, up to a limit.

    Args:
        bits: the number for the kind of the stream, `wbits` of zlib.
        limit: the limit for the unpacked bytes; at most one more is unpacked.

    Raises:
        zlib.error: the stream is damaged, or has far more bytes than it holds.
    """
    inflating = zlib.decompressobj(bits)
    source = memoryview(packed)
    parts = list[bytes]()
    size = 0  # unpacked so far
    position = 0  # in the packed bytes
    waiting = b""  # given to zlib, but not unpacked yet, because a step was full
    is_starved = True
    while size <= limit and not inflating.eof:
        if is_starved:
            spare = SPARE_BYTES + PACKED_PER_UNPACKED * size - position
            if position == len(source):
                break
            if spare <= 0:  # zlib would accept such a stream
                raise zlib.error(f"its first {position:,} bytes hold {size:,}")
            piece: Buffer = source[position : position + min(INFLATE_STEP_BYTES, spare)]
            position += len(piece)
        else:
            piece = waiting
        step_bytes = min(INFLATE_STEP_BYTES, limit + 1 - size)
        parts.append(inflating.decompress(piece, step_bytes))
        size += len(parts[-1])
        waiting = inflating.unconsumed_tail
        is_starved = not waiting and len(parts[-1]) < step_bytes
    is_whole = inflating.eof and position == len(source) and not inflating.unused_data
    return InflatedStream(parts[0] if len(parts) == 1 else b"".join(parts), is_whole)
