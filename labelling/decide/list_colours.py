"""The colour of a product by its list: the column that the shop has, a word of the title, or the photos.

The language files have the shop's words and the names that a release may have for them. This file decides a
label of the release for the table, and beside it the text that a feed sends: the shop's own words, if the
list has a column for the colour. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final, NamedTuple

from inference.language_files import COMPOUND_END_SIGN, Language, load_languages, load_shared_words
from inference.reasons import DecidedBy, Reason
from inference.tokens import split_title
from labelling.lists import woocommerce
from labelling.lists.column_names import find_usual_column_names, fold_column_name, is_colour_name
from labelling.lists.identifiers import read_identifier
from labelling.rows import HeadAnswer

MIN_COLOUR_PROBABILITY: Final = 0.02
"""Smallest sum of probabilities that photos have to give to the labels that a colour word stands for. The
list's word is doubted below it. Of right words, 96%, 95% and 92% reach it on 1,827 photos of tiers A, B and C
(plain background, worn, a user's own photo); of any other word, 4% to 6%."""

_HEX: Final = re.compile(
    r"(?:#|0x)(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|(?=[a-f]*[0-9])[0-9a-f]{6}|rgba?\(.*\)", re.IGNORECASE
)
"""The code of a colour, as on web pages; without a sign before it, six signs with a number among them."""

_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|//|www\.|[\w.+-]+@"
    r"|.*\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?|heic|svg|html?|php|pdf|com|net|org)\Z",
    re.IGNORECASE,
)
"""How an address or the name of a file looks; "dk.grey" is neither."""

_BETWEEN: Final = re.compile(r"\s*[/,;|&+]\s*|\s+(?:and|und|et|y)\s+", re.IGNORECASE)
_MAGENTO: Final = re.compile(r"(?:^|,)\s*([^=,]*?)\s*=([^,]*)")
"""An attribute in `additional_attributes` of Magento's export: `color=Red|Blue,size=M`."""

_METAFIELD: Final = re.compile(r"\(product\.metafields\.[\w-]+\.([\w-]+)\)$", re.IGNORECASE)
"""The name of a metafield at the end of a heading of Shopify's export of products."""

_OPTIONS: Final = frozenset({*(f"option{number} name" for number in "123"), "additional_attributes"})
"""Columns of Shopify's and Magento's exports, in small letters."""


class ListColours(NamedTuple):
    """The colours that a list names for a product.

    Attributes:
        feed_texts: the texts for a feed (the file that a platform imports), the main colour first.
        labels: the labels of the release for these colours, the main colour first; empty if the release has
            no label for any of them.
        is_denied_by_photos: whether the photos contradict the list: they give these labels less than
            MIN_COLOUR_PROBABILITY together.
    """

    feed_texts: tuple[str, ...]
    labels: tuple[str, ...]
    is_denied_by_photos: bool = False

    def make_answer(self, photo_answer: HeadAnswer, shares: Mapping[str, float]) -> HeadAnswer:
        """Return the answer about the colour as the list decides it, with the first of `labels`.

        If the photos contradict the list, the answer needs a review.

        Args:
            photo_answer: the answer of the photos, whose label is suggested to a person.
            shares: the probability of each label of the colour.
        """
        label, *also = self.labels
        reason = Reason.TITLE_CONFLICT if self.is_denied_by_photos else None
        return replace(
            photo_answer,
            label=label,
            confidence=shares[label],
            reason=reason,
            also=tuple(also),
            decided_by=DecidedBy.LIST,
            suggested_label=photo_answer.label,
        )


def find_listed_colours(
    shop_colours: tuple[str, ...], title: str, language: str, shares: Mapping[str, float]
) -> ListColours | None:
    """Return the colour that a list names for a product; None if only the photos can answer.

    Args:
        shop_colours: the colours in the list's own column (`read_shop_colours`), which are preferred;
            empty for none.
        title: the title of the product, which is read if `shop_colours` is empty; empty for none.
        language: the code of the language of the list's titles, such as `de`.
        shares: the probability of each label of the colour, over all photos of the product.
    """
    return _find_column_colours(shop_colours, language, shares) or _find_title_colours(
        title, language, shares
    )


