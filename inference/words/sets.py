"""Tell a set of different garments from a pack of one garment, by the words of a title.

A suit is a set, whatever else is named ("3-piece suit with vest"). A word that only counts ("set") makes a
set of garments that share no kind ("set of shirt and trousers"), and of one garment without a number
("cardigan set"). With a number it is a pack ("set of 3 T-shirts").
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from inference.words.tokens import CONJUNCTION_SIGNS, PART_SEPARATORS
from inference.words.vocabulary import (
    COUNTING_MARK,
    SUIT_WORDS,
    GarmentWord,
    Grammar,
    Item,
    select_garment_words,
)

PACK_KINDS: Final = frozenset({"socks", "underwear", "jewellery", "nightwear"})
"""Kinds whose sets are always packs of one garment: "sock set", "lingerie set"."""

MAX_WORDS_BETWEEN: Final = 2
"""Largest number of words between a number and the garment it counts: "3 striped cotton T-shirts"."""

_PIECES: Final = frozenset({"x", "er", "pk", "pc", "pcs", "pz", "szt", "st", "stk", "tlg"})
"""Words for pieces in any language that are written together with their number: "3er", "5pcs"."""

_NUMBER: Final = re.compile(r"x?(?:[2-9]|1\d|2\d)(\D*)")
_IN_PHRASE: Final = re.compile(r"\b[2-9]\b")


def remove_counting_words(items: Iterable[Item]) -> list[Item]:
    """Return the items of a title without words that only count things, such as "set"."""
    return [item for item in items if not _is_counting(item)]


def is_garment_set(items: Sequence[Item], garment_words: Sequence[GarmentWord], grammar: Grammar) -> bool:
    """Return whether a title names a set of different garments, not a pack of one garment.

    Args:
        items: the words of the title.
        garment_words: the garments among these words that decide.
        grammar: the function words of the title's language.
    """
    garments = [item for item in select_garment_words(items) if not _is_counting(item)]
    is_suit = any(garment.kinds == SUIT_WORDS for garment in garments)
    if any(head.kinds == SUIT_WORDS for head in garment_words) or (
        is_suit and not _find_common_kinds(garment_words)
    ):
        return True
    if not any(map(_is_counting, items)) or _is_beside_the_garment(items, grammar):
        return any(item in grammar.counts for item in items) and not _find_common_kinds(garment_words)
    common_kinds = _find_common_kinds(garments)
    return not common_kinds or not (common_kinds & PACK_KINDS or _has_number(items, grammar))


def _is_beside_the_garment(items: Sequence[Item], grammar: Grammar) -> bool:
    """Return whether the only word for a set says what the garment goes with: "sneakers for any outfit".

    The garment is named first then, and a function word ("that", "your", "for") stands between the two.
    Directly behind a preposition, or with a number, a set is meant: "Bluse im Set".
    """
    places = [place for place, item in enumerate(items) if isinstance(item, GarmentWord) and item.kinds]
    sets = [place for place in places if _is_counting(items[place])]
    garments = [place for place in places if not _is_counting(items[place])]
    if not garments or min(sets) < min(garments):
        return False
    last = max(place for place in garments if place < min(sets))
    between = [item for item in items[last + 1 : min(sets)] if isinstance(item, str)]
    if any(item in grammar.clauses for item in between):
        return True
    named = (item for item in select_garment_words(items) if not _is_counting(item))
    if not _find_common_kinds(named) or _has_number(items, grammar):
        return False
    words = [item for item in between if item.isalpha()]
    if grammar.is_last:
        return any(item in grammar.prepositions for item in words[:-1])
    # The first word of the title is its head in these languages, and the set word stands apart from it.
    return bool(words) and words[-1] not in grammar.prepositions


def _is_counting(item: Item) -> bool:
    return isinstance(item, GarmentWord) and item.kinds == COUNTING_MARK


def _find_common_kinds(garments: Iterable[GarmentWord]) -> frozenset[str]:
    """Return the kinds that all garments have in common."""
    kinds = [garment.kinds for garment in garments]
    return frozenset.intersection(*kinds) if kinds else frozenset()


def _has_number(items: Sequence[Item], grammar: Grammar) -> bool:
    """Check whether a title says how many pieces of a garment there are.

    Sizes and ages are other numbers ("cardigan set 3-6 months").
    """
    return any(
        _is_number_of_pieces(place, items, grammar) or (_is_counting(item) and _IN_PHRASE.search(item[0]))
        for place, item in enumerate(items)
    )


def _is_number_of_pieces(place: int, items: Sequence[Item], grammar: Grammar) -> bool:
    item = items[place]
    number = _NUMBER.fullmatch(item) if isinstance(item, str) else None
    if not number or (number[1] and number[1] not in _PIECES | grammar.counts):
        return False
    before = items[max(place - 2, 0) : place]
    if (
        len(before) == 2
        and _is_count(before[0], grammar)
        and isinstance(before[1], str)
        and before[1].isalpha()
    ):
        return True  # "pack de 3"
    for distance, behind in enumerate(items[place + 1 : place + 2 + MAX_WORDS_BETWEEN]):
        if isinstance(behind, GarmentWord) or (distance == 0 and behind in grammar.counts):
            return True
        if behind in PART_SEPARATORS | CONJUNCTION_SIGNS | grammar.prepositions or not behind.isalpha():
            return False
    return False


def _is_count(item: Item, grammar: Grammar) -> bool:
    return _is_counting(item) or item in grammar.counts
