"""Find words that cannot be of a language, because it does not have their letters.

"košeľa" (a shirt) is Slovak. Czech, whose words look similar, has no `ľ`. The file of a language lists its
letters. A list of a shop in a language without a file is often read as a similar one; such words show it.
"""

import unicodedata
from functools import cache, lru_cache
from typing import Final

from inference.words.language_files import load_languages
from inference.words.tokens import extract_visible_text, split_text

BORROWED_LETTERS: Final = frozenset("éèêà")
"""Letters that words such as "piqué" and "crème" bring into titles of any language."""


@lru_cache(maxsize=8192)
def find_foreign_words(title: str, language: str) -> tuple[str, ...]:
    """Return the words of a title that have letters which a language does not have, in small letters.

    The result is empty for a language without a list of its letters.

    Args:
        language: the code of the language, such as `cs`.
    """
    letters = _list_letters(language)
    if not letters or title.isascii():
        return ()
    words = split_text(extract_visible_text(title), keep_accents=True)
    return tuple(word for word in words if any(_is_foreign(char, letters) for char in word))


def _is_foreign(char: str, letters: frozenset[str]) -> bool:
    return char.isalpha() and not char.isascii() and char not in letters


@cache
def _list_letters(language: str) -> frozenset[str]:
    """Return the letters of a language beside `a` to `z`, and those of borrowed words; empty if unknown."""
    known = load_languages().get(language)
    if known is None or not known.letters:
        return frozenset()
    return BORROWED_LETTERS.union(unicodedata.normalize("NFC", known.letters))
