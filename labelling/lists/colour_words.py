"""Find the colours that a text names, by the words of the language files.

The title "Leinenhemd ecru, dunkelblau" of a German list names two colours: {beige, white} for "ecru", and
{blue} for "dunkelblau". Each is a set, because the labels of a model are fewer than the words of shops: one
model calls "ecru" beige, another white.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from inference.words.language_files import COMPOUND_END_SIGN, Language, load_languages, load_shared_words
from inference.words.tokens import CONJUNCTION_SIGNS, extract_visible_text, locate_tokens, split_title


class TitleColour(NamedTuple):
    """A colour that a title names.

    Attributes:
        text: the whole phrase as the title has it: "Dark green".
        colours: all labels that a model may have for it, such as {"green"}.
        next_word: the word of the title behind the phrase, in small letters; empty at the end.
    """

    text: str
    colours: frozenset[str]
    next_word: str = ""


def read_title_colours(title: str, language: str, brand: str = "") -> list[tuple[TitleColour, ...]]:
    """Return the colours that a title names for the garment, in their order.

    Colours behind a word such as "with" are ignored, since they belong to parts ("dress with black belt"). So
    are colour words in names, such as "Golden Goose".

    Args:
        title: the title of a product.
        language: the code of the title's language, such as `de`.
        brand: the brand of the product; empty if it is not known.

    Returns:
        A tuple for each group of colours that stand together, as in "black/white".
    """
    words = _make_colour_words(language)
    tokens = words.tokens(title)
    end = next((place for place, token in enumerate(tokens) if token in words.parts), len(tokens))
    phrases = list(_locate_colours(tokens[:end], words))
    if not phrases:
        return []
    named_places = {*_find_names(tokens, words), *_find_first_places(tokens, words.tokens(brand))}
    phrases = [phrase for phrase in phrases if named_places.isdisjoint(range(phrase.start, phrase.end))]
    whole_phrases = [_add_shades(phrase, tokens, words) for phrase in _merge_neighbours(phrases, tokens)]
    return _group_phrases(whole_phrases, title, tokens, words)


@lru_cache(maxsize=1024)
def read_text_colours(text: str, language: str) -> tuple[frozenset[str], ...]:
    """Return the colours that a cell of a colour column names: ({"blue"}, {"white"}) for "navy/white".

    Args:
        language: the code of the language of the list, such as `de`. English words are known in every list.

    Returns:
        A set for each colour, with all labels that a model may have for it.
    """
    words = _make_colour_words(language)
    return tuple(phrase.colours for phrase in _locate_colours(words.tokens(text), words))


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
        shades: words beside a colour that belong to it, such as "light".
        links: words and signs between two colours of one garment, such as "and".
        names: phrases with a colour word that name no colour, by their first word, such as
            {"golden": [("golden", "goose")]}.
        longest_phrase: the number of words of the longest phrase.
    """

    language: Language
    phrases: dict[tuple[str, ...], frozenset[str]]
    ends: dict[str, frozenset[str]]
    parts: frozenset[str]
    shades: frozenset[str]
    links: frozenset[str]
    names: dict[str, list[tuple[str, ...]]]
    longest_phrase: int

    def tokens(self, text: str) -> list[str]:
        """Return the words and signs of a text, with accents if they matter in the language."""
        return self.language.tokenize(text)


class _ColourPhrase(NamedTuple):
    """The place of a colour among the tokens of a text: `start` to `end`, which is behind it."""

    start: int
    end: int
    colours: frozenset[str]


def _locate_colours(tokens: Sequence[str], words: _ColourWords) -> Iterator[_ColourPhrase]:
    """Yield the colours of the words of a text. At each word, the longest phrase that fits is used."""
    start = 0
    while start < len(tokens):
        for count in range(words.longest_phrase, 0, -1):
            phrase = tuple(tokens[start : start + count])
            colours = words.phrases.get(phrase) or (
                _find_compound_colours(phrase[0], words.ends) if count == 1 else None
            )
            if colours:
                yield _ColourPhrase(start, start + len(phrase), colours)
                break
        start += count


