"""Read what the words of a shop's list say about a garment: the kinds that a title admits.

The words of each language are in inference/languages/. The rules that pick the deciding word of a title are
here. A title without a word of its language says nothing, and so does a colour, a brand or a misspelling.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from inference.kinds import SET
from inference.language_files import languages, readable_languages
from inference.tokens import SEPARATORS, SIGNS, tokens_of
from inference.vocabulary import (
    Grammar,
    Item,
    Named,
    find_words,
    grammar_of,
    named,
    split,
    variant_words,
    words_of,
)

_LEVELS: Final = re.compile(r"[>»\u203a\u2192|\\]")
_SIZE: Final = re.compile(r"[wl]?\d{1,2}")


class Says(NamedTuple):
    """The words of a list about a product.

    Attributes:
        words: the words that decide; empty if the list says nothing.
        kinds: the kinds that they admit; empty if the list says nothing.
    """

    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()


NOTHING: Final = Says()


@lru_cache(maxsize=8192)
def says(title: str, category: str, language: str) -> Says:
    """Return what a product's title says, or its category if the title names no garment.

    Answers are kept, as a list is read more than once. Titles that clients send are read by `title_says`,
    which keeps none.
    """
    by_title = title_says(title, language)
    return by_title if by_title.kinds else category_says(category, language)


def title_says(title: str, language: str) -> Says:
    """Return the kinds that the deciding words of a title admit.

    Args:
        title: the title of a product, as a list has it: of any length, in any script, with HTML or without.
        language: the code of a language that is read.
    """
    tokens = languages()[language].tokens(title)
    if _is_for_no_person(tokens, language):
        return NOTHING
    items = find_words(tokens, words_of(language))
    heads = next((heads for part in split(items, SEPARATORS) if (heads := _heads(part, language))), [])
    if any(SET in head.kinds for head in heads):
        heads = named(items)
    return _together(heads)


def _is_for_no_person(tokens: Sequence[str], language: str) -> bool:
    """Check whether a title says that dogs or dolls wear a garment."""
    wearers = words_of(language, "wearers")
    return bool(wearers.phrases) and any(isinstance(item, Named) for item in find_words(tokens, wearers))


def every_language_says(title: str) -> Says:
    """Return what a title admits if its language is not known: everything that any language reads there."""
    read = [title_says(title, language) for language in readable_languages()]
    words = dict.fromkeys(word for says in read for word in says.words)
    return Says(tuple(words), frozenset[str]().union(*(says.kinds for says in read)))


def category_says(category: str, language: str) -> Says:
    """Return the kinds of a category, by the deepest of its levels that names one ("Women > Dresses").

    Every garment of a level is used ("Shirts, Blouses"); "Top", "Bottom" and "Outerwear" admit a group.
    """
    levels = _LEVELS.split(category)
    of_levels = (_level_says(level.split("/"), language) for level in reversed(levels))
    return next(filter(None, of_levels), NOTHING)


def _level_says(parts: Sequence[str], language: str) -> Says | None:
    """Return what one level admits; None if it names nothing.

    A slash stands between levels ("Women/Trousers/Shorts"), unless all parts name garments and none of them
    is a kind of the part before it ("Skirts/Shorts").
    """
    found = [_garments(part, language) for part in parts]
    heads = [part for part in found if part]
    if not heads:
        return None
    kinds = [_together(part).kinds for part in heads]
    if not found[0] or any(deeper <= upper for upper, deeper in pairwise(kinds)):
        return _together(heads[-1])
    return _together([head for part in heads for head in part])


def _garments(level: str, language: str) -> list[Named]:
    """Return the words of a part of a category that name garments, and those of groups."""
    tokens = languages()[language].tokens(level)
    heads = named(find_words(tokens, words_of(language, "groups")))
    for part in split(find_words(tokens, words_of(language)), SEPARATORS):
        heads += _heads(part, language)
    return heads


def without_variant(title: str) -> tuple[str, ...]:
    """Return a title's words without those of colour and size, by which variants of one product differ."""
    items = find_words(tokens_of(title), variant_words())
    words = (item for item in items if isinstance(item, str) and item not in SEPARATORS | SIGNS)
    return tuple(word for word in words if not _SIZE.fullmatch(word))


def _heads(items: list[Item], language: str) -> list[Named]:
    """Return the words that decide for a part of a title: the garments before a preposition.

    Behind one ("Two in One Grey Shorts") a garment is used if none stands before, unless the preposition is
    its own: an "insole for shoes" is none.
    """
    grammar = grammar_of(language)
    before, *behind = split(items, grammar.prepositions)
    heads, is_count = _joined_heads(before, language), _only_counts(before, grammar)
    if not heads and (things := _own_things(before, grammar)):
        return things
    for part in behind:
        if heads:
            break
        is_own = not is_count and isinstance(part[0] if part else "", Named)
        heads = _joined_heads(part[1:] if is_own else part, language)
    return heads


def _own_things(items: Sequence[Item], grammar: Grammar) -> list[Named]:
    """Return the language's own things for garments, as heads that admit nothing ("cintre pour robe")."""
    return [Named(item, frozenset()) for item in items if isinstance(item, str) and item in grammar.things]


def _only_counts(items: list[Item], grammar: Grammar) -> bool:
    """Check whether items say no more than a number: "2", "par"."""
    return not any(
        isinstance(item, Named) or (item.isalpha() and item not in grammar.counts) for item in items
    )


def _joined_heads(items: list[Item], language: str) -> list[Named]:
    """Return the head of each of the parts that "and" joins, of those that have one.

    A garment right before a thing for it ("dress hanger") is a head that admits nothing.
    """
    grammar = grammar_of(language)
    heads = list[Named]()
    for part in split(items, grammar.conjunctions | SIGNS):
        used = [item for item in part if _word(item) not in grammar.alone or item is part[-1]]
        garments = [place for place, item in enumerate(used) if isinstance(item, Named) and item.kinds]
        strong = [place for place in garments if _word(used[place]) not in grammar.weak]
        if garments:
            place = (strong or garments)[-1 if grammar.is_last else 0]
            heads.append(_head(used, place, language))
    return heads


def _head(items: Sequence[Item], place: int, language: str) -> Named:
    """Return the garment at a place; it admits nothing if it says what a thing is for ("dress hanger")."""
    grammar = grammar_of(language)
    if grammar.is_last:
        behind = _word(items[place + 1]) if place + 1 < len(items) else ""
        is_of_thing = (behind,) in words_of(language, "things").phrases
    else:
        is_of_thing = bool(_own_things(items[:place], grammar))
    head = items[place]
    kinds = head.kinds if isinstance(head, Named) and not is_of_thing else frozenset[str]()
    return Named(_word(head), kinds)


def _word(item: Item) -> str:
    return item.word if isinstance(item, Named) else item


def _together(heads: Sequence[Named]) -> Says:
    words = tuple(dict.fromkeys(head.word for head in heads if head.kinds))
    return Says(words, frozenset(kind for head in heads for kind in head.kinds))
