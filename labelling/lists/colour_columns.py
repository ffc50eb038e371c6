"""Read the colours of a product from the columns of a list.

The first of these sources that names a colour for a product is used:

1. the column that a person named;
2. a column with a usual heading (`color`, `Farbe`), or else one whose heading and cells both say colour
   (`Hauptfarbe`, `Shade`);
3. the option or attribute of a shop system's export (such as Shopify, WooCommerce, Magento, Wix);
4. Shopify's metafield `shopify.color-pattern`;
5. the metafield `custom.color`, which an earlier `wardrobe label --feed shopify` may have written as a guess
   from photos. This is why it comes last.

A metafield is a field that a shop or an app added to its products. An option is what a buyer chooses, such as
the size.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias

from labelling.lists import magento, woocommerce
from labelling.lists.colour_cells import decode_html, is_colour_text, split_colour_cell
from labelling.lists.colour_headings import find_colour_option
from labelling.lists.identifiers import read_identifier
from labelling.lists.option_columns import ProductOptionColumns, read_options

Cells: TypeAlias = Mapping[str, str]
"""The cells of one row of a list, by the heading of their column."""


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


@dataclass(frozen=True, kw_only=True)
class ColourColumns:
    """The columns of a list from which the colour of a product is read.

    Attributes:
        columns: the columns with the colour; in each row, the first one that names a colour is used.
        reason: why these columns are used: a person `named` one, the heading is `usual`, or one was `found`
            by its heading and cells.
        options: the columns of the options of an export such as Shopify's, of any name.
        attribute_columns: the columns with attributes of WooCommerce or Magento, such as
            `additional_attributes`, and those that say how a product is sold.
        metafields: the columns of metafields that are read as the colour, the preferred one first.
        unread_metafields: columns of other metafields with a colour word, such as `lining_color`, which a
            person may have to name.
        rivals: two or more columns that are the colour by heading and cells. None of them is read, since
            nothing says which one is meant.
        unread_columns: if no column is read, those whose heading or cells have a word for colour, such as
            "Lining color".
        choice_columns: the columns in which several colours of one cell are those that a buyer chooses from,
            since one of its cells has MIN_COLOURS_TO_CHOOSE or more.
    """

    columns: tuple[str, ...] = ()
    reason: Literal["named", "usual", "found"] = "usual"
    options: tuple[ProductOptionColumns, ...] = ()
    attribute_columns: tuple[str, ...] = ()
    metafields: tuple[str, ...] = ()
    unread_metafields: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    unread_columns: tuple[str, ...] = ()
    choice_columns: frozenset[str] = frozenset()

    @cached_property
    def read_columns(self) -> tuple[str, ...]:
        """All columns that have to be read to know the colours of a product, each once."""
        options = [column for option in self.options for column in option[:2]]
        return tuple(dict.fromkeys((*self.columns, *options, *self.attribute_columns, *self.metafields)))

    def read_colours(self, rows: Sequence[Cells]) -> ShopColours:
        """Return the colours of a product, from the first source that names any.

        Args:
            rows: the cells of all rows of the list about the product; one row for a picture without a
                product.
        """
        for garments in self._read_sources(rows):
            # Rows of one product that differ are what a buyer chooses from. `Navy/White` in one cell is one
            # garment, unless the column is one of choices.
            if different_colours := _list_different_colours(garments):
                is_sold_in_several = len(different_colours) > 1 or self._has_variations(
                    rows[0], different_colours[0]
                )
                return ShopColours(() if is_sold_in_several else different_colours[0], is_sold_in_several)
        cells = (read_identifier(row[name]) for row in rows for name in (*self.columns, *self.metafields))
        return ShopColours(cell_without_colour=next(filter(None, cells), ""))

    def _read_sources(self, rows: Sequence[Cells]) -> Iterator[list[tuple[str, ...]]]:
        """Yield the colours of each garment by one source after another, the preferred source first."""
        if self.columns:
            yield [garment for row in rows for garment in self._read_garments(row, self.columns)]
        if self.options:
            values_by_row = read_options(self.options, rows)
            name = find_colour_option(dict.fromkeys(name for values in values_by_row for name in values))
            yield [split_colour_cell(value) for values in values_by_row for value in values.get(name, ())]
        if self.attribute_columns:
            is_choice = not self.choice_columns.isdisjoint(self.attribute_columns)
            attributes = map(read_attribute_colours, rows)
            yield [garment for colours in attributes for garment in _divide_colours(colours, is_choice)]
        for column in self.metafields:
            yield [split_colour_cell(row[column]) for row in rows]

    def _read_garments(self, row: Cells, columns: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the colours of each garment by the first of some columns that names any in a row."""
        colours_by_column = ((column, split_colour_cell(row[column])) for column in columns)
        column, colours = next(filter(itemgetter(1), colours_by_column), ("", ()))
        return _divide_colours(colours, column in self.choice_columns)

    def _has_variations(self, row: Cells, colours: Sequence[str]) -> bool:
        """Return whether a row with several colours of WooCommerce or Magento has each for sale by itself."""
        if not self.attribute_columns or len(colours) < 2:
            return False
        return woocommerce.has_variation_type(row) or bool(magento.read_variation_colours(row))


def _list_different_colours(garments: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the different colours of garments. "Navy" and "navy" are equal, and the first is returned."""
    different_colours = dict[tuple[str, ...], tuple[str, ...]]()
    for colours in filter(None, garments):
        different_colours.setdefault(tuple(map(str.casefold, colours)), colours)
    return list(different_colours.values())


def _divide_colours(colours: tuple[str, ...], is_choice: bool) -> list[tuple[str, ...]]:
    """Return the colours of each garment that a cell is about: one garment, or one for each colour."""
    return [(colour,) for colour in colours] if is_choice else [colours]


def read_attribute_colours(row: Cells) -> tuple[str, ...]:
    """Return the colours that the attributes of WooCommerce or Magento in a row name."""
    values = woocommerce.read_colour_values(row) or magento.read_attribute_colours(row)
    return tuple(dict.fromkeys(filter(is_colour_text, map(decode_html, values))))
