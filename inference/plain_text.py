"""Text that people write or paste: files of any editor, and characters that no one sees. Pure.

Editors of Windows begin files with a byte order mark, or save UTF-16, and end lines with carriage returns;
web pages and chats turn spaces into no-break spaces.
"""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_UNSEEN: Final = r"\s\0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
"""White space of every kind, and characters without width."""

_AT_THE_ENDS: Final = re.compile(f"^[{_UNSEEN}]+|[{_UNSEEN}]+$")
_ANYWHERE: Final = re.compile(f"[{_UNSEEN}]+")

QUOTED_ADVICE: Final = (
    "the quotation marks around the value are part of it, as `docker --env-file` keeps them. Leave them out."
)
"""What is wrong with a variable whose value `is_quoted`."""

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def trim(text: str) -> str:
    """The text without unseen characters at its ends."""
    return _AT_THE_ENDS.sub("", text)


def remove_unseen(text: str) -> str:
    """The text without any unseen character, spaces included."""
    return _ANYWHERE.sub("", text)


def normalize_label(text: str) -> str:
    """A label with spaces once and accents composed, as one is compared with what people write."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def escape_unprintable(text: str) -> str:
    """The text with whatever is not printable escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def escape_unprintable_lines(text: str) -> str:
    """The same of several lines."""
    return "\n".join(map(escape_unprintable, text.split("\n")))


def join_first(items: Sequence[object], most: int, between: str = ", ") -> str:
    """The first of some items for a sentence, with an ellipsis where there are more."""
    return between.join([*map(str, items[:most]), *(["..."] if len(items) > most else [])])


def decode_text(content: bytes) -> str:
    """The text of a file: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises:
        UnicodeDecodeError: it is something else.
    """
    return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")


def is_quoted(text: str) -> bool:
    """Whether quotation marks stand around a value, which a shell and `.env` would have taken off."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
