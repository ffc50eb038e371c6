"""Recognise the language of a list's titles, and of the classes of a release, by their words."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Final

from inference.language_files import languages, readable_languages
from inference.tokens import tokens_of
from inference.vocabulary import Words, find_words, named, words_of
from inference.words import title_says

ENOUGH: Final = 2_000
"""Titles by which the language of a list is recognised."""


def language_of(titles: Iterable[str], codes: Iterable[str] = ()) -> str:
    """Return the language that has most words of some titles, small words too; of equal ones the first.

    Args:
        titles: the titles of a list.
        codes: the languages to choose from; all that are read, if none is given.
    """
    hits = dict.fromkeys(codes or readable_languages(), 0)
    for title in islice(titles, ENOUGH):
        tokens = tokens_of(title)
        for code in hits:
            small, garments = _known_by(code), _garments(code)
            hits[code] += sum(token in small for token in tokens) + len(named(find_words(tokens, garments)))
    return max(hits, key=hits.__getitem__)


def label_kinds(labels: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """Return the kinds that a release's classes are, by class; empty for a class without a known word.

    Classes have one language, too, which need not be that of the list: English before the list's, if both
    have as many words.

    Args:
        labels: the classes of a release.
        language: the language of the list's words.
    """
    readable = readable_languages()
    spoken = language_of(labels, dict.fromkeys(("en", *{language}.intersection(readable), *readable)))
    return {label: title_says(label, spoken).kinds for label in labels}


@cache
def _known_by(code: str) -> frozenset[str]:
    return frozenset(token for word in languages()[code].known_by for token in tokens_of(word))


def _garments(code: str) -> Words:
    return words_of(code)
