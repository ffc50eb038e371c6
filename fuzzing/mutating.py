"""Damage bytes at random, the way files get damaged: flipped, cut, doubled, spliced, set to extremes.

Pure: the same generator gives the same bytes.
"""

from random import Random

EXTREMES = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\x7f",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\1\0\0",
)
"""What lengths, counts and offsets go wrong at."""

WORDS = (
    b"IHDR", b"IDAT", b"IEND", b"acTL", b"fcTL", b"iCCP", b"VP8X", b"VP8L", b"ANMF", b"\xff\xd8", b"\xff\xda",
    b"\xff\xc2", b"\xff\xd9", b"II*\0", b"MM\0*", b"\x2c", b"\x21\xf9", b"PK\1\2", b"PK\3\4", b'"pixels"',
)  # fmt: skip
"""What parsers look for."""


def mutated(random: Random, data: bytes, others: list[bytes]) -> bytes:
    """Change one to six things in `data`; `others` are what it may be spliced with."""
    for _ in range(random.randint(1, 6)):
        data = random.choice(_MUTATIONS)(random, data, others)
    return data


def _place(random: Random, data: bytes) -> int:
    # Half of the changes go to the first bytes: what decides stands there.
    return random.randrange(min(len(data), 64 if random.random() < 0.5 else len(data)) + 1)


def _flip(random: Random, data: bytes, _: list[bytes]) -> bytes:
    place = _place(random, data)
    return (
        data[:place]
        + bytes(byte ^ (1 << random.randrange(8)) for byte in data[place : place + 1])
        + data[place + 1 :]
    )


def _overwrite(random: Random, data: bytes, _: list[bytes]) -> bytes:
    place = _place(random, data)
    patch = random.choice(
        (random.choice(EXTREMES), random.choice(WORDS), random.randbytes(random.randint(1, 8)))
    )
    return data[:place] + patch + data[place + len(patch) :]


def _insert(random: Random, data: bytes, _: list[bytes]) -> bytes:
    place = _place(random, data)
    return (
        data[:place]
        + random.choice((random.choice(WORDS), random.randbytes(random.randint(1, 40))))
        + data[place:]
    )


def _cut(random: Random, data: bytes, _: list[bytes]) -> bytes:
    return data[: random.randint(0, len(data))]


def _drop(random: Random, data: bytes, _: list[bytes]) -> bytes:
    place = _place(random, data)
    return data[:place] + data[place + random.randint(1, 64) :]


def _double(random: Random, data: bytes, _: list[bytes]) -> bytes:
    place = _place(random, data)
    return data[:place] + data[place : place + random.randint(1, 400)] * random.randint(2, 4) + data[place:]


def _splice(random: Random, data: bytes, others: list[bytes]) -> bytes:
    other = random.choice(others)
    return data[: _place(random, data)] + other[_place(random, other) :]


_MUTATIONS = (_flip, _flip, _overwrite, _overwrite, _overwrite, _insert, _cut, _drop, _double, _splice)
