"""Pictures in a TAR, packed or not.

Of one that is not packed, workers read the members from their places in the file. A packed one can only be
read from its beginning, so the bytes themselves travel to the workers. Names are never used as paths.
"""

import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from labelling.errors import SourceUnusable, Unreadable
from labelling.sources import MAX_BYTES, InOneFile, Item, Read, is_wanted_member, reader_of, too_large


class Span(NamedTuple):
    """Where a member is in an archive that is not packed."""

    offset: int
    size: int


class TooLarge(NamedTuple):
    """A member that is not worth the way: how many bytes it has."""

    size: int


Place: TypeAlias = Span | TooLarge | bytes

_MAGICS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
"""What gzip, bzip2 and xz begin with."""
_MAGIC_BYTES = 6

_UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Tar(InOneFile):
    """The regular files of a TAR in its own order; links and what desktops hide are passed over."""

    def items(self) -> Iterator[Item]:
        try:
            with open(self.file, "rb") as file:  # noqa: PTH123 - paths travel as text here
                is_packed = file.read(_MAGIC_BYTES).startswith(_MAGICS)
            yield from self._members("r|*", _content) if is_packed else self._members("r:", _place)
        except _UNREADABLE as error:
            raise SourceUnusable(
                f"{self.file}: cannot be read as a TAR ({error}). Was it cut short?"
            ) from error

    def reader(self) -> Read:
        return reader_of(self.file, _read)

    def count(self) -> int | None:
        return None  # that takes as long as reading it

    def _members(
        self, mode: Literal["r:", "r|*"], place: "Callable[[tarfile.TarFile, tarfile.TarInfo], Place]"
    ) -> Iterator[Item]:
        with tarfile.open(self.file, mode) as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined] # else it keeps every member it has seen
                if member.isreg() and is_wanted_member(member.name):
                    yield Item(member.name, place(archive, member))
            if mode == "r:":
                self._check_end(archive.offset)

    def _check_end(self, offset: int) -> None:
        """Python takes a header that is damaged for the end of the archive; that is all zeros, or nothing.

        Raises:
            ReadError: there is something else.
        """
        with open(self.file, "rb") as file:  # noqa: PTH123 - as above
            if any(os.pread(file.fileno(), tarfile.BLOCKSIZE, offset)):
                raise tarfile.ReadError(f"the header at byte {offset} is damaged")


def _place(_: tarfile.TarFile, member: tarfile.TarInfo) -> Place:
    return Span(member.offset_data, member.size)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Place:
    if member.size > MAX_BYTES:
        return TooLarge(member.size)
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _read(archive: int, place: Place) -> bytes:
    if isinstance(place, bytes):
        return place
    if place.size > MAX_BYTES or isinstance(place, TooLarge):
        raise Unreadable(too_large(place.size))
    content = os.pread(archive, place.size, place.offset)
    if len(content) != place.size:
        raise Unreadable("This member of the TAR is cut short.")
    return content
