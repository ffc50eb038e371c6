"""Complete the rows of Shopify's export about variants, if each variant is a product (`--by "Variant SKU"`).

    Handle  Title      Option1 Name  Option1 Value  Variant SKU  Image Src
    tee     Loose tee  Color         Red            T-R          tee.jpg
    tee                              Blue           T-B

A handle is Shopify's name of a product; a variant is one size or colour of it. Only the first row of a handle
has the title, the names of the options, the product's colour and most photos. The second row gets them, too,
so that it is a product of its own: a blue "Loose tee" with the photo tee.jpg.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from labelling.lists.colour_headings import is_colour_heading, is_shade_heading, read_metafield
from labelling.lists.column_names import is_colour_name
from labelling.lists.list_reading import ListOptions
from labelling.lists.titles import find_word_columns

HANDLE_HEADINGS: Final = ("handle", "url handle")
"""Headings, in small letters, of the column of Shopify's export that names a product."""

_VARIANT_HEADING: Final = re.compile(r"variant .*|sku|barcode", re.IGNORECASE)
"""Pattern of headings of columns that name a variant, such as `Variant SKU`."""

_OPTION_NAME: Final = re.compile(r"option ?\d name", re.IGNORECASE)
"""Pattern of headings such as `Option1 Name`, whose cells are "Color" or "Size"."""

_OWN_CELL_HEADING: Final = re.compile(
    r"variant\b.*|option ?\d value|.*\(variant\.metafields\..*", re.IGNORECASE
)
"""Pattern of headings whose cells belong to one variant, such as `Option1 Value`. None is inherited."""


def find_variant_column(columns: Collection[str]) -> str:
    """Return the column of Shopify's export that names variants, such as `Variant SKU`; empty without one."""
    headings = {column.strip().casefold(): column for column in columns}
    if headings.keys().isdisjoint(HANDLE_HEADINGS) or not any(map(_OPTION_NAME.fullmatch, headings)):
        return ""
    return next((headings[heading] for heading in ("variant sku", "sku") if heading in headings), "")


def find_handle_column(columns: Collection[str], product_column: str) -> str:
    """Return the column of handles of Shopify's export, if each variant is a product; empty otherwise.

    Args:
        columns: the columns of the list.
        product_column: the column that names the products (`--by`); empty without products.
    """
    if not find_variant_column(columns) or not _VARIANT_HEADING.fullmatch(product_column.strip()):
        return ""
    return next(column for column in columns if column.strip().casefold() in HANDLE_HEADINGS)


class VariantRows:
    """The rows of a list, in which variants get the cells that only the first row of their handle has."""

    def __init__(self, columns: Sequence[str], options: ListOptions) -> None:
        """Remember the columns of a list. Its rows are completed one by one, in their order.

        Args:
            columns: the columns of the list.
            options: the way in which the list is read. If its `product_column` names no variants, rows stay
                as they are.
        """
        self._handle_column = find_handle_column(columns, options.product_column)
        self._product_column = options.product_column
        self._path_columns = options.path_columns
        inherited_names = {*find_word_columns(columns).columns, *options.named_columns}
        self._inherited_columns = [
            column
            for column in columns
            if (column in inherited_names or _is_about_products(column))
            and not _OWN_CELL_HEADING.fullmatch(column.strip())
        ]
        self._first_rows: dict[str, dict[str, str]] = {}

    def complete_row(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Return the cells of a row, with those that it inherits from the first row of its handle.

        Rows have to come in the order of the list. A row that names no variant stays as it is.
        """
        handle = cells[self._handle_column].strip() if self._handle_column else ""
        if not handle:
            return cells
        inherited_cells = {
            column: cells[column] for column in (*self._inherited_columns, *self._path_columns)
        }
        first_cells = self._first_rows.setdefault(handle, inherited_cells)
        # Shopify adds rows for further photos. They name no variant, so that they belong to no product here.
        if first_cells is inherited_cells or not cells[self._product_column].strip():
            return cells
        added_cells = {
            column: first_cells[column] for column in self._inherited_columns if not cells[column].strip()
        }
        if not any(cells[column].strip() for column in self._path_columns):
            added_cells |= {column: first_cells[column] for column in self._path_columns}
        return {**cells, **added_cells}


def _is_about_products(column: str) -> bool:
    """Return whether a column has the names of options, a colour, or a field that a shop added."""
    checks = (_OPTION_NAME.fullmatch, is_colour_name, is_colour_heading, is_shade_heading, read_metafield)
    return any(check(column.strip()) for check in checks)
