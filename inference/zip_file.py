"""Read the members of a ZIP, never trusting what it says of itself: of clients, of catalogues, of models.

zipfile parses the directory; the members are read here. Each byte of the archive belongs to one member, is
read once, and unpacked up to a limit; members whose bytes overlap are refused. Names are as their writers
meant them, and never used as paths. An archive inside an archive is not opened.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Final, NamedTuple, TypeAlias

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.file_names import names_in_zip
from inference.inflate import Buffer, Pause, inflate, no_pause

MEMBER: Final = b"PK\x03\x04"
"""What each member of a ZIP begins with (APPNOTE.TXT 4.3.7)."""

MAGICS: Final = (MEMBER, b"PK\x05\x06")
"""A first member, or an empty archive's directory (APPNOTE.TXT 4.3.16)."""

DIRECTORY_ENTRY: Final = b"PK\x01\x02"
"""What each entry of the directory begins with (APPNOTE.TXT 4.3.12); counting these costs no memory."""

HEAD_BYTES: Final = 30
"""Of a member, before its name."""

ENCRYPTED, PATCHED, STRONGLY_ENCRYPTED = 1, 1 << 5, 1 << 6
"""Flags of a member (APPNOTE.TXT 4.4.4)."""

ReadAt: TypeAlias = Callable[[int, int], Buffer]
"""Reads so many bytes of the archive from a place on, or fewer at its end."""


class Entry(NamedTuple):
    """One member, by the archive's directory.

    Attributes:
        name: in Unicode.
        size: unpacked.
        start: where its head begins.
        end: where it ends at the latest, as another one begins there; 0 if they overlap.
        packed: bytes of its content in the archive.
        crc: CRC-32 of its content.
    """

    name: str
    size: int
    start: int
    end: int
    packed: int
    crc: int
    method: int
    flags: int


def is_zip(content: Buffer) -> bool:
    """Whether these bytes begin as a ZIP does."""
    return bytes(content[:4]) in MAGICS


def entries_of(file: IO[bytes]) -> Iterator[Entry]:
    """The members that an archive lists, in its own order.

    Raises:
        ArchiveUnreadable: it is damaged, or no ZIP.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos, directory = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise ArchiveUnreadable(str(error)) from error
    ends = _ends(infos, directory)
    for info, name in zip(infos, names_in_zip(infos), strict=True):
        yield Entry(
            name,
            info.file_size,
            info.header_offset,
            ends[info.header_offset],
            info.compress_size,
            info.CRC,
            info.compress_type,
            info.flag_bits,
        )


def _ends(infos: list[zipfile.ZipInfo], directory: int) -> dict[int, int]:
    """Where the member ends at the latest that begins at a place; 0 for those that overlap another one."""
    ends, reached, last = dict[int, int](), 0, -1
    for info in sorted(infos, key=lambda one: one.header_offset):
        start = info.header_offset
        if start < reached:
            ends[start] = ends[last] = 0
        else:
            ends[start] = directory
            if last >= 0:
                ends[last] = min(ends[last], start)
        if (end := start + HEAD_BYTES + info.compress_size) > reached:
            reached, last = end, start
    return ends


def content_of(read_at: ReadAt, entry: Entry, limit: int, pause: Pause = no_pause) -> bytes:
    """The content of a member.

    Args:
        read_at: reads the archive.
        entry: of its directory.
        limit: bytes that the content may have.
        pause: between two steps.

    Raises:
        MemberTooLarge: it has more.
        MemberUnreadable: it is encrypted, packed otherwise, damaged, or overlaps another one.
    """
    if entry.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MemberUnreadable(f"It is packed by method {entry.method}. Pack it by deflate.")
    if entry.flags & (ENCRYPTED | STRONGLY_ENCRYPTED):
        raise MemberUnreadable("This member of the ZIP is encrypted.")
    if entry.flags & PATCHED:
        raise MemberUnreadable(
            "This member of the ZIP is packed in a way that is not read: compressed patched data."
        )
    if entry.size > limit:
        raise MemberTooLarge(f"Unpacked it has {entry.size:,} bytes; at most {limit:,} are read.")
    packed = _packed(read_at, entry)
    if entry.method == zipfile.ZIP_STORED:
        content = bytes(packed)
    else:
        try:
            content = inflate(packed, -zlib.MAX_WBITS, entry.size, pause).data
        except zlib.error as error:
            raise _damaged(str(error)) from error
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise _damaged(f"Bad CRC-32 for file {entry.name!r}")
    return content


def _packed(read_at: ReadAt, entry: Entry) -> Buffer:
    """The bytes of a member's content as the archive has them, which no other member shares."""
    head = read_at(entry.start, HEAD_BYTES) if entry.start >= 0 else b""
    if len(head) < HEAD_BYTES or bytes(head[:4]) != MEMBER:
        raise _damaged("it does not begin where the directory says")
    start = entry.start + HEAD_BYTES + sum(struct.unpack_from("<HH", head, 26))
    if start + entry.packed > entry.end:
        raise MemberUnreadable("This member of the ZIP overlaps another one: their bytes are the same.")
    if entry.method == zipfile.ZIP_STORED and entry.packed != entry.size:
        raise _damaged("it is stored, and its two sizes differ")
    packed = read_at(start, entry.packed)
    if len(packed) < entry.packed:
        raise _damaged("it is cut short")
    return packed


def _damaged(what: str) -> MemberUnreadable:
    return MemberUnreadable(f"This member of the ZIP is damaged: {what}.")
