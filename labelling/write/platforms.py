"""The platforms that import a feed: the columns that each of them reads, and the cells that it needs.

To add a platform, add a member of FEEDS. The columns are those in the platforms' documentation
(docs/how-to/feeds.md). This module is pure. woocommerce.py has the cells of WooCommerce.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from labelling.lists.identifiers import read_listed_cell
from labelling.lists.woocommerce import REPLACES, loses_variations, make_colour_attribute, read_attributes
from labelling.rows import Category, TableRow
from labelling.run_settings import ProductGrouping


class CategoryFile(NamedTuple):
    """The form in which a platform imports the category of a product.

    Attributes:
        column: the column of the category.
        choose: returns the platform's cell for a category's id and name; None if it has none.
        other_columns: the cells of the feed that are in this file too, between the key and the category.
    """

    column: str
    choose: Callable[[Category], str | None]
    other_columns: tuple[str, ...]


class Platform(NamedTuple):
    """The form in which a platform imports a feed.

    Attributes:
        key: the column by which the platform knows a product. Products with the same key are one.
        read_key: returns the key of a product, from its name in the list and its row.
        colour_cells: returns the cells of the colour, by column.
        other_cells: returns all other cells of a row, by column. A column of the colour may be among them: it
            keeps its place, and gets the cell of the colour.
        needs: the columns of the list that it needs, each with its possible names, in small letters.
        categories: the form of its file of categories; None if its feed has none.
        loses: returns whether its import would remove something of a product there. Such products are left
            out.
        note: a sentence about a list without attributes.
    """

    key: str
    read_key: Callable[[str, TableRow], str]
    colour_cells: Callable[[TableRow], dict[str, str]]
    other_cells: Callable[[TableRow], dict[str, str]]
    needs: tuple[tuple[str, ...], ...]
    categories: CategoryFile | None
    loses: Callable[[TableRow], bool]
    note: str

    def make_cells(self, name: str, row: TableRow) -> dict[str, str]:
        """Return a row of the feed, by column.

        Args:
            name: the name of the product in the list.
            row: the row of the product.
        """
        return {self.key: self.read_key(name, row), **self.other_cells(row), **self.colour_cells(row)}


_HANDLE: Final = ("handle", "url handle")
_TITLE: Final = ("title",)
"""Names of the columns that Shopify needs."""

FEEDS: Final[Mapping[str, Platform]] = {
    "google": Platform(
        key="id",
        read_key=lambda name, _: name,
        colour_cells=lambda row: {"color": "/".join(row.feed_colours)},
        other_cells=lambda _: {},
        needs=(),
        categories=CategoryFile("google_product_category", itemgetter(0), other_columns=()),
        loses=lambda _: False,
        note="",
    ),
    "shopify": Platform(
        key="URL handle",
        read_key=lambda _, row: read_list_cell(row, _HANDLE),
        colour_cells=lambda row: {"Color (product.metafields.custom.color)": ", ".join(row.feed_colours)},
        other_cells=lambda row: {"Title": read_list_cell(row, _TITLE)},
        needs=(_HANDLE, _TITLE),
        categories=CategoryFile("Product category", itemgetter(1), other_columns=("Title",)),
        loses=lambda _: False,
        note="",
    ),
    "woocommerce": Platform(
        key="SKU",
        read_key=lambda name, _: name,
        colour_cells=lambda row: make_colour_attribute(row.record.cells, row.feed_colours),
        other_cells=lambda row: read_attributes(row.record.cells),
        needs=(),
        categories=None,
        loses=lambda row: loses_variations(row.record.cells),
        note=REPLACES,
    ),
}


def read_list_cell(row: TableRow, names: Sequence[str]) -> str:
    """Read the cell of a column of the list, whose name may have any capitals; empty if it has nothing."""
    cells = (
        read_listed_cell(cell) for column, cell in row.record.cells.items() if column.casefold() in names
    )
    return next(filter(None, cells), "")


def find_lacking_column(platform: str, row: TableRow) -> str:
    """Find the first column that the platform needs and a row has nothing in; empty if there is none."""
    return next((names[0] for names in FEEDS[platform].needs if not read_list_cell(row, names)), "")


def find_spellings(row: TableRow, by: ProductGrouping | None) -> list[str]:
    """Find the spellings of a product in the list, by which a platform knows it; for a folder its name."""
    if by is None or by.folder is not None:
        return [row.record.product]
    return list(dict.fromkeys(read_listed_cell(photo.cells[by.column]) for photo in row.record.photos))
