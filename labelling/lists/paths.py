"""Find the file that a written path means, even if it has backslashes or spells accented letters differently.

Lists are often written on another system. Windows separates folders with backslashes. macOS may write an
accented letter as two characters, the letter and its accent (NFD); others write one (NFC). If there is no
such file, a sentence names the most similar name in the folder.
"""

import os
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from inference.text.file_names import is_picture_name
from inference.text.plain_text import escape_unprintable, shorten_text
from inference.text.spreadsheets import unescape_spreadsheet_text

MAX_PATH_BYTES: Final = 4096
"""Number of bytes from which Linux refuses a path. Other systems refuse shorter ones, too."""

MAX_CACHED_FOLDERS: Final = 64
"""Number of folders whose file names are kept in memory. Neighbouring rows often name files of one folder."""

COMPARED_NEIGHBOURS: Final = 10
"""Number of names before and after a missing name, by the alphabet, among which the most similar one is
looked for. A folder can have a million names."""


def is_path_too_long(path: str) -> bool:
    """Check whether a path has MAX_PATH_BYTES or more, so that no system call takes it."""
    return len(os.fsencode(path)) >= MAX_PATH_BYTES


def find_existing_path(path: str) -> str:
    r"""Return the path of the file that a written path means: `images/a.jpg` for `images\a.jpg`.

    Backslashes are tried as slashes, accented letters in both Unicode forms, and names without the apostrophe
    that a table writes before some of them (`'=1.jpg`). Without such a file, the written path is returned.

    Args:
        path: the path as a list or a person wrote it, for this or another system.
    """
    # A file of exactly this name wins: on Linux a name can have a backslash.
    if is_path_too_long(path) or os.path.lexists(path):
        return path
    unmarked = "/".join(map(unescape_spreadsheet_text, path.split("/")))
    for spelling in (path, path.replace("\\", "/"), unmarked):
        if os.path.lexists(respelt := _respell_path(spelling)):
            return respelt
    return path


def explain_missing_file(path: str) -> str:
    """Return a sentence about a missing file: the folder that lacks it, and the most similar name there.

    If a folder on the way is missing, the sentence is about that folder.
    """
    if os.path.islink(path):  # noqa: PTH114 - as below
        return "It is a link to a file that is not there."
    missing_thing = "file"
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - as below
    # Up to the first folder that exists: what is missing is right below it.
    while not os.path.isdir(folder):  # noqa: PTH112 - as below
        missing_thing = "folder"
        folder, name = os.path.split(folder)
    names = _list_sorted_names(folder, is_picture_folder=missing_thing == "file")
    position = bisect_left(names, name)
    nearest_names = get_close_matches(
        name, names[max(position - COMPARED_NEIGHBOURS, 0) : position + COMPARED_NEIGHBOURS], 1
    )
    if same_names := [other for other in names if other.casefold() == name.casefold()]:
        advice = f" There is {escape_unprintable(same_names[0])!r}, with other capitals."
    else:
        advice = (
            f" The nearest name there is {escape_unprintable(nearest_names[0])!r}." if nearest_names else ""
        )
    shown_name = shorten_text(escape_unprintable(name))
    return f"There is no {missing_thing} {shown_name!r} in {escape_unprintable(folder)}.{advice}"


def _respell_path(path: str) -> str:
    """Return a path with accented letters as its folders spell them; unchanged if a part is missing."""
    real_path = ""
    for part in path.split("/"):
        whole_path = real_path + part
        # Folders are listed only for names that can be spelt in two ways, since listing one takes long.
        if part and not part.isascii() and not os.path.lexists(whole_path):
            name = _read_composed_names(real_path or ".").get(unicodedata.normalize("NFC", part))
            if name is None:
                return path
            whole_path = real_path + name
        real_path = f"{whole_path}/"
    return real_path.removesuffix("/")


@lru_cache(4)
def _list_sorted_names(folder: str, *, is_picture_folder: bool) -> list[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - as below
    except OSError:
        return []
    return sorted(name for name in names if not is_picture_folder or is_picture_name(name))


@lru_cache(MAX_CACHED_FOLDERS)
def _read_composed_names(folder: str) -> Mapping[str, str]:
    """Return the names in a folder that are not ASCII, by their form with one character for `é` (NFC)."""
    try:
        names = [name for name in os.listdir(folder) if not name.isascii()]  # noqa: PTH208 - names travel as text
    except (OSError, ValueError):
        return {}
    return {unicodedata.normalize("NFC", name): name for name in names}
