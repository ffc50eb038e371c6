"""Label pictures that are files: all below a folder, those that a pattern or a list names, or a single one.

A source may have millions of pictures, so a folder's names are held in memory one folder at a time, and a
list is read row by row. A list may also name pictures on the web and in S3.
"""

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.text.file_names import is_picture_name, is_system_file_name
from labelling.errors import ListUnusable, PictureUnreadable, SourceUnusable
from labelling.lists.cells import PictureAddress, find_addresses, parse_picture_address, validate_picture_path
from labelling.lists.list_files import open_list
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from labelling.lists.list_rows import ListFile
from labelling.lists.paths import explain_missing_file
from labelling.lists.variant_rows import VariantRows
from labelling.lists.variation_parents import VariationParents
from labelling.sources.items import (
    PARALLEL_FETCHES,
    UNKNOWN_STAMP,
    AllowedHosts,
    LocalSource,
    PictureItem,
    ReadPictures,
    check_byte_count,
    read_bytes_or_error,
    read_picture_stamp,
)
from model_store.release_files import open_regular_file

if TYPE_CHECKING:
    from labelling.sources.fetch import Fetcher

LINKED_FOLDER_ERROR: Final = (
    "It is a link to a folder, which is not followed. Label that folder itself, or copy it here."
)
"""Error of a symbolic link to a folder. Such a link could lead to a folder above it, and so on without
end."""

WEB_PICTURE_BYTES: Final = 1 << 18
"""Bytes that a picture on the web counts for in a chunk of work, because its size is not known before it is
fetched. So a chunk has PARALLEL_FETCHES of them, which are fetched at the same time."""


class FileSource(LocalSource):
    """A source whose pictures are files of this machine, read by their paths."""

    def open_reader(self) -> ReadPictures:
        return read_files


class FolderSource(FileSource):
    """A source of all files below a folder with names that pictures can have, such as `a.jpg`."""

    def iterate_pictures(self) -> Iterator[PictureItem]:
        return _list_files(self.folder, self.source_word, _list_folder(self.place))


class PatternSource(FileSource):
    """A source of the files that match a shell pattern such as `photos/**/*.jpg`, whatever their endings.

    Files that systems add, such as `__MACOSX/._a.jpg`, are skipped unless the pattern itself names them.
    """

    def iterate_pictures(self) -> Iterator[PictureItem]:
        folder = self.folder or None
        paths = sorted(glob.glob(self.source_word, root_dir=folder, recursive=True))  # noqa: PTH207 - Path.glob finds hidden files too
        if not paths:
            raise SourceUnusable(f"{self.source_word}: no file fits this pattern.")
        named_parts = set(self.source_word.split("/"))
        places = ((path, _join_path(self.folder, path)) for path in paths)
        return (
            _make_item(path, place)
            for path, place in places
            if not os.path.isdir(place)  # noqa: PTH112 - as above
            and not any(map(is_system_file_name, set(path.split("/")) - named_parts))
        )


class SingleFileSource(FileSource):
    """A source that is a single picture file."""

    def iterate_pictures(self) -> Iterator[PictureItem]:
        return iter((_make_item(self.source_word, self.place),))


NO_PICTURE_CELL: Final = "no_selection"
"""The cell that Magento's export writes for a product without a picture."""


