"""The platforms that import a feed: the columns that each of them reads, and the cells that it needs.

A feed for Google has the columns `id` and `color`; one for Shopify has `URL handle`, `Title` and a
metafield for the colour. To add a platform, add a member of FEED_PLATFORMS, with the columns that the
platform documents.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from labelling.lists.customer_columns import TOPICS, Topic, is_customer_name
from labelling.lists.identifiers import clean_list_cell
from labelling.lists.woocommerce import (
    REPLACEMENT_NOTE,
    fill_attributes,
    has_variations,
    make_colour_attribute,
    read_woocommerce_attributes,
)
from labelling.rows import Category, TableRow
from labelling.run_settings import ProductGrouping


class CategoryFile(NamedTuple):
    """The columns of the file in which a sales platform imports the categories of products.

    Attributes:
        column: the name of the column with the category.
        choose_cell: a function that returns the cell for a category's id and name: the one or the other, as
            the platform reads it; None if there is no category.
        other_columns: the columns of the feed that this file has too, between the key and the category.
    """

    column: str
    choose_cell: Callable[[Category], str | None]
    other_columns: tuple[str, ...]


class CustomerFile(NamedTuple):
    """The columns of a file in which a sales platform imports for whom products are made.

    Attributes:
        ending: the end of the file's name, such as `age-group`.
        value_columns: the names of the columns with values, by their subject.
        other_columns: the columns of the feed that this file has too, between the key and the values.
        is_exported: whether an export of the platform has these columns. Then a filled cell of the list is
            repeated; otherwise any value that the list has of its own leaves the product out.
    """

    ending: str
    value_columns: Mapping[Topic, str]
    other_columns: tuple[str, ...] = ()
    is_exported: bool = False


class FeedPlatform(NamedTuple):
    """The columns and rules of the feed that a sales platform imports.

    Attributes:
        key: the name of the column that identifies a product, such as `SKU`. The platform takes rows with the
            same key for one product.
        read_key: a function that returns the key of a product, from its name in the list and its row.
        colour_cells: a function that returns the cells with the colour, by column.
        other_cells: a function that returns all other cells of a row, by column. A column of the colour may
            be among them: it keeps its place, and gets the cell of the colour.
        needed_columns: the columns of the list that the platform needs, each with its possible names in small
            letters.
        categories: the columns of its file of categories; None if the platform imports none.
        has_loss: a function that returns whether the import would remove something that a product has on the
            platform, such as variations. Such products are left out.
        note: a sentence for the user if the list has no attributes; empty for none.
        can_take_colours: a function that returns whether the platform takes the colours of a product.
        customers: the columns of its files with genders and age groups; empty if it imports none.
    """

    key: str
    read_key: Callable[[str, TableRow], str]
    colour_cells: Callable[[TableRow], dict[str, str]]
    other_cells: Callable[[TableRow], dict[str, str]]
    needed_columns: tuple[tuple[str, ...], ...]
    categories: CategoryFile | None
    has_loss: Callable[[TableRow], bool]
    note: str
    can_take_colours: Callable[[Sequence[str]], bool] = lambda _: True
    customers: tuple[CustomerFile, ...] = ()

    def make_cells(self, product_name: str, row: TableRow) -> dict[str, str]:
        """Return the cells of a product's row in the feed, by column.

        Args:
            product_name: the name of the product in the list.
        """
        return {self.key: self.read_key(product_name, row), **self.other_cells(row), **self.colour_cells(row)}


def get_customer_value(row: TableRow, topic: Topic) -> str:
    """Return the gender or the age group of a product; empty if nothing says it."""
    return (row.customers.gender if topic == "gender" else row.customers.age_group).value


def _make_attribute_cells(row: TableRow) -> dict[str, str]:
    """Return the attributes of a row for WooCommerce, with gender and age group in their empty cells."""

    def find_value(name: str) -> str:
        return next((get_customer_value(row, topic) for topic in TOPICS if is_customer_name(name, topic)), "")

    return fill_attributes(read_woocommerce_attributes(row.record.cells), find_value)


_HANDLE: Final = ("handle", "url handle")
"""Names, in small letters, of the column with Shopify's key of a product, in its old and new exports."""

