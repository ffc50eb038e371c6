"""Read the options of a product from the export of a shop system: what a buyer chooses, such as the size.

    Shopify      Option1 Name, Option1 Value                     Color | Navy/White
    Squarespace  Option Name 1, Option Value 1                   Color | Navy/White
    Wix          productOptionName1, productOptionDescription1   Color | #8B0000:Burgundy;#FFFFF0:Ivory
    Wix, newer   productOptionName1, productOptionChoices1       Color | Burgundy;Ivory
    Etsy         VARIATION 1 NAME, VARIATION 1 VALUES            Color | Burgundy,Ivory
    PrestaShop   Attribute (Name:Type:Position)*, Value (Value:Position)*
                                                                 Color:color:0, Size:select:1 | Blue:0, M:1
    BigCommerce  Product Name, in rows of SKUs                   [RB]Color=Burgundy,[RT]Size=M

The headings are those of Wix's template for products, of Etsy's file of listings, of PrestaShop's sample file
of combinations, and of BigCommerce's export for bulk edits (support.bigcommerce.com, "Complex Attributes").
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple


class ProductOptionColumns(NamedTuple):
    """The columns of the options of a product: `Option1 Name` and `Option1 Value`.

    Attributes:
        name_column: the column with the name of an option, such as "Color". In some exports, only the first
            row of a product has it.
        value_column: the column with its value. For BigCommerce this is the column of the names, too.
        separator: the sign between several values of one cell, as in "Burgundy;Ivory"; empty if a cell has
            one value.
    """

    name_column: str
    value_column: str
    separator: str = ""


_NUMBERED_NAMES: Final = (
    (re.compile(r"option ?[1-9] name|option name [1-9]"), ("value",), ""),
    (re.compile(r"productoptionname[1-9]"), ("choices", "description"), ";"),
    (re.compile(r"variation[ _][1-9][ _]name"), ("values",), ","),
)
"""Patterns of headings with the name of an option, in small letters; the words that the heading of its value
can have in place of `name`; and the sign between several values of a cell."""

_PRESTASHOP_NAMES: Final = "attribute (name:type:position)"
_PRESTASHOP_VALUES: Final = "value (value:position)"

_BIGCOMMERCE_TYPE: Final = "item type"
"""The heading by which BigCommerce's export is known. Its cells are `Product`, `SKU` and `Rule`."""

_BIGCOMMERCE_NAMES: Final = ("product name", "name")

_BIGCOMMERCE_OPTION: Final = re.compile(r"(?:^|,)\s*\[[A-Z]{1,3}\]\s*([^=,\[\]]+?)\s*=\s*([^,]*)")
"""Pattern of one option of a SKU, behind the sign of its type: `[RB]` for radio buttons, `[S]` for a list."""

_CODE: Final = re.compile(r"^\s*#[0-9a-f]{3,8}\s*:|:\s*(?:#[0-9a-f]{3,8}|[0-9]+)\s*$", re.IGNORECASE)
"""The code of a colour before or behind its name, or its position: `#8B0000:Burgundy`, `Blue:0`."""


def find_option_columns(columns: Sequence[str]) -> Iterator[ProductOptionColumns]:
    """Yield the columns with options of products, in an export of a shop system whose headings are known."""
    by_heading = {column.strip().rstrip("* ").casefold(): column for column in columns}
    for heading, column in by_heading.items():
        for pattern, value_words, separator in _NUMBERED_NAMES:
            value_headings = (heading.replace("name", word) for word in value_words)
            value_column = next(filter(None, map(by_heading.get, value_headings)), None)
            if value_column and pattern.fullmatch(heading):
                yield ProductOptionColumns(column, value_column, separator)
    if _PRESTASHOP_NAMES in by_heading and _PRESTASHOP_VALUES in by_heading:
        yield ProductOptionColumns(by_heading[_PRESTASHOP_NAMES], by_heading[_PRESTASHOP_VALUES], ",")
    if _BIGCOMMERCE_TYPE in by_heading:
        names = filter(None, map(by_heading.get, _BIGCOMMERCE_NAMES))
        yield from (ProductOptionColumns(name, name, ",") for name in names)


def read_options(
    options: Sequence[ProductOptionColumns], rows: Sequence[Mapping[str, str]]
) -> list[dict[str, list[str]]]:
    """Return the values of each option in each row of a product: [{"Color": ["Navy", "Ivory"]}].

    A buyer chooses one of the values, so each belongs to a garment of its own.

    Args:
        rows: the cells of all rows of the list about the product.
    """
    values_by_row: list[dict[str, list[str]]] = [{} for _ in rows]
    for option in options:
        _add_values(values_by_row, option, rows)
    return values_by_row


def _add_values(
    values_by_row: Sequence[dict[str, list[str]]],
    option: ProductOptionColumns,
    rows: Sequence[Mapping[str, str]],
) -> None:
    """Add the values of one option, or of all options in a pair of columns, to the values of each row."""
    first_name = next(filter(None, (row[option.name_column].strip() for row in rows)), "")
    for row, values in zip(rows, values_by_row, strict=True):
        for name, value in _read_cells(row, option, first_name):
            if value:
                values.setdefault(name, []).append(value)


def _read_cells(
    row: Mapping[str, str], option: ProductOptionColumns, first_name: str
) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the options in a row."""
    cell = row[option.value_column]
    if option.name_column == option.value_column:
        options: Iterator[tuple[str, str]] = (
            (match[1], match[2]) for match in _BIGCOMMERCE_OPTION.finditer(cell)
        )
    elif ":" in option.name_column:
        names = (name.split(":")[0].strip() for name in row[option.name_column].split(option.separator))
        options = zip(names, cell.split(option.separator), strict=False)
    else:
        values = cell.split(option.separator) if option.separator else [cell]
        options = ((first_name, value) for value in values)
    return ((name, _CODE.sub("", value).strip()) for name, value in options)
