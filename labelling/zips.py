"""Pictures in a ZIP, listed without holding its directory and read without unpacking it.

Python's zipfile makes an object of every member, half a kilobyte each, in every process that opens one. Here
the directory is read as a stream, and a worker goes to the place of each member in the file. Fields as in
APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3. Names are told and never used as paths.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from labelling.errors import SourceUnusable, Unreadable
from labelling.sources import MAX_BYTES, InOneFile, Item, Read, is_wanted_member, reader_of, too_large

STORED, DEFLATED = 0, 8
"""How a member may be packed, as for `/predict/batch`."""

_END: Final = b"PK\x05\x06"
_END_BYTES, _COMMENT_MAX = 22, 65_535
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
_ENTRY, _ENTRY_BYTES = b"PK\x01\x02", 46
_MEMBER, _MEMBER_BYTES = b"PK\x03\x04", 30
_ENCRYPTED, _UTF8 = 1, 1 << 11
_FULL = 0xFFFFFFFF
"""A size or offset that stands in the extra field instead."""


class Span(NamedTuple):
    """Where a member is in the archive."""

    offset: int
    packed: int
    size: int
    method: int
    flags: int
    checksum: int


class _Directory(NamedTuple):
    """Where the directory is; `shift` is what stands before the archive, as in one that unpacks itself."""

    offset: int
    size: int
    entries: int
    shift: int


@dataclass(frozen=True)
class Zip(InOneFile):
    """The files of a ZIP in its own order; folders and what desktops hide are passed over."""

    def items(self) -> Iterator[Item]:
        try:
            with open(self.file, "rb") as file:  # noqa: PTH123 - paths travel as text here
                for name, span in _entries(file, _directory(file)):
                    if is_wanted_member(name):
                        yield Item(name, span)
        except (OSError, struct.error, ValueError) as error:
            raise SourceUnusable(
                f"{self.file}: cannot be read as a ZIP ({error}). Was it cut short?"
            ) from error

    def reader(self) -> Read:
        return reader_of(self.file, _member)

    def count(self) -> int:
        return sum(1 for _ in self.items())


def _directory(file: BinaryIO) -> _Directory:
    length = file.seek(0, os.SEEK_END)
    start = max(0, length - _END_BYTES - _COMMENT_MAX)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0:
        raise ValueError("it has no directory")
    entries, size, offset = struct.unpack_from("<10xHII", tail, place)
    end = start + place
    if place >= _LOCATOR_BYTES and tail[place - _LOCATOR_BYTES :].startswith(_LOCATOR):
        end -= _LOCATOR_BYTES + _END64_BYTES
        file.seek(end)
        record = file.read(_END64_BYTES)
        if not record.startswith(_END64):
            raise ValueError("its ZIP64 directory is not where it should be")
        entries, size, offset = struct.unpack_from("<32xQQQ", record)
    return _Directory(offset, size, entries, end - size - offset)


def _entries(file: BinaryIO, directory: _Directory) -> Iterator[tuple[str, Span]]:
    file.seek(directory.offset + directory.shift)
    for _ in range(directory.entries):
        head = file.read(_ENTRY_BYTES)
        if not head.startswith(_ENTRY):
            raise ValueError("its directory is damaged")
        flags, method, checksum, packed, size, name, extra, comment, offset = struct.unpack(
            "<8xHH4xIIIHHH8xI", head
        )
        text = file.read(name).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        size, packed, offset = _long(file.read(extra), size, packed, offset)
        file.seek(comment, os.SEEK_CUR)
        yield text, Span(offset + directory.shift, packed, size, method, flags, checksum)


def _long(extra: bytes, *fields: int) -> list[int]:
    """The fields, each from the ZIP64 extra field where it is too long for its own place."""
    if _FULL not in fields:
        return list(fields)
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        if kind == 1:
            values = iter(struct.unpack_from(f"<{length // 8}Q", extra, place + 4))
            return [next(values, field) if field == _FULL else field for field in fields]
        place += 4 + length
    return list(fields)


def _member(archive: int, span: Span) -> bytes:
    """The bytes of one member, never more than MAX_BYTES of them.

    Raises:
        Unreadable: it is encrypted, packed otherwise, damaged, or too large.
    """
    if span.flags & _ENCRYPTED:
        raise Unreadable("This member of the ZIP is encrypted.")
    if span.method not in (STORED, DEFLATED):
        raise Unreadable(f"It is packed by method {span.method}. Pack it by deflate.")
    if max(span.size, span.packed) > MAX_BYTES:
        raise Unreadable(too_large(span.size))
    try:
        content = _unpacked(_packed(archive, span), span)
    except (OSError, struct.error, zlib.error) as error:
        raise Unreadable(f"This member of the ZIP cannot be read: {error}.") from error
    if len(content) != span.size or zlib.crc32(content) != span.checksum:
        raise Unreadable("This member of the ZIP is damaged: its size or checksum is not what it says.")
    return content


def _packed(archive: int, span: Span) -> bytes:
    head = os.pread(archive, _MEMBER_BYTES, span.offset)
    if not head.startswith(_MEMBER):
        raise Unreadable("This member of the ZIP is not where its directory says.")
    name, extra = struct.unpack_from("<26xHH", head)
    return os.pread(archive, span.packed, span.offset + _MEMBER_BYTES + name + extra)


def _unpacked(packed: bytes, span: Span) -> bytes:
    if span.method == STORED:
        return packed
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, span.size + 1)