def _find_names(tokens: Sequence[str], words: _ColourWords) -> Iterator[int]:
    """Yield the places of all tokens that belong to a name such as "Golden Goose"."""
    for start, token in enumerate(tokens):
        for name in words.names.get(token, ()):
            if tuple(tokens[start : start + len(name)]) == name:
                yield from range(start, start + len(name))


def _find_first_places(tokens: Sequence[str], name: Sequence[str]) -> range:
    """Return the places of a name where it first stands in a text; an empty range if it does not."""
    if name:
        for start in range(len(tokens) - len(name) + 1):
            if tokens[start : start + len(name)] == name:
                return range(start, start + len(name))
    return range(0)


def _merge_neighbours(phrases: Iterable[_ColourPhrase], tokens: Sequence[str]) -> list[_ColourPhrase]:
    """Return the phrases of a title, with one for neighbours that share a colour, as in "turquoise blue"."""
    merged = list[_ColourPhrase]()
    for phrase in phrases:
        last = merged[-1] if merged else None
        if last and last.end == phrase.start and not last.colours.isdisjoint(phrase.colours):
            is_repeated = tokens[last.start : last.end] == tokens[phrase.start : phrase.end]
            start = phrase.start if is_repeated else last.start
            merged[-1] = _ColourPhrase(start, phrase.end, last.colours | phrase.colours)
        else:
            merged.append(phrase)
    return merged


def _add_shades(phrase: _ColourPhrase, tokens: Sequence[str], words: _ColourWords) -> _ColourPhrase:
    """Return a phrase with the words for its shade: "dark green" for "green", "azul oscuro" for "azul"."""
    start = phrase.start
    end = phrase.end
    while start and tokens[start - 1] in words.shades:
        start -= 1
    # In "white light jacket" the second word is not about the colour, as it is in "azul claro".
    while words.language.head == "first" and end < len(tokens) and tokens[end] in words.shades:
        end += 1
    return phrase._replace(start=start, end=end)


def _group_phrases(
    phrases: Sequence[_ColourPhrase], title: str, tokens: Sequence[str], words: _ColourWords
) -> list[tuple[TitleColour, ...]]:
    """Return the colours of a title, those together that stand together: "black and white"."""
    groups = list[list[TitleColour]]()
    text = unicodedata.normalize("NFC", extract_visible_text(title))
    places = locate_tokens(text, keep_accents=words.language.keep_accents)
    last_end = -1
    for start, end, colours in phrases:
        is_whole = len(places) == len(tokens)
        written = (
            text[places[start].start : places[end - 1].stop] if is_whole else " ".join(tokens[start:end])
        )
        colour = TitleColour(" ".join(written.split()), colours, next(iter(tokens[end : end + 1]), ""))
        if last_end >= 0 and words.links.issuperset(tokens[last_end:start]):
            groups[-1].append(colour)
        else:
            groups.append([colour])
        last_end = end
    return list(map(tuple, groups))


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
    shades = set[str]()
    links = {*CONJUNCTION_SIGNS, ","}
    names = dict[str, list[tuple[str, ...]]]()
    for name in (*load_shared_words().colour_names, *own_language.colour_names):
        name_tokens = tuple(own_language.tokenize(name))
        names.setdefault(name_tokens[0], []).append(name_tokens)
    # The list's own language comes last, so that its meaning replaces the English one of an equal word.
    for source in (english, own_language):
        parts.update(" ".join(own_language.tokenize(word)) for word in source.parts)
        shades.update(" ".join(own_language.tokenize(word)) for word in source.colour_shades)
        links.update(" ".join(own_language.tokenize(word)) for word in source.conjunctions)
        for word, colours in source.colours.items():
            tokens = tuple(own_language.tokenize(word))
            phrases[tokens] = frozenset(colours)
            if word.startswith(COMPOUND_END_SIGN):
                ends["".join(tokens)] = frozenset(colours)
    return _ColourWords(
        language=own_language,
        phrases=phrases,
        ends=ends,
        parts=frozenset(parts),
        shades=frozenset(shades),
        links=frozenset(links),
        names=names,
        longest_phrase=max(map(len, phrases)),
    )
