"""Read the colours in a cell of a list, in the shop's own words.

Navy/White                   Navy, White
Black &amp; <b>white</b>     Black, white: HTML, as some shops export it
["Emerald","Ivory"]          Emerald, Ivory: a list of JSON, as Shopify's metafields have it
see image, #FF8800, 12       no colour
"""

import json
import re
from contextlib import suppress
from functools import cache, lru_cache
from typing import Final

from inference.words.language_files import load_languages, load_shared_words
from inference.words.tokens import extract_visible_text, split_title
from labelling.lists.identifiers import read_identifier

_HEX: Final = re.compile(
    r"(?:#|0x)(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(?=[a-f]*[0-9])[0-9a-f]{6}|rgba?\(.*\)", re.IGNORECASE
)
"""The code of a colour, as on web pages: `#FF8800`, `rgb(255, 136, 0)`, `ff8800`. Without a sign before it, a
digit is needed, since "facade" is a word."""

_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|//|www\.|[\w.+-]+@|\w+--[\w-]+\.\S"
    r"|.*\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?|heic|svg|html?|php|pdf|com|net|org)\Z",
    re.IGNORECASE,
)
"""An address, the name of a file, or the reference to an object of a shop: `gid://shopify/Metaobject/1` in an
export of Shopify, `shopify--color-pattern.red` in one of Matrixify. "dk.grey" is a colour."""

_BETWEEN: Final = re.compile(r"\s*(?:[,;|&+]|(?<!\bw)/)\s*|\s+(?:and|und|et|y)\s+", re.IGNORECASE)
"""Text between two colours of one cell. The stroke of "black w/ white" is none."""


@lru_cache(maxsize=1024)
def split_colour_cell(cell: str) -> tuple[str, ...]:
    """Return the different colours in a cell: ("Navy", "White") for `Navy/White`; empty if it names none."""
    text = read_identifier(cell)
    # A list of JSON can be long, and only its texts are HTML. In other cells, `&amp;` has a sign at which the
    # cell would be split.
    if not text.startswith("["):
        text = decode_html(text)
    if text.startswith("["):
        parts = list(map(decode_html, _read_json_list(text)))
    else:
        parts = _BETWEEN.split(text) if is_colour_text(text) else []
    return tuple(dict.fromkeys(filter(is_colour_text, parts)))


def decode_html(text: str) -> str:
    """Return a text without HTML, decoded as titles are: "Black & White" for `<p>Black &amp; White</p>`."""
    return " ".join(extract_visible_text(text).split()) if "<" in text or "&" in text else text


def _read_json_list(text: str) -> list[str]:
    """Return the texts in a list of JSON: "Emerald" and "Ivory" of `["Emerald","Ivory"]`.

    A text that only looks like JSON is split at commas and slashes, without brackets and quotation marks.
    """
    decoded_text = decode_html(text)
    for form in dict.fromkeys((text, decoded_text)):
        with suppress(ValueError, RecursionError):
            return [value.strip() for value in json.loads(form) if isinstance(value, str)]
    return [part.strip("[]\"' ") for part in _BETWEEN.split(decoded_text)]


@lru_cache(maxsize=1024)
def is_colour_text(text: str) -> bool:
    """Return whether a text can be a colour: it is no number, code, address, or phrase like "see image".

    The word need not be known: "Spartacus" can be a colour.
    """
    cell = read_identifier(text)
    if not any(map(str.isalpha, cell)) or _HEX.fullmatch(cell) or _ADDRESS.match(cell) or cell[0] == "{":
        return False
    token_forms = (tuple(split_title(cell, keep_accents=keep_accents)) for keep_accents in (False, True))
    return not any(
        tokens in named for tokens, named in zip(token_forms, _list_no_colour_texts(), strict=True)
    )


@cache
def _list_no_colour_texts() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """Return the texts that stand for no colour, each split into its words: ("see", "image").

    The first set has the texts of languages that ignore accents, the second those of languages such as
    Vietnamese, in which accents tell words apart.
    """
    plain = set[tuple[str, ...]]()
    accented = set[tuple[str, ...]]()
    for language in (load_shared_words(), *load_languages().values()):
        cells = accented if language.keep_accents else plain
        cells.update(tuple(language.tokenize(cell)) for cell in language.no_colours)
    return frozenset(plain), frozenset(accented)
