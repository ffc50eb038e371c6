"""Pictures in a ZIP or TAR, which is never unpacked to the disk; names are never used as paths.

zipfile (behind inference/zip_file.py) and tarfile read them. Workers read members from their places in the
file. A packed TAR has to be read from its beginning, so its members' bytes travel to the workers.
"""

import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Final, NamedTuple, Self, TypeAlias
from zipfile import ZipFile, ZipInfo

from inference.errors import ArchiveUnreadable, MemberUnreadable
from inference.file_names import may_be_picture
from inference.plain_text import shown
from inference.zip_file import content_of, name_of, open_zip
from labelling.errors import SourceUnusable, Unreadable
from labelling.items import MAX_BYTES, Item, PathSource, Read, attempt, check_size, stamp_of


class Zip(PathSource):
    """The files of a ZIP in its own order; folders and hidden files are skipped."""

    def items(self) -> Iterator[Item]:
        with closing(self._opened()) as archive:
            members = archive.infolist()
            if sum(member.compress_size for member in members) > archive.start_dir:
                raise SourceUnusable(f"{self.path}: no whole ZIP (its members overlap).")
            for member in members:
                if may_be_picture(name := name_of(member)):
                    yield Item(name, member, f"{member.file_size} {member.CRC:08x}", member.file_size)

    def _opened(self) -> ZipFile:
        try:
            return open_zip(self.path)
        except (ArchiveUnreadable, OSError) as error:
            raise SourceUnusable(f"{self.path}: no whole ZIP ({error}).") from error

    def reader(self) -> Read:
        opened = cache(self._opened)  # by the first picture: a run without one reads no directory

        def read(member: ZipInfo) -> bytes:
            check_size(member.file_size)
            try:
                return content_of(opened(), member, MAX_BYTES)
            except MemberUnreadable as error:
                raise Unreadable(str(error)) from error

        return lambda members: (attempt(read, member) for member in members)


class Stored(NamedTuple):
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


class NoContent(NamedTuple):
    """A member that has no content of its own, and why."""

    why: str

    def read(self, archive: int) -> bytes:
        """Raise Unreadable; `archive` is not used."""
        raise Unreadable(self.why)


Place: TypeAlias = Stored | NoContent | bytes
"""Of a packed TAR, the bytes themselves."""

HARD_LINK: Final = (
    "It is a hard link to {target}. Links in a TAR are not followed: the picture has its row under that "
    "name. Or pack it with `--hard-dereference`."
)
SYMBOLIC_LINK: Final = (
    "It is a symbolic link to {target}. Links in a TAR are not followed: the picture may have its row under "
    "that name. Or pack it with `--dereference`."
)
SPARSE: Final = "It is stored without its holes, which is not read here. Pack it without `--sparse`."

_PACKINGS: Final = {b"\x1f\x8b": "r|gz", b"BZh": "r|bz2", b"\xfd7zXZ\0": "r|xz"}
"""How gzip, bzip2 and xz begin, and what tarfile calls reading them forward."""


class Tar(PathSource):
    """The regular files and links of a TAR in its own order; hidden files are skipped.

    Links are not followed: their rows say where they lead. A TAR has no checksum of a member, and many are
    written without times: the stamp is that of the archive, and the member's place in it, as a name may come
    twice.
    """

    @property
    def uncounted(self) -> str:
        """Its members are found by unpacking all of it."""
        return "a packed TAR is unpacked while it is read" if self._packing else ""

    @property
    def _packing(self) -> str:
        with open(self.path, "rb") as file:  # noqa: PTH123 - paths travel as text here
            begin = file.read(6)
        return next((how for magic, how in _PACKINGS.items() if begin.startswith(magic)), "")

    def reader(self) -> Read:
        def read_all(places: Sequence[Place]) -> Iterator[bytes | Unreadable]:
            with open(self.path, "rb") as file:  # noqa: PTH123 - as above
                archive = file.fileno()
                for place in places:
                    yield attempt(
                        lambda member: member if isinstance(member, bytes) else member.read(archive), place
                    )

        return read_all

    def items(self) -> Iterator[Item]:
        try:
            stamp, _ = stamp_of(self.path)
            packing = self._packing
            for archive, member in _members(self.path, packing or "r:"):
                if may_be_picture(member.name):
                    place = _place(archive, member, is_packed=bool(packing))
                    yield Item(member.name, place, f"{stamp} {member.offset_data}", member.size)
        except _ERRORS as error:
            raise SourceUnusable(f"{self.path}: no whole TAR ({error}).") from error


_ERRORS: Final = (
    *(tarfile.TarError, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, OverflowError, RecursionError, ValueError),
)


def _members(path: str, mode: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The regular files and links of a TAR, read forward."""
    at = 0
    with tarfile.open(path, mode, tarinfo=_Header) as archive:  # type: ignore[call-overload] # a mode of many
        while (member := archive.next()) is not None:
            if member.size < 0 or archive.offset <= at:  # tarfile would read the same headers for ever
                raise tarfile.ReadError(f"a header behind byte {at} leads back")
            at = archive.offset
            archive.members.clear()  # which grows with the archive
            if member.isfile() or member.islnk() or member.issym():
                yield archive, member


class _Header(tarfile.TarInfo):
    """A header whose damage ends the reading: tarfile takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a block of 512 bytes.

        Raises:
            ReadError: it is damaged.
            HeaderError: it is the end: of zeros, or not there.
        """
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if any(buf):
                raise tarfile.ReadError(f"a header is damaged: {error}") from error
            raise


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, *, is_packed: bool) -> Place:
    target = f"`{shown(member.linkname)[:200]}`"
    if member.islnk():
        return NoContent(HARD_LINK.format(target=target))
    if member.issym():
        return NoContent(SYMBOLIC_LINK.format(target=target))
    if member.issparse():
        return NoContent(SPARSE)
    if not is_packed or member.size > MAX_BYTES:  # of which reading it reports the size
        return Stored(member.offset_data, member.size)
    content = archive.extractfile(member)
    return b"" if content is None else content.read()
