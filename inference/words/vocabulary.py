"""Find a language's words in a text: garments and sets, groups, variants, things. words.py decides with them.

A word of several tokens is found as one ("sleeping bag"), and of several that fit the longest one. Where
compounds are written together, their ends are found, too ("Leinenhemd").
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.words.kinds import GARMENT_SET_KIND
from inference.words.language_files import (
    COMPOUND_END_SIGN,
    COMPOUND_START_SIGN,
    KindsByWord,
    Language,
    load_languages,
    load_shared_words,
)
from inference.words.tokens import cut_number

MIN_START_LETTERS: Final = 2
"""Smallest number of letters before the known end of a compound word (German `Jeans-hose`)."""

SUIT_WORDS: Final = frozenset({GARMENT_SET_KIND})
"""The kinds of words that name a set whatever else the title names ("suit")."""

COUNTING_MARK: Final = frozenset({"counting"})
"""Mark in place of kinds for words that count several things which are sold as one ("set")."""

Part: TypeAlias = Literal["garments", "groups", "things", "wearers", "clothing"]


class GarmentWord(NamedTuple):
    """A word of a title that names a garment.

    Attributes:
        word: the word in small letters, without accents.
        kinds: the kinds of garment that the word admits; empty for words that only look like a
            garment ("tie waist"). SUIT_WORDS and COUNTING_MARK mark words for sets.
    """

    word: str
    kinds: frozenset[str]


Item: TypeAlias = str | GarmentWord


class Vocabulary(NamedTuple):
    """Table of words and phrases of a language that are looked up in titles.

    Attributes:
        phrases: the kinds of whole words and phrases, by their tokens.
        ends: the kinds of the ends of compounds.
        longest: the number of tokens of the longest phrase, by its first token.
        starts: the meanings of the starts of compounds, which only words for customers have.
    """

    phrases: Mapping[tuple[str, ...], frozenset[str]]
    ends: Mapping[str, frozenset[str]]
    longest: Mapping[str, int]
    starts: Mapping[str, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """Function words of a language, such as prepositions, that show which garment of a title decides.

    The attributes are those of `Language`, as they stand in titles. `is_last` says whether the last of
    several garments in a row decides.
    """

    prepositions: frozenset[str]
    conjunctions: frozenset[str]
    counts: frozenset[str]
    alone: frozenset[str]
    weak: frozenset[str]
    clauses: frozenset[str]
    is_last: bool


@cache
def make_grammar(code: str) -> Grammar:
    """Return the function words, such as prepositions, that find the deciding garment of a title.

    Args:
        code: the code of a language that can be read, such as `en`.
    """
    language = load_languages()[code]
    return Grammar(
        prepositions=_merge_word_lists(language, "prepositions"),
        conjunctions=_merge_word_lists(language, "conjunctions"),
        counts=_merge_word_lists(language, "counts"),
        alone=_merge_word_lists(language, "alone"),
        weak=_merge_word_lists(language, "weak"),
        clauses=_merge_word_lists(language, "clauses"),
        is_last=language.head == "last",
    )


def _merge_word_lists(language: Language, part: str) -> frozenset[str]:
    """Return the words of a list of a language, and those of all languages, as they stand in titles."""
    words = (*getattr(load_shared_words(), part), *getattr(language, part))
    return frozenset(" ".join(language.tokenize_word(word)) for word in words)


@cache
def make_vocabulary(code: str, part: Part = "garments") -> Vocabulary:
    """Return the table of words to look up in titles of a language, with words that all languages share.

    Args:
        code: the code of the language, such as `en`.
        part: the part of the language file: garments with sets, groups, clothing, and so on.
    """
    language_words = load_languages()[code]
    return _make_table(
        [_kinds_of(load_shared_words(), part), _kinds_of(language_words, part)], language_words
    )


@cache
def make_variant_vocabulary() -> Vocabulary:
    """Return the table of words of colour and size in all languages, since shops mix languages in them."""
    everything = (load_shared_words(), *load_languages().values())
    words = [dict.fromkeys((*one.variants, *one.colours), frozenset[str]()) for one in everything]
    return _make_table(words, load_shared_words())


@cache
def make_accessory_vocabulary(code: str) -> Vocabulary:
    """Return the table of a language's words for things for garments ("hanger"), without shared words."""
    language = load_languages()[code]
    return _make_table([_kinds_of(language, "things")], language)


@cache
def make_customer_vocabulary(code: str) -> Vocabulary:
    """Return the table of a language's words for customers ("women", "kids"), with the shared ones.

    The kinds of a word are its meanings, of CUSTOMER_MEANINGS.

    Args:
        code: the code of a language that can be read, such as `en`.
    """
    language = load_languages()[code]
    return _make_table([load_shared_words().customers, language.customers], language)


