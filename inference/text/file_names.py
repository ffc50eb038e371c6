"""Tell by their names which files in a folder, archive or bucket may be pictures.

Systems and programs add files of their own beside pictures, such as `Thumbs.db` and `.DS_Store`. The service,
the labelling of catalogues and the training all ignore them by the rules of this file.
"""

import re
from typing import Final

CLUTTER_NAMES: Final = frozenset(
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
"""Names, in small letters, of files and folders that systems add. Hidden ones begin with a dot instead."""

CLUTTER_ENDINGS: Final = ("zone.identifier", "@synoeastream", "@synoresource")
"""Endings of streams of Windows and Synology that became files: `a.jpg:Zone.Identifier`."""

OFFICE_LOCK_PREFIX: Final = "~$"
"""Beginning of the files that Office leaves beside open documents."""

NON_PICTURE_ENDINGS: Final = (
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
"""Endings of other files beside pictures: lists, notes, edits, the journal of a table. A number may follow.
Such files are ignored unless they are named."""

FOLDER_SEPARATORS: Final = re.compile(r"[/\\]")
"""Separators of the folders in a member's name. Older programs of Windows write backslashes."""

MAX_NAME_CHARACTERS: Final = 512
"""Limit for the characters of a name that is examined. The writer of a ZIP could choose longer names to cause
work."""


def is_system_file_name(name: str) -> bool:
    """Return whether a file or folder is hidden or was added by a system, by its name without a path."""
    small = name.casefold()
    return (
        name.startswith((".", OFFICE_LOCK_PREFIX))
        or small in CLUTTER_NAMES
        or small.endswith(CLUTTER_ENDINGS)
    ) and name not in (".", "..")


def is_picture_name(name: str) -> bool:
    """Return whether a file found in a folder may be a picture, by its name without a path."""
    return not is_system_file_name(name) and not name.lower().rstrip("-0123456789").endswith(
        NON_PICTURE_ENDINGS
    )


def is_system_path(path: str) -> bool:
    """Return whether a path in an archive names a file or folder that a system added, such as `__MACOSX`."""
    return len(path) <= MAX_NAME_CHARACTERS and any(map(is_system_file_name, FOLDER_SEPARATORS.split(path)))


def is_archive_folder(path: str) -> bool:
    """Return whether a member of an archive is a folder, by its name."""
    return path.endswith(("/", "\\"))


def is_picture_member(name: str) -> bool:
    """Return whether a member of an archive or bucket may be a picture, by its name."""
    last = FOLDER_SEPARATORS.split(name)[-1]  # empty of a folder
    return bool(last) and not is_system_path(name) and is_picture_name(last)
