"""Clean text that people write or paste: remove characters that nobody sees, and escape unprintable ones.

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

MAX_SHOWN_CHARACTERS: Final = 80
"""Largest number of characters of a cell that a message shows. A cell may hold a whole picture in Base64."""


def trim_text(text: str) -> str:
    """Return a text without white space and invisible characters at both ends."""
    return _AT_THE_ENDS.sub("", text)


def remove_blank_characters(text: str) -> str:
    """Return a text without any white space or invisible characters."""
    return _ANYWHERE.sub("", text)


def normalize_label(text: str) -> str:
    """Return a label with composed accents and single spaces, to compare it with labels that people write."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def escape_unprintable(text: str) -> str:
    """Return a text in which all characters that are not printable are escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def escape_unprintable_lines(text: str) -> str:
    """Return lines of text in which all characters but line ends that are not printable are escaped."""
    return "\n".join(map(escape_unprintable, text.split("\n")))


def join_first_items(items: Sequence[object], max_items: int, separator: str = ", ") -> str:
    """Return the first `max_items` items as a text, with an ellipsis if there are more."""
    texts = [str(item) for item in items[:max_items]]
    if len(items) > max_items:
        texts.append("...")
    return separator.join(texts)


def format_count(count: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun, such as "1 product" or "2,040 products".

    Args:
        plural: the noun for other numbers than 1; empty for the singular with an `s`.
    """
    return f"{count:,} {choose_form(count, singular, plural or f'{singular}s')}"


def choose_form(count: int, singular: str, plural: str) -> str:
    """Return the form of a word that agrees with a number: "needs" for 1, and "need" for all others."""
    return singular if count == 1 else plural


def shorten_text(text: str) -> str:
    """Return the first MAX_SHOWN_CHARACTERS characters of a text, and an ellipsis for the rest."""
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}\u2026"


def decode_text(content: bytes) -> str:
    """Return the text of a file's content: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises:
        UnicodeDecodeError: the content is in another encoding.
    """
    return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")


def is_quoted(text: str) -> bool:
    """Return whether a value has quotation marks around it, which a shell and `.env` would have removed."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
