"""Find the colours that a text names, by the words of the language files.

A colour is the set of names that a release may have for it. The title "Leinenhemd ecru, dunkelblau" of a
German list names two: {beige, white} for "ecru", and {blue} for "dunkelblau".
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from inference.words.language_files import COMPOUND_END_SIGN, Language, load_languages
from inference.words.tokens import split_title


def read_title_colours(title: str, language: str) -> list[frozenset[str]]:
    """Return the colours that a title names for the garment, in their order.

    Colours behind a word such as "with" are ignored, since they belong to parts ("dress with black belt").

    Args:
        title: the title of the product.
        language: the code of the title's language, such as `de`.

    Returns:
        A set for each colour, with all names that a release may have for it.
    """
    words = _make_colour_words(language)
    tokens = words.tokens(title)
    end = next((place for place, token in enumerate(tokens) if token in words.parts), len(tokens))
    return list(_find_colours(tokens[:end], words))


@lru_cache(maxsize=1024)
def read_colours(text: str, language: str) -> tuple[frozenset[str], ...]:
    """Return the colours that a text of a colour column names, in their order, as `read_title_colours` does.

    Args:
        text: the text, such as "navy".
        language: the code of the language of the list; English words are known in every list.
    """
    words = _make_colour_words(language)
    return tuple(_find_colours(words.tokens(text), words))


@lru_cache(maxsize=1024)
def is_colour_in_any_language(text: str) -> bool:
    """Return whether a text names a colour in some language that has a file of words."""
    return any(read_colours(text, code) for code in load_languages())


@lru_cache
def find_colours_of_label(label: str) -> frozenset[str]:
    """Return the main colour that a label of a release is, whatever its language."""
    for language in load_languages().values():
        word = language.tokens(label)
        for written, colours in language.colours.items():
            if language.tokens(written.removeprefix(COMPOUND_END_SIGN)) == word:
                return frozenset(colours[:1])
    return frozenset({" ".join(split_title(label))})


class _ColourWords(NamedTuple):
    """Words by which titles in a language name colours.

    Attributes:
        language: the language, whose accents may matter.
        phrases: the colours of words and phrases, by their tokens.
        ends: the colours of the ends of compounds.
        parts: words behind which a title names parts of the garment ("dress with black belt").
    """

    language: Language
    phrases: dict[tuple[str, ...], frozenset[str]]
    ends: dict[str, frozenset[str]]
    parts: frozenset[str]

    def tokens(self, text: str) -> list[str]:
        """Return the words and signs of a text."""
        return self.language.tokens(text)


def _find_colours(tokens: Sequence[str], words: _ColourWords) -> Iterator[frozenset[str]]:
    """Yield the colours of the words of a text: of several phrases that fit the longest one is used."""
    start = 0
    while start < len(tokens):
        for count in (3, 2, 1):
            phrase = tuple(tokens[start : start + count])
            colours = words.phrases.get(phrase) or (
                _find_compound_colours(phrase[0], words.ends) if count == 1 else None
            )
            if colours:
                yield colours
                break
        start += count


def _find_compound_colours(token: str, ends: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Return the colour of the longest end of a compound, such as dunkelblau."""
    # From the left, so that the longest end is found first. At least two letters stay before it.
    return next((ends[token[start:]] for start in range(2, len(token)) if token[start:] in ends), None)


@cache
def _make_colour_words(language: str) -> _ColourWords:
    """Return the words of a language and English ones, as shops use these everywhere."""
    english = load_languages()["en"]
    own_language = load_languages().get(language, english)
    phrases = dict[tuple[str, ...], frozenset[str]]()
    ends = dict[str, frozenset[str]]()
    parts = set[str]()
    # The list's own language comes last, so that its meaning replaces the English one of an equal word.
    for source in (english, own_language):
        parts.update(" ".join(own_language.tokens(word)) for word in source.parts)
        for word, colours in source.colours.items():
            tokens = tuple(own_language.tokens(word))
            phrases[tokens] = frozenset(colours)
            if word.startswith(COMPOUND_END_SIGN):
                ends["".join(tokens)] = frozenset(colours)
    return _ColourWords(own_language, phrases, ends, frozenset(parts))
