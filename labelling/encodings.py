"""Find the encoding of a list: which code page the Excel of a language wrote.

UTF-8 and UTF-16 show in the bytes. For code pages charset-normalizer says how odd a text is in each; its own
choice needs more text than a list of products has, so that PAGES and what is common in each decide with it.
Reads the file.
"""

import codecs
import re
import unicodedata
from pathlib import Path
from typing import Final, NamedTuple

from labelling.errors import ListUnusable

PAGES: Final = {
    "cp1252": rb"\x8c\x9c\xc0-\xcf\xd1-\xdc\xdf-\xef\xf1-\xfc",
    "cp1251": rb"\xa5\xa8\xaa\xaf\xb2-\xb4\xb8\xba\xbf-\xff",
    "cp932": rb"\x81-\x97",
    "cp949": rb"\xb0-\xc8",
    "gb18030": rb"\xb0-\xd7",
    "big5": rb"\xa4-\xc6",
    "cp1254": rb"\xc0-\xff",
    "cp1250": rb"\x8a\x8c-\x8f\x9a\x9c-\x9f\xa3\xa5\xaa\xaf\xb3\xb9\xba\xbc\xbe-\xff",
    "cp1253": rb"\xa2\xb8-\xba\xbc\xbe-\xfe",
    "cp1256": rb"\x81\x8d\x8e\x90\xc0-\xfe",
    "cp850": rb"\x80-\x9a\xa0-\xa5\xb5-\xb7\xc6\xc7\xd2-\xd4\xd6-\xd8\xe0-\xe5\xe9-\xed",
    "cp1255": rb"\xe0-\xfa",
    "mac_roman": rb"\x80-\x9f\xa7\xae\xbe\xbf\xcb-\xcd\xe5-\xef\xf1-\xf4",
    "cp874": rb"\xa1-\xda\xdf-\xfb",
}
"""The encodings that are told apart, the likelier first, with the bytes at which the letters begin that texts
in it are made of: of Japanese, Korean and Chinese the first level of their standards."""

SIGNS: Final = frozenset("–—’‘“”„…€£¥®™°²·×»«¡¿\xa0")  # noqa: RUF001 - these are meant
"""Characters that texts of every language have; they decide nothing."""

LEAST: Final = 64
"""Bytes below which charset-normalizer says nothing; shorter samples are repeated."""

ENOUGH: Final = 100
"""Bytes from which the frequencies of letters, by which it knows languages, count."""

NEAR: Final = 0.15
"""By how much less coherent a text may be, which is rounded to tenths, and still be the one that is meant."""

MOST: Final = 1 << 16
"""Bytes that are looked at."""

SHOWN: Final = 60
"""Characters of an example."""


class Encoding(NamedTuple):
    """How the bytes of a list become text.

    Attributes:
        name: of Python's codec.
        example: a text of it that shows a choice; empty where none was made.
        line: where that is, from 1.
        rival: an encoding of another script that is nearly as likely; empty where there is none.
    """

    name: str
    example: str = ""
    line: int = 0
    rival: str = ""


class _Strange(NamedTuple):
    """A cell that is no UTF-8, and its line."""

    cell: bytes
    line: int


def encoding_of(path: Path) -> Encoding:
    """The encoding of a list's text.

    Lines of a list in UTF-8 that are none are left as they are, so that they can be named.

    Raises:
        OSError: it cannot be read.
        ListUnusable: it is text in none of PAGES.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    if start.count(0) == 2:  # ASCII in 16 bits
        return Encoding("utf-16-be" if start[0] == 0 else "utf-16-le")
    strange, utf8, other = list[_Strange](), 0, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isascii():
                continue
            found = _not_utf8(line, number)
            utf8, other = utf8 + (not found), other + bool(found)
            strange += found if len(strange) < MOST else []
    if utf8 >= other:
        return Encoding("utf-8-sig")
    return _page_of(path, strange)


def _not_utf8(line: bytes, number: int) -> list[_Strange]:
    try:
        line.decode("utf-8-sig")
    except UnicodeDecodeError:
        cells = (cell.strip(b'"') for cell in re.split(rb"[,;\t\r\n]", line))
        return [_Strange(cell, number) for cell in cells if not cell.isascii()]
    return []


def _page_of(path: Path, strange: list[_Strange]) -> Encoding:
    """The likeliest of PAGES for some cells."""
    sample = b" ".join(dict.fromkeys(one.cell for one in strange))[:MOST]
    ranked = sorted(
        (rank, place, page)
        for place, page in enumerate(PAGES)
        if (rank := _oddness(sample, page)) is not None
    )
    if not ranked:
        raise ListUnusable(
            f"{path}: its text is no UTF-8, and of no encoding that is found out. Name it: --encoding NAME."
        )
    (least, best, _), _, page = ranked[0]
    rivals = (
        other
        for (odd, coherence, _), _, other in ranked
        if odd == least and coherence < best + NEAR and _reads_otherwise(sample, page, other)
    )
    longest = max(strange, key=lambda one: len(one.cell))
    return Encoding(page, longest.cell.decode(page, "replace")[:SHOWN], longest.line, next(rivals, ""))


def _reads_otherwise(sample: bytes, page: str, other: str) -> bool:
    """Whether another code page makes letters of another script of a sample.

    One that makes more characters is less likely: few texts of one byte a letter are text in two bytes, too.
    """
    text, rival = sample.decode(page), sample.decode(other)
    scripts = _scripts(rival)
    return len(rival) <= len(text) and bool(scripts) and scripts.isdisjoint(_scripts(text))


def _scripts(text: str) -> set[str]:
    letters = (one for one in text if one.isalpha() and not one.isascii())
    return {unicodedata.name(one, "").split(" ")[0] for one in letters}


def _oddness(sample: bytes, page: str) -> tuple[int, float, float] | None:
    """How odd a text would be in a code page, as it is ranked; None where it is no text in it."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - most lists are UTF-8

    long = sample + (b" " + sample) * (LEAST // len(sample) + 1)
    found = from_bytes(long, cp_isolation=[page], threshold=1.0, enable_fallback=False).best()
    try:
        text = sample.decode(page)
    except UnicodeDecodeError:
        return None
    if found is None or codecs.lookup(found.encoding) != codecs.lookup(page):
        return None
    letters = [one.encode(page) for one in text if not one.isascii() and one not in SIGNS]
    rare = sum(not re.match(rb"[%b]" % PAGES[page], one) for one in letters) / max(1, len(letters))
    odd = round(4 * (found.chaos + rare))
    return (odd, -round(found.coherence, 1), found.chaos) if len(sample) >= ENOUGH else (odd, 0.0, 0.0)
