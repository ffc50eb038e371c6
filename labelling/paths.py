"""Find the file that a path means: of a table, or of a system with backslashes or letters spelt otherwise.

macOS may write an accented letter as two characters, the letter and its accent (NFD); others write one (NFC).
Looks at names alone.
"""

import os
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from inference.spreadsheets import as_it_was

FOLDERS: Final = 64
"""Whose names are kept while lists are read: a list names the files of one folder one after another."""


def existing(path: str) -> str:
    """The path of the file that is meant, or the same path where there is none.

    Args:
        path: as a list or a person wrote it, for this or another system.
    """
    if os.path.lexists(path):
        return path
    unmarked = "/".join(map(as_it_was, path.split("/")))
    for written in (path, path.replace("\\", "/"), unmarked):
        if os.path.lexists(found := _respelt(written)):
            return found
    return path


def _respelt(path: str) -> str:
    """The path with each part as its folder spells it."""
    found = ""
    for part in path.split("/"):
        whole = found + part
        if part and not part.isascii() and not os.path.lexists(whole):
            whole = found + _names(found or ".").get(unicodedata.normalize("NFC", part), part)
        found = f"{whole}/"
    return found.removesuffix("/")


@lru_cache(FOLDERS)
def _names(folder: str) -> Mapping[str, str]:
    """The names in a folder that are not ASCII, by their composed form."""
    try:
        names = [name for name in os.listdir(folder) if not name.isascii()]  # noqa: PTH208 - names travel as text
    except (OSError, ValueError):
        return {}
    return {unicodedata.normalize("NFC", name): name for name in names}
