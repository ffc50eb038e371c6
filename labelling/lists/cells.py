r"""Read a cell that names a picture: the path of a file, or addresses on the web or in S3.

    images/a.jpg                                               a path
    https://shop.example/1.jpg, https://shop.example/2.jpg     two addresses, as shops export them

For any other cell, such as `C:\shop\a.jpg`, there is a sentence that says what to write instead.
"""

import os
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from labelling.errors import PictureUnreadable
from labelling.lists.paths import MAX_PATH_BYTES, is_path_too_long

SHORT_ADDRESS_PATTERN: Final = r"//(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/"
"""Pattern of the beginning of a web address without `https:`, such as `//shop.example/`."""

ADDRESS_PATTERN: Final = re.compile(rf"(?:https?|s3)://|{SHORT_ADDRESS_PATTERN}", re.IGNORECASE)
"""Pattern of the beginning of an address on the web or in S3, in place of a path."""

_BETWEEN: Final = r"[\s,;|\"'\[\]]"

# A match begins where a run of these signs begins: started at each sign of a run of a million blanks, the
# search would take quadratic time.
BETWEEN_ADDRESSES_PATTERN: Final = re.compile(
    rf"(?<!{_BETWEEN}){_BETWEEN}+(?={ADDRESS_PATTERN.pattern})", re.IGNORECASE
)
"""Pattern of the text between two addresses of one cell: commas, bars, blanks, or the quotation marks and
commas of a list in JSON."""

UNREAD_SCHEME_PATTERN: Final = re.compile(
    r"[a-z][a-z0-9+.-]+:(?=//)|(?:blob|content|data|file):", re.IGNORECASE
)
"""Pattern of the beginning of an address that is not read, such as `ftp://` or `data:`."""

FILE_ENDING_PATTERN: Final = re.compile(r"\.[a-z]\w{1,4}[\"'\]]*\s*(?:[,;|\n\t]|$)", re.IGNORECASE)
"""Pattern of the end of a file's name, such as `.jpg`, in a cell that names one or several files."""

PATH_FAULTS: Final = (
    (re.compile("^~"), "~ stands for no folder in a list. Write the whole path in its place."),
    (
        re.compile("^www[.]", re.IGNORECASE),
        "There is no such file. If it is an address, write https:// in front.",
    ),
    (
        re.compile(
            f"{FILE_ENDING_PATTERN.pattern}.*{FILE_ENDING_PATTERN.pattern}", re.IGNORECASE | re.DOTALL
        ),
        "It names several files. Write one in each row.",
    ),
    (
        re.compile(r"^(?:[a-z]:[\\/]|\\\\)", re.IGNORECASE),
        "It is a path of Windows. Write one of this system, or one relative to the list.",
    ),
)
"""Patterns of cells that name no file here, such as `~/a.jpg`, each with a sentence that says what to write
instead."""


class PictureAddress(NamedTuple):
    """The address of a picture on the web or in S3, as opposed to the path of a file, which is a plain text.

    Attributes:
        text: the address, such as `https://shop.example/a.jpg`.
    """

    text: str

    @property
    def is_in_s3(self) -> bool:
        """Whether the address has the form `s3://bucket/key`, in small letters or capitals."""
        return self.text.lower().startswith("s3://")


def find_addresses(cell: str) -> list[str]:
    """Return the addresses in a cell of a list as they are written; empty if it does not begin with one.

    Args:
        cell: the cell, such as `https://a.example/1.jpg, https://a.example/2.jpg`.
    """
    bare = cell.lstrip("[\"' ")
    if not ADDRESS_PATTERN.match(bare):
        return []
    # A bracket or quotation mark at the end belongs to the address, unless the cell begins with one, too.
    end_signs = "]\"',;| " if cell != bare else ",;| "
    return [address.rstrip(end_signs) for address in BETWEEN_ADDRESSES_PATTERN.split(bare)]


def parse_picture_address(address: str) -> PictureAddress:
    """Return an address that can be fetched: with `https:` in front if it begins with `//`."""
    return PictureAddress(f"https:{address}" if address.startswith("//") else address)


def is_picture_cell(cell: str) -> bool:
    """Check whether a cell looks like an address or the name of a file, such as `a.jpg`."""
    return bool(ADDRESS_PATTERN.match(cell) or FILE_ENDING_PATTERN.search(cell))


def validate_picture_path(cell: str, path: str, columns: Sequence[str]) -> str | PictureUnreadable:
    """Return the path that a cell names, or an error if it is a cell such as `ftp://shop/a.jpg`.

    The error is returned and not raised, so that one wrong cell does not end the reading of a list. The path
    of a missing file is returned, too: whoever opens it finds out.

    Args:
        cell: the cell without white space at its ends; empty if all cells of the row for pictures are.
        path: the path that the cell means, relative to the folder of the list or absolute.
        columns: the columns of the list that name pictures, for the sentence about empty cells.
    """
    # Odd names exist: a file that is there is used, even if it is called `www.jpg`.
    if cell and os.path.lexists(path):
        return path
    why = _explain_no_path(cell) if cell else _explain_empty_cells(columns)
    if not why and is_path_too_long(path):
        why = f"Its path has {len(os.fsencode(path)):,} bytes, and this system takes {MAX_PATH_BYTES:,}."
    return PictureUnreadable(why) if why else path


def _explain_empty_cells(columns: Sequence[str]) -> str:
    names = " and ".join(f"`{column}`" for column in columns)
    is_one = len(columns) == 1
    cells = f"Its cell in the column {names} is" if is_one else f"Its cells in the columns {names} are"
    return f"{cells} empty. Write a path or an address, or leave the row out."


def _explain_no_path(cell: str) -> str:
    """Return a sentence about a cell such as `ftp://shop/a.jpg` or `~/a.jpg`; empty if it may be a path."""
    scheme = (UNREAD_SCHEME_PATTERN.match(cell) or [""])[0].lower()
    if scheme == "file:":
        return "It is the address of a file. Write its path alone: no file://, and blanks in place of %20."
    if scheme:
        return f"Addresses that begin with {scheme} are not read; paths, https:// and s3:// are."
    return next((why for looks, why in PATH_FAULTS if looks.search(cell[:MAX_PATH_BYTES])), "")
