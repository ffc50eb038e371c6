"""Pictures in a ZIP or TAR, which is never unpacked to the disk; names are never used as paths.

Workers read members from their places in the file. Only a packed TAR has to be read from its beginning, so
its members' bytes travel to the workers. Memory holds the directory of a ZIP, half a kilobyte per member.
"""

import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from labelling.errors import SourceUnusable, Unreadable
from labelling.sources import MAX_BYTES, Item, PathSource, Read, attempt, check_size, is_wanted_member

_LOCAL_HEADER: Final = b"PK\x03\x04"
_LOCAL_HEADER_BYTES: Final = 30
_ENCRYPTED: Final = 1
_PACKED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""How gzip, bzip2 and xz begin."""
_UNREADABLE_ZIP: Final = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError)
_UNREADABLE_TAR: Final = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)


class ZipMember(NamedTuple):
    """Where a member is in a ZIP; the fields of its directory (APPNOTE.TXT 6.3.10, section 4.3)."""

    offset: int
    packed: int
    size: int
    method: int
    flags: int
    checksum: int

    def read(self, archive: int) -> bytes:
        """The member's bytes, never more than MAX_BYTES of them.

        Args:
            archive: the file descriptor.

        Raises:
            Unreadable: it is encrypted, packed otherwise, damaged, or too large.
        """
        if self.flags & _ENCRYPTED:
            raise Unreadable("This member of the ZIP is encrypted.")
        if self.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable(f"It is packed by method {self.method}. Pack it by deflate.")
        check_size(max(self.size, self.packed))
        try:
            content = self._unpacked(archive)
        except (OSError, struct.error, zlib.error) as error:
            raise Unreadable(f"This member of the ZIP cannot be read: {error}.") from error
        if len(content) != self.size or zlib.crc32(content) != self.checksum:
            raise Unreadable("This member of the ZIP is damaged: its size or checksum is not what it says.")
        return content

    def _unpacked(self, archive: int) -> bytes:
        head = os.pread(archive, _LOCAL_HEADER_BYTES, self.offset)
        if not head.startswith(_LOCAL_HEADER):
            raise Unreadable("This member of the ZIP is not where its directory says.")
        name, extra = struct.unpack_from("<26xHH", head)
        packed = os.pread(archive, self.packed, self.offset + _LOCAL_HEADER_BYTES + name + extra)
        if self.method == zipfile.ZIP_STORED:
            return packed
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, self.size + 1)


class TarMember(NamedTuple):
    """Where a member is in a TAR that is not packed."""

    offset: int
    size: int

    def read(self, archive: int) -> bytes:
        """The member's bytes; see ZipMember."""
        check_size(self.size)
        content = os.pread(archive, self.size, self.offset)
        if len(content) != self.size:
            raise Unreadable("This member of the TAR is cut short.")
        return content


Member: TypeAlias = ZipMember | TarMember | bytes
"""Of a packed TAR, the bytes themselves."""


class Archive(PathSource):
    """Members of one file."""

    def reader(self) -> Read:
        def read_all(members: Sequence[Member]) -> Iterator[bytes | Unreadable]:
            # Opened for each run of the model: that costs less than a picture.
            with open(self.path, "rb") as file:  # noqa: PTH123 - paths travel as text here
                archive = file.fileno()
                for member in members:
                    yield attempt(lambda one: one if isinstance(one, bytes) else one.read(archive), member)

        return read_all


class Zip(Archive):
    """The files of a ZIP in its own order; folders and hidden files are skipped."""

    def items(self) -> Iterator[Item]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                for info in archive.infolist():
                    if is_wanted_member(info.filename):
                        yield Item(info.filename, _zip_member(info))
        except _UNREADABLE_ZIP as error:
            raise SourceUnusable(f"{self.path}: no whole ZIP ({error}).") from error


def _zip_member(info: zipfile.ZipInfo) -> ZipMember:
    return ZipMember(
        info.header_offset, info.compress_size, info.file_size, info.compress_type, info.flag_bits, info.CRC
    )


class Tar(Archive):
    """The regular files of a TAR in its own order; links and hidden files are skipped."""

    is_quick_to_list = False  # a packed one is read whole for that

    def items(self) -> Iterator[Item]:
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - as above
                is_packed = file.read(6).startswith(_PACKED)
            yield from self._members("r|*", _content) if is_packed else self._members("r:", _place)
        except _UNREADABLE_TAR as error:
            raise SourceUnusable(f"{self.path}: no whole TAR ({error}).") from error

    def _members(
        self,
        mode: Literal["r:", "r|*"],
        place: Callable[[tarfile.TarFile, tarfile.TarInfo], Member],
    ) -> Iterator[Item]:
        with tarfile.open(self.path, mode) as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined] # else it keeps every member it has seen
                if member.isreg() and is_wanted_member(member.name):
                    yield Item(member.name, place(archive, member))
            if mode == "r:":
                self._check_end(archive.offset)

    def _check_end(self, offset: int) -> None:
        """Check that zeros follow, or nothing: Python takes a damaged header for the end of the archive.

        Raises:
            ReadError: something else follows.
        """
        with open(self.path, "rb") as file:  # noqa: PTH123 - as above
            if any(os.pread(file.fileno(), tarfile.BLOCKSIZE, offset)):
                raise tarfile.ReadError(f"the header at byte {offset} is damaged")


def _place(_: tarfile.TarFile, member: tarfile.TarInfo) -> TarMember:
    return TarMember(member.offset_data, member.size)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
    if member.size > MAX_BYTES:
        return _place(archive, member)  # reading it reports the size
    file = archive.extractfile(member)
    return b"" if file is None else file.read()
