"""The meaning of a list's cell: a path, or addresses on the web or in S3.

A cell that is neither becomes a row whose error says what to write instead. This module checks whether files
exist, and opens none.
"""

import os
import re
from typing import Final, NamedTuple

from labelling.errors import Unreadable
from labelling.lists.paths import MAX_PATH_BYTES, is_too_long

SHORT: Final = r"//(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/"
"""How an address of a web page begins that leaves `https:` out."""

ADDRESS: Final = re.compile(rf"(?:https?|s3)://|{SHORT}", re.IGNORECASE)
"""How an address begins that is no path."""

_BETWEEN: Final = r"[\s,;|\"'\[\]]"

SEVERAL: Final = re.compile(rf"(?<!{_BETWEEN}){_BETWEEN}+(?={ADDRESS.pattern})", re.IGNORECASE)
"""Pattern of the text between the addresses of one cell, as shops export them: commas, bars, spaces, lists of
JSON. It begins at the beginning of such a run, so that a long run is searched once."""

SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+:(?=//)|(?:blob|content|data|file):", re.IGNORECASE)
"""How an address of another kind begins."""

NAME_END: Final = re.compile(r"\.[a-z]\w{1,4}[\"'\]]*\s*(?:[,;|\n\t]|$)", re.IGNORECASE)
"""The end of a file's name in a cell with one or several."""

NO_PATHS: Final = (
    (re.compile("^~"), "~ stands for no folder in a list. Write the whole path in its place."),
    (
        re.compile("^www[.]", re.IGNORECASE),
        "There is no such file. If it is an address, write https:// in front.",
    ),
    (
        re.compile(f"{NAME_END.pattern}.*{NAME_END.pattern}", re.IGNORECASE | re.DOTALL),
        "It names several files. Write one in each row.",
    ),
    (
        re.compile(r"^(?:[a-z]:[\\/]|\\\\)", re.IGNORECASE),
        "It is a path of Windows. Write one of this system, or one relative to the list.",
    ),
)
"""Patterns of cells that name no file, and what to write instead."""


class Address(NamedTuple):
    """The place of a picture on the web or in S3. It is not a text, which would be a path."""

    text: str

    @property
    def is_in_s3(self) -> bool:
        """Whether it is `s3://bucket/key`."""
        return self.text.lower().startswith("s3://")


def find_addresses(cell: str) -> list[str]:
    """Find the addresses of a cell, as they stand there; none if it holds a path."""
    bare = cell.lstrip("[\"' ")
    if not ADDRESS.match(bare):
        return []
    ends = "]\"',;| " if cell != bare else ",;| "
    return [address.rstrip(ends) for address in SEVERAL.split(bare)]


def make_address(written: str) -> Address:
    """Make an address of one of `find_addresses`: `//host/` is fetched by HTTPS."""
    return Address(f"https:{written}" if written.startswith("//") else written)


def is_picture_cell(cell: str) -> bool:
    """Check whether a cell looks like an address or the name of a file, not like the name of a column."""
    return bool(ADDRESS.match(cell) or NAME_END.search(cell))


def check_path(cell: str, path: str) -> str | Unreadable:
    """Return the path that a cell without an address names, or why it names none.

    Args:
        cell: the cell, without white space at its ends.
        path: the path of the file that it would name.
    """
    if cell and os.path.lexists(path):
        return path
    why = _why_no_path(cell)
    if not why and is_too_long(path):
        why = f"Its path has {len(os.fsencode(path)):,} bytes, and this system takes {MAX_PATH_BYTES:,}."
    return Unreadable(why) if why else path


def _why_no_path(cell: str) -> str:
    """Return what is wrong with a cell that names no file; empty if it may be a path."""
    if not cell:
        return "Its cell in the column `path` is empty. Write a path or an address, or leave the row out."
    scheme = (SCHEME.match(cell) or [""])[0].lower()
    if scheme == "file:":
        return "It is the address of a file. Write its path alone: no file://, and blanks in place of %20."
    if scheme:
        return f"Addresses that begin with {scheme} are not read; paths, https:// and s3:// are."
    return next((why for looks, why in NO_PATHS if looks.search(cell[:MAX_PATH_BYTES])), "")
