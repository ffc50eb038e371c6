"""Tell by its heading whether a column of a list can have the colour of the products.

color, Farbe, Colorway                     a usual name: it has the colour
Hauptfarbe, color-en_US, *C:Color          a colour word, and words beside it that change nothing
Shade, Teinte                              a word for shades: its cells tell
Sohlenfarbe, Lining color                  the colour of a part, which is not read
Color (product.metafields.custom.color)    a metafield: a field that a shop or an app added
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Final, NamedTuple

from inference.words.language_files import load_languages, load_shared_words
from inference.words.tokens import fold_text
from labelling.lists.column_names import is_colour_name, list_usual_column_names

_SHOPIFY_METAFIELD: Final = re.compile(
    r"(?:^|\()(?:product|variant)\.metafields\.([^.()]+)\.([^.()]+)\)?$", re.IGNORECASE
)
"""A metafield in Shopify's own export, as in `Color (product.metafields.custom.color)`."""

_MATRIXIFY_METAFIELD: Final = re.compile(
    r"^(?:\w+ )?(?:metafields?|mf)[:.] ?(?:(.+)\.)?([^.\[\]]+?)(?: ?\[.*\])?$", re.IGNORECASE
)
"""A metafield in the files of Matrixify and similar apps, as in `Variant Metafield: custom.color [string]`.
The namespace can be missing, as in `Metafield: color`."""

_WOOCOMMERCE_METAFIELD: Final = re.compile(r"^()meta: ?(.+)$", re.IGNORECASE)
"""A metafield in WooCommerce's export, as in `Meta: color`. It has no namespace."""

_METAFIELD_PATTERNS: Final = (_SHOPIFY_METAFIELD, _MATRIXIFY_METAFIELD, _WOOCOMMERCE_METAFIELD)

NO_NAMESPACE: Final = "global"
"""The namespace of a metafield whose heading names none. Matrixify imports such a column into it."""

_CAMEL_CASE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W\d_]+")

MIN_COMPOUND_LETTERS: Final = 4
"""Smallest number of letters of a colour word that is found within longer words, as in "Hauptfarbe". Shorter
ones, such as Portuguese "cor", are parts of many words."""

_PLURAL_ENDINGS: Final = ("s", "es", "n", "en", "er", "r", "i", "y")

_LANGUAGE_OR_PREFIX_LETTERS: Final = 2
"""Largest number of letters of a word that is a language (`en`), a country (`US`) or the prefix of a platform
(`c:`, `pa_`)."""


class Metafield(NamedTuple):
    """A field that a shop or an app added to its products, such as `shopify.color-pattern`.

    Attributes:
        namespace: the first part of its name, which says who added it: `shopify`, `custom`.
        key: the second part, such as `color-pattern`.
    """

    namespace: str
    key: str


COLOUR_PATTERN: Final = Metafield("shopify", "color-pattern")
"""The metafield in which Shopify itself has the colours of a product."""

CUSTOM_COLOUR: Final = Metafield("custom", "color")
"""The metafield that `wardrobe label --feed shopify` writes. It can be a guess from the photo."""


def read_metafield(column: str) -> Metafield | None:
    """Return the metafield that a column has, by its heading; None for any other column.

    `Color (product.metafields.custom.color)` and `Metafield: custom.color` are headings of `custom.color`.
    """
    matches = filter(None, (pattern.search(column.strip()) for pattern in _METAFIELD_PATTERNS))
    return next(
        (Metafield((match[1] or NO_NAMESPACE).lower(), match[2].strip().lower()) for match in matches), None
    )


def has_colour_word(text: str) -> bool:
    """Return whether a heading is about some colour, be it that of a part: `lining_color`, `shade`."""
    words = (fold_text(word) for word in _split_heading(text))
    has_word = any(_find_rest(word, _list_colour_words()) is not None for word in words)
    return has_word or is_shade_heading(text)


def is_colour_heading(column: str) -> bool:
    """Return whether a heading means the colour of the product: "Hauptfarbe", "Color name", "Colors".

    It has a colour word, which may be a plural or in a compound. Beside it are only words such as "main" and
    "name", a language, or the prefix of a platform: `Lining color` is the colour of a part. A metafield is
    none.
    """
    return _is_product_colour(column, _list_colour_words())


def is_shade_heading(column: str) -> bool:
    """Return whether a heading may mean the colour of the product: `Shade`, `Teinte`, `Shade name`.

    Some lists write "navy" in such a column and others "dark", so that its cells have to tell.
    """
    return _is_product_colour(column, _list_shade_words())


