"""Name the folders that pictures are sorted into: one for each label, on every system. Pure."""

import os
import re
from collections.abc import Iterable
from typing import Final

REVIEW: Final = "review"
"""The folder of answers that need a person, and of pictures that a person left out."""

UNSAFE: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
"""Characters that some system allows in no name."""

RESERVED: Final = re.compile(r"^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
"""How names begin that are devices of Windows."""

MAX_NAME_BYTES: Final = 240
"""Bytes of a name, before a number: file systems hold 255."""


def name_folders(labels: Iterable[str]) -> dict[str, str]:
    """Name the folder of each label, REVIEW for the empty label; all names differ on every system."""
    folders, taken = {"": REVIEW}, {REVIEW}
    for label in sorted({*labels} - {""}):
        name = make_safe_name(label)
        while name.casefold() in taken:
            name += "_"
        taken.add(name.casefold())
        folders[label] = name
    return folders


def make_safe_name(text: str) -> str:
    """Make a name of a file or folder that every system takes."""
    raw = os.fsencode(UNSAFE.sub("_", text))
    name = os.fsdecode(raw) if len(raw) <= MAX_NAME_BYTES else raw[-MAX_NAME_BYTES:].decode("utf-8", "ignore")
    return RESERVED.sub(r"\g<0>_", name.strip(". "), count=1) or "_"