_TITLE: Final = ("title",)
"""Name, in small letters, of the column without which Shopify imports no product."""

# Several colours stand in one cell as each platform reads them: "Navy/White" for Google, "Navy, White" for
# Shopify.
FEED_PLATFORMS: Final[Mapping[str, FeedPlatform]] = {
    "google": FeedPlatform(
        key="id",
        read_key=lambda name, _: name,
        colour_cells=lambda row: {"color": "/".join(row.feed_colours)},
        other_cells=lambda _: {},
        needed_columns=(),
        categories=CategoryFile("google_product_category", itemgetter(0), other_columns=()),
        # A file for each value, since an empty cell of a supplemental source removes what the shop has. The
        # names and values of Meta are the same.
        customers=(
            CustomerFile("gender", {"gender": "gender"}),
            CustomerFile("age-group", {"age_group": "age_group"}),
        ),
        has_loss=lambda _: False,
        note="",
        # support.google.com/merchants/answer/6324487: 40 characters for each colour, and 100 for all of them.
        can_take_colours=lambda colours: max(map(len, colours)) <= 40 and len("/".join(colours)) <= 100,
    ),
    "shopify": FeedPlatform(
        key="URL handle",
        read_key=lambda _, row: read_list_cell(row, _HANDLE),
        colour_cells=lambda row: {"Color (product.metafields.custom.color)": ", ".join(row.feed_colours)},
        other_cells=lambda row: {"Title": read_list_cell(row, _TITLE)},
        needed_columns=(_HANDLE, _TITLE),
        categories=CategoryFile("Product category", itemgetter(1), other_columns=("Title",)),
        customers=(
            CustomerFile(
                "gender",
                {"gender": "Google Shopping / Gender", "age_group": "Google Shopping / Age Group"},
                other_columns=("Title",),
                is_exported=True,
            ),
        ),
        has_loss=lambda _: False,
        note="",
    ),
    "woocommerce": FeedPlatform(
        key="SKU",
        read_key=lambda name, _: name,
        colour_cells=lambda row: make_colour_attribute(row.record.cells, row.feed_colours),
        other_cells=_make_attribute_cells,
        needed_columns=(),
        categories=None,
        has_loss=lambda row: has_variations(row.record.cells, row.feed_colours),
        note=REPLACEMENT_NOTE,
    ),
}


def read_list_cell(row: TableRow, names: Sequence[str]) -> str:
    """Return the first filled cell of a row among the list's columns with the given names.

    Args:
        names: the names of the columns in small letters; capitals in the list are ignored.

    Returns:
        The text of the cell; empty if all such cells are empty or there is no such column.
    """
    cells = (clean_list_cell(cell) for column, cell in row.record.cells.items() if column.casefold() in names)
    return next(filter(None, cells), "")


def find_lacking_column(platform: str, row: TableRow) -> str:
    """Return the first column that a platform needs and that is empty in a row; empty if all are filled."""
    return next(
        (names[0] for names in FEED_PLATFORMS[platform].needed_columns if not read_list_cell(row, names)), ""
    )


def find_product_spellings(row: TableRow, grouping: ProductGrouping | None) -> list[str]:
    """Return the different spellings of a product's name in the rows of its list.

    Args:
        grouping: the grouping of photos into products; None without one.

    Returns:
        The spellings in the rows of the list, in their order; for a product that is a folder, its name.
    """
    if grouping is None or grouping.folder is not None:
        return [row.record.product]
    return list(dict.fromkeys(clean_list_cell(photo.cells[grouping.column]) for photo in row.record.photos))