def find_colour_option(names: Collection[str]) -> str:
    """Return the name of the option or attribute that is a product's colour: "Color" of "Size" and "Color".

    A usual name is preferred to one with other words ("Colour group"), and that one to "Shade". The result is
    empty if no name means colour.
    """
    checks = (is_colour_name, is_colour_heading, is_shade_heading)
    return next((name for is_colour in checks for name in names if is_colour(name)), "")


@lru_cache(maxsize=1024)
def _is_product_colour(column: str, colour_words: tuple[str, ...]) -> bool:
    """Return whether a heading has one of some colour words, and no word for a part, such as "sole"."""
    # Cached, because each product of an export names its options, such as "Size", again.
    if read_metafield(column):
        return False
    words = _split_heading(column)
    rests = [_find_rest(fold_text(word), colour_words) for word in words]
    other_words = [word for word, rest in zip(words, rests, strict=True) if rest is None]
    has_part = any(rest and rest not in _list_neutral_words() for rest in rests)
    return len(other_words) < len(words) and not has_part and all(map(_is_neutral_word, other_words))


def _split_heading(text: str) -> list[str]:
    """Return the words of a heading without numbers: ["base", "Colour"] for "baseColour 2"."""
    # Composed, because an accent that is a character of its own would end the word.
    return _WORD.findall(_CAMEL_CASE.sub(" ", unicodedata.normalize("NFC", text)))


@cache
def _find_rest(word: str, colour_words: tuple[str, ...]) -> str | None:
    """Return the rest of a word beside the colour word in it: "haupt" of "hauptfarbe", and "" of "farben".

    Args:
        word: the word in small letters, without accents.

    Returns:
        The rest; None if no colour word is in the word.
    """
    rests = [rest for colour in colour_words for rest in _cut_colour_word(word, colour)]
    # "Farbnuance" has two colour words: "nuance", beside "farb", and "farb", beside "nuance".
    return next(
        (rest for rest in rests if not rest or rest in _list_neutral_words()), next(iter(rests), None)
    )


def _cut_colour_word(word: str, colour: str) -> Iterator[str]:
    """Yield the rest of a word behind or before a colour word, as "name" of "farbname"."""
    if word == colour:
        yield ""
    if len(colour) < MIN_COMPOUND_LETTERS:
        return
    # A plural or a compound can change the end of the word: "colore" and "colori", "Farbe" and "Farbname".
    stem = colour.removesuffix("e").removesuffix("a")
    for beginning in (colour, stem):
        rest = word.removeprefix(beginning)
        if rest != word and (not rest or rest in _PLURAL_ENDINGS):
            yield ""
        elif rest != word and rest in _list_neutral_words():
            yield rest
    for ending in (colour, *(f"{colour}{plural}" for plural in _PLURAL_ENDINGS)):
        if word.endswith(ending):
            yield word.removesuffix(ending)


@cache
def _list_colour_words() -> tuple[str, ...]:
    """Return the single words of all languages that mean colour, the longest ones first."""
    names = chain.from_iterable(map(_WORD.findall, list_usual_column_names("colour")))
    # "cor do produto" is a usual name, of which only "cor" means colour.
    return _sort_by_length({*names} - _list_neutral_words())


@cache
def _list_shade_words() -> tuple[str, ...]:
    """Return the single words of all languages that mean a shade, the longest ones first."""
    return _sort_by_length(_list_language_words("shade"))


def _sort_by_length(words: Iterable[str]) -> tuple[str, ...]:
    # Words of equal length by the alphabet, since the order of a set differs from run to run.
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _is_neutral_word(word: str) -> bool:
    """Return whether a word can stand beside "color" without making it the colour of a part: "main", "en"."""
    if len(word) > _LANGUAGE_OR_PREFIX_LETTERS:
        return fold_text(word) in _list_neutral_words()
    # With its accents, because Vietnamese "đế" (sole) is not French "de".
    return word.isascii() or fold_text(word, keep_accents=True) in _list_neutral_words()


@cache
def _list_neutral_words() -> frozenset[str]:
    """Return the words that can stand beside "color", such as "main", "name", "shade" and "german"."""
    names = (fold_text(language.name) for language in load_languages().values())
    words = (_list_language_words("beside_colour"), _list_language_words("shade"))
    return frozenset(chain(*words, *map(_WORD.findall, names)))


def _list_language_words(part: str) -> frozenset[str]:
    """Return the single words under a key such as `shade` of all language files, with and without accents."""
    languages = (load_shared_words(), *load_languages().values())
    words = chain.from_iterable(language.columns.get(part, ()) for language in languages)
    folded = (fold_text(word, keep_accents=keep) for word in words for keep in (False, True))
    return frozenset(chain.from_iterable(map(_WORD.findall, folded)))
