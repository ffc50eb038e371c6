"""The sources of pictures: what each of them does, and the items that it lists.

A source lists its pictures in an order that does not change, so that an interrupted run can resume. It is
sent to every worker process, which opens a reader of its own. The sources are in sources/, where
source_opening.py finds the one that a word names. inference/file_names.py decides which names are pictures.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from inference.decode import MAX_BYTES
from labelling.errors import Unreadable

AT_ONCE: Final = 16
"""Pictures on the web that one process fetches at a time: they cost waiting, and hardly any processor."""

Hosts: TypeAlias = tuple[tuple[str, int], ...]
"""Hosts from which pictures may be fetched: the name, or `*.` and its ending, and the port."""

UNKNOWN_STAMP: Final = "unseen"
"""The stamp of a picture whose content shows only when it is read: its answer is kept."""


class Item(NamedTuple):
    """One picture of a source, not yet read.

    Attributes:
        name: the picture's name in the table.
        place: its place, for the source's own reader. It travels between processes, so it is small, or
            the picture's bytes, where they travel, or why it cannot be read.
        stamp: size and time, ETag or checksum, as the source has them: another content has another stamp.
        weight: bytes that count towards a chunk of work.
        list_cells: the cells of the list that names it, in the source's `columns`.
    """

    name: str
    place: Any
    stamp: str
    weight: int
    list_cells: tuple[str, ...]


Read: TypeAlias = Callable[[Sequence[Any]], Iterable[bytes | Unreadable]]
"""Fetches the bytes at some places, in order, or says why they cannot be read."""


@dataclass(frozen=True)
class Source:
    """Pictures in an order that does not change. A source can be pickled.

    Attributes:
        word: the word that names it on the command line.
        why_uncounted: why counting before the work would take too long; empty if it does not.
    """

    word: str
    why_uncounted: ClassVar[str] = ""

    @property
    def address(self) -> str:
        """The place of the source, equal from any working directory."""
        raise NotImplementedError

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a list beside the paths of pictures, for the table; empty for other sources."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about a list that a person should know."""
        return ()

    def items(self) -> Iterator[Item]:
        """List the pictures, without reading them.

        Raises:
            SourceUnusable: it cannot be listed.
            StoreError: it lies in a store that cannot be listed.
        """
        raise NotImplementedError

    def reader(self) -> Read:
        """Open the reader of pictures. Every process that reads calls this once."""
        raise NotImplementedError


@dataclass(frozen=True)
class LocalSource(Source):
    """A source that is a file or a folder of this machine.

    Attributes:
        word: the word that names it, with which the names of its files begin.
        folder: the folder that the word is relative to; empty for the current one.
    """

    folder: str = field(default="", kw_only=True)

    @property
    def place(self) -> str:
        """The path of its file or folder, as this process opens it."""
        return os.path.join(self.folder, self.word)  # noqa: PTH118 - Path would change what is written

    @property
    def address(self) -> str:
        """The place of the source, equal from any working directory."""
        return os.path.abspath(self.place)  # noqa: PTH100 - resolving a link would name another file


def read_stamp(path: str) -> tuple[str, int]:
    """Read the size and the time of change of a file as a stamp, and its size in bytes.

    Raises:
        OSError: there is none.
        ValueError: the path holds a NUL.
    """
    facts = os.stat(path)  # noqa: PTH116 - as above
    return f"{facts.st_size} {facts.st_mtime_ns}", facts.st_size


def read_or_explain(read: Callable[[Any], bytes], place: Any) -> bytes | Unreadable:  # noqa: ANN401 - see Item
    """Read the bytes at a place, or return why they cannot be read; the listing may have found that out."""
    if isinstance(place, Unreadable):
        return place
    try:
        return read(place)
    except Unreadable as error:
        return error


def check_size(size: int) -> None:
    """Check a picture's size in bytes.

    Raises:
        Unreadable: it is more than MAX_BYTES.
    """
    if size > MAX_BYTES:
        raise Unreadable(f"It has {size:,} bytes; at most {MAX_BYTES:,} are read. Send a smaller one.")
