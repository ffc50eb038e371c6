"""Pictures in a ZIP or TAR, which is never unpacked to the disk; names are never used as paths.

Workers read members from their places in the file. A packed TAR has to be read from its beginning, so its
members' bytes travel to the workers. inference/zip_file.py and tar_headers.py read the archives.
"""

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Any, Final, NamedTuple, TypeAlias

from inference.errors import ArchiveUnreadable, MemberTooLarge, MemberUnreadable
from inference.file_names import may_be_picture
from inference.inflate import WORTH
from inference.plain_text import shown
from inference.zip_file import Entry, content_of, entries_of
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
from labelling.tar_headers import DamagedTar, Kind, Member, members_of


class Zip(PathSource):
    """The files of a ZIP in its own order; folders and hidden files are skipped."""

    def items(self) -> Iterator[Item]:
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - paths travel as text here
                for entry in entries_of(file):
                    if may_be_picture(entry.name):
                        yield Item(entry.name, entry, f"{entry.size} {entry.crc:08x}", entry.size)
        except (ArchiveUnreadable, OSError) as error:
            raise SourceUnusable(f"{self.path}: no whole ZIP ({error}).") from error

    def reader(self) -> Read:
        def read_all(entries: Sequence[Entry]) -> Iterator[bytes | Unreadable]:
            # Opened for each run of the model: that costs less than a picture.
            with open(self.path, "rb") as file:  # noqa: PTH123 - as above
                for entry in entries:
                    yield attempt(partial(_unpacked, file.fileno()), entry)

        return read_all


def _unpacked(archive: int, entry: Entry) -> bytes:
    """The content of a ZIP's member, of at most MAX_BYTES, packed or not.

    Raises:
        Unreadable: it cannot be read; see `content_of`.
    """
    check_size(max(entry.size, entry.packed))
    try:
        return content_of(partial(_piece, archive), entry, MAX_BYTES)
    except (MemberUnreadable, MemberTooLarge) as error:
        raise Unreadable(str(error)) from error
    except OSError as error:
        raise Unreadable(f"This member of the ZIP is damaged: {error}.") from error


def _piece(archive: int, start: int, count: int) -> bytes:
    return os.pread(archive, count, start)


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

_WITHOUT_CONTENT: Final[dict[Kind, str]] = {
    "hard link": "It is a hard link to {target}. Links in a TAR are not followed: the picture has its row "
    "under that name. Or pack it with `--hard-dereference`.",
    "symbolic link": "It is a symbolic link to {target}. Links in a TAR are not followed: the picture may "
    "have its row under that name. Or pack it with `--dereference`.",
    "sparse file": "It is stored without its holes, which is not read here. Pack it without `--sparse`.",
}


class Tar(PathSource):
    """The regular files and links of a TAR in its own order; hidden files are skipped.

    Links are not followed: their rows say where they lead. A TAR has no checksum of a member, and many are
    written without times: the stamp is that of the archive.
    """

    @property
    def uncounted(self) -> str:
        """Its members are found by unpacking all of it."""
        with open(self.path, "rb") as file:  # noqa: PTH123 - as above
            return "" if _unpacking(file) is None else "a packed TAR is unpacked while it is read"

    def reader(self) -> Read:
        def read_all(places: Sequence[Place]) -> Iterator[bytes | Unreadable]:
            with open(self.path, "rb") as file:  # noqa: PTH123 - as above
                archive = file.fileno()
                for place in places:
                    yield attempt(lambda one: one if isinstance(one, bytes) else one.read(archive), place)

        return read_all

    def items(self) -> Iterator[Item]:
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - as above
                yield from self._items(file)
        except (DamagedTar, OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise SourceUnusable(f"{self.path}: no whole TAR ({error}).") from error

    def _items(self, file: IO[bytes]) -> Iterator[Item]:
        stamp, size = stamp_of(self.path)
        unpacked = _unpacking(file)
        archive = _Whole(file, size) if unpacked is None else unpacked
        for member in members_of(archive.read_at):
            if member.kind != "other" and may_be_picture(member.name):
                yield Item(member.name, _place(member, unpacked), stamp, member.size or 0)


def _place(member: Member, unpacked: "_Unpacked | None") -> Place:
    if member.kind in _WITHOUT_CONTENT:
        return NoContent(_WITHOUT_CONTENT[member.kind].format(target=f"`{shown(member.target)[:200]}`"))
    size = member.size or 0
    if unpacked is None or size > MAX_BYTES:  # of which reading it reports the size
        return Stored(member.offset, size)
    return unpacked.read_at(member.offset, size)


class _Whole:
    """A file that is not packed."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    def read_at(self, start: int, count: int) -> bytes:
        """As `ReadAt`."""
        if start > self._size:
            raise DamagedTar(f"it ends at byte {self._size}, within a member")
        self._file.seek(start)
        return self._file.read(count)


STEP_BYTES: Final = 64 * 1024
"""Of a packed TAR that are unpacked at a time."""

_PACKED: Final[dict[bytes, tuple[Any, int]]] = {
    b"\x1f\x8b": (gzip.GzipFile, 1 << 18),
    b"BZh": (bz2.BZ2File, 1 << 20),
    b"\xfd7zXZ\0": (lzma.LZMAFile, 1 << 18),
}
"""How gzip, bzip2 and xz begin, what unpacks them, and how many bytes that may take before it makes some."""


def _unpacking(file: IO[bytes]) -> "_Unpacked | None":
    begin = file.read(6)
    file.seek(0)
    return next((_Unpacked(file, *how) for magic, how in _PACKED.items() if begin.startswith(magic)), None)


class _Unpacked(io.RawIOBase):
    """A packed file, read forward, whose packed bytes are counted: a stream may hold nothing at length."""

    def __init__(self, file: IO[bytes], kind: Any, spare: int) -> None:  # noqa: ANN401 - three classes
        self._file = file
        self._stream = kind(self, mode="rb") if kind is not gzip.GzipFile else kind(fileobj=self, mode="rb")
        self._spare = spare
        self._at = self._taken = 0

    def readable(self) -> bool:
        """For the unpacking class."""
        return True

    def read(self, count: int = -1) -> bytes:
        """The next packed bytes, for the unpacking class.

        Raises:
            DamagedTar: there were far more of them than unpacked ones.
        """
        if self._taken > WORTH * self._at + self._spare:
            raise DamagedTar(f"its first {self._taken:,} packed bytes hold {self._at:,}")
        piece = self._file.read(min(count, STEP_BYTES // 4))
        self._taken += len(piece)
        return piece

    def read_at(self, start: int, count: int) -> bytes:
        """As `ReadAt`."""
        while self._at < start:
            if not self._next(start - self._at):
                raise DamagedTar(f"it ends at byte {self._at}, within a member")
        parts = list[bytes]()
        while (rest := start + count - self._at) and (part := self._next(rest)):
            parts.append(part)
        return b"".join(parts)

    def _next(self, count: int) -> bytes:
        part: bytes = self._stream.read(min(count, STEP_BYTES))
        self._at += len(part)
        return part
