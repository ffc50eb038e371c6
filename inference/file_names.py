"""Which names of files are pictures that a person put there, and how an archive's names are read. Pure.

Systems and programs add files of their own beside pictures: the service, the catalogue and the training pass
over the same ones. Archives of Windows may separate folders by backslashes, and older ones write names in a
code page.
"""

import re
import unicodedata
from typing import Final
from zipfile import ZipInfo

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
    *(".parquet", ".sqlite", ".tsv", ".txt", ".url", ".xml", ".xmp", ".yaml", ".yml"),
)
"""Endings of what lies beside pictures: lists, notes, edits. Such files are passed over unless named."""

SEPARATORS: Final = re.compile(r"[/\\]")
"""Between the folders of a member's name: older Windows programs write backslashes."""

LONGEST: Final = 512
"""Characters of a name that is looked into. A ZIP may hold longer ones, of which its writer chooses how much
work they are."""

UTF8_FLAG: Final = 1 << 11
"""Of a ZIP's member: its name is UTF-8 (APPNOTE.TXT, appendix D). Without it, Python reads code page 437."""

ALPHABETS: Final = {"cp437": "LATIN ", "cp1252": "LATIN ", "cp866": "CYRILLIC ", "cp1251": "CYRILLIC "}
"""Code pages of one byte a letter, with the beginning of their letters' Unicode names."""

WIDE_CODE_PAGES: Final = ("cp932", "gbk", "cp949", "cp950")
"""Of Japan, China, Korea and Taiwan, with two bytes a letter."""

WORDS: Final = re.compile(r"[^\W\d_]+")


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


def name_in_zip(member: ZipInfo) -> str:
    """A member's name as its writer meant it.

    Python takes a name that is not marked as UTF-8 for code page 437. Many programs write UTF-8 without the
    mark, or the code page of their country, which no field states: it is chosen by what the bytes spell.
    """
    name = member.filename
    if member.flag_bits & UTF8_FLAG or name.isascii() or len(name) > LONGEST:
        return name
    try:
        written = name.encode("cp437")
    except UnicodeEncodeError:  # newer Pythons read the Unicode name of the extra field (0x7075)
        return name
    readings = ("utf-8", *ALPHABETS, *WIDE_CODE_PAGES)
    return next((text for page in readings if (text := _read(written, page)) is not None), name)


def _read(written: bytes, page: str) -> str | None:
    """A name in this code page, or None if its bytes spell no words there."""
    try:
        text = written.decode(page)
    except UnicodeDecodeError:
        return None
    others = {letter for letter in text if not letter.isascii()}
    is_spelt = all(unicodedata.name(one, "").startswith(ALPHABETS.get(page, "")) for one in others)
    if page != "utf-8" and not (is_spelt and all(map(str.isalpha, others)) and _is_likely(text, page)):
        return None
    return text


def _is_likely(text: str, page: str) -> bool:
    if page in ALPHABETS and "\\." in text:  # half of a Japanese letter, and no folder
        return False
    words = WORDS.findall(text.rpartition(".")[0] or text)
    match ALPHABETS.get(page):
        case "LATIN ":  # has few accents
            return sum(1 if letter.isascii() else -1 for word in words for letter in word) >= 0
        case "CYRILLIC ":  # is not mixed with Latin, and has capitals in front
            foreign = [word for word in words if not word.isascii()]
            return not any(re.search("[A-Za-z]", word) for word in foreign) and all(
                word.islower() or word.istitle() or (page == "cp866" and word.isupper()) for word in foreign
            )
        case _:
            return any("HALFWIDTH" not in unicodedata.name(one, "") for one in text if not one.isascii())
