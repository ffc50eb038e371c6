"""Recognise the language of a list's titles, and of the classes of a release, by their words.

A word is known in a language if it is one of `known_by`, a garment, a set or a colour. It counts once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from inference.language_files import (
    END,
    SHARED,
    UNDETERMINED,
    Language,
    languages,
    readable_languages,
    shared_words,
)
from inference.tokens import tokens_of
from inference.vocabulary import SHORTEST_START
from inference.words import set_says, title_says

ENOUGH: Final = 2_000
"""Titles by which the language of a list is recognised."""

KNOWN_WORDS: Final = 0.15
"""Share of the words made of letters that are a language's own. Real lists in a language with a file have .19
and more, lists in other languages .11 and less."""

KNOWN_TITLES: Final = 0.5
"""Share of titles that name a garment, which is enough, too: in titles full of codes few words are known."""

Codes: TypeAlias = frozenset[str]
_NONE: Final[Codes] = frozenset()


def language_of(titles: Iterable[str], codes: Iterable[str] = ()) -> str:
    """Return the language that has most words of some titles; of languages with equally many the first.

    Args:
        titles: the titles of a list.
        codes: the languages to choose from, in their order; all that have a file, if none is given.

    Returns:
        UNDETERMINED, if too few words are known in any of them.
    """
    read, words, hits = list(islice(titles, ENOUGH)), 0, Counter[str]()
    for title in read:
        known = known_words(title)
        words += known.words
        hits.update(known.own)
    best = max(codes or languages(), key=hits.__getitem__)
    is_known = hits[best] >= KNOWN_WORDS * words or _names_garments(read, best)
    return best if is_known else UNDETERMINED


def _names_garments(titles: Sequence[str], code: str) -> bool:
    """Check whether enough titles name a garment in a language."""
    if code not in readable_languages():
        return False
    filled = [title for title in titles if any(map(str.isalpha, title))]
    return sum(bool(title_says(title, code).kinds) for title in filled) >= KNOWN_TITLES * len(filled)


def label_kinds(labels: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """Return the kinds that a release's classes are, by class; empty for a class without a known word.

    Classes have one language, too, which need not be that of the list: English before the list's, if both
    have as many words.

    Args:
        labels: the classes of a release.
        language: the language of the list's words.
    """
    first = ("en", *{language}.intersection(languages()))
    spoken = language_of(labels, dict.fromkeys((*first, *languages())))
    if spoken not in readable_languages():
        return dict.fromkeys(labels, frozenset())
    return {label: title_says(label, spoken).kinds or set_says(label, spoken).kinds for label in labels}


class Known(NamedTuple):
    """The known words of a title.

    Attributes:
        words: the number of words made of letters.
        own: the number of these that a language knows, by language, without languages that know none.
        shared: the number of these that shops use in all languages ("jeans").
    """

    words: int
    own: Mapping[str, int]
    shared: int


def known_words(title: str) -> Known:
    """Count the words of a title that each language knows."""
    tokens = tokens_of(title)
    counts = _known(keep_accents=False).count(tokens)
    with_accents = tokens if title.isascii() else tokens_of(title, keep_accents=True)
    counts |= _known(keep_accents=True).count(with_accents)
    shared = counts.pop(SHARED, 0)
    return Known(sum(map(str.isalpha, tokens)), counts, shared)


class _Known:
    """The words of several languages, and which of these know each."""

    def __init__(self, of: Sequence[Language]) -> None:
        self.phrases = dict[tuple[str, ...], set[str]]()
        self.ends = dict[str, set[str]]()
        self.longest = dict[str, int]()
        self.codes = [language.code for language in of]
        for language in of:
            named = (*language.garments, *language.suits, *language.sets, *language.colours)
            for word in (*language.known_by, *named):
                tokens = tuple(language.tokens(word))
                self.phrases.setdefault(tokens, set()).add(language.code)
                self.longest[tokens[0]] = max(self.longest.get(tokens[0], 1), len(tokens))
                if word.startswith(END):
                    self.ends.setdefault("".join(tokens), set()).add(language.code)
        for phrase, codes in self.phrases.items():
            if SHARED in codes:  # it says nothing about the language, though one may have it as an end
                self.phrases[phrase] = {SHARED}
        self.knowing = lru_cache(maxsize=16_384)(self._knowing)

    def count(self, tokens: Sequence[str]) -> Counter[str]:
        """Count the words that each language knows, of several phrases that fit the longest one."""
        counts, free = Counter[str](), dict.fromkeys(self.codes, 0)
        for start, token in enumerate(tokens):
            for length in range(min(self.longest.get(token, 1), len(tokens) - start), 0, -1):
                codes = self.phrases.get(tuple(tokens[start : start + length]), _NONE)
                for code in self.knowing(token) if length == 1 else codes:
                    if free[code] <= start:
                        counts[code] += length
                        free[code] = start + length
        return counts

    def _knowing(self, token: str) -> Codes:
        """Return the languages that know a word, or the end of a compound."""
        if not token.isalpha():
            return _NONE
        whole = self.phrases.get((token,), _NONE)
        if SHARED in whole:
            return frozenset(whole)
        ends = (token[start:] for start in range(SHORTEST_START, len(token) - 1))
        return _NONE.union(whole, *(self.ends.get(end, _NONE) for end in ends))


@cache
def _known(*, keep_accents: bool) -> _Known:
    """Return the shared words, and those of the languages that keep their accents, or of all others."""
    every = (shared_words(), *languages().values())
    return _Known([one for one in every if one.code == SHARED or one.keep_accents == keep_accents])
