"""Pictures in folders: all below one, those that a pattern names, or a single file.

Looks at names; reading a file is `read_file`, which lists.py uses too. A folder's names are held in memory
while it is walked, since they have to be sorted; the tree is not.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from labelling.errors import SourceUnusable, Unreadable
from labelling.sources import (
    MAX_BYTES,
    InOneFile,
    Item,
    Read,
    is_hidden,
    is_picture_name,
    one_by_one,
    too_large,
)


@dataclass(frozen=True)
class Folder:
    """Everything below a folder that may be a picture by its name; hidden files and folders are not.

    Attributes:
        root: as it was named; the names of its pictures begin with it.
    """

    root: str

    @property
    def address(self) -> str:
        return os.path.abspath(self.root)  # noqa: PTH100 - resolving a link would name another folder

    def stamp(self) -> str:
        return ""

    def items(self) -> Iterator[Item]:
        return (Item(path, path) for path in _files(self.root) if is_picture_name(path.rpartition("/")[2]))

    def reader(self) -> Read:
        return one_by_one(read_file)

    def count(self) -> int:
        return sum(1 for _ in self.items())


@dataclass(frozen=True)
class Pattern:
    """The files that a shell's pattern names; `**` is any number of folders, none included.

    Unlike a folder's, these are named, so that nothing but hidden files is passed over.
    """

    pattern: str

    @property
    def address(self) -> str:
        return os.path.abspath(self.pattern)  # noqa: PTH100 - as above

    def stamp(self) -> str:
        return ""

    def items(self) -> Iterator[Item]:
        parts = os.path.normpath(self.pattern).split("/")
        plain = next(number for number, part in enumerate(parts) if _is_magic(part))
        root = "/".join(parts[:plain]) or ("/" if self.pattern.startswith("/") else ".")
        wanted = parts[plain:]
        depth = None if "**" in wanted else len(wanted)
        skip = 0 if root == "." else len(root.rstrip("/")) + 1
        for path in _files(root, depth):
            if _fits(path[skip:].split("/"), wanted):
                yield Item(path, path)

    def reader(self) -> Read:
        return one_by_one(read_file)

    def count(self) -> int:
        return sum(1 for _ in self.items())


@dataclass(frozen=True)
class Single(InOneFile):
    """One picture."""

    def items(self) -> Iterator[Item]:
        return iter((Item(self.file, self.file),))

    def reader(self) -> Read:
        return one_by_one(read_file)

    def count(self) -> int:
        return 1


def read_file(path: str) -> bytes:
    """The bytes of a regular file of at most MAX_BYTES.

    Raises:
        Unreadable: it is none, too large, or the system says no.
    """
    try:
        # Without O_NONBLOCK a named pipe would hold the worker until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return _content(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL in a path that a list names
        raise Unreadable("Its path is none.") from error


def _content(descriptor: int) -> bytes:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        raise Unreadable("It is no file.")
    if facts.st_size > MAX_BYTES:
        raise Unreadable(too_large(facts.st_size))
    content = os.read(descriptor, facts.st_size + 1)
    if len(content) != facts.st_size:
        raise Unreadable("It changed while it was read.")
    return content


_UNLISTABLE: Final = "cannot be listed"


def _files(root: str, depth: int | None = None) -> Iterator[str]:
    """The paths of files below a folder, sorted within each; links to folders are not followed.

    Args:
        root: `.` is left out of the paths.
        depth: how many levels are looked at; None for all.
    """
    try:
        with os.scandir(root) as found:
            # Text and a flag for each: a folder may hold a million.
            entries = sorted((entry.name, _is_folder(entry)) for entry in found if not is_hidden(entry.name))
    except OSError as error:
        raise SourceUnusable(f"{root}: {_UNLISTABLE} ({error.strerror}).") from error
    for name, is_folder in entries:
        path = name if root == "." else os.path.join(root, name)  # noqa: PTH118 - a Path takes ten times as long
        if not is_folder:
            yield path
        elif depth is None or depth > 1:
            yield from _files(path, None if depth is None else depth - 1)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_magic(part: str) -> bool:
    return any(character in part for character in "*?[")


def _fits(parts: list[str], wanted: list[str]) -> bool:
    """Whether each part of a path is what the pattern has there."""
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return any(_fits(parts[skipped:], wanted[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _fits(parts[1:], wanted[1:])
