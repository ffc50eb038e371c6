"""Read what the words of a shop's list say about a garment: the kinds that a title admits.

The words of each language are in inference/words/languages/. The rules that pick the deciding word of a title
are here, and sets.py has those for several things that are sold as one. A title without a word of its
language says nothing, and so does a colour, a brand or a misspelling.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from inference.words.joined_words import separate_joined_garments
from inference.words.kinds import GARMENT_SET_KIND
from inference.words.language_files import list_readable_languages, load_languages
from inference.words.language_tags import select_tagged_text
from inference.words.sets import is_garment_set, remove_counting_words
from inference.words.tokens import (
    CONJUNCTION_SIGNS,
    PART_SEPARATORS,
    decode_entities,
    extract_visible_text,
    split_text,
    split_title,
)
from inference.words.vocabulary import (
    COUNTING_MARK,
    SUIT_WORDS,
    GarmentWord,
    Grammar,
    Item,
    Vocabulary,
    has_vocabulary_word,
    make_accessory_vocabulary,
    make_grammar,
    make_variant_vocabulary,
    make_vocabulary,
    replace_known_words,
    select_garment_words,
    split_at_words,
)

_LEVELS: Final = re.compile(r"[>»\u203a\u2192\\]")
_PARTS_OF_LEVEL: Final = re.compile(r"[/|]")
_SIZE: Final = re.compile(r"[wl]?\d{1,2}")


class NamedGarments(NamedTuple):
    """The statement of a title or category about a product: the kinds of garment that it may be.

    Attributes:
        words: the words of the text that decide; empty if the text names no garment.
        kinds: the kinds (such as `skirt`) that these words admit; empty if the text names no garment.
    """

    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()


NO_NAMED_GARMENTS: Final = NamedGarments()


@lru_cache(maxsize=8192)
def read_garments(title: str, category: str, language: str) -> NamedGarments:
    """Return the kinds of garment that a product's title names, or its category if the title names none.

    A title that only says "set" names a set of garments if the category is one of clothes. Results are
    cached, since a list is read more than once. For titles that clients send, use `read_title_garments`,
    which does not cache.

    Args:
        title: the title, as a list has it.
        category: the category of the product; may be empty.
        language: the code of a language that can be read.
    """
    title_garments = read_title_garments(title, language)
    if title_garments.kinds:
        return title_garments
    if (sets := read_set_garments(title, language)).kinds and _is_of_clothes(category, language):
        return sets
    return read_category_garments(category, language)


def read_title_garments(title: str, language: str, vocabulary: Vocabulary | None = None) -> NamedGarments:
    """Return the kinds of garment that a product's title names.

    Args:
        title: the title of a product, as a list has it: of any length, in any script, with HTML or without.
        language: the code of a language that can be read, such as `en`.
        vocabulary: the words that name garments; None for the words of the language.

    Returns:
        The deciding words and their kinds; both empty if the title names no garment.
    """
    return read_token_garments(*_split_and_recognise(title, language), vocabulary)


def read_set_part_kinds(title: str, language: str) -> frozenset[str]:
    """Return the kinds of all garments that a title names, such as the parts of a set."""
    items = _find_items(*_split_and_recognise(title, language))
    return frozenset(
        kind for item in select_garment_words(remove_counting_words(items)) for kind in item.kinds
    )


def _split_and_recognise(text: str, language: str) -> tuple[list[str], str]:
    """Return the words and signs of a text, and the language in which they are read.

    If language tags divide the text, that is the language of the part that is used.
    """
    part = select_tagged_text(text, (language, *list_readable_languages()))
    spoken = part.code if part.code in list_readable_languages() else language
    return tokenize_text(part.text, spoken), spoken


def tokenize_text(text: str, language: str, *, is_category: bool = False) -> list[str]:
    """Return the words and signs of a text, with a sign between garments that are joined ("shoes-bags").

    Args:
        text: a title, or a level of a category, with HTML or without.
        language: the code of a language that can be read.
    """
    separated = separate_joined_garments(
        _hide_unlike_words(extract_visible_text(text), language),
        language,
        make_vocabulary(language),
        is_category=is_category,
    )
    return split_text(separated, keep_accents=load_languages()[language].keep_accents)


UNREAD_WORD: Final = "zzz"
"""A word of no language, in place of one whose accent makes it another word."""


def _hide_unlike_words(text: str, language: str) -> str:
    """Replace words that only an accent tells from a garment: "moño" is a bow, and "mono" a jumpsuit."""
    pattern = _make_unlike_pattern(language)
    if pattern is None or text.isascii():
        return text
    return pattern.sub(UNREAD_WORD, unicodedata.normalize("NFC", text))


@cache
def _make_unlike_pattern(language: str) -> re.Pattern[str] | None:
    words = load_languages()[language].unlike
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE) if words else None


def read_token_garments(
    tokens: Sequence[str], language: str, vocabulary: Vocabulary | None = None
) -> NamedGarments:
    """Return the kinds of garment that a title names, from its words and signs.

    Args:
        tokens: the words and signs of the title, as `Language.tokenize` returns them.
        language: the code of a language that can be read, such as `en`.
        vocabulary: the words that name garments; None for the words of the language.

    Returns:
        The deciding words and their kinds; both empty if the title names no garment.
    """
    items = _find_items(tokens, language, vocabulary)
    garments = remove_counting_words(items)
    heads = _find_deciding_words(garments, language)
    if not select_garment_words(heads):
        is_of_clothes = not heads and has_vocabulary_word(tokens, make_vocabulary(language, "clothing"))
        return _set_word(items) if is_of_clothes else NO_NAMED_GARMENTS
    if is_garment_set(items, heads, make_grammar(language)):
        counting_words = (
            item.word for item in select_garment_words(items) if item.kinds in {SUIT_WORDS, COUNTING_MARK}
        )
        return NamedGarments(tuple(dict.fromkeys(counting_words)), SUIT_WORDS)
    if any(GARMENT_SET_KIND in head.kinds for head in heads):
        heads = select_garment_words(garments)
    return _merge_kinds(heads)


def read_set_garments(title: str, language: str) -> NamedGarments:
    """Return the kind `set` for a title that names only a set and no garment ("Summer set"); else nothing."""
    tokens, language = _split_and_recognise(title, language)
    items = _find_items(tokens, language)
    if _find_deciding_words(remove_counting_words(items), language):
        return NO_NAMED_GARMENTS
    return _set_word(items)


def _set_word(items: Sequence[Item]) -> NamedGarments:
    words = tuple(item.word for item in select_garment_words(items) if item.kinds == COUNTING_MARK)
    return NamedGarments(words, SUIT_WORDS) if words else NO_NAMED_GARMENTS


def _find_items(tokens: Sequence[str], language: str, words: Vocabulary | None = None) -> list[Item]:
    """Return the words of a title; none if it is about clothes of animals or dolls."""
    if has_vocabulary_word(tokens, make_vocabulary(language, "wearers")):
        return []
    return replace_known_words(tokens, words or make_vocabulary(language))


def _find_deciding_words(items: Sequence[Item], language: str) -> list[GarmentWord]:
    """Return the words that decide: those of the first part of a title that has some."""
    parts = split_at_words(items, PART_SEPARATORS)
    return next((heads for part in parts if (heads := _find_heads(part, language))), [])


def read_category_garments(
    category: str, language: str, vocabulary: Vocabulary | None = None
) -> NamedGarments:
    """Return the kinds of garment that a category names at its deepest level ("Women > Dresses").

    All garments of that level are used ("Shirts, Blouses"). "Top", "Bottom" and "Outerwear" stand for groups
    of kinds.

    Args:
        category: the category as a list has it.
        language: the code of a language that is read.
        vocabulary: the words that name garments; None for those of the language.
    """
    # "Shoes &gt; Sneakers" has two levels. A level is decoded once more as HTML, like a title.
    part = select_tagged_text(decode_entities(category), (language, *list_readable_languages()))
    language = part.code if part.code in list_readable_languages() else language
    levels = _LEVELS.split(part.text)
    level_garments = (
        _level_says(_PARTS_OF_LEVEL.split(level), language, vocabulary) for level in reversed(levels)
    )
    return next(filter(None, level_garments), NO_NAMED_GARMENTS)


def _is_of_clothes(category: str, language: str) -> bool:
    """Check whether a category names garments, or clothing of any kind."""
    tokens, spoken = _split_and_recognise(category, language)
    has_clothing = has_vocabulary_word(tokens, make_vocabulary(spoken, "clothing"))
    return has_clothing or bool(read_category_garments(category, language).kinds)


def _level_says(parts: Sequence[str], language: str, words: Vocabulary | None) -> NamedGarments | None:
    """Return the kinds that one level admits; None if it names nothing.

    A slash or `|` stands between levels ("Women/Trousers/Shorts"), unless all parts name garments and none
    of them is a kind of the part before it ("Skirts/Shorts").
    """
    part_garments = [_find_garments(part, language, words or make_vocabulary(language)) for part in parts]
    heads = [part for part in part_garments if part]
    if not heads:
        return None
    kinds = [_merge_kinds(part).kinds for part in heads]
    if not part_garments[0] or any(deeper <= upper for upper, deeper in pairwise(kinds)):
        return _merge_kinds(heads[-1])
    return _merge_kinds([head for part in heads for head in part])


def _find_garments(level: str, language: str, words: Vocabulary) -> list[GarmentWord]:
    """Return the words of a part of a category that name garments or sets, and those of groups."""
    tokens = tokenize_text(level, language, is_category=True)
    heads = select_garment_words(replace_known_words(tokens, make_vocabulary(language, "groups")))
    for part in split_at_words(replace_known_words(tokens, words), PART_SEPARATORS):
        heads += _find_heads(part, language)
    return [head._replace(kinds=SUIT_WORDS) if head.kinds == COUNTING_MARK else head for head in heads]


def remove_variant_words(title: str) -> tuple[str, ...]:
    """Return the words of a title without colour and size, so that variants of one product are equal."""
    items = replace_known_words(split_title(title), make_variant_vocabulary())
    words = (
        item for item in items if isinstance(item, str) and item not in PART_SEPARATORS | CONJUNCTION_SIGNS
    )
    return tuple(word for word in words if not _SIZE.fullmatch(word))


def _find_heads(items: list[Item], language: str) -> list[GarmentWord]:
    """Return the words that decide for a part of a title: the garments before a preposition.

    Behind one ("Two in One Grey Shorts") a garment is used if none stands before, unless the preposition is
    its own: an "insole for shoes" is none.
    """
    grammar = make_grammar(language)
    before, *behind = split_at_words(items, grammar.prepositions)
    heads = _joined_heads(before, language)
    is_count = _only_counts(before, grammar)
    for part in behind:
        if heads:
            break
        is_own = not is_count and isinstance(part[0] if part else "", GarmentWord)
        heads = _joined_heads(part[1:] if is_own else part, language)
    return heads


def _only_counts(items: list[Item], grammar: Grammar) -> bool:
    """Check whether items say no more than a number: "2", "par"."""
    return not any(
        isinstance(item, GarmentWord) or (item.isalpha() and item not in grammar.counts) for item in items
    )


def _joined_heads(items: list[Item], language: str) -> list[GarmentWord]:
    """Return the head of each of the parts that "and" joins, of those that have one."""
    grammar = make_grammar(language)
    parts = split_at_words(items, grammar.conjunctions | CONJUNCTION_SIGNS)
    return [head for part in parts if (head := _find_head(part, grammar, language))]


def _find_head(part: list[Item], grammar: Grammar, language: str) -> GarmentWord | None:
    """Return the head of a part: its first or last garment; None if it names none.

    A thing for garments is a head that admits nothing: in English right behind the garment ("dress hanger"),
    in other languages before it, also if the garment follows behind a preposition.
    """
    used = [item for item in part if get_item_word(item) not in grammar.alone or item is part[-1]]
    garments = [place for place, item in enumerate(used) if isinstance(item, GarmentWord) and item.kinds]
    strong = [place for place in garments if get_item_word(used[place]) not in grammar.weak]
    if not garments:
        return GarmentWord("", frozenset()) if _has_thing(used, make_accessory_vocabulary(language)) else None
    place = (strong or garments)[-1 if grammar.is_last else 0]
    if grammar.is_last:
        is_of_thing = _has_thing(used[place + 1 : place + 2], make_vocabulary(language, "things"))
    else:
        is_of_thing = _has_thing(used[:place], make_accessory_vocabulary(language))
    head = used[place]
    return GarmentWord(
        get_item_word(head), frozenset() if isinstance(head, str) or is_of_thing else head.kinds
    )


def _has_thing(items: Iterable[Item], things: Vocabulary) -> bool:
    return has_vocabulary_word([token for item in items for token in get_item_word(item).split()], things)


def get_item_word(item: Item) -> str:
    """Return the word of an item of a title, whether the item names a garment or not."""
    return item.word if isinstance(item, GarmentWord) else item


def _merge_kinds(heads: Sequence[GarmentWord]) -> NamedGarments:
    words = tuple(dict.fromkeys(head.word for head in heads if head.kinds))
    return NamedGarments(words, frozenset(kind for head in heads for kind in head.kinds))
