"""Pictures in a ZIP or TAR, which is never unpacked to the disk; names are never used as paths.

Workers read members from their places in the file. A packed TAR has to be read from its beginning, so its
members' bytes travel to the workers. Each process holds a ZIP's directory, half a kilobyte per member.
"""

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.file_names import may_be_picture, name_in_zip
from labelling.errors import SourceUnusable, Unreadable
from labelling.items import (
    MAX_BYTES,
    Item,
    PathSource,
    Read,
    attempt,
    check_size,
    stamp_of,
)

_PACKED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""How gzip, bzip2 and xz begin."""
_UNREADABLE_ZIP: Final = (zipfile.BadZipFile, NotImplementedError, OSError, ValueError)
_UNREADABLE_TAR: Final = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)


class TarMember(NamedTuple):
    """Where a member is in a TAR that is not packed."""

    offset: int
    size: int

    def read(self, archive: int) -> bytes:
        """The member's bytes.

        Args:
            archive: the file descriptor.

        Raises:
            Unreadable: it is cut short, or too large.
        """
        check_size(self.size)
        content = os.pread(archive, self.size, self.offset)
        if len(content) != self.size:
            raise Unreadable("This member of the TAR is cut short.")
        return content


MOST_HEADER_BYTES: Final = 1024 * 1024
"""Of the name or the other records of a member; file systems allow names of a few kilobytes."""

_RECORDS: Final = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
"""Types of headers that hold a name or other records, which Python reads whole."""


class BoundedHeader(tarfile.TarInfo):
    """A member whose name and records are read only if they are short."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _RECORDS and self.size > MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"the header at byte {self.offset} names {self.size:,} bytes of records")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc] # the place to extend it
        return member


Member: TypeAlias = TarMember | bytes
"""Of a packed TAR, and of a sparse member, the bytes themselves."""


class Zip(PathSource):
    """The files of a ZIP in its own order; folders and hidden files are skipped."""

    def items(self) -> Iterator[Item]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                for info in archive.infolist():
                    name = name_in_zip(info)
                    if may_be_picture(name):
                        stamp = f"{info.file_size} {info.CRC:08x}"
                        yield Item(name, info, stamp, info.file_size)
        except _UNREADABLE_ZIP as error:
            raise SourceUnusable(f"{self.path}: no whole ZIP ({error}).") from error

    def reader(self) -> Read:
        archive = zipfile.ZipFile(self.path)
        return lambda members: (attempt(partial(_unpacked, archive), member) for member in members)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The member's bytes, never more than it says and MAX_BYTES allow.

    Raises:
        Unreadable: it is encrypted, packed otherwise, damaged, or too large.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"It is packed by method {member.compress_type}. Pack it by deflate.")
    check_size(max(member.file_size, member.compress_size))
    try:
        with archive.open(member) as file:
            return file.read(member.file_size + 1)  # without a number, it would unpack all that is there
    except NotImplementedError as error:  # a RuntimeError, too
        raise Unreadable(f"This member of the ZIP is packed in a way that is not read: {error}.") from error
    except RuntimeError as error:
        raise Unreadable("This member of the ZIP is encrypted.") from error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error) as error:
        raise Unreadable(f"This member of the ZIP is damaged: {error}.") from error


class Tar(PathSource):
    """The regular files of a TAR in its own order; links and hidden files are skipped.

    A TAR has no checksum of a member, and many are written without times: the stamp is that of the archive.
    """

    def reader(self) -> Read:
        def read_all(members: Sequence[Member]) -> Iterator[bytes | Unreadable]:
            # Opened for each run of the model: that costs less than a picture.
            with open(self.path, "rb") as file:  # noqa: PTH123 - paths travel as text here
                archive = file.fileno()
                for member in members:
                    yield attempt(lambda one: one if isinstance(one, bytes) else one.read(archive), member)

        return read_all

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
        stamp, _ = stamp_of(self.path)
        with tarfile.open(self.path, mode, tarinfo=BoundedHeader) as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined] # else it keeps every member it has seen
                if member.isreg() and may_be_picture(member.name):
                    yield Item(member.name, place(archive, member), stamp, member.size)
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


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
    if member.issparse():  # stored without its holes: no piece of the archive is the file
        return _content(archive, member)
    return TarMember(member.offset_data, member.size)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
    if member.size > MAX_BYTES:
        return TarMember(member.offset_data, member.size)  # reading it reports the size
    file = archive.extractfile(member)
    return b"" if file is None else file.read()
