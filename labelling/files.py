"""Pictures that are files: all below a folder, those that a pattern or a list names, or a single one.

Memory holds the names of one folder, since they have to be sorted, or all that a pattern matches; a list is
read row by row. A list may name pictures on the web and in S3 as well, which https.py and buckets.py fetch.
"""

import csv
import glob
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Final

from inference.file_names import is_clutter, is_picture_name
from labelling.cells import Address, address_of, addresses_in, names_picture, path_of
from labelling.csv_files import WINDOWS, encoding_of, renaming, rows_of
from labelling.errors import SourceUnusable, Unlistable, Unreadable
from labelling.items import (
    AT_ONCE,
    UNSEEN,
    Item,
    PathSource,
    Read,
    attempt,
    check_size,
    stamp_of,
)
from labelling.permits import NOTHING, Permits
from labelling.table import parquet_columns, parquet_rows
from model_store.files import opened

if TYPE_CHECKING:
    from labelling.https import Fetcher

COLUMN: Final = "path"

LINKED: Final = "It is a link to a folder, which is not followed. Label that folder itself, or copy it here."

WEIGHT: Final = 1 << 18
"""Of a picture on the web, whose size is not known before it is fetched: AT_ONCE of them are a chunk."""


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

    Every row is an item, also one without a path; one with several addresses is several. The cells of other
    columns, such as article numbers, go with it; where these change, the picture is labelled again.

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
            return objects()(place.text) if place.is_in_s3 else fetcher().fetch(place.text)

        def read_all(places: Sequence[str | Address]) -> Iterator[bytes | Unreadable]:
            addresses = [place for place in places if isinstance(place, Address)]
            if not addresses:
                return (attempt(read, place) for place in places)
            for is_in_s3 in {place.is_in_s3 for place in addresses}:
                objects() if is_in_s3 else fetcher()  # once, before threads share them
            return pool.map(lambda place: attempt(read, place), places)

        return read_all

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those beside COLUMN that have a name."""
        header = parquet_columns(self.path) if self._is_parquet else _csv_header(self.path)
        return tuple(dict.fromkeys(name for name in header if name not in {COLUMN, "", None}))

    @property
    def _is_parquet(self) -> bool:
        return self.path.lower().endswith(".parquet")

    def items(self) -> Iterator[Item]:
        folder = os.path.dirname(self.path)  # noqa: PTH120 - as above
        for row in parquet_rows(self.path, None) if self._is_parquet else _csv_rows(self.path, folder):
            further = tuple(_text(row.get(name)) for name in self.columns)
            seen = f" {hashlib.sha256(repr(further).encode()).hexdigest()[:16]}" if further else ""
            for item in _items_of(_text(row[COLUMN]), folder):
                yield item._replace(stamp=item.stamp + seen, further=further)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _items_of(cell: str, folder: str) -> Iterator[Item]:
    """The pictures that a cell names."""
    if addresses := addresses_in(cell):
        yield from (Item(one, address_of(one), UNSEEN, WEIGHT) for one in addresses)
    elif isinstance(found := path_of(cell, folder), Unreadable):
        yield Item(cell, found, UNSEEN, 0)
    else:
        yield _item(cell, found)


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


def _csv_header(path: str) -> Sequence[str]:
    with _opened(path) as rows:
        return [_in_unicode("", name) for name in rows.fieldnames or ()]


def _csv_rows(path: str, folder: str) -> Iterator[dict[str, str]]:
    """The rows of a list, whose column COLUMN is as a path is read."""
    with _opened(path) as rows:
        for row in rows:
            named = _in_unicode(folder, (row.pop(COLUMN) or "").strip())
            cells = ((name, cell or "") for name, cell in row.items() if name)
            yield {_in_unicode("", name): _in_unicode("", cell) for name, cell in cells} | {COLUMN: named}


@contextmanager
def _opened(path: str) -> "Iterator[csv.DictReader[str]]":
    """The rows of a list as they stand there.

    Raises:
        SourceUnusable: it cannot be read, or has no column COLUMN.
    """
    try:
        # A cell in another encoding is that row's error, or names a file by the same bytes.
        with open(path, "rb") as raw:  # noqa: PTH123 - as above
            encoding = encoding_of(raw.read(2))
        with open(path, encoding=encoding, errors="surrogateescape", newline="") as file:  # noqa: PTH123 - as above
            rows = rows_of(file, [COLUMN])
            header = rows.fieldnames or ()
            if COLUMN not in header:
                raise SourceUnusable(f"{path}: {_without_column(header)}")
            yield rows
    except OSError as error:
        raise SourceUnusable(f"{path}: cannot be read ({error.strerror}).") from error
    except (UnicodeError, csv.Error) as error:
        raise SourceUnusable(f"{path}: no CSV in UTF-8 ({error}).") from error


def _without_column(header: Sequence[str]) -> str:
    """What a list lacks whose first line does not name COLUMN."""
    shown = ",".join(header)[:40]
    shown.encode()  # raises where it is no text
    advice = renaming([COLUMN], header)
    if not advice and any(map(names_picture, header)):
        advice = f" Write `{COLUMN}` in a line above the first one."
    return f"begins with {shown!r}. It needs a column `{COLUMN}`.{advice}"


def _in_unicode(folder: str, cell: str) -> str:
    """A cell whose bytes are UTF-8 or a file's name as it is; another one as Windows' Excel writes CSV."""
    written = cell.encode("utf-8", "surrogateescape")
    is_text = written.decode("utf-8", "ignore") == cell
    if is_text or os.path.lexists(os.path.join(folder, cell)):  # noqa: PTH118 - as above
        return cell
    return written.decode(WINDOWS, "replace")


def read_files(paths: Sequence[str]) -> Iterator[bytes | Unreadable]:
    """The bytes of some files, in order."""
    return (attempt(read_file, path) for path in paths)


def read_file(path: str) -> bytes:
    """The bytes of a regular file of at most MAX_BYTES.

    Raises:
        Unreadable: it is another kind of file, too large, or the system refuses it.
    """
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            check_size(size)
            return file.read(size)
    except IsADirectoryError as error:
        raise Unreadable(LINKED if os.path.islink(path) else "It is a folder, not a picture.") from error  # noqa: PTH114 - as above
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
                yield Item(path, Unlistable(f"This folder cannot be listed: {error.strerror}."), "", 0)
            else:
                yield from _files(path, inside)
        elif is_picture_name(name):
            yield _item(path, path)
