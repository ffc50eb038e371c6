"""Read text that people write or paste: files of any editor, and characters that nobody sees. Pure.

Editors of Windows begin files with a byte order mark, or save UTF-16, and end lines with carriage returns.
Web pages and chats turn spaces into no-break spaces.
"""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_UNSEEN: Final = r"\s\0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
"""Characters that nobody sees: white space of every kind, and characters without width."""

_AT_THE_ENDS: Final = re.compile(f"^[{_UNSEEN}]+|[{_UNSEEN}]+$")
_ANYWHERE: Final = re.compile(f"[{_UNSEEN}]+")

QUOTED_ADVICE: Final = (
    "the quotation marks around the value are part of it, as `docker --env-file` keeps them. Leave them out."
)
"""Advice for a variable whose value `is_quoted`."""

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def trim(text: str) -> str:
    """Remove unseen characters from both ends of a text."""
    return _AT_THE_ENDS.sub("", text)


def remove_unseen(text: str) -> str:
    """Remove all unseen characters from a text, including spaces."""
    return _ANYWHERE.sub("", text)


def normalize_label(text: str) -> str:
    """Compose the accents and reduce the spaces of a label, to compare it with what people write."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def escape_unprintable(text: str) -> str:
    """Escape all characters of a text that are not printable."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def escape_unprintable_lines(text: str) -> str:
    """Escape all characters of several lines that are not printable."""
    return "\n".join(map(escape_unprintable, text.split("\n")))


def join_first(items: Sequence[object], most: int, between: str = ", ") -> str:
    """Join the first items for a sentence, with an ellipsis if there are more."""
    return between.join([*map(str, items[:most]), *(["..."] if len(items) > most else [])])


def decode_text(content: bytes) -> str:
    """Decode the content of a file: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises:
        UnicodeDecodeError: the content is in another encoding.
    """
    return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")


def is_quoted(text: str) -> bool:
    """Return whether a value has quotation marks around it, which a shell and `.env` would have removed."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