@dataclass(frozen=True)
class ListSource(FileSource):
    """A source of the pictures that a list (CSV) names in its column `path`, relative to the list's folder.

    Every row gives one item for each picture that it names, with the cells of the other columns, such as the
    article number. A row without a picture gives an item with an error.

    Attributes:
        hosts: the hosts from which pictures may be fetched.
        list_options: the options for reading the list, such as its encoding and its columns of pictures.
    """

    hosts: AllowedHosts = ()
    list_options: ListOptions = DEFAULT_LIST_OPTIONS

    def open_reader(self) -> ReadPictures:
        pool = ThreadPoolExecutor(PARALLEL_FETCHES)
        # Made for the first address only, since most lists name files alone.
        get_fetcher = cache(lambda: _make_fetcher(self.hosts))
        get_object_reader = cache(_make_object_reader)

        def read_one(place: str | PictureAddress) -> bytes:
            if not isinstance(place, PictureAddress):
                return read_file(place)
            return get_object_reader()(place.text) if place.is_in_s3 else get_fetcher().fetch(place.text)

        def read_all(places: Sequence[str | PictureAddress]) -> Iterator[bytes | PictureUnreadable]:
            addresses = [place for place in places if isinstance(place, PictureAddress)]
            if not addresses:
                return (read_bytes_or_error(read_one, place) for place in places)
            # `cache` does not wait: of several first threads, each would open a client of its own.
            for is_in_s3 in {place.is_in_s3 for place in addresses}:
                get_object_reader() if is_in_s3 else get_fetcher()
            return pool.map(lambda place: read_bytes_or_error(read_one, place), places)

        return read_all

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the list that have a name and do not name pictures."""
        return tuple(
            name
            for name in self._opened_list.columns
            if name not in self._opened_list.list_options.path_columns
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the list that a person should read, such as left out rows; empty without any."""
        return self._opened_list.notes

    @cached_property
    def _opened_list(self) -> ListFile:
        try:
            return open_list(Path(self.place), self.list_options.path_columns, self.list_options)
        except ListUnusable as error:
            raise SourceUnusable(str(error)) from error

    def iterate_pictures(self) -> Iterator[PictureItem]:
        opened = self._opened_list
        variants = VariantRows(opened.columns, opened.list_options)
        try:
            parents = VariationParents(
                opened.columns, opened.list_options, lambda: (row.cells for row in opened.read_rows())
            )
            for row in opened.read_rows():
                yield from self._list_row_pictures(variants.complete_row(parents.complete_row(row.cells)))
        except ListUnusable as error:
            raise SourceUnusable(str(error)) from error

    def _list_row_pictures(self, cells: Mapping[str, str]) -> Iterator[PictureItem]:
        """Yield the pictures that a row of the list names, in its columns of paths."""
        list_cells = tuple(cells[name] for name in self.columns)
        paths = (cells[name].strip() for name in self._opened_list.list_options.path_columns)
        for path in [path for path in paths if path and path != NO_PICTURE_CELL] or [""]:
            yield from self._list_cell_pictures(path, list_cells)

    def _list_cell_pictures(self, cell: str, list_cells: tuple[str, ...]) -> Iterator[PictureItem]:
        """Yield the pictures that one cell names: a path, or one or more addresses.

        Args:
            list_cells: the other cells of the row, which each picture gets.
        """
        if addresses := find_addresses(cell):
            for address in addresses:
                yield PictureItem(
                    address, parse_picture_address(address), UNKNOWN_STAMP, WEB_PICTURE_BYTES, list_cells
                )
            return
        path = validate_picture_path(
            cell, self._opened_list.resolve_path(cell), self._opened_list.list_options.path_columns
        )
        if isinstance(path, PictureUnreadable):
            yield PictureItem(cell, path, UNKNOWN_STAMP, 0, list_cells)
        else:
            yield _make_item(cell, path, list_cells)


def _make_object_reader() -> Callable[[str], bytes]:
    from labelling.sources.buckets import open_bucket, read_s3_object  # noqa: PLC0415 - boto3 takes 0.3 s to import

    return partial(read_s3_object, cache(open_bucket))


def _make_fetcher(hosts: AllowedHosts) -> "Fetcher":
    from labelling.sources.fetch import Fetcher  # noqa: PLC0415 - urllib3 takes 0.2 s to import

    return Fetcher(hosts)


def _make_item(name: str, path: str, list_cells: tuple[str, ...] = ()) -> PictureItem:
    try:
        return PictureItem(name, path, *read_picture_stamp(path), list_cells)
    except (OSError, ValueError):  # its error comes from reading it, in the row of the picture
        return PictureItem(name, path, "", 0, list_cells)


def read_files(paths: Sequence[str]) -> Iterator[bytes | PictureUnreadable]:
    """Yield the bytes of some files, in order; a file that cannot be read is the error Unreadable."""
    return (read_bytes_or_error(read_file, path) for path in paths)


def read_file(path: str) -> bytes:
    """Return the bytes of a regular file, at most MAX_BYTES.

    Raises:
        PictureUnreadable: the file does not exist, is a folder or too large, or the system refuses to read
            it.
    """
    try:
        with open_regular_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            check_byte_count(size)
            return file.read(size)
    except IsADirectoryError as error:
        is_link = os.path.islink(path)  # noqa: PTH114 - as above
        raise PictureUnreadable(
            LINKED_FOLDER_ERROR if is_link else "It is a folder, not a picture."
        ) from error
    except FileNotFoundError as error:
        raise PictureUnreadable(explain_missing_file(path)) from error
    except OSError as error:
        raise PictureUnreadable(f"It cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a path in a list has a NUL character
        raise PictureUnreadable("Its path is none.") from error


def _list_folder(root: str) -> list[tuple[str, bool]]:
    """Return the names in a folder, sorted, each with whether it is a folder; a link counts as a file.

    Raises:
        SourceUnusable: the folder cannot be listed. To go on without it would look like a whole catalogue.
    """
    try:
        with os.scandir(root) as entries:
            # A text and a flag for each, which take less memory than DirEntry: a folder may have a million.
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not is_system_file_name(entry.name)
            )
    except OSError as error:
        raise SourceUnusable(f"{root}: this folder cannot be listed ({error.strerror}).") from error


def _list_files(folder: str, root: str, entries: list[tuple[str, bool]]) -> Iterator[PictureItem]:
    """Yield the pictures below a folder, sorted by name in each folder.

    Args:
        folder: the folder that `root` is relative to; empty for the current one.
        root: the path of the folder, with which the names of its pictures begin.
        entries: the names in it, each with whether it is a folder.
    """
    for name, is_folder in entries:
        path = name if root == "." else _join_path(root, name)
        place = _join_path(folder, path)
        if is_folder:
            yield from _list_files(folder, path, _list_folder(place))
        elif is_picture_name(name):
            yield _make_item(path, place)


def _join_path(folder: str, path: str) -> str:
    return os.path.join(folder, path)  # noqa: PTH118 - Path would change what is written
