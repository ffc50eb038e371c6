"""Name the folders into which pictures are sorted by label, with names that every operating system allows.

The label "T-shirt/top" gets the folder `T-shirt_top`, since a slash separates folders.
"""

import os
import re
from collections.abc import Iterable
from typing import Final

REVIEW_FOLDER: Final = "review"
"""The folder for pictures without a label: a person has to look at them, or left them out."""

UNSAFE_CHARACTERS: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
"""Pattern of characters that some operating system does not allow in a name, such as `:` and `?`."""

RESERVED_NAMES: Final = re.compile(r"^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
"""Pattern of names that Windows reserves for devices, such as `con` and `nul.txt`."""

MAX_NAME_BYTES: Final = 240
"""Largest number of bytes of a name. File systems allow 255; the rest is for a number at the end."""


def make_folder_names(labels: Iterable[str]) -> dict[str, str]:
    """Return the name of a folder for each label, and REVIEW_FOLDER for the empty label.

    No two names differ by capitals alone, since Windows and macOS take such folders for one.

    Args:
        labels: the labels, in any order.

    Returns:
        The names by label: {"": "review", "T-shirt/top": "T-shirt_top"}.
    """
    folders = {"": REVIEW_FOLDER}
    used_names = {REVIEW_FOLDER}
    # In sorted order, so that a label gets the same name in each run, whatever the order of the labels is.
    for label in sorted({*labels} - {""}):
        name = make_safe_name(label)
        while name.casefold() in used_names:
            name += "_"
        used_names.add(name.casefold())
        folders[label] = name
    return folders


def make_safe_name(text: str) -> str:
    """Return a name for a file or folder that every operating system allows: "a_b" for "a/b".

    Forbidden characters become underscores, a long text keeps its end, and an empty text becomes `_`.
    """
    raw = os.fsencode(UNSAFE_CHARACTERS.sub("_", text))
    name = os.fsdecode(raw) if len(raw) <= MAX_NAME_BYTES else raw[-MAX_NAME_BYTES:].decode("utf-8", "ignore")
    return RESERVED_NAMES.sub(r"\g<0>_", name.strip(". "), count=1) or "_"
