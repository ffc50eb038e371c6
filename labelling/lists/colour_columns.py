"""Find the columns of a list that have the colour of its products, and read the colour from them.

The first of these sources that names a colour for a product is used:

1. the column that a person named;
2. a column with a usual heading (`color`, `Farbe`), or else one whose heading and cells both say colour
   (`Hauptfarbe`, `Shade`);
3. the option or attribute of a shop system's export (Shopify, WooCommerce, Magento);
4. Shopify's metafield `shopify.color-pattern`;
5. the metafield `custom.color`, which an earlier `wardrobe label --feed shopify` may have written as a guess
   from photos. This is why it comes last.

A metafield is a field that a shop or an app added to its products. An option is what a buyer chooses, such as
the size.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

from labelling.lists import magento, woocommerce
from labelling.lists.colour_cells import is_colour_text, split_colour_cell
from labelling.lists.colour_headings import (
    COLOUR_PATTERN,
    CUSTOM_COLOUR,
    find_colour_option,
    has_colour_word,
    is_colour_heading,
    is_shade_heading,
    read_metafield,
)
from labelling.lists.colour_words import is_colour_in_any_language
from labelling.lists.column_names import fold_column_name, is_colour_name, list_usual_column_names
from labelling.lists.identifiers import read_identifier

MIN_COLOUR_CELLS_SHARE: Final = 0.5
"""Smallest share of a column's different cells that name colours, so that a heading such as `Main color` is
believed. Shops also have colours of their own ("Cult"), so not all cells can be asked for."""

MAX_SEARCHED_CELLS: Final = 200
"""Number of different cells of a column, from the first on, that are searched for colours."""

MAX_SEARCHED_ROWS: Final = 20_000
"""Number of rows, from the first on, whose cells are read to find the column of colours."""

_OPTION_NAME: Final = re.compile(r"option ?([1-9]) name|option name ([1-9])", re.IGNORECASE)
"""Pattern of headings such as `Option1 Name` (Shopify) and `Option Name 1` (Squarespace)."""

Cells: TypeAlias = Mapping[str, str]
"""The cells of one row of a list, by the heading of their column."""

ReadColumns: TypeAlias = Callable[[Sequence[str]], Iterator[Cells]]
"""A function that yields the cells of the given columns, row by row. Each call begins with the first row."""


class ShopColours(NamedTuple):
    """The colours of one product in the list, in the shop's words.

    Attributes:
        texts: the colours of one garment, the main one first: ("Navy", "White"); empty if the list names
            none.
        is_sold_in_several_colours: whether buyers choose among several colours, for each of which the list
            has a row or a variation. Such a product has no colour of its own, and `texts` is empty.
        cell_without_colour: the first cell of a colour column that names no colour, such as "see image";
            empty if a cell names one, or if all are empty.
    """

    texts: tuple[str, ...] = ()
    is_sold_in_several_colours: bool = False
    cell_without_colour: str = ""


class ProductOptionColumns(NamedTuple):
    """The columns of one option of a product, which a buyer chooses: `Option1 Name` and `Option1 Value`.

    Only the first row of a product has the name, such as "Color".
    """

    name_column: str
    value_column: str


@dataclass(frozen=True, kw_only=True)
class ColourColumns:
    """The columns of a list from which the colour of a product is read.

    Attributes:
        columns: the columns with the colour; in each row, the first one that names a colour is used.
        reason: why these columns are used: a person `named` one, the heading is `usual`, or one was `found`
            by its heading and cells.
        options: the options of an export such as Shopify's, of any name.
        attribute_columns: the columns with attributes of WooCommerce or Magento, such as
            `additional_attributes`, and those that say how a product is sold.
        metafields: the columns of metafields that are read as the colour, the preferred one first.
        unread_metafields: columns of other metafields with a colour word, such as `lining_color`, which a
            person may have to name.
        rivals: two or more columns that are the colour by heading and cells. None of them is read, since
            nothing says which one is meant.
    """

    columns: tuple[str, ...] = ()
    reason: Literal["named", "usual", "found"] = "usual"
    options: tuple[ProductOptionColumns, ...] = ()
    attribute_columns: tuple[str, ...] = ()
    metafields: tuple[str, ...] = ()
    unread_metafields: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    @cached_property
    def read_columns(self) -> tuple[str, ...]:
        """All columns that have to be read to know the colours of a product, each once."""
        options = [column for option in self.options for column in option]
        return tuple(dict.fromkeys((*self.columns, *options, *self.attribute_columns, *self.metafields)))

    def read_colours(self, rows: Sequence[Cells]) -> ShopColours:
        """Return the colours of a product, from the first source that names any.

        Args:
            rows: the cells of all rows of the list about the product; one row for a picture without a
                product.
        """
        for colours_by_row in self._read_sources(rows):
            # Rows of one product that differ are what a buyer chooses from. `Navy/White` in one cell is one
            # garment.
            if different_colours := _list_different_colours(colours_by_row):
                is_sold_in_several = len(different_colours) > 1 or self._has_variations(
                    rows[0], different_colours[0]
                )
                return ShopColours(() if is_sold_in_several else different_colours[0], is_sold_in_several)
        cells = (read_identifier(row[name]) for row in rows for name in (*self.columns, *self.metafields))
        return ShopColours(cell_without_colour=next(filter(None, cells), ""))

    def _read_sources(self, rows: Sequence[Cells]) -> Iterator[list[tuple[str, ...]]]:
        """Yield the colours of each row by one source after another, the preferred source first."""
        if self.columns:
            yield [_read_first_colours(row, self.columns) for row in rows]
        if self.options:
            colour_columns = self._find_option_columns(rows)
            yield [_read_first_colours(row, colour_columns) for row in rows]
        if self.attribute_columns:
            yield [_read_attribute_colours(row) for row in rows]
        for column in self.metafields:
            yield [split_colour_cell(row[column]) for row in rows]

    def _find_option_columns(self, rows: Sequence[Cells]) -> list[str]:
        """Return the columns with the values of the option that is the product's colour: `Option2 Value`."""
        names = {
            option.value_column: next(filter(None, (row[option.name_column].strip() for row in rows)), "")
            for option in self.options
        }
        colour_name = find_colour_option(names.values())
        return [column for column, name in names.items() if colour_name and name == colour_name]

    def _has_variations(self, row: Cells, colours: Sequence[str]) -> bool:
        """Return whether a row with several colours of WooCommerce or Magento has each for sale by itself."""
        if not self.attribute_columns or len(colours) < 2:
            return False
        return woocommerce.has_variation_type(row) or bool(magento.read_variation_colours(row))


