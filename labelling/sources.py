"""What a source of pictures must do, and how the word on the command line becomes one.

A source lists its pictures in an order that does not change, so that a run can go on where it was killed, and
never holds more than a folder's names in memory. It is handed to every worker process, which opens a reader
of its own. The sources: folders.py, lists.py, zips.py, tars.py, buckets.py.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from labelling.errors import SourceUnusable, Unreadable

MAX_BYTES: Final = 20_000_000
"""The largest picture that is read, in bytes: what the service takes unless an operator says otherwise."""

NO_PICTURES: Final = (".csv", ".db", ".html", ".ini", ".json", ".jsonl", ".md", ".parquet", ".txt", ".xml")
"""Endings of what lies beside pictures; a file of these is passed over where nobody has named it."""


class Item(NamedTuple):
    """One picture of a source, not yet read.

    Attributes:
        name: what the table calls it.
        place: where it is, in words that only its source's reader understands. It travels between
            processes, so it is small, but for an archive that can be read in one go alone.
    """

    name: str
    place: Any


Read: TypeAlias = Callable[[Sequence[Any]], Iterable[bytes | Unreadable]]
"""Fetches the bytes at some places, in order, or says why they cannot be had."""


class Source(Protocol):
    """Pictures in an order that does not change; can be pickled."""

    @property
    def address(self) -> str:
        """Where it is, the same from any folder."""

    def stamp(self) -> str:
        """Size and time of the file that the source is; empty where it is no single file."""

    def items(self) -> Iterator[Item]:
        """List the pictures, without reading them.

        Raises:
            SourceUnusable: it cannot be listed.
            StoreError: it lies in a store that cannot be listed.
        """

    def reader(self) -> Read:
        """Open what reads pictures; called once in every process that does."""

    def count(self) -> int | None:
        """How many pictures there are, where finding out costs little; else None."""


@dataclass(frozen=True)
class InOneFile:
    """What all sources have in common that are a single file.

    Attributes:
        file: as it was named.
    """

    file: str

    @property
    def address(self) -> str:
        """Where it is, the same from any folder."""
        return os.path.abspath(self.file)  # noqa: PTH100 - resolving a link would name another file

    def stamp(self) -> str:
        """Size and time of change of the file, to notice that it is another one."""
        facts = os.stat(self.file)  # noqa: PTH116 - paths travel as text here
        return f"{facts.st_size}-{facts.st_mtime_ns}"


def open_source(word: str) -> Source:
    """Find out what kind of source a word names.

    Args:
        word: a folder, a pattern with `*`, a CSV or Parquet file with a column `path`, a ZIP or TAR, an
            `s3://bucket/prefix`, or one picture.

    Raises:
        SourceUnusable: there is no such thing.
        StoreError: the address of a store is wrong.
    """
    if word.startswith("s3://"):
        from labelling.buckets import Bucket  # noqa: PLC0415 - boto3 takes 0.3 s to import

        return Bucket(word)
    from labelling import folders, lists, tars, zips  # noqa: PLC0415 - they import this file

    path = Path(word).expanduser()
    if path.is_dir():
        return folders.Folder(os.path.normpath(path))
    if not path.exists():
        if any(character in word for character in "*?["):
            return folders.Pattern(str(path))
        raise SourceUnusable(
            f"{word}: no such file or folder. A source is a folder, a pattern in quotes, a CSV or Parquet "
            "file with a column `path`, a ZIP, a TAR, or s3://bucket/prefix."
        )
    kinds: dict[str, Callable[[str], Source]] = {
        ".csv": lists.CsvList,
        ".parquet": lists.ParquetList,
        ".zip": zips.Zip,
        **dict.fromkeys((".tar", ".tgz", ".gz", ".bz2", ".xz"), tars.Tar),
    }
    return kinds.get(path.suffix.lower(), folders.Single)(str(path))


def one_by_one(read: Callable[[Any], bytes]) -> Read:
    """Read places in turn, which is best where a processor is what is short."""

    def read_all(places: Sequence[Any]) -> Iterator[bytes | Unreadable]:
        return (attempt(read, place) for place in places)

    return read_all


def reader_of(archive: str, read: Callable[[int, Any], bytes]) -> Read:
    """Read members of an archive in turn.

    Args:
        archive: opened for each run of the model; that costs less than a picture.
        read: given the archive's file descriptor and a place.
    """

    def read_all(places: Sequence[Any]) -> Iterator[bytes | Unreadable]:
        descriptor = os.open(archive, os.O_RDONLY)
        try:
            yield from one_by_one(lambda place: read(descriptor, place))(places)
        finally:
            os.close(descriptor)

    return read_all


def attempt(read: Callable[[Any], bytes], place: Any) -> bytes | Unreadable:  # noqa: ANN401 - see Item
    """The bytes at a place, or why not."""
    try:
        return read(place)
    except Unreadable as error:
        return error


def is_picture_name(name: str) -> bool:
    """Whether something that nobody has named may be a picture, by the last part of its name."""
    return not is_hidden(name) and not name.lower().endswith(NO_PICTURES)


def is_wanted_member(name: str) -> bool:
    """Whether a file of an archive may be a picture, by its name there; a folder's ends in a slash."""
    # `tar c .` puts `./` before every name, and so do some who make ZIPs.
    folders, _, last = name.removeprefix("./").rpartition("/")
    return bool(last) and is_picture_name(last) and not any(map(is_hidden, folders.split("/")))


def is_hidden(name: str) -> bool:
    """Whether it is for machines alone."""
    return name.startswith(".") or name == "__MACOSX"  # which Apple's archives bring along


def too_large(size: int) -> str:
    """What is said of a picture of too many bytes."""
    return f"It has {size:,} bytes; at most {MAX_BYTES:,} are read. Send a smaller one."
