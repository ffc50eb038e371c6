"""Which names of files are pictures that a person put there. Pure.

Systems and programs add files of their own beside pictures: the service, the catalogue and the training pass
over the same ones. Archives of Windows may separate folders by backslashes.
"""

import re
from typing import Final

CLUTTER: Final = frozenset(
    {
        "__macosx",  # archives of macOS
        "icon\r",  # macOS: the icon of a folder
        "thumbs.db",  # Windows
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "autorun.inf",
        "$recycle.bin",
        "system volume information",
        "@eadir",  # Synology: thumbnails
        "#recycle",
        "#snapshot",
        "@recycle",  # QNAP
        "@recently-snapshot",
        "@sharebin",
        "lost+found",  # ext4
        "lost.dir",  # Android
        "found.000",  # chkdsk
        "picasa.ini",
        "zbthumbnail.info",
    }
)
"""Files and folders that systems and programs add, in small letters; hidden ones begin with a dot."""

CLUTTER_ENDINGS: Final = ("zone.identifier", "@synoeastream", "@synoresource")
"""Streams of Windows and Synology that became files of their own: `a.jpg:Zone.Identifier`."""

OFFICE_LOCK: Final = "~$"
"""How the files begin that Office leaves beside open documents."""

OTHER_ENDINGS: Final = (
    *(".aae", ".csv", ".db", ".htm", ".html", ".inf", ".ini", ".json", ".jsonl", ".lnk", ".log", ".md"),
    *(
        ".parquet",
        ".sqlite",
        ".sqlite-journal",
        ".sqlite.damaged",
        ".tsv",
        ".txt",
        ".url",
        ".xlsx",
        ".xml",
        ".xmp",
    ),
    *(".yaml", ".yml"),
)
"""Endings of what lies beside pictures: lists, notes, edits, a table's journal, perhaps with a number behind.
Such files are passed over unless named."""

SEPARATORS: Final = re.compile(r"[/\\]")
"""Between the folders of a member's name: older Windows programs write backslashes."""

MAX_NAME_CHARACTERS: Final = 512
"""Characters of a name that is looked into. A ZIP may hold longer ones, of which its writer chooses how much
work they are."""


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name, without a path, is hidden or added by a system."""
    small = name.casefold()
    return (
        name.startswith((".", OFFICE_LOCK)) or small in CLUTTER or small.endswith(CLUTTER_ENDINGS)
    ) and name not in (".", "..")


def is_picture_name(name: str) -> bool:
    """Whether a file that was found, not named, may be a picture, by its name without a path."""
    return not is_clutter(name) and not name.lower().rstrip("-0123456789").endswith(OTHER_ENDINGS)


def has_clutter(path: str) -> bool:
    """Whether a member of an archive is clutter, or lies in a folder that is."""
    return len(path) <= MAX_NAME_CHARACTERS and any(map(is_clutter, SEPARATORS.split(path)))


def is_folder(path: str) -> bool:
    """Whether a member of an archive is a folder, by its name."""
    return path.endswith(("/", "\\"))


def is_possible_picture(name: str) -> bool:
    """Whether a member of an archive or bucket may be a picture, by its name."""
    last = SEPARATORS.split(name)[-1]  # empty of a folder
    return bool(last) and not has_clutter(name) and is_picture_name(last)
