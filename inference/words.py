"""Read what the words of a shop's list say about a garment: the kinds that a title admits.

The words of each language are in inference/languages/. The rules that pick the deciding word of a title are
here, and sets.py has those for several things that are sold as one. A title without a word of its language
says nothing, and so does a colour, a brand or a misspelling.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from inference.kinds import SET
from inference.language_files import languages, readable_languages
from inference.language_tags import choose_part
from inference.sets import is_set, without_counting
from inference.tokens import SEPARATORS, SIGNS, tokens_of
from inference.vocabulary import (
    COUNTING,
    SUIT,
    Grammar,
    Item,
    NamedKinds,
    Words,
    find_own_things,
    find_words,
    grammar_of,
    has_word,
    select_named,
    split_at_words,
    variant_words,
    words_of,
)

_LEVELS: Final = re.compile(r"[>»\u203a\u2192|\\]")
_SIZE: Final = re.compile(r"[wl]?\d{1,2}")


class Says(NamedTuple):
    """The statement of a title or category about a product: the kinds of garment that it may be.

    Attributes:
        words: the words of the text that decide; empty if the text names no garment.
        kinds: the kinds (such as `skirt`) that these words admit; empty if the text names no garment.
    """

    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()


NOTHING: Final = Says()


@lru_cache(maxsize=8192)
def says(title: str, category: str, language: str) -> Says:
    """Return the kinds of garment that a product's title names, or its category if the title names none.

    A title that only says "set" names a set of garments if the category is one of clothes. Results are
    cached, since a list is read more than once. For titles that clients send, use `title_says`, which does
    not cache.

    Args:
        title: the title, as a list has it.
        category: the category of the product; may be empty.
        language: the code of a language that can be read.
    """
    by_title = title_says(title, language)
    if by_title.kinds:
        return by_title
    if (sets := set_says(title, language)).kinds and _is_of_clothes(category, language):
        return sets
    return category_says(category, language)


def title_says(title: str, language: str, words: Words | None = None) -> Says:
    """Return the kinds of garment that a product's title names.

    Args:
        title: the title of a product, as a list has it: of any length, in any script, with HTML or without.
        language: the code of a language that can be read, such as `en`.
        words: the words that name garments; None for the words of the language.

    Returns:
        The deciding words and their kinds; both empty if the title names no garment.
    """
    return tokens_say(*_read(title, language), words)


def part_kinds(title: str, language: str) -> frozenset[str]:
    """Return the kinds of all garments that a title names, such as the parts of a set."""
    items = _items(*_read(title, language))
    return frozenset(kind for item in select_named(without_counting(items)) for kind in item.kinds)


def _read(text: str, language: str) -> tuple[list[str], str]:
    """Return the words and signs of a text, and the language in which they are read.

    If language tags divide the text, that is the language of the part that is used.
    """
    part = choose_part(text, (language, *readable_languages()))
    spoken = part.code if part.code in readable_languages() else language
    return languages()[spoken].tokens(part.text), spoken


def tokens_say(tokens: Sequence[str], language: str, words: Words | None = None) -> Says:
    """Return the kinds of garment that a title names, from its words and signs.

    Args:
        tokens: the words and signs of the title, as `Language.tokens` returns them.
        language: the code of a language that can be read, such as `en`.
        words: the words that name garments; None for the words of the language.

    Returns:
        The deciding words and their kinds; both empty if the title names no garment.
    """
    items = _items(tokens, language, words)
    garments = without_counting(items)
    heads = _deciding(garments, language)
    if not select_named(heads):
        is_of_clothes = not heads and has_word(tokens, words_of(language, "clothing"))
        return _set_word(items) if is_of_clothes else NOTHING
    if is_set(items, heads, grammar_of(language)):
        counting = (item.word for item in select_named(items) if item.kinds in {SUIT, COUNTING})
        return Says(tuple(dict.fromkeys(counting)), SUIT)
    if any(SET in head.kinds for head in heads):
        heads = select_named(garments)
    return _together(heads)


def set_says(title: str, language: str) -> Says:
    """Return the kind `set` for a title that names only a set and no garment ("Summer set"); else nothing."""
    tokens, language = _read(title, language)
    items = _items(tokens, language)
    if _deciding(without_counting(items), language):
        return NOTHING
    return _set_word(items)


def _set_word(items: Sequence[Item]) -> Says:
    words = tuple(item.word for item in select_named(items) if item.kinds == COUNTING)
    return Says(words, SUIT) if words else NOTHING


def _items(tokens: Sequence[str], language: str, words: Words | None = None) -> list[Item]:
    """Return the words of a title; none if it is about clothes of animals or dolls."""
    if has_word(tokens, words_of(language, "wearers")):
        return []
    return find_words(tokens, words or words_of(language))


def _deciding(items: Sequence[Item], language: str) -> list[NamedKinds]:
    """Return the words that decide: those of the first part of a title that has some."""
    parts = split_at_words(items, SEPARATORS)
    return next((heads for part in parts if (heads := _heads(part, language))), [])


def category_says(category: str, language: str, words: Words | None = None) -> Says:
    """Return the kinds of garment that a category names at its deepest level ("Women > Dresses").

    All garments of that level are used ("Shirts, Blouses"). "Top", "Bottom" and "Outerwear" stand for groups
    of kinds.

    Args:
        category: the category as a list has it.
        language: the code of a language that is read.
        words: the words that name garments; None for those of the language.
    """
    part = choose_part(category, (language, *readable_languages()))
    language = part.code if part.code in readable_languages() else language
    levels = _LEVELS.split(part.text)
    of_levels = (_level_says(level.split("/"), language, words) for level in reversed(levels))
    return next(filter(None, of_levels), NOTHING)


def _is_of_clothes(category: str, language: str) -> bool:
    """Check whether a category names garments, or clothing of any kind."""
    tokens, spoken = _read(category, language)
    has_clothing = has_word(tokens, words_of(spoken, "clothing"))
    return has_clothing or bool(category_says(category, language).kinds)


def _level_says(parts: Sequence[str], language: str, words: Words | None) -> Says | None:
    """Return what one level admits; None if it names nothing.

    A slash stands between levels ("Women/Trousers/Shorts"), unless all parts name garments and none of them
    is a kind of the part before it ("Skirts/Shorts").
    """
    found = [_garments(part, language, words or words_of(language)) for part in parts]
    heads = [part for part in found if part]
    if not heads:
        return None
    kinds = [_together(part).kinds for part in heads]
    if not found[0] or any(deeper <= upper for upper, deeper in pairwise(kinds)):
        return _together(heads[-1])
    return _together([head for part in heads for head in part])


def _garments(level: str, language: str, words: Words) -> list[NamedKinds]:
    """Return the words of a part of a category that name garments or sets, and those of groups."""
    tokens = languages()[language].tokens(level)
    heads = select_named(find_words(tokens, words_of(language, "groups")))
    for part in split_at_words(find_words(tokens, words), SEPARATORS):
        heads += _heads(part, language)
    return [head._replace(kinds=SUIT) if head.kinds == COUNTING else head for head in heads]


def without_variant(title: str) -> tuple[str, ...]:
    """Return the words of a title without colour and size, so that variants of one product are equal."""
    items = find_words(tokens_of(title), variant_words())
    words = (item for item in items if isinstance(item, str) and item not in SEPARATORS | SIGNS)
    return tuple(word for word in words if not _SIZE.fullmatch(word))


def _heads(items: list[Item], language: str) -> list[NamedKinds]:
    """Return the words that decide for a part of a title: the garments before a preposition.

    Behind one ("Two in One Grey Shorts") a garment is used if none stands before, unless the preposition is
    its own: an "insole for shoes" is none.
    """
    grammar = grammar_of(language)
    before, *behind = split_at_words(items, grammar.prepositions)
    heads, is_count = _joined_heads(before, language), _only_counts(before, grammar)
    for part in behind:
        if heads:
            break
        is_own = not is_count and isinstance(part[0] if part else "", NamedKinds)
        heads = _joined_heads(part[1:] if is_own else part, language)
    return heads


def _only_counts(items: list[Item], grammar: Grammar) -> bool:
    """Check whether items say no more than a number: "2", "par"."""
    return not any(
        isinstance(item, NamedKinds) or (item.isalpha() and item not in grammar.counts) for item in items
    )


def _joined_heads(items: list[Item], language: str) -> list[NamedKinds]:
    """Return the head of each of the parts that "and" joins, of those that have one."""
    grammar = grammar_of(language)
    parts = split_at_words(items, grammar.conjunctions | SIGNS)
    return [head for part in parts if (head := _head(part, grammar, language))]


def _head(part: list[Item], grammar: Grammar, language: str) -> NamedKinds | None:
    """Return the head of a part: its first or last garment; None if it names none.

    A thing for garments is a head that admits nothing: in English right behind the garment ("dress hanger"),
    in other languages before it, also if the garment follows behind a preposition.
    """
    used = [item for item in part if word_of(item) not in grammar.alone or item is part[-1]]
    garments = [place for place, item in enumerate(used) if isinstance(item, NamedKinds) and item.kinds]
    strong = [place for place in garments if word_of(used[place]) not in grammar.weak]
    if not garments:
        return NamedKinds("", frozenset()) if _has_thing(used, find_own_things(language)) else None
    place = (strong or garments)[-1 if grammar.is_last else 0]
    if grammar.is_last:
        is_of_thing = _has_thing(used[place + 1 : place + 2], words_of(language, "things"))
    else:
        is_of_thing = _has_thing(used[:place], find_own_things(language))
    head = used[place]
    return NamedKinds(word_of(head), frozenset() if isinstance(head, str) or is_of_thing else head.kinds)


def _has_thing(items: Iterable[Item], things: Words) -> bool:
    return has_word([token for item in items for token in word_of(item).split()], things)


def word_of(item: Item) -> str:
    """Return the word of an item of a title, whether the item names a garment or not."""
    return item.word if isinstance(item, NamedKinds) else item


def _together(heads: Sequence[NamedKinds]) -> Says:
    words = tuple(dict.fromkeys(head.word for head in heads if head.kinds))
    return Says(words, frozenset(kind for head in heads for kind in head.kinds))
