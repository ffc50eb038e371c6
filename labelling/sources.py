"""A source of pictures: what it must do, how its name on the command line is read, which names are pictures.

A source lists its pictures in an order that does not change, so that an interrupted run can resume. It
travels to every worker process, which opens a reader of its own. The sources are in files.py, archives.py
and buckets.py; permits.py has what a list may name on the web.
"""

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from labelling.errors import SourceUnusable, Unreadable
from labelling.permits import NOTHING, Permits

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
        return os.path.abspath(self.path)  # noqa: PTH100 - resolving a link would name another file


def open_source(word: str, permits: Permits = NOTHING) -> Source:
    """Find out what kind of source a word names.

    Args:
        word: a folder, a pattern with `*`, a CSV or Parquet file with a column `path`, a ZIP or TAR, an
            `s3://bucket/prefix`, or one picture.
        permits: which pictures on the web a list may name.

    Raises:
        SourceUnusable: there is no such thing.
        StoreError: the address of a store is wrong.
    """
    if word.startswith("s3://"):
        from labelling.buckets import Bucket  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return Bucket(word)
    from labelling import archives, files  # noqa: PLC0415 - they import this file

    path = Path(word).expanduser()
    if path.is_dir():
        return files.Folder(os.path.normpath(path))
    if not path.exists():
        if glob.has_magic(word):
            return files.Pattern(str(path))
        raise SourceUnusable(
            f"{word}: no such file or folder. A source is a folder, a pattern in quotes, a CSV or Parquet "
            "file with a column `path`, a ZIP, a TAR, or s3://bucket/prefix."
        )
    kinds: dict[str, Callable[[str], Source]] = {
        **dict.fromkeys((".csv", ".parquet"), partial(files.PathList, permits=permits)),
        ".zip": archives.Zip,
        **dict.fromkeys((".tar", ".tgz", ".gz", ".bz2", ".xz"), archives.Tar),
    }
    return kinds.get(path.suffix.lower(), files.Single)(str(path))


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