def _list_different_colours(colours_by_row: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the different colours of some rows. "Navy" and "navy" are equal, and the first is returned."""
    different_colours = dict[tuple[str, ...], tuple[str, ...]]()
    for colours in filter(None, colours_by_row):
        different_colours.setdefault(tuple(map(str.casefold, colours)), colours)
    return list(different_colours.values())


def _read_first_colours(row: Cells, columns: Sequence[str]) -> tuple[str, ...]:
    return next(filter(None, (split_colour_cell(row[column]) for column in columns)), ())


def _read_attribute_colours(row: Cells) -> tuple[str, ...]:
    """Return the colours that the attributes of WooCommerce or Magento in a row name."""
    values = woocommerce.read_colour_values(row) or magento.read_attribute_colours(row)
    return tuple(dict.fromkeys(filter(is_colour_text, values)))


def find_colour_columns(columns: Sequence[str], rows: ReadColumns, named_column: str = "") -> ColourColumns:
    """Find the columns of a list that have the colour of its products, by their headings and cells.

    Args:
        columns: the columns of the list, in its order.
        rows: a function that reads the cells of given columns, row by row. It is called only if a heading may
            mean the colour.
        named_column: the column that a person named; empty to find it.
    """
    metafields = {column: field for column in columns if (field := read_metafield(column))}
    usual_names = list_usual_column_names("colour")
    plain_columns = [column for column in columns if column not in metafields]
    usual_columns = sorted(
        (column for column in plain_columns if is_colour_name(column)),
        key=lambda column: usual_names.index(fold_column_name(column)),
    )
    found_columns = [] if named_column else _find_unusual_columns(plain_columns, usual_columns, rows)
    # If two columns look like the colour, neither is read: nothing says which one is meant.
    preferred = [named_column] if named_column else []
    return ColourColumns(
        columns=tuple(
            dict.fromkeys((*preferred, *(found_columns if len(found_columns) == 1 else []), *usual_columns))
        ),
        reason="named" if named_column else "found" if len(found_columns) == 1 else "usual",
        options=tuple(_find_options(columns)),
        attribute_columns=tuple(_find_attribute_columns(columns)),
        metafields=tuple(
            column
            for wanted in (COLOUR_PATTERN, CUSTOM_COLOUR)
            for column, field in metafields.items()
            if field == wanted
        ),
        unread_metafields=tuple(
            column
            for column, field in metafields.items()
            if column != named_column
            and field not in {COLOUR_PATTERN, CUSTOM_COLOUR}
            and has_colour_word(field.key)
        ),
        rivals=tuple(found_columns) if len(found_columns) > 1 else (),
    )


def _find_unusual_columns(
    columns: Sequence[str], usual_columns: Sequence[str], rows: ReadColumns
) -> list[str]:
    """Return columns such as `Main color`, whose cells name colours, unless a usual column has cells."""
    unusual_columns = [column for column in columns if column not in usual_columns]
    colours = [column for column in unusual_columns if is_colour_heading(column)]
    shades = [column for column in unusual_columns if is_shade_heading(column) and column not in colours]
    # Programs export empty columns; one of a usual name does not hide a filled one.
    if (colours or shades) and _has_filled_cells(usual_columns, rows):
        return []
    # Beside a column "Main color", a column "Shade" may be a detail of it.
    return _find_by_cells(colours, rows) or _find_by_cells(shades, rows)


def _has_filled_cells(columns: Sequence[str], rows: ReadColumns) -> bool:
    """Return whether any cell of some columns has a text other than "n/a" and the like."""
    read_rows = islice(rows(columns), MAX_SEARCHED_ROWS) if columns else ()
    return any(read_identifier(row[column]) for row in read_rows for column in columns)


def _find_by_cells(columns: Sequence[str], rows: ReadColumns) -> list[str]:
    """Return the columns in which at least MIN_COLOUR_CELLS_SHARE of the different cells name a colour."""
    cells: dict[str, dict[str, None]] = {column: {} for column in columns}
    for row in islice(rows(columns), MAX_SEARCHED_ROWS) if columns else ():
        for column, different_colours in cells.items():
            text = read_identifier(row[column])
            if text and len(different_colours) < MAX_SEARCHED_CELLS:
                different_colours[text] = None
    return [
        column
        for column, different_colours in cells.items()
        if different_colours and _has_colour_cells(list(different_colours))
    ]


def _has_colour_cells(cells: Sequence[str]) -> bool:
    """Return whether enough of a column's different cells name a colour, in any language."""
    named_count = sum(any(map(is_colour_in_any_language, split_colour_cell(cell))) for cell in cells)
    return named_count >= MIN_COLOUR_CELLS_SHARE * len(cells)


def _find_options(columns: Sequence[str]) -> Iterator[ProductOptionColumns]:
    """Yield each pair of columns such as `Option1 Name` and `Option1 Value`."""
    by_heading = {column.strip().casefold(): column for column in columns}
    for heading, column in by_heading.items():
        value_heading = heading.replace("name", "value")
        if _OPTION_NAME.fullmatch(heading) and value_heading in by_heading:
            yield ProductOptionColumns(column, by_heading[value_heading])


def _find_attribute_columns(columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns with attributes of WooCommerce or Magento, and WooCommerce's column `Type`."""
    has_attributes = any(woocommerce.translate_header(column) for column in columns)
    for column in columns:
        is_read = woocommerce.translate_header(column) or woocommerce.is_type_column(column)
        if (has_attributes and is_read) or magento.is_attribute_column(column):
            yield column
