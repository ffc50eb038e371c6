"""Choose the part of a text in one language, if tags divide it: `[:en]Blue jeans[:de]Blaue Jeans[:]`.

Plugins of shops write such tags into titles (qTranslate: `[:en]`, `{:en}` and `<!--:en-->`). Text outside of
tags belongs to every part.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

_TAG: Final = re.compile(
    r"\[:(?P<square>[a-z]{2,3}(?:[-_][a-z]{2,4})?)?\]"
    r"|\{:(?P<curly>[a-z]{2,3}(?:[-_][a-z]{2,4})?)?\}"
    r"|<!--:(?P<comment>[a-z]{2,3}(?:[-_][a-z]{2,4})?)?-->",
    re.IGNORECASE,
)
"""A tag before a part, or without a code the tag behind the last part."""


MAX_LANGUAGES: Final = 100
"""Largest number of languages of a text whose parts are read. Otherwise the time would grow with the square
of the number of tags."""


class LanguagePart(NamedTuple):
    """The part of a text in one language, cut out by language tags.

    Attributes:
        text: the part without tags.
        code: the code of its tag; empty for a text without tags.
    """

    text: str
    code: str = ""


def select_tagged_text(text: str, languages: Sequence[str]) -> LanguagePart:
    """Return the part of a text in the preferred language, without language tags such as `[:en]`.

    Args:
        text: a title, with tags or without.
        languages: the codes of the languages, the preferred one first. If the text has a part in none of
            them, its first part is returned.
    """
    parts = split_language_parts(text)
    if not parts:
        return LanguagePart(text)
    filled = {code: part for code, part in parts.items() if part.strip()}
    if not filled:
        return LanguagePart(_TAG.sub("", text))
    code = next((code for code in languages if code in filled), next(iter(filled)))
    return LanguagePart(filled[code], code)


def split_language_parts(text: str) -> dict[str, str]:
    """Return the parts of a text by the codes of their tags; empty for a text without tags.

    A code is that of the language alone: `pt` for `[:pt-br]`.
    """
    if ":" not in text:
        return {}
    runs = list[tuple[str, str]]()
    code = ""
    start = 0
    for match in _TAG.finditer(text):
        runs.append((code, text[start : match.start()]))
        code = _read_code(match)
        start = match.end()
    runs.append((code, text[start:]))
    codes = islice(dict.fromkeys(code for code, _ in runs if code), MAX_LANGUAGES)
    return {wanted: "".join(part for code, part in runs if code in {"", wanted}) for wanted in codes}


def _read_code(tag: re.Match[str]) -> str:
    """Return the code of a tag; empty for the tag behind the last part."""
    code: str = tag["square"] or tag["curly"] or tag["comment"] or ""
    return re.split("[-_]", code.lower())[0]