def read_shop_colours(cells: Mapping[str, str], rows: Sequence[Mapping[str, str]] = ()) -> tuple[str, ...]:
    """Return the colours of a product from the colour column of a list, in the shop's words.

    Without such a column, the colour attribute or option of a shop system's export is read (WooCommerce,
    Shopify, Magento).

    Args:
        cells: the cells of a product, or of a picture, by column.
        rows: the cells of each row of the list about the product; by default `cells` is the only row.

    Returns:
        The different colours in their order; empty if the list names none.
    """
    cell = next(filter(_is_colour, _colour_cells(cells)), "")
    parts = (
        _BETWEEN.split(cell) if cell else woocommerce.read_colour_values(cells) or _options(rows or [cells])
    )
    return tuple(dict.fromkeys(filter(_is_colour, parts)))


def find_cell_without_colour(cells: Mapping[str, str]) -> str:
    """Return the text of a colour column that names no colour, such as "see image".

    Args:
        cells: the cells of a product, or of a picture, by column.

    Returns:
        The first filled cell; empty if a cell names a colour, or if all colour cells are empty.
    """
    filled = [cell for cell in _colour_cells(cells) if cell]
    return "" if any(map(_is_colour, filled)) else next(iter(filled), "")


def _colour_cells(cells: Mapping[str, str]) -> list[str]:
    """Return the cells of columns that name the colour, Shopify's metafields last."""
    columns = {fold_column_name(column): cell for column, cell in cells.items()}
    colour_cells = [columns[name] for name in find_usual_column_names("colour") if name in columns]
    metafields = [cell for column, cell in cells.items() if is_colour_metafield(column)]
    return [read_identifier(cell) for cell in (*colour_cells, *metafields)]


def is_colour_metafield(column: str) -> bool:
    """Return whether a column is a metafield of Shopify's export that holds the colour.

    Args:
        column: the heading, as in `Color (product.metafields.shopify.color-pattern)`.
    """
    metafield = _METAFIELD.search(column.strip())
    return metafield is not None and any(map(is_colour_name, re.split(r"[-_]", metafield[1])))


