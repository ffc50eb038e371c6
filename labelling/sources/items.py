"""The base of all sources of pictures, and the items that a source lists.

A source, such as a folder or a ZIP, lists its pictures in an order that does not change, so that an
interrupted run can resume. It is sent to every worker process, which opens a reader of its own:

    for item in source.items():
        print(item.name)                    # photos/a.jpg
    read_pictures = source.open_reader()
    [upload] = read_pictures([item.place])  # its bytes, or the error Unreadable
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from inference.pictures.decode import MAX_BYTES
from labelling.errors import PictureUnreadable

PARALLEL_FETCHES: Final = 16
"""Number of pictures on the web that one process fetches at the same time, as fetching is mostly waiting."""

AllowedHosts: TypeAlias = tuple[tuple[str, int], ...]
"""Hosts from which pictures may be fetched, each with its port: (("shop.example", 443),). `*.shop.example`
stands for all names below `shop.example`."""

UNKNOWN_STAMP: Final = "unseen"
"""The stamp of a picture on the web, whose changes cannot be seen without fetching it. Its answer is kept
until the user asks for new ones with --restart."""


class PictureItem(NamedTuple):
    """A picture of a source that was listed and is not read yet.

    Attributes:
        name: the picture's name in the table.
        place: the place of the picture as the reader of its source needs it, such as a path; or the picture's
            bytes; or the error Unreadable. It is sent between processes.
        stamp: a text that changes with the content of the picture, such as size and time, or a checksum. A
            picture with another stamp is labelled again.
        byte_weight: the number of bytes that the picture counts for when pictures are grouped into chunks of
            work. A picture that is slow to fetch counts for less than its size.
        list_cells: the cells of the picture's row in a list, in the order of the source's `columns`.
    """

    name: str
    place: Any
    stamp: str
    byte_weight: int
    list_cells: tuple[str, ...]


ReadPictures: TypeAlias = Callable[[Sequence[Any]], Iterable[bytes | PictureUnreadable]]
"""Function that returns the bytes of the pictures at some places, in order. A picture that cannot be read is
the error Unreadable, which is returned and not raised."""


@dataclass(frozen=True)
class Source:
    """A source of pictures, such as a folder, a list or a bucket.

    Subclasses can be pickled, because each worker process gets a copy.

    Attributes:
        source_word: the argument on the command line that names the source, such as `photos/` or
            `s3://bucket/prefix`.
        why_uncounted: the reason why the pictures are not counted before the work; empty if they are.
    """

    source_word: str
    why_uncounted: ClassVar[str] = ""

    @property
    def address(self) -> str:
        """The absolute path or the address of the source. A later run recognises the source by it."""
        raise NotImplementedError

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a list whose cells go into the table, which are all but those that name pictures.

        Empty for a source that is not a list.
        """
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the list that a person should read, such as left out rows; empty without any."""
        return ()

    def iterate_pictures(self) -> Iterator[PictureItem]:
        """Yield the pictures of the source in its order, without reading their bytes.

        Raises:
            SourceUnusable: the source cannot be listed.
            StoreError: the source is in an S3 store that cannot be listed.
        """
        raise NotImplementedError

    def open_reader(self) -> ReadPictures:
        """Return a function that reads the bytes of pictures. It may keep files and connections open.

        Every process that reads calls this once.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class LocalSource(Source):
    """A source that is a file or a folder of this machine.

    Attributes:
        source_word: the path of the source as the command line has it, with which the names of its pictures
            begin.
        folder: the folder that `source_word` is relative to; empty for the current folder.
    """

    folder: str = field(default="", kw_only=True)

    @property
    def place(self) -> str:
        """The path of the source's file or folder, relative to the working directory or absolute."""
        return os.path.join(self.folder, self.source_word)  # noqa: PTH118 - Path would change what is written

    @property
    def address(self) -> str:
        """The absolute path of the source, independent of the working directory."""
        return os.path.abspath(self.place)  # noqa: PTH100 - resolving a link would name another file


def read_picture_stamp(path: str) -> tuple[str, int]:
    """Return the stamp of a file, such as `48213 1732968000123456789`, and its size in bytes.

    A stamp is a text that changes with the content: the size, and the time of the last change.

    Raises:
        OSError: the file does not exist, or cannot be looked up.
        ValueError: the path has a NUL character.
    """
    facts = os.stat(path)  # noqa: PTH116 - as above
    return f"{facts.st_size} {facts.st_mtime_ns}", facts.st_size


def read_bytes_or_error(read_place: Callable[[Any], bytes], place: Any) -> bytes | PictureUnreadable:  # noqa: ANN401 - see PictureItem.place
    """Return the bytes of a picture; if it cannot be read, return the error Unreadable and do not raise it.

    Args:
        read_place: reads the bytes at a place, and raises Unreadable if it cannot.
        place: the place of the picture; or an Unreadable, which is returned as it is.
    """
    if isinstance(place, PictureUnreadable):
        return place
    try:
        return read_place(place)
    except PictureUnreadable as error:
        return error


def check_byte_count(size: int) -> None:
    """Check that a picture is not too large to be read.

    Args:
        size: the size of the file in bytes, before it is decoded.

    Raises:
        PictureUnreadable: the size is more than MAX_BYTES.
    """
    if size > MAX_BYTES:
        raise PictureUnreadable(f"It has {size:,} bytes; at most {MAX_BYTES:,} are read. Send a smaller one.")
