"""Find the columns of a list that say for whom a product is made, and read their cells.

The sources are read in this order:

1. a column with a usual heading, such as `Gender`, `Geschlecht` or `Google Shopping / Gender`;
2. an option or attribute with such a name, in the export of Shopify, WooCommerce or Magento;
3. a metafield with such a key, such as Shopify's `shopify.target-gender`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.words.customers import NO_CUSTOMERS, Customers, read_customers
from inference.words.language_files import list_readable_languages
from labelling.lists import magento, woocommerce
from labelling.lists.colour_headings import read_metafield
from labelling.lists.column_names import fold_column_name, list_usual_column_names
from labelling.lists.option_columns import ProductOptionColumns, find_option_columns, read_options

Topic: TypeAlias = Literal["gender", "age_group"]
"""The subject of a column: `gender` or `age_group`."""

TOPICS: Final[tuple[Topic, ...]] = ("gender", "age_group")

_METAFIELD_KEYS: Final[Mapping[Topic, frozenset[str]]] = {
    "gender": frozenset({"target gender", "gender"}),
    "age_group": frozenset({"age group"}),
}
"""Keys of metafields by their subject, in the form of `fold_column_name` without hyphens."""

_PREFIX: Final = re.compile(r"^(?:\*?[a-z]{1,2}:|pa_)", re.IGNORECASE)
"""The prefix by which a platform marks a column or an attribute: `g:gender`, `C:Department`, `pa_gender`."""

_OWN_WORD_COLUMNS: Final[Mapping[Topic, str]] = {"gender": "gender_word", "age_group": "age_group_word"}
"""Columns that a table of products has beside the value that was read. A list with such a column was made
from such a table, so the value is not the shop's own."""


class CustomerCell(NamedTuple):
    """A cell of a list that says for whom a product is made.

    Attributes:
        text: the cell, such as "Women".
        column: the heading of its column, or the name of the attribute.
    """

    text: str
    column: str


@dataclass(frozen=True, kw_only=True)
class CustomerColumns:
    """The columns of a list that say the gender or the age group of its products.

    Attributes:
        columns: the columns with a usual heading, by subject; those of metafields come last.
        options: the options of an export such as Shopify's, of any name.
        has_attributes: whether the list has columns with attributes of WooCommerce or Magento.
    """

    columns: Mapping[Topic, tuple[str, ...]]
    options: tuple[ProductOptionColumns, ...] = ()
    has_attributes: bool = False

    def read_cells(self, topic: Topic, rows: Sequence[Mapping[str, str]]) -> list[list[CustomerCell]]:
        """Return the cells about one subject, a list for each source that has any, the preferred one first.

        Args:
            rows: the cells of all rows of the list about the product.
        """
        sources = [
            [CustomerCell(row[column], column) for row in rows if row.get(column)]
            for column in self.columns[topic]
        ]
        sources.append(list(self._read_option_cells(topic, rows)))
        if self.has_attributes:
            sources.append([cell for row in rows for cell in _read_attribute_cells(topic, row)])
        return list(filter(None, sources))

    def _read_option_cells(self, topic: Topic, rows: Sequence[Mapping[str, str]]) -> Iterator[CustomerCell]:
        """Yield the values of the options that are named so, row by row."""
        for options in read_options(self.options, rows) if self.options else ():
            for name, values in options.items():
                if is_customer_name(name, topic):
                    # Several values of one row are those that a buyer chooses from.
                    yield CustomerCell("; ".join(values), name)


def _read_attribute_cells(topic: Topic, row: Mapping[str, str]) -> Iterator[CustomerCell]:
    attributes = woocommerce.read_attributes(row) | magento.read_attributes(row)
    for name, value in attributes.items():
        if value and is_customer_name(name, topic):
            yield CustomerCell(value, name)


def find_customer_columns(columns: Sequence[str]) -> CustomerColumns:
    """Find the columns of a list whose headings say that they have the gender or age group of products."""
    return CustomerColumns(
        columns={topic: _find_topic_columns(columns, topic) for topic in TOPICS},
        options=tuple(find_option_columns(columns)),
        has_attributes=any(
            woocommerce.translate_header(column) or magento.is_attribute_column(column) for column in columns
        ),
    )


def _find_topic_columns(columns: Sequence[str], topic: Topic) -> tuple[str, ...]:
    is_own_table = _OWN_WORD_COLUMNS[topic] in columns
    usual = [
        column
        for column in columns
        if is_customer_name(column, topic) and not (is_own_table and column == topic)
    ]
    metafields = [column for column in columns if _is_metafield(column, topic)]
    return tuple(dict.fromkeys((*usual, *metafields)))


def _is_metafield(column: str, topic: Topic) -> bool:
    field = read_metafield(column)
    return field is not None and fold_column_name(field.key.replace("-", " ")) in _METAFIELD_KEYS[topic]


@lru_cache(maxsize=1024)
def is_customer_name(text: str, topic: Topic) -> bool:
    """Return whether a column, an option or an attribute has a usual name for a gender or an age group."""
    return fold_column_name(_PREFIX.sub("", text.strip())) in list_usual_column_names(topic)


@lru_cache(maxsize=8192)
def read_customer_cell(text: str, language: str) -> Customers:
    """Return the gender and the age group that a cell of such a column names.

    Args:
        language: the code of the list's language, such as `de`. English words are known in every list.
    """
    codes = [code for code in (language, "en") if code in list_readable_languages()]
    return next(
        (found for code in codes if (found := read_customers(text, code, is_cell=True)) != NO_CUSTOMERS),
        NO_CUSTOMERS,
    )
