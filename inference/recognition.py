"""Recognise the language of a list's titles, and of the classes of a release, by their words.

A word is known in a language if it is one of `known_by`, a garment, a set or a colour. It counts once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
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
from inference.language_tags import choose_part, language_parts
from inference.tokens import split_text, visible_text
from inference.vocabulary import SHORTEST_START
from inference.words import NOTHING, Says, set_says, title_says, tokens_say

ENOUGH: Final = 2_000
"""Number of titles, from the first on, by which the language of a list is recognised."""

KNOWN_WORDS: Final = 0.15
"""Share of the words made of letters that are a language's own. Real lists in a language with a file have .19
and more, lists in other languages .11 and less."""

KNOWN_TITLES: Final = 0.5
"""Share of titles that name a garment, which is enough, too: in titles full of codes few words are known."""

LONGEST_READ: Final = 40
"""Number of words and signs of a title that are read if its language is not known."""

SECOND_TITLES: Final = 0.2
MIN_SECOND_TITLES: Final = 5
"""Share and number of titles from which a list is in two languages."""

Codes: TypeAlias = frozenset[str]
_NONE: Final[Codes] = frozenset()


def language_of(titles: Iterable[str], codes: Iterable[str] = ()) -> str:
    """Return the code of the language in which most words of the titles are known.

    Args:
        titles: the titles of a list.
        codes: the codes of the languages to choose from; empty for all languages that have a file.

    Returns:
        The code. If two languages know equally many words, the first of them. UNDETERMINED if too few words
        are known in any language.
    """
    first_titles, words, hits = list(islice(titles, ENOUGH)), 0, Counter[str]()
    for title in first_titles:
        counts = count_known_words(title)
        words += counts.words
        hits.update(counts.own)
    best = max(codes or languages(), key=hits.__getitem__)
    is_known = hits[best] >= KNOWN_WORDS * words or _has_garments(first_titles, best)
    return best if is_known else UNDETERMINED


def _has_garments(titles: Sequence[str], code: str) -> bool:
    """Check whether enough titles name a garment in a language."""
    if code not in readable_languages():
        return False
    filled = [title for title in titles if any(map(str.isalpha, title))]
    return sum(bool(title_says(title, code).kinds) for title in filled) >= KNOWN_TITLES * len(filled)


def prepare_languages() -> None:
    """Read all language files now, so that the first title does not wait for them."""
    count_known_words("")
    for code in readable_languages():
        title_says("", code)


def second_language(titles: Iterable[str], first: str) -> str:
    """Return the code of a second language that enough titles of a list are in; empty if there is none.

    Args:
        titles: the titles of a list.
        first: the code of the main language of the list.
    """
    counts, title_count = Counter[str](), 0
    for title in islice(titles, ENOUGH):
        own = count_known_words(title).own
        title_count += bool(title.strip())
        counts.update(code for code in own if _is_in(own, code, first))
    best = max((code for code in readable_languages() if code != first), key=counts.__getitem__)
    return best if counts[best] >= max(MIN_SECOND_TITLES, SECOND_TITLES * title_count) else ""


def is_in_second(title: str, first: str, second: str) -> bool:
    """Return whether a title has more known words of one language (`second`) than of another (`first`)."""
    return _is_in(count_known_words(title).own, second, first)


def _is_in(own: Mapping[str, int], code: str, first: str) -> bool:
    return own.get(code, 0) > own.get(first, 0)


def any_language_says(title: str) -> Says:
    """Return the kinds of garment that a title of unknown language names in its likely languages.

    The languages with the most known words of the title are likely, if enough of its words are known.
    """
    text = title if language_parts(title) else visible_text(title)
    counts = count_known_words(text)
    most = max(counts.own.values(), default=0)
    if not most + counts.shared or most + counts.shared < KNOWN_WORDS * counts.words:
        return NOTHING
    likely = _find_likely_languages(text, counts.own, most)
    readings = [tokens_say(tokens[:LONGEST_READ], code) for code, tokens in likely]
    words = dict.fromkeys(word for says in readings for word in says.words)
    return Says(tuple(words), frozenset[str]().union(*(says.kinds for says in readings)))


def _find_likely_languages(
    title: str, own: Mapping[str, int], most: int
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the likely languages of a title, and its words and signs in each.

    If the title has only words that all languages share, one language stands for those whose first garment
    decides, and one for those whose last.
    """
    codes = [code for code in readable_languages() if own.get(code, 0) == most]
    if not most:
        codes = list({languages()[code].head: code for code in reversed(codes)}.values())
    texts = {code: choose_part(title, (code, *readable_languages())).text for code in codes}
    tokens = dict[tuple[str, bool], list[str]]()
    for code, text in texts.items():
        key = text, languages()[code].keep_accents
        if key not in tokens:
            tokens[key] = languages()[code].tokens(text)
        yield code, tokens[key]


