"""Recognise the language of a list's titles, and of the classes of a release, by their words.

A word is known in a language if it is one of `known_by`, a garment, a set or a colour. It counts once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from inference.words.language_files import (
    COMPOUND_END_SIGN,
    SHARED_WORDS_NAME,
    UNDETERMINED_LANGUAGE,
    Language,
    list_readable_languages,
    load_languages,
    load_shared_words,
)
from inference.words.language_tags import select_tagged_text, split_language_parts
from inference.words.tokens import cut_number, extract_visible_text, split_text
from inference.words.vocabulary import MIN_START_LETTERS
from inference.words.words import (
    NO_NAMED_GARMENTS,
    NamedGarments,
    read_category_garments,
    read_set_garments,
    read_title_garments,
    read_token_garments,
    tokenize_text,
)

MAX_TITLES_READ: Final = 2_000
"""Number of titles, from the first on, by which the language of a list is recognised."""

MIN_KNOWN_WORDS_SHARE: Final = 0.15
"""Share of the words made of letters that are a language's own. Real lists in a language with a file have .19
and more, lists in other languages .11 and less."""

MIN_KNOWN_TITLES_SHARE: Final = 0.5
"""Share of titles that name a garment, which is enough, too: in titles full of codes few words are known."""

MIN_NAMED_CATEGORIES_SHARE: Final = 0.5
"""Share of a list's different categories that name a garment in the language of the categories."""

MAX_TOKENS_READ: Final = 40
"""Number of words and signs of a title that are read if its language is not known."""

MIN_SECOND_TITLES_SHARE: Final = 0.2
MIN_SECOND_TITLES: Final = 5
"""Share and number of titles from which a list is in two languages."""

LanguageCodes: TypeAlias = frozenset[str]
_NONE: Final[LanguageCodes] = frozenset()


def recognise_language(titles: Iterable[str], codes: Iterable[str] = ()) -> str:
    """Return the code of the language in which most words of the titles are known.

    Args:
        codes: the codes of the languages to choose from; empty for all languages that have a file.

    Returns:
        The code. If two languages know equally many words, the first of them. UNDETERMINED_LANGUAGE if too
        few words are known in any language.
    """
    first_titles = list(islice(titles, MAX_TITLES_READ))
    words = 0
    hits = Counter[str]()
    for title in first_titles:
        counts = count_known_words(title)
        words += counts.word_count
        hits.update(counts.known_counts)
    best = max(codes or load_languages(), key=hits.__getitem__)
    is_known = hits[best] >= MIN_KNOWN_WORDS_SHARE * words or _has_garments(first_titles, best)
    return best if is_known else UNDETERMINED_LANGUAGE


def recognise_category_language(categories: Iterable[str]) -> str:
    """Return the code of the language that the categories of a list are written in.

    Each different category counts once. At least MIN_NAMED_CATEGORIES_SHARE of them must name a garment,
    because one word ("bluza") is a garment in many languages.

    Args:
        categories: the categories of a list, in any number and order.

    Returns:
        The code; UNDETERMINED_LANGUAGE if too few words are known in any language, or if too few categories
        name a garment in the language whose words are known.
    """
    different = [category for category in dict.fromkeys(categories) if any(map(str.isalpha, category))]
    spoken = recognise_language(different) if different else UNDETERMINED_LANGUAGE
    if spoken not in list_readable_languages():
        return spoken
    named_count = sum(bool(read_category_garments(category, spoken).kinds) for category in different)
    is_named = named_count >= MIN_NAMED_CATEGORIES_SHARE * len(different)
    return spoken if is_named else UNDETERMINED_LANGUAGE


def _has_garments(titles: Sequence[str], code: str) -> bool:
    """Check whether enough titles name a garment in a language."""
    if code not in list_readable_languages():
        return False
    filled = [title for title in titles if any(map(str.isalpha, title))]
    return sum(
        bool(read_title_garments(title, code).kinds) for title in filled
    ) >= MIN_KNOWN_TITLES_SHARE * len(filled)


def preload_languages() -> None:
    """Read all language files now, so that the first title does not wait for them."""
    count_known_words("")
    for code in list_readable_languages():
        read_title_garments("", code)


def find_second_language(titles: Iterable[str], first: str) -> str:
    """Return the code of a second language that enough titles of a list are in; empty if there is none.

    Args:
        first: the code of the main language of the list.
    """
    counts = Counter[str]()
    title_count = 0
    for title in islice(titles, MAX_TITLES_READ):
        known_counts = count_known_words(title).known_counts
        title_count += bool(title.strip())
        counts.update(code for code in known_counts if _is_in(known_counts, code, first))
    best = max((code for code in list_readable_languages() if code != first), key=counts.__getitem__)
    return best if counts[best] >= max(MIN_SECOND_TITLES, MIN_SECOND_TITLES_SHARE * title_count) else ""


def is_in_second_language(title: str, first: str, second: str) -> bool:
    """Return whether a title has more known words of one language (`second`) than of another (`first`)."""
    return _is_in(count_known_words(title).known_counts, second, first)


def _is_in(known_counts: Mapping[str, int], code: str, first: str) -> bool:
    return known_counts.get(code, 0) > known_counts.get(first, 0)