def _options(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the colours of Shopify's options, which only the first row of a product names, and Magento's."""
    if not any(column.strip().casefold() in _OPTIONS for column in rows[0]):
        return
    lines = [{column.strip().casefold(): cell.strip() for column, cell in row.items()} for row in rows]
    for number in ("1", "2", "3"):
        names = (line.get(f"option{number} name", "") for line in lines)
        if is_colour_name(next(filter(None, names), "")):
            yield from (line.get(f"option{number} value", "") for line in lines)
    for line in lines:
        for name, values in _MAGENTO.findall(line.get("additional_attributes", "")):
            yield from map(str.strip, values.split("|") if is_colour_name(name) else ())


@lru_cache(maxsize=1024)
def _is_colour(text: str) -> bool:
    """Check whether a cell has words for a colour: no number, code or address, and not "see image"."""
    cell = read_identifier(text)
    if not any(map(str.isalpha, cell)) or _HEX.fullmatch(cell) or _ADDRESS.match(cell):
        return False
    token_forms = (tuple(split_title(cell, keep_accents=keep_accents)) for keep_accents in (False, True))
    return not any(tokens in named for tokens, named in zip(token_forms, _no_colours(), strict=True))


@cache
def _no_colours() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    """Return the cells that name no colour: in languages without accents that matter, and with such."""
    plain = set[tuple[str, ...]]()
    accented = set[tuple[str, ...]]()
    for language in (load_shared_words(), *load_languages().values()):
        cells = accented if language.keep_accents else plain
        cells.update(tuple(language.tokens(cell)) for cell in language.no_colours)
    return frozenset(plain), frozenset(accented)


def _find_column_colours(
    words: tuple[str, ...], language: str, shares: Mapping[str, float]
) -> ListColours | None:
    if not words:
        return None
    labels_of_colours = [
        _labels(colours, shares) for word in words for colours in _read_colours(word, language)
    ]
    total = sum(shares[label] for label in {label for labels in labels_of_colours for label in labels})
    first = dict.fromkeys(labels[0] for labels in labels_of_colours if labels)
    return ListColours(
        words, tuple(first), is_denied_by_photos=any(labels_of_colours) and total < MIN_COLOUR_PROBABILITY
    )


def _find_title_colours(title: str, language: str, shares: Mapping[str, float]) -> ListColours | None:
    """Return the colours of a title that the photos confirm; None without any."""
    labels_of_colours = [_labels(colours, shares) for colours in read_title_colours(title, language)]
    confirmed_labels = [
        labels
        for labels in labels_of_colours
        if sum(shares[label] for label in labels) >= MIN_COLOUR_PROBABILITY
    ]
    first = tuple(dict.fromkeys(labels[0] for labels in confirmed_labels))
    return ListColours(first, first, is_denied_by_photos=False) if first else None


def read_title_colours(title: str, language: str) -> list[frozenset[str]]:
    """Return the colours that a title names for the garment, in their order.

    Colours behind a word such as "with" are ignored, since they belong to parts ("dress with black belt").

    Args:
        language: the code of the title's language, such as `de`.

    Returns:
        A set for each colour, with all names that a release may have for it.
    """
    words = _words(language)
    tokens = words.tokens(title)
    end = next((place for place, token in enumerate(tokens) if token in words.parts), len(tokens))
    return list(_find_colours(tokens[:end], words))


def _read_colours(text: str, language: str) -> list[frozenset[str]]:
    words = _words(language)
    return list(_find_colours(words.tokens(text), words))


def _labels(colours: frozenset[str], shares: Mapping[str, float]) -> list[str]:
    """Return the labels of a release that are one of some colours, likeliest first."""
    labels = [label for label in shares if not colours.isdisjoint(_colours_of(label))]
    return sorted(labels, key=lambda label: -shares[label])


@lru_cache
def _colours_of(label: str) -> frozenset[str]:
    """Return the main colour that a label of a release is, whatever its language."""
    for language in load_languages().values():
        word = language.tokens(label)
        for written, colours in language.colours.items():
            if language.tokens(written.removeprefix(COMPOUND_END_SIGN)) == word:
                return frozenset(colours[:1])
    return frozenset({" ".join(split_title(label))})


class _Words(NamedTuple):
    """Words by which titles in a language name colours.

    Attributes:
        language: the language, whose accents may matter.
        phrases: the colours of words and phrases, by their tokens.
        ends: the colours of the ends of compounds.
        parts: words behind which a title names parts of the garment ("dress with black belt").
    """

    language: Language
    phrases: dict[tuple[str, ...], frozenset[str]]
    ends: dict[str, frozenset[str]]
    parts: frozenset[str]

    def tokens(self, text: str) -> list[str]:
        """Return the words and signs of a text."""
        return self.language.tokens(text)


def _find_colours(tokens: Sequence[str], words: _Words) -> Iterator[frozenset[str]]:
    """Yield the colours of the words of a text: of several phrases that fit the longest one is used."""
    start = 0
    while start < len(tokens):
        for count in (3, 2, 1):
            phrase = tuple(tokens[start : start + count])
            colours = words.phrases.get(phrase) or (
                _find_compound_colours(phrase[0], words.ends) if count == 1 else None
            )
            if colours:
                yield colours
                break
        start += count


def _find_compound_colours(token: str, ends: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Return the colour of the longest end of a compound, such as dunkelblau."""
    return next((ends[token[start:]] for start in range(2, len(token)) if token[start:] in ends), None)


@cache
def _words(language: str) -> _Words:
    """Return the words of a language and English ones, as shops use these everywhere."""
    english = load_languages()["en"]
    own_language = load_languages().get(language, english)
    phrases = dict[tuple[str, ...], frozenset[str]]()
    ends = dict[str, frozenset[str]]()
    parts = set[str]()
    for source in (english, own_language):
        parts.update(" ".join(own_language.tokens(word)) for word in source.parts)
        for word, colours in source.colours.items():
            tokens = tuple(own_language.tokens(word))
            phrases[tokens] = frozenset(colours)
            if word.startswith(COMPOUND_END_SIGN):
                ends["".join(tokens)] = frozenset(colours)
    return _Words(own_language, phrases, ends, frozenset(parts))
