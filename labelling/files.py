"""Pictures that are files: all below a folder, those that a pattern or a list names, or a single one.

Memory holds the names of one folder, since they have to be sorted, or all that a pattern matches; a list is
read row by row. A list may name pictures on the web and in S3 as well, which https.py and buckets.py fetch.
"""

import csv
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from inference.file_names import is_clutter, is_picture_name
from labelling.csv_files import WINDOWS, encoding_of, rows_of
from labelling.errors import SourceUnusable, Unreadable
from labelling.items import (
    UNSEEN,
    Item,
    PathSource,
    Read,
    attempt,
    check_size,
    stamp_of,
)
from labelling.paths import existing
from labelling.permits import NOTHING, Permits
from labelling.table import parquet_rows

if TYPE_CHECKING:
    from labelling.https import Fetcher

COLUMN: Final = "path"

AT_ONCE: Final = 16
"""Pictures on the web that one process fetches at a time: they cost waiting, and hardly any processor."""

WEIGHT: Final = 1 << 18
"""Of a picture on the web, whose size is not known before it is fetched: AT_ONCE of them are a chunk."""


ADDRESS: Final = re.compile(r"(?:https?|s3)://", re.IGNORECASE)
"""How an address begins that is no path."""

SEVERAL: Final = re.compile(rf"[\s,;|\"'\[\]]+(?={ADDRESS.pattern})", re.IGNORECASE)
"""Between the addresses of one cell, as shops export them: commas, bars, spaces, lists of JSON."""


class Address(NamedTuple):
    """Where a picture on the web or in S3 is; not a text, which would be a path."""

    text: str


class FileSource(PathSource):
    """Pictures whose places are paths."""

    def reader(self) -> Read:
        return read_files


class Folder(FileSource):
    """Everything below a folder that may be a picture by its name.

    A folder in it that cannot be listed is an item that cannot be read.
    """

    def items(self) -> Iterator[Item]:
        try:
            entries = _listed(self.path)
        except OSError as error:
            raise SourceUnusable(f"{self.path}: cannot be listed ({error.strerror}).") from error
        return _files(self.path, entries)


class Pattern(FileSource):
    """The files that a shell's pattern names, whatever their endings; `**` is any number of folders.

    What systems add is passed over, unless the pattern itself names it.
    """

    def items(self) -> Iterator[Item]:
        found = sorted(glob.glob(self.path, recursive=True))  # noqa: PTH207 - Path.glob finds hidden files too
        if not found:
            raise SourceUnusable(f"{self.path}: no file fits this pattern.")
        named = set(self.path.split("/"))
        return (
            _item(path, path)
            for path in found
            if not os.path.isdir(path) and not any(map(is_clutter, set(path.split("/")) - named))  # noqa: PTH112 - as above
        )


class Single(FileSource):
    """One picture."""

    def items(self) -> Iterator[Item]:
        return iter((_item(self.path, self.path),))


@dataclass(frozen=True)
class PathList(FileSource):
    """The pictures that a CSV or Parquet file names in its column `path`, relative to its own folder.

    Every row is an item, also one without a path; one with several addresses is several. Other columns are
    not read.

    Attributes:
        permits: which pictures on the web may be fetched.
    """

    permits: Permits = NOTHING

    def reader(self) -> Read:
        pool = ThreadPoolExecutor(AT_ONCE)
        fetcher, objects = cache(lambda: _fetcher(self.permits)), cache(_objects)

        def read(place: str | Address) -> bytes:
            if not isinstance(place, Address):
                return read_file(place)
            return objects()(place.text) if _is_in_s3(place) else fetcher().fetch(place.text)

        def read_all(places: Sequence[str | Address]) -> Iterator[bytes | Unreadable]:
            addresses = [place for place in places if isinstance(place, Address)]
            if not addresses:
                return (attempt(read, place) for place in places)
            for is_in_s3 in set(map(_is_in_s3, addresses)):
                objects() if is_in_s3 else fetcher()  # once, before threads share them
            return pool.map(lambda place: attempt(read, place), places)

        return read_all

    def items(self) -> Iterator[Item]:
        folder = os.path.dirname(self.path)  # noqa: PTH120 - as above
        is_parquet = self.path.lower().endswith(".parquet")
        for cell in _parquet_paths(self.path) if is_parquet else _csv_paths(self.path, folder):
            if addresses := _addresses(cell):
                yield from (Item(one, Address(one), UNSEEN, WEIGHT) for one in addresses)
            else:
                yield _item(cell, existing(os.path.join(folder, cell)))  # noqa: PTH118 - as above


