"""What a source of pictures must do, what it lists, and which names are pictures.

A source lists its pictures in an order that does not change, so that an interrupted run can resume. It
travels to every worker process, which opens a reader of its own. The sources are in files.py, archives.py
and buckets.py; sources.py finds the one that a word names.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from labelling.errors import Unreadable

MAX_BYTES: Final = 20_000_000
"""The largest picture that is read, in bytes: what the service takes by default."""

NO_PICTURES: Final = (".csv", ".db", ".html", ".ini", ".json", ".jsonl", ".md", ".parquet", ".txt", ".xml")
"""Endings of what lies beside pictures; files of these kinds are skipped unless they are named."""


UNSEEN: Final = "unseen"
"""The stamp of a picture whose content shows only when it is read: its row is kept unless it is an error."""


class Item(NamedTuple):
    """One picture of a source, not yet read.

    Attributes:
        name: the picture's name in the table.
        place: where it is, for the source's own reader. It travels between processes, so it is small, or
            the picture's bytes, where they can only be read in order.
        stamp: size and time, ETag or checksum, as the source has them: another content has another stamp.
        weight: bytes that count towards a chunk of work.
        number: its place in the source, from 0, which run.py counts.
    """

    name: str
    place: Any
    stamp: str
    weight: int
    number: int = 0


Read: TypeAlias = Callable[[Sequence[Any]], Iterable[bytes | Unreadable]]
"""Fetches the bytes at some places, in order, or says why they cannot be read."""


class Source(Protocol):
    """Pictures in an order that does not change; can be pickled."""

    @property
    def address(self) -> str:
        """Where it is, the same from any working directory."""

    def items(self) -> Iterator[Item]:
        """List the pictures, without reading them.

        Raises:
            SourceUnusable: it cannot be listed.
            StoreError: it lies in a store that cannot be listed.
        """

    def reader(self) -> Read:
        """Open what reads pictures; called once in every process that does."""


@dataclass(frozen=True)
class PathSource:
    """What all sources in the file system have in common.

    Attributes:
        path: as it was named.
    """

    path: str

    @property
    def address(self) -> str:
        """Where it is, the same from any working directory."""
        return os.path.abspath(self.path)  # noqa: PTH100 - resolving a link would name another file


def stamp_of(path: str) -> tuple[str, int]:
    """Size and time of change of a file as a stamp, and its size in bytes.

    Raises:
        OSError: there is none.
        ValueError: the path holds a NUL.
    """
    facts = os.stat(path)  # noqa: PTH116 - as above
    return f"{facts.st_size} {facts.st_mtime_ns}", facts.st_size


def attempt(read: Callable[[Any], bytes], place: Any) -> bytes | Unreadable:  # noqa: ANN401 - see Item
    """The bytes at a place, or why they cannot be read."""
    try:
        return read(place)
    except Unreadable as error:
        return error


def is_picture_name(name: str) -> bool:
    """Whether a file that was found, not named, may be a picture, by the last part of its name."""
    return not is_hidden(name) and not name.lower().endswith(NO_PICTURES)


def is_wanted_member(name: str) -> bool:
    """Whether something in an archive or bucket may be a picture, by its name; a folder's ends in a slash."""
    # `tar c .` puts `./` before every name, and so do some who make ZIPs.
    folders, _, last = name.removeprefix("./").rpartition("/")
    return bool(last) and is_picture_name(last) and not any(map(is_hidden, folders.split("/")))


def is_hidden(name: str) -> bool:
    """Whether a name is hidden, or a folder that macOS adds to archives."""
    return name.startswith(".") or name == "__MACOSX"


def check_size(size: int) -> None:
    """Check a picture's size in bytes.

    Raises:
        Unreadable: it is more than MAX_BYTES.
    """
    if size > MAX_BYTES:
        raise Unreadable(f"It has {size:,} bytes; at most {MAX_BYTES:,} are read. Send a smaller one.")