def find_kinds_in_any_language(title: str) -> NamedGarments:
    """Return the kinds of garment that a title of unknown language names in its likely languages.

    The languages with the most known words of the title are likely, if enough of its words are known.
    """
    text = title if split_language_parts(title) else extract_visible_text(title)
    counts = count_known_words(text)
    most = max(counts.known_counts.values(), default=0)
    if (
        not most + counts.shared_count
        or most + counts.shared_count < MIN_KNOWN_WORDS_SHARE * counts.word_count
    ):
        return NO_NAMED_GARMENTS
    likely_languages = _find_likely_languages(text, counts.known_counts, most)
    readings = [read_token_garments(tokens[:MAX_TOKENS_READ], code) for code, tokens in likely_languages]
    words = dict.fromkeys(word for says in readings for word in says.words)
    return NamedGarments(tuple(words), frozenset[str]().union(*(says.kinds for says in readings)))


def _find_likely_languages(
    title: str, known_counts: Mapping[str, int], most: int
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the likely languages of a title, and its words and signs in each.

    If the title has only words that all languages share, one language stands for those whose first garment
    decides, and one for those whose last.
    """
    codes = [code for code in list_readable_languages() if known_counts.get(code, 0) == most]
    if not most:
        codes = list({load_languages()[code].head: code for code in reversed(codes)}.values())
    texts = {code: select_tagged_text(title, (code, *list_readable_languages())).text for code in codes}
    tokens = dict[tuple[str, bool], list[str]]()
    for code, text in texts.items():
        key = text, load_languages()[code].keep_accents
        if key not in tokens:
            tokens[key] = tokenize_text(text, code)
        yield code, tokens[key]


def find_label_kinds(labels: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """Return the kinds of garment that the names of a release's classes stand for, by class.

    The kinds are empty for a class whose name has no known word.

    All class names are read in one language, which may differ from the language of the list. If English and
    the language of the list know equally many words, English is taken.

    Args:
        labels: the classes of a release.
        language: the language of the list's words.
    """
    first = ("en", *{language}.intersection(load_languages()))
    spoken = recognise_language(labels, dict.fromkeys((*first, *load_languages())))
    if spoken not in list_readable_languages():
        return dict.fromkeys(labels, frozenset())
    return {
        label: read_title_garments(label, spoken).kinds or read_set_garments(label, spoken).kinds
        for label in labels
    }


class WordCounts(NamedTuple):
    """Counts of the known words of a title.

    Attributes:
        word_count: the number of words made of letters.
        known_counts: the number of these that a language knows, by language, without languages that know
            none.
        shared_count: the number of these that shops use in all languages ("jeans").
    """

    word_count: int
    known_counts: Mapping[str, int]
    shared_count: int


def count_known_words(title: str) -> WordCounts:
    """Count the words of a title that each language knows; a part with a tag is in its language alone."""
    parts = split_language_parts(title)
    if not parts:
        return _count_words(title)
    counts = {code: _count_words(part) for code, part in parts.items()}
    known_counts = {
        code: part.known_counts[code] for code, part in counts.items() if code in part.known_counts
    }
    return WordCounts(
        max(part.word_count for part in counts.values()),
        known_counts,
        max(part.shared_count for part in counts.values()),
    )


def _count_words(title: str) -> WordCounts:
    text = extract_visible_text(title)
    tokens = split_text(text)
    counts = _build_lexicon(keep_accents=False).count(tokens)
    accented = tokens if text.isascii() else split_text(text, keep_accents=True)
    counts |= _build_lexicon(keep_accents=True).count(accented)
    shared_count = counts.pop(SHARED_WORDS_NAME, 0)
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
                tokens = language.tokenize_word(word)
                self.phrases.setdefault(tokens, set()).add(language.code)
                self.longest[tokens[0]] = max(self.longest.get(tokens[0], 1), len(tokens))
                if word.startswith(COMPOUND_END_SIGN):
                    self.ends.setdefault("".join(tokens), set()).add(language.code)
        for phrase, codes in self.phrases.items():
            if (
                SHARED_WORDS_NAME in codes
            ):  # it says nothing about the language, though one may have it as an end
                self.phrases[phrase] = {SHARED_WORDS_NAME}

    def count(self, tokens: Sequence[str]) -> Counter[str]:
        """Count the words that each language knows, of several phrases that fit the longest one."""
        counts = Counter[str]()
        free = dict.fromkeys(self.codes, 0)
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

    def _find_codes(self, token: str) -> LanguageCodes:
        """Return the languages that know a word, or the end of a compound."""
        token = cut_number(token)
        if not token.isalpha():
            return _NONE
        whole = self.phrases.get((token,), _NONE)
        if SHARED_WORDS_NAME in whole:
            return frozenset(whole)
        ends = (token[start:] for start in range(MIN_START_LETTERS, len(token) - 1))
        return _NONE.union(whole, *(self.ends.get(end, _NONE) for end in ends))


@cache
def _build_lexicon(*, keep_accents: bool) -> _Lexicon:
    """Return the shared words, and those of the languages that keep their accents, or of all others."""
    every = (load_shared_words(), *load_languages().values())
    return _Lexicon(
        [one for one in every if one.code == SHARED_WORDS_NAME or one.keep_accents == keep_accents]
    )
