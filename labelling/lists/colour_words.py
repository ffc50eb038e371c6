"""Find the colours that a text names, by the words of the language files.

The title "Leinenhemd ecru, dunkelblau" of a German list names two colours: {beige, white} for "ecru", and
{blue} for "dunkelblau". Each is a set, because the labels of a model are fewer than the words of shops: one
model calls "ecru" beige, another white.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from inference.words.language_files import COMPOUND_END_SIGN, Language, load_languages
from inference.words.tokens import split_title


def read_title_colours(title: str, language: str) -> list[frozenset[str]]:
    """Return the colours that a title names for the garment, in their order: [{"blue"}] for "Blue dress".

    Colours behind a word such as "with" are ignored, since they belong to parts ("dress with black belt").

    Args:
        language: the code of the title's language, such as `de`.

    Returns:
        A set for each colour, with all labels that a model may have for it.
    """
    words = _make_colour_words(language)
    tokens = words.tokens(title)
    end = next((place for place, token in enumerate(tokens) if token in words.parts), len(tokens))
    return list(_find_colours(tokens[:end], words))


@lru_cache(maxsize=1024)
def read_text_colours(text: str, language: str) -> tuple[frozenset[str], ...]:
    """Return the colours that a cell of a colour column names: ({"blue"}, {"white"}) for "navy/white".

    Args:
        language: the code of the language of the list, such as `de`. English words are known in every list.

    Returns:
        A set for each colour, with all labels that a model may have for it.
    """
    words = _make_colour_words(language)
    return tuple(_find_colours(words.tokens(text), words))


@lru_cache(maxsize=1024)
def is_colour_in_any_language(text: str) -> bool:
    """Return whether a text names a colour in any language whose words are known: "rouge", "dunkelblau"."""
    return any(read_text_colours(text, code) for code in load_languages())


@lru_cache
def find_colours_of_label(label: str) -> frozenset[str]:
    """Return the main colour that a label of a model stands for, such as {"blue"} for "navy" or "blau".

    A label that no language knows is a colour of its own.
    """
    for language in load_languages().values():
        word = language.tokenize(label)
        for written, colours in language.colours.items():
            if language.tokenize(written.removeprefix(COMPOUND_END_SIGN)) == word:
                return frozenset(colours[:1])
    return frozenset({" ".join(split_title(label))})


class _ColourWords(NamedTuple):
    """The words by which titles in a language name colours.

    Attributes:
        language: the language, whose accents may matter.
        phrases: the colours of a word or phrase, by its single words: {("off", "white"): {"white"}}.
        ends: the colours of the end of a compound: {"blau": {"blue"}} for "dunkelblau".
        parts: words behind which a title names parts of the garment, such as "with".
        longest_phrase: the number of words of the longest phrase.
    """

    language: Language
    phrases: dict[tuple[str, ...], frozenset[str]]
    ends: dict[str, frozenset[str]]
    parts: frozenset[str]
    longest_phrase: int

    def tokens(self, text: str) -> list[str]:
        """Return the words and signs of a text, with accents if they matter in the language."""
        return self.language.tokenize(text)


def _find_colours(tokens: Sequence[str], words: _ColourWords) -> Iterator[frozenset[str]]:
    """Yield the colours of the words of a text. At each word, the longest phrase that fits is used."""
    start = 0
    while start < len(tokens):
        for count in range(words.longest_phrase, 0, -1):
            phrase = tuple(tokens[start : start + count])
            colours = words.phrases.get(phrase) or (
                _find_compound_colours(phrase[0], words.ends) if count == 1 else None
            )
            if colours:
                yield colours
                break
        start += count


def _find_compound_colours(token: str, ends: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Return the colour of a compound by its longest known end: that of "blau" for "dunkelblau"."""
    # From the left, so that the longest end is found first. At least two letters stay before it.
    return next((ends[token[start:]] for start in range(2, len(token)) if token[start:] in ends), None)


@cache
def _make_colour_words(language: str) -> _ColourWords:
    """Return the colour words of a language and English ones, because shops everywhere write "navy"."""
    english = load_languages()["en"]
    own_language = load_languages().get(language, english)
    phrases = dict[tuple[str, ...], frozenset[str]]()
    ends = dict[str, frozenset[str]]()
    parts = set[str]()
    # The list's own language comes last, so that its meaning replaces the English one of an equal word.
    for source in (english, own_language):
        parts.update(" ".join(own_language.tokenize(word)) for word in source.parts)
        for word, colours in source.colours.items():
            tokens = tuple(own_language.tokenize(word))
            phrases[tokens] = frozenset(colours)
            if word.startswith(COMPOUND_END_SIGN):
                ends["".join(tokens)] = frozenset(colours)
    return _ColourWords(own_language, phrases, ends, frozenset(parts), max(map(len, phrases)))
