"""Walk the headers of a TAR, which its writer chose. Knows neither files nor how they are packed.

Python's tarfile believes headers: numbers without end, sizes below zero, maps of holes. Here a header has 512
bytes, the records before it have some kilobytes, and each step goes forward. Read are ustar, GNU's long
names, and `path` and `size` of pax (POSIX.1-2024, pax, "Extended Description").
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

BLOCK: Final = 512

MOST_RECORD_BYTES: Final = 64 * 1024
"""Of a member's long name, or of its pax records; file systems allow names of a few kilobytes."""

MOST_DIGITS: Final = 20
"""Of a number in pax records; 2 ** 64 has as many."""

Kind: TypeAlias = Literal["file", "hard link", "symbolic link", "sparse file", "other"]

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""Reads so many bytes from a place on, or fewer at the end; places only rise. Raises DamagedTar if the place
is beyond the end."""

_KINDS: Final[dict[bytes, Kind]] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",  # contiguous
    b"1": "hard link",
    b"2": "symbolic link",
    b"S": "sparse file",
}
_WITHOUT_CONTENT: Final = b"123456"
"""Links, devices, folders and pipes, whatever size they name."""

_LONG_NAME, _LONG_TARGET, _PAX, _OF_ALL = b"L", b"K", b"xX", b"g"


class DamagedTar(Exception):
    """No TAR, or one that cannot be read from a place on; the message says what is wrong where."""


@dataclass(frozen=True)
class Member:
    """One member, as far as its headers are read.

    Attributes:
        size: of its content in the archive; None while no header names it.
        kind: `other` of folders, devices and the like.
        offset: where its content begins.
        target: of a link.
    """

    name: str = ""
    size: int | None = None
    kind: Kind = "other"
    offset: int = 0
    target: str = ""


def members_of(read_at: ReadAt) -> Iterator[Member]:
    """The members of an archive, in its own order.

    Raises:
        DamagedTar: it is none, or is damaged from some header on.
    """
    at, said = 0, Member()
    while any(block := read_at(at, BLOCK)):
        _check_sum(block, at)
        kind, size, begin = block[156:157], _number(block[124:136], at), at + BLOCK
        if kind in _LONG_NAME + _LONG_TARGET + _PAX + _OF_ALL:
            if size > MOST_RECORD_BYTES:
                raise DamagedTar(f"the header at byte {at} names {size:,} bytes of records")
            said = _said(said, kind, read_at(begin, size), at)
        else:
            if kind == b"S":
                begin = _behind_map(read_at, block, begin)
            size = size if said.size is None else said.size
            yield Member(
                said.name or _name(block),
                size,
                "sparse file" if said.kind == "sparse file" else _KINDS.get(kind, "other"),
                begin,
                said.target or _text(block[157:257]),
            )
            said, size = Member(), 0 if kind in _WITHOUT_CONTENT else size
        at = begin + -(-size // BLOCK) * BLOCK
    if at == 0 and not block:
        raise DamagedTar("it is empty")


def _said(said: Member, kind: bytes, content: bytes, at: int) -> Member:
    """What is known of the next member with one more record."""
    if kind == _LONG_NAME:
        return replace(said, name=_text(content))
    if kind == _LONG_TARGET:
        return replace(said, target=_text(content))
    if kind == _OF_ALL:  # of all members: comments and times, in practice
        return said
    for key, value in _pax_records(content, at):
        if key in {b"path", b"GNU.sparse.name"}:
            said = replace(said, name=_text(value))
        elif key == b"linkpath":
            said = replace(said, target=_text(value))
        elif key == b"size":
            if not value.isdigit() or len(value) > MOST_DIGITS:
                raise DamagedTar(f"the header at byte {at} names a size that is no number")
            said = replace(said, size=int(value))
        elif key.startswith(b"GNU.sparse."):
            said = replace(said, kind="sparse file")
    return said


def _pax_records(content: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """The records of a pax header, each `LENGTH KEY=VALUE` and a line feed."""
    place = 0
    while place < len(content) and content[place]:
        space = content.find(b" ", place, place + len(str(MOST_RECORD_BYTES)) + 1)
        digits = content[place : max(space, place)]
        end = place + int(digits) if digits.isdigit() else 0
        if not space < end <= len(content) or content[end - 1] != ord("\n"):
            raise DamagedTar(f"the header at byte {at} has damaged records")
        key, _, value = content[space + 1 : end - 1].partition(b"=")
        yield key, value
        place = end


def _behind_map(read_at: ReadAt, block: bytes, begin: int) -> int:
    """Where the content of a sparse file begins, behind the blocks that go on with its map."""
    goes_on = block[482]
    while goes_on:
        more = read_at(begin, BLOCK)
        if len(more) < BLOCK:
            raise DamagedTar(f"it ends at byte {begin}, within a header")
        goes_on, begin = more[504], begin + BLOCK
    return begin


def _check_sum(block: bytes, at: int) -> None:
    """Refuse a block that is no header by its checksum; some programs add signed bytes."""
    if len(block) < BLOCK:
        raise DamagedTar(f"it ends at byte {at}, within a header")
    others = block[:148] + b" " * 8 + block[156:]
    total = sum(others)
    signed = total - 256 * sum(byte > 127 for byte in others)
    if _octal(block[148:156]) not in (total, signed):
        raise DamagedTar(f"the header at byte {at} is damaged")


def _number(field: bytes, at: int) -> int:
    """A size: octal digits, or GNU's binary number."""
    size = int.from_bytes(field[1:], "big") if field[0] == 0x80 else _octal(field)
    if size is None or size >= 1 << 63:
        raise DamagedTar(f"the header at byte {at} names a size that is no number")
    return size


def _octal(field: bytes) -> int | None:
    digits = field.partition(b"\0")[0].strip()
    if not digits:
        return 0
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else None


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