def _addresses(cell: str) -> list[str]:
    """The addresses of a cell, or none where it holds a path."""
    bare = cell.lstrip("[\"' ")
    if not ADDRESS.match(bare):
        return []
    ends = "]\"',;| " if cell != bare else ",;| "
    return [one.rstrip(ends) for one in SEVERAL.split(bare)]


def _is_in_s3(address: Address) -> bool:
    return address.text.lower().startswith("s3://")


def _objects() -> Callable[[str], bytes]:
    from labelling.buckets import read_object, store_of  # noqa: PLC0415 - boto3 takes 0.3 s to import

    return partial(read_object, cache(store_of))


def _fetcher(permits: Permits) -> "Fetcher":
    from labelling.https import Fetcher  # noqa: PLC0415 - urllib3 takes 0.2 s to import

    return Fetcher(permits)


def _item(name: str, path: str) -> Item:
    try:
        return Item(name, path, *stamp_of(path))
    except (OSError, ValueError):  # reading it reports why
        return Item(name, path, "", 0)


def _csv_paths(path: str, folder: str) -> Iterator[str]:
    try:
        # A cell in another encoding is that row's error, or names a file by the same bytes.
        with open(path, "rb") as raw:  # noqa: PTH123 - as above
            encoding = encoding_of(raw.read(2))
        with open(path, encoding=encoding, errors="surrogateescape", newline="") as file:  # noqa: PTH123 - as above
            rows = rows_of(file, [COLUMN])
            header = rows.fieldnames or ()
            if COLUMN not in header:
                shown = ",".join(header)[:40]
                shown.encode()
                raise SourceUnusable(f"{path}: begins with {shown!r}. It needs a column `{COLUMN}`.")
            for row in rows:
                yield _in_unicode(folder, (row[COLUMN] or "").strip())
    except OSError as error:
        raise SourceUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except (UnicodeError, csv.Error) as error:
        raise SourceUnusable(f"{path}: no CSV in UTF-8 ({error}).") from error


def _in_unicode(folder: str, cell: str) -> str:
    """A cell whose bytes are UTF-8 or a file's name as it is; another one as Windows' Excel writes CSV."""
    written = cell.encode("utf-8", "surrogateescape")
    is_text = written.decode("utf-8", "ignore") == cell
    if is_text or os.path.lexists(os.path.join(folder, cell)):  # noqa: PTH118 - as above
        return cell
    return written.decode(WINDOWS, "replace")


def _parquet_paths(path: str) -> Iterator[str]:
    return ("" if row[COLUMN] is None else str(row[COLUMN]) for row in parquet_rows(path, [COLUMN]))


def read_files(paths: Sequence[str]) -> Iterator[bytes | Unreadable]:
    """The bytes of some files, in order."""
    return (attempt(read_file, path) for path in paths)


def read_file(path: str) -> bytes:
    """The bytes of a regular file of at most MAX_BYTES.

    Raises:
        Unreadable: it is another kind of file, too large, or the system refuses it.
    """
    try:
        # Without O_NONBLOCK a named pipe would block the worker until something writes to it.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise Unreadable("It is no file.")
            check_size(facts.st_size)
            return file.read(facts.st_size)
    except IsADirectoryError as error:
        raise Unreadable("It is no file.") from error
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL in a path that a list names
        raise Unreadable("Its path is none.") from error


def _listed(root: str) -> list[tuple[str, bool]]:
    """The names in a folder, sorted, each with whether it is a folder; links to folders are none."""
    with os.scandir(root) as found:
        # Text and a flag for each: a folder may hold a million.
        return sorted(
            (entry.name, entry.is_dir(follow_symlinks=False)) for entry in found if not is_clutter(entry.name)
        )


def _files(root: str, entries: list[tuple[str, bool]]) -> Iterator[Item]:
    """The pictures below a folder, sorted in each; a folder that cannot be listed is an item of its own."""
    for name, is_folder in entries:
        path = name if root == "." else os.path.join(root, name)  # noqa: PTH118 - as above
        if is_folder:
            try:
                inside = _listed(path)
            except OSError as error:
                yield Item(path, Unreadable(f"This folder cannot be listed: {error.strerror}."), "", 0)
            else:
                yield from _files(path, inside)
        elif is_picture_name(name):
            yield _item(path, path)
