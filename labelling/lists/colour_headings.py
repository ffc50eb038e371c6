"""Tell by its heading whether a column of a list can have the colour of the products.

color, Farbe                                    a known name: it has the colour
Hauptfarbe, color-en_US, *C:Color, Colors       a colour word, and words beside it that change nothing
Sohlenfarbe, Lining color                       the colour of a part
Color (product.metafields.custom.color)         a metafield: a field that a shop or an app added
"""

import re
from collections.abc import Collection
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

from inference.words.language_files import load_languages, load_shared_words
from inference.words.tokens import fold_text
from labelling.lists.column_names import find_usual_column_names, is_colour_name

_METAFIELDS: Final = (
    re.compile(r"(?:^|\()(?:product|variant)\.metafields\.([^.()]+)\.([^.()]+)\)?$", re.IGNORECASE),
    re.compile(r"^(?:\w+ )?metafield: ?([^.\s]+)\.([^.\s]+)(?: ?\[.*\])?$", re.IGNORECASE),
    re.compile(r"^(meta): ?(.+)$", re.IGNORECASE),
)
"""Headings of metafields with their namespace and key: of Shopify's export, of Matrixify's, and of
WooCommerce's, whose metafields have no namespace."""

_CAMEL_CASE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W\d_]+")

MIN_COMPOUND_LETTERS: Final = 4
"""Smallest number of letters of a colour word that is looked for at the end of a compound, or in a plural.
Shorter ones, such as "cor", are parts of many words."""

_PLURAL_ENDINGS: Final = ("s", "es", "n", "en", "er", "r", "i", "y")
_LANGUAGE_OR_PREFIX_LETTERS: Final = 2
"""Largest number of letters of a word that is a language (`en`), a country (`US`) or the prefix of a platform
(`c:`, `pa_`)."""


class Metafield(NamedTuple):
    """A field that a shop or an app added to the products, as an export names it.

    Attributes:
        namespace: who added it, such as `shopify` or `custom`.
        key: its name, such as `color-pattern`.
    """

    namespace: str
    key: str


COLOUR_PATTERN: Final = Metafield("shopify", "color-pattern")
"""The metafield in which Shopify itself keeps the colour of a product."""

CUSTOM_COLOUR: Final = Metafield("custom", "color")
"""The metafield that the feed for Shopify writes. It can be a guess from the photo."""


def read_metafield(column: str) -> Metafield | None:
    """Return the metafield that a column has; None for any other column.

    Args:
        column: the heading, as in `Color (product.metafields.shopify.color-pattern)`.
    """
    matches = filter(None, (pattern.search(column.strip()) for pattern in _METAFIELDS))
    return next((Metafield(match[1].lower(), match[2].strip().lower()) for match in matches), None)


def has_colour_word(text: str) -> bool:
    """Return whether some word of a heading means colour, whatever the other words are: `lining_color`."""
    return any(map(_find_beside, _split_heading(text)))


def is_colour_heading(column: str) -> bool:
    """Return whether a heading means the colour of the product, though it is no usual name.

    It has a colour word, in the singular or plural or as a part of a compound. All other words are such as
    "main", "name" or "group", a language, or the prefix of a platform.

    Args:
        column: the heading, as the list writes it.
    """
    if read_metafield(column):
        return False
    words = _split_heading(column)
    found = [_find_beside(word) for word in words]
    others = [word for word, beside in zip(words, found, strict=True) if not beside]
    compounds = [beside.word for beside in found if beside]
    return bool(compounds) and all(map(_is_beside, (*others, *filter(None, compounds))))


def is_colour_option(name: str) -> bool:
    """Return whether an option or attribute of an export is the colour of the product, by its name."""
    return is_colour_name(name) or is_colour_heading(name)


def find_colour_option(names: Collection[str]) -> str:
    """Return which of a product's options or attributes is its colour; empty if none is.

    A usual name ("Color") is preferred to one with words beside it ("Colour group").

    Args:
        names: the names of the options or attributes, in the order of the export.
    """
    return next(
        (name for is_colour in (is_colour_name, is_colour_heading) for name in names if is_colour(name)), ""
    )


class _Beside(NamedTuple):
    """The rest of a word that means colour: `haupt` of Hauptfarbe; empty for the colour word alone."""

    word: str


def _split_heading(text: str) -> list[str]:
    return _WORD.findall(fold_text(_CAMEL_CASE.sub(" ", text)))


@cache
def _find_beside(word: str) -> _Beside | None:
    """Return the rest of a word with a colour word in it, as `haupt` of Hauptfarbe; None for other words."""
    for colour in _list_colour_words():
        if word == colour:
            return _Beside("")
        if len(colour) < MIN_COMPOUND_LETTERS:
            continue
        # Languages change the end of the word in a plural: "colore", "colori".
        stem = colour.removesuffix("e").removesuffix("a")
        for beginning in (colour, stem):
            rest = word.removeprefix(beginning)
            if rest != word and (not rest or rest in _PLURAL_ENDINGS or rest in _list_words_beside()):
                return _Beside(rest if rest in _list_words_beside() else "")
        for ending in (colour, *(f"{colour}{plural}" for plural in _PLURAL_ENDINGS)):
            if word.endswith(ending):
                return _Beside(word.removesuffix(ending))
    return None


@cache
def _list_colour_words() -> tuple[str, ...]:
    """Return the single words that mean colour, of all languages, the longest ones first."""
    names = chain.from_iterable(map(_WORD.findall, find_usual_column_names("colour")))
    # A usual name can have several words, of which only one means colour.
    words = {*names} - _list_words_beside()
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _is_beside(word: str) -> bool:
    """Return whether a word beside a colour word leaves it the colour of the product."""
    return len(word) <= _LANGUAGE_OR_PREFIX_LETTERS or word in _list_words_beside()


@cache
def _list_words_beside() -> frozenset[str]:
    languages = (load_shared_words(), *load_languages().values())
    words = chain.from_iterable(language.columns.get("beside_colour", ()) for language in languages)
    names = (language.name for language in load_languages().values())
    return frozenset(part for word in (*words, *names) for part in _WORD.findall(fold_text(word)))
