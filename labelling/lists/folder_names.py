"""Name the folders that pictures are sorted into, one for each label, so that every system allows the name.

The label "T-shirt/top" gets the folder `T-shirt_top`, since a slash separates folders.
"""

import os
import re
from collections.abc import Iterable
from typing import Final

REVIEW_FOLDER: Final = "review"
"""The folder for pictures whose answer a person has to review, or that a person left out."""

UNSAFE_CHARACTERS: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
"""Pattern of characters that are not allowed in file names on some operating system."""

RESERVED_NAMES: Final = re.compile(r"^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
"""Pattern of the beginning of file names that Windows reserves for devices, such as `con` and `nul.txt`."""

MAX_NAME_BYTES: Final = 240
"""Largest number of bytes of a name. File systems allow 255; the rest is for a number at the end."""


def name_folders(labels: Iterable[str]) -> dict[str, str]:
    """Return the name of a folder for each label; the folder of the empty label is REVIEW_FOLDER.

    All names are valid on every system, and differ there even if the system ignores capitals.

    Args:
        labels: the labels, in any order.

    Returns:
        the names by label, with the empty label among them.
    """
    folders = {"": REVIEW_FOLDER}
    used_names = {REVIEW_FOLDER}
    # In sorted order, so that equal labels get equal names in each run, whatever their order was.
    for label in sorted({*labels} - {""}):
        name = make_safe_name(label)
        while name.casefold() in used_names:
            name += "_"
        used_names.add(name.casefold())
        folders[label] = name
    return folders


def make_safe_name(text: str) -> str:
    """Return a text changed so that it is a valid name of a file or folder on every operating system.

    Forbidden characters become underscores, a long text keeps its end, and an empty text becomes `_`.
    """
    raw = os.fsencode(UNSAFE_CHARACTERS.sub("_", text))
    name = os.fsdecode(raw) if len(raw) <= MAX_NAME_BYTES else raw[-MAX_NAME_BYTES:].decode("utf-8", "ignore")
    return RESERVED_NAMES.sub(r"\g<0>_", name.strip(". "), count=1) or "_"
