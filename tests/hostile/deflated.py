"""Deflate written out by hand, so that the corpus is the same whatever zlib is installed (RFC 1951)."""

import zlib

_LONGEST = 258
"""Bytes that one length code stands for at most."""


def zeros(count: int) -> bytes:
    """`count` zero bytes in 1/159 of the room: one literal, then "258 more of the same" until the end."""
    runs, rest = divmod(count - 1, _LONGEST)
    literal = "00110000"
    bits = "110" + literal + ("11000101" + "00000") * runs + literal * rest + "0000000"
    bits += "0" * (-len(bits) % 8)
    return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")


def stored(data: bytes) -> bytes:
    """`data` in stored blocks, not packed at all."""
    blocks = [data[start : start + 0xFFFF] for start in range(0, len(data), 0xFFFF)] or [b""]
    return b"".join(
        bytes([number == len(blocks) - 1])
        + len(block).to_bytes(2, "little")
        + (len(block) ^ 0xFFFF).to_bytes(2, "little")
        + block
        for number, block in enumerate(blocks)
    )


def zlib_zeros(count: int) -> bytes:
    """The same zeros as zlib wraps them (RFC 1950)."""
    return b"\x78\x01" + zeros(count) + zlib.adler32(bytes(count)).to_bytes(4, "big")


def zlib_stored(data: bytes) -> bytes:
    """`data` as zlib wraps it."""
    return b"\x78\x01" + stored(data) + zlib.adler32(data).to_bytes(4, "big")