def _make_table(sources: Iterable[KindsByWord], language: Language) -> Vocabulary:
    """Return the words of some sources, of which later ones have precedence."""
    phrases = dict[tuple[str, ...], frozenset[str]]()
    ends = dict[str, frozenset[str]]()
    starts = dict[str, frozenset[str]]()
    for source in sources:
        for word, kinds in source.items():
            tokens = language.tokenize_word(word)
            if word.endswith(COMPOUND_START_SIGN):
                starts["".join(tokens)] = kinds
                continue
            phrases[tokens] = kinds
            if word.startswith(COMPOUND_END_SIGN):
                ends["".join(tokens)] = kinds
    longest = {phrase[0]: len(phrase) for phrase in sorted(phrases, key=len)}
    return Vocabulary(phrases, ends, longest, starts)


def _kinds_of(language: Language, part: Part) -> KindsByWord:
    if part == "groups":
        return language.groups
    if part == "garments":
        sets = dict.fromkeys(language.suits, SUIT_WORDS) | dict.fromkeys(language.sets, COUNTING_MARK)
        return {**language.garments, **sets}
    return dict.fromkeys(getattr(language, part), frozenset())


def has_vocabulary_word(tokens: Sequence[str], vocabulary: Vocabulary) -> bool:
    """Return whether one of the words of a table occurs among the tokens of a text."""
    return bool(vocabulary.phrases) and any(
        isinstance(item, GarmentWord) for item in replace_known_words(tokens, vocabulary)
    )


@cache
def make_whole_word_vocabulary(code: str) -> Vocabulary:
    """Return the table of garments of a language without ends of compounds, which other words may end in."""
    return make_vocabulary(code)._replace(ends={})


@cache
def list_known_tokens(code: str) -> frozenset[str]:
    """Return the tokens of the frequent words by which the language of titles is recognised."""
    language = load_languages()[code]
    return frozenset(token for word in language.known_by for token in language.tokenize(word))


def merge_vocabularies(vocabulary: Vocabulary, added_vocabulary: Vocabulary) -> Vocabulary:
    """Return the words of both; if both have a word, its kinds come from `added_vocabulary`."""
    longest = {
        token: max(vocabulary.longest.get(token, 1), added_vocabulary.longest.get(token, 1))
        for token in vocabulary.longest.keys() | added_vocabulary.longest.keys()
    }
    return Vocabulary(
        {**vocabulary.phrases, **added_vocabulary.phrases},
        {**vocabulary.ends, **added_vocabulary.ends},
        longest,
    )


def replace_known_words(tokens: Sequence[str], vocabulary: Vocabulary) -> list[Item]:
    """Return the tokens of a text, in which each word or phrase of a table is replaced by its kinds.

    If several phrases begin at a token, the longest is taken. A word with a number at its end ("shirt01") is
    looked up without it.
    """
    items = list[Item]()
    plain_tokens = [cut_number(token) for token in tokens]
    start = 0
    while start < len(tokens):
        # The spelling of the list comes first: "2in1" is a word of a table.
        spellings = (tokens, plain_tokens) if tokens[start:] != plain_tokens[start:] else (tokens,)
        word, count = _find_longest_phrase(spellings, start, vocabulary) or (tokens[start], 1)
        items.append(word)
        start += count
    return items


def _find_longest_phrase(
    spellings: Sequence[Sequence[str]], start: int, vocabulary: Vocabulary
) -> tuple[GarmentWord, int] | None:
    """Return the longest word or phrase of a table that begins at a place, and its number of tokens."""
    longest = max(vocabulary.longest.get(tokens[start], 0) for tokens in spellings)
    for count in range(min(longest, len(spellings[0]) - start), 0, -1):
        for tokens in spellings:
            phrase = tuple(tokens[start : start + count])
            if phrase in vocabulary.phrases:
                return GarmentWord(" ".join(phrase), vocabulary.phrases[phrase]), count
    for tokens in spellings:
        kinds = _find_by_end(tokens[start], vocabulary.ends)
        if kinds is None:
            kinds = _find_by_start(tokens[start], vocabulary.starts)
        if kinds is not None:
            return GarmentWord(tokens[start], kinds), 1
    return None


def _find_by_end(token: str, ends: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Return the kinds of the longest end of a compound."""
    if not ends:
        return None
    starts = range(MIN_START_LETTERS, len(token) - 1)
    return next((ends[token[start:]] for start in starts if token[start:] in ends), None)


def _find_by_start(token: str, starts: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Return the meanings of the longest start of a compound."""
    if not starts:
        return None
    places = range(len(token), MIN_START_LETTERS - 1, -1)
    return next((starts[token[:place]] for place in places if token[:place] in starts), None)


def split_at_words(items: Sequence[Item], separators: Iterable[str]) -> Iterator[list[Item]]:
    """Yield the parts of a title, split at the signs or words in `separators`."""
    signs = frozenset(separators)
    part = list[Item]()
    for item in items:
        if isinstance(item, str) and item in signs:
            yield part
            part = []
        else:
            part.append(item)
    yield part


def select_garment_words(items: Iterable[Item]) -> list[GarmentWord]:
    """Return the items of a title that name a garment or a set."""
    return [item for item in items if isinstance(item, GarmentWord) and item.kinds]
