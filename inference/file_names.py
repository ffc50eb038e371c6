"""Which names of files are pictures that a person put there, and how an archive's names are read. Pure.

Systems and programs add files of their own beside pictures: the service, the catalogue and the training pass
over the same ones. Archives of Windows may separate folders by backslashes, and older ones write names in a
code page.
"""

import re
from collections.abc import Sequence
from typing import Final
from zipfile import ZipInfo

from inference.code_pages import read_names

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

NO_PICTURES: Final = (
    *(".aae", ".csv", ".db", ".htm", ".html", ".inf", ".ini", ".json", ".jsonl", ".lnk", ".log", ".md"),
    *(".parquet", ".sqlite", ".sqlite-journal", ".sqlite.damaged", ".tsv", ".txt", ".url", ".xml", ".xmp"),
    *(".yaml", ".yml"),
)
"""Endings of what lies beside pictures: lists, notes, edits, a table's journal. Such files are passed over
unless named."""

SEPARATORS: Final = re.compile(r"[/\\]")
"""Between the folders of a member's name: older Windows programs write backslashes."""

LONGEST: Final = 512
"""Characters of a name that is looked into. A ZIP may hold longer ones, of which its writer chooses how much
work they are."""

UTF8_FLAG: Final = 1 << 11
"""Of a ZIP's member: its name is UTF-8 (APPNOTE.TXT, appendix D). Without it, Python reads code page 437."""


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name, without a path, is hidden or added by a system."""
    small = name.casefold()
    return (
        name.startswith((".", OFFICE_LOCK)) or small in CLUTTER or small.endswith(CLUTTER_ENDINGS)
    ) and name not in (".", "..")


def is_picture_name(name: str) -> bool:
    """Whether a file that was found, not named, may be a picture, by its name without a path."""
    return not is_clutter(name) and not name.lower().endswith(NO_PICTURES)


def has_clutter(path: str) -> bool:
    """Whether a member of an archive is clutter, or lies in a folder that is."""
    return len(path) <= LONGEST and any(map(is_clutter, SEPARATORS.split(path)))


def is_folder(path: str) -> bool:
    """Whether a member of an archive is a folder, by its name."""
    return path.endswith(("/", "\\"))


def may_be_picture(name: str) -> bool:
    """Whether a member of an archive or bucket may be a picture, by its name."""
    last = SEPARATORS.split(name)[-1]  # empty of a folder
    return bool(last) and not has_clutter(name) and is_picture_name(last)


def names_in_zip(members: Sequence[ZipInfo]) -> list[str]:
    """The names of an archive's members as their writer meant them, in order.

    Python takes a name that is not marked as UTF-8 for code page 437. Many programs write UTF-8 without the
    mark, or the code page of their country, which no field states: code_pages.py finds it in all of them.
    """
    names = [member.filename for member in members]
    written = [_written(member) for member in members]
    unmarked = list(dict.fromkeys(one for one in written if one is not None))
    read = dict(zip(unmarked, read_names(unmarked), strict=True))
    return [name if raw is None else (read[raw] or name) for name, raw in zip(names, written, strict=True)]


def _written(member: ZipInfo) -> bytes | None:
    """A name as it stands in the archive; None where it is known what it spells, or it is too long."""
    name = member.filename
    if member.flag_bits & UTF8_FLAG or name.isascii() or len(name) > LONGEST:
        return None
    try:
        return name.encode("cp437")
    except UnicodeEncodeError:  # newer Pythons read the Unicode name of the extra field (0x7075)
        return None