def label_kinds(labels: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """Return the kinds of garment that the names of a release's classes stand for, by class.

    The kinds are empty for a class whose name has no known word.

    All class names are read in one language, which may differ from the language of the list. If English and
    the language of the list know equally many words, English is taken.

    Args:
        labels: the classes of a release.
        language: the language of the list's words.
    """
    first = ("en", *{language}.intersection(languages()))
    spoken = language_of(labels, dict.fromkeys((*first, *languages())))
    if spoken not in readable_languages():
        return dict.fromkeys(labels, frozenset())
    return {label: title_says(label, spoken).kinds or set_says(label, spoken).kinds for label in labels}


class WordCounts(NamedTuple):
    """Counts of the known words of a title.

    Attributes:
        words: the number of words made of letters.
        own: the number of these that a language knows, by language, without languages that know none.
        shared: the number of these that shops use in all languages ("jeans").
    """

    words: int
    own: Mapping[str, int]
    shared: int


def count_known_words(title: str) -> WordCounts:
    """Count the words of a title that each language knows; a part with a tag is in its language alone."""
    parts = language_parts(title)
    if not parts:
        return _count_words(title)
    counts = {code: _count_words(part) for code, part in parts.items()}
    own = {code: part.own[code] for code, part in counts.items() if code in part.own}
    return WordCounts(
        max(part.words for part in counts.values()), own, max(part.shared for part in counts.values())
    )


def _count_words(title: str) -> WordCounts:
    text = visible_text(title)
    tokens = split_text(text)
    counts = _build_lexicon(keep_accents=False).count(tokens)
    accented = tokens if text.isascii() else split_text(text, keep_accents=True)
    counts |= _build_lexicon(keep_accents=True).count(accented)
    shared_count = counts.pop(SHARED, 0)
    return WordCounts(sum(map(str.isalpha, tokens)), counts, shared_count)


class _Lexicon:
    """The words of several languages, and which of these know each."""

    def __init__(self, sources: Sequence[Language]) -> None:
        self.phrases = dict[tuple[str, ...], set[str]]()
        self.ends = dict[str, set[str]]()
        self.longest = dict[str, int]()
        self.codes = [language.code for language in sources]
        for language in sources:
            meanings = (*language.garments, *language.suits, *language.sets, *language.colours)
            for word in (*language.known_by, *meanings):
                tokens = language.word_tokens(word)
                self.phrases.setdefault(tokens, set()).add(language.code)
                self.longest[tokens[0]] = max(self.longest.get(tokens[0], 1), len(tokens))
                if word.startswith(END):
                    self.ends.setdefault("".join(tokens), set()).add(language.code)
        for phrase, codes in self.phrases.items():
            if SHARED in codes:  # it says nothing about the language, though one may have it as an end
                self.phrases[phrase] = {SHARED}

    def count(self, tokens: Sequence[str]) -> Counter[str]:
        """Count the words that each language knows, of several phrases that fit the longest one."""
        counts, free = Counter[str](), dict.fromkeys(self.codes, 0)
        for start, token in enumerate(tokens):
            for length in range(min(self.longest.get(token, 1), len(tokens) - start), 1, -1):
                for code in self.phrases.get(tuple(tokens[start : start + length]), _NONE):
                    if free[code] <= start:
                        counts[code] += length
                        free[code] = start + length
            for code in self._find_codes(token):
                if free[code] <= start:
                    counts[code] += 1
        return counts

    def _find_codes(self, token: str) -> Codes:
        """Return the languages that know a word, or the end of a compound."""
        if not token.isalpha():
            return _NONE
        whole = self.phrases.get((token,), _NONE)
        if SHARED in whole:
            return frozenset(whole)
        ends = (token[start:] for start in range(SHORTEST_START, len(token) - 1))
        return _NONE.union(whole, *(self.ends.get(end, _NONE) for end in ends))


@cache
def _build_lexicon(*, keep_accents: bool) -> _Lexicon:
    """Return the shared words, and those of the languages that keep their accents, or of all others."""
    every = (shared_words(), *languages().values())
    return _Lexicon([one for one in every if one.code == SHARED or one.keep_accents == keep_accents])
