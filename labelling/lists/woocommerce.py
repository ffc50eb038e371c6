"""Read attributes from WooCommerce's export of a shop, and make the cells that its importer takes.

An attribute is a property of a product in four columns:

    Attribute 1 name    Attribute 1 value(s)    Attribute 1 visible    Attribute 1 global
    Color               Red, Blue               1                      1

The importer replaces all attributes of a product by those of its row, so a row of the feed repeats the
attributes of the list. It also removes the variations (sizes and colours with prices of their own) of a
product whose row names none, so such products are left out. An export has its headers in the shop's language;
the importer reads English ones in every shop.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Final

from inference.words.language_files import WOOCOMMERCE_TERMS, load_languages
from labelling.lists.colour_cells import decode_html
from labelling.lists.colour_headings import find_colour_option

REPLACEMENT_NOTE: Final = (
    "WooCommerce replaces all attributes of a product by those of its row, and the list has none: label the "
    "export of the shop, whose columns `Attribute 1 name`, `Attribute 1 value(s)`, `Attribute 1 visible`, "
    "`Attribute 1 global` and so on then stay. They are known in some languages; in an export "
    "in another language give them these names."
)
"""Note for a feed from a list without attributes."""

TYPE_COLUMN: Final = "type"
"""The English heading of the column that says how a product is sold, such as `simple` or `variation`."""

_VARIATION_TYPES: Final = frozenset({"variable", "variation"})
"""Values of the column `Type` for a product with variations, such as sizes, and for one of these."""

PRODUCT_TYPES: Final = _VARIATION_TYPES | {"simple", "grouped", "external", "virtual", "downloadable"}
"""Values of the column `Type`. They say how a product is sold, and not what it is."""


@cache
def translate_header(column: str) -> str | None:
    """Return the English header of a column of attributes: "Attribute 1 name" for `Attribut 1 Name`.

    It is None for any other column, and for a header in a language whose headers are not known.
    """
    attribute_patterns = (
        (part, pattern) for part, pattern in _make_header_patterns().items() if part != TYPE_COLUMN
    )
    matches = ((part, pattern.fullmatch(column.strip())) for part, pattern in attribute_patterns)
    return next(
        (f"Attribute {_get_attribute_number(match)} {part}" for part, match in matches if match), None
    )


@cache
def _make_header_patterns() -> dict[str, re.Pattern[str]]:
    """Return a pattern for each column of attributes, such as "name" of "Attribute 1 name"."""
    headers = {part: [] for part in WOOCOMMERCE_TERMS}  # type: dict[str, list[str]]
    for language in load_languages().values():
        for part, shop_headers in language.woocommerce.items():
            # `#` stands for the attribute's number. Versions of a translation differ in their apostrophes.
            headers[part] += (
                re.escape(header).replace(r"\#", r"(\d+)").replace("'", "['\u2019]")
                for header in shop_headers
            )
    return {
        "value(s)" if part == "values" else part: re.compile("|".join(part_headers), re.IGNORECASE)
        for part, part_headers in headers.items()
    }


def _get_attribute_number(match: re.Match[str]) -> str:
    # The pattern has a group for each language, of which one has matched.
    return next(number for number in match.groups() if number)


def read_woocommerce_attributes(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row with attributes, by English headers: {"Attribute 1 name": "Color", ...}.

    An attribute whose column of values is not known is left out: a row without values would empty it.
    """
    attribute_cells = {name: cell for column, cell in cells.items() if (name := translate_header(column))}
    return {
        name: cell
        for name, cell in attribute_cells.items()
        if _make_value_header(f"{_cut_header(name)} name") in attribute_cells
    }


def read_attributes(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a row's attributes by their names: {"Color": "Red, Blue"}; empty without any."""
    attribute_cells = read_woocommerce_attributes(cells)
    return {
        name: attribute_cells.get(_make_value_header(header), "")
        for header, name in attribute_cells.items()
        if header.endswith("name") and name
    }


def _cut_header(header: str) -> str:
    """Return the part of a header that names the attribute: "Attribute 1" of "Attribute 1 visible"."""
    return " ".join(header.split()[:2])


def has_variations(cells: Mapping[str, str], colours: tuple[str, ...] = ()) -> bool:
    """Return whether importing the feed's row for a product would remove variations or colours of it.

    This is so if the row is a variation or has variations, or if its colour attribute has several values that
    the feed does not repeat.

    Args:
        cells: the cells of the product's row in the list, by column.
        colours: the colours of the product in the feed.
    """
    is_losing_colours = len(read_colour_values(cells)) > 1 and not _has_colours(cells, colours)
    return has_variation_type(cells) or is_losing_colours


def _has_colours(cells: Mapping[str, str], colours: tuple[str, ...]) -> bool:
    """Return whether the colour attribute of a row has exactly these colours."""
    return tuple(dict.fromkeys(map(decode_html, read_colour_values(cells)))) == colours


def has_variation_type(cells: Mapping[str, str]) -> bool:
    """Return whether a row is a variation or a product with variations, by its column `Type`."""
    type_cells = (cell for column, cell in cells.items() if is_type_column(column))
    return not _VARIATION_TYPES.isdisjoint(
        value.casefold() for cell in type_cells for value in split_attribute_values(cell)
    )


@cache
def is_type_column(column: str) -> bool:
    """Return whether a column is WooCommerce's `Type` in some language, such as German `Typ`."""
    return _make_header_patterns()[TYPE_COLUMN].fullmatch(column.strip()) is not None


def is_product_type(column: str, cell: str) -> bool:
    """Return whether a cell says how WooCommerce sells a product ("simple, virtual"), not what it is.

    Args:
        column: the header of the cell's column, in any language.
    """
    types = {value.casefold() for value in split_attribute_values(cell)}
    return (
        types <= PRODUCT_TYPES and _make_header_patterns()[TYPE_COLUMN].fullmatch(column.strip()) is not None
    )


def read_colour_values(cells: Mapping[str, str]) -> list[str]:
    """Return the values of the colour attribute in a row: ["Red", "Blue"]; empty if it has none."""
    attribute_cells = read_woocommerce_attributes(cells)
    name = _find_colour_header(attribute_cells)
    return split_attribute_values(attribute_cells.get(_make_value_header(name), "")) if name else []


def split_attribute_values(cell: str) -> list[str]:
    r"""Split a cell at commas: ["Red, dark", "Blue"] for `Red\, dark, Blue`."""
    return [value.replace(r"\,", ",") for text in re.split(r"(?<!\\),", cell) if (value := text.strip())]


def _find_colour_header(attribute_cells: Mapping[str, str]) -> str | None:
    """Return the header that names the row's colour attribute: "Attribute 2 name"; None without one."""
    names = {column: cell for column, cell in attribute_cells.items() if column.endswith("name")}
    colour_name = find_colour_option(names.values())
    return next((column for column, name in names.items() if colour_name and name == colour_name), None)


def fill_attributes(attribute_cells: Mapping[str, str], find_value: Callable[[str], str]) -> dict[str, str]:
    """Return the attributes of a row, with values in those that have none.

    No attribute is added: a new one would need a number, which may be that of another attribute of the shop.

    Args:
        attribute_cells: the cells of attributes by English headers, such as "Attribute 1 name".
        find_value: a function that returns the value for an attribute of a name; empty for none.
    """
    cells = dict(attribute_cells)
    for header, name in attribute_cells.items():
        value_header = _make_value_header(header)
        if header.endswith("name") and name and not cells.get(value_header, "").strip():
            cells[value_header] = find_value(name)
    return cells


def _make_value_header(name: str) -> str:
    """Return the header of an attribute's values: "Attribute 1 value(s)" for "Attribute 1 name"."""
    return name.removesuffix("name") + "value(s)"


def make_colour_attribute(cells: Mapping[str, str], colours: tuple[str, ...]) -> dict[str, str]:
    """Return the cells that set the colour of a product: {"Attribute 1 name": "Color", ...}.

    The row's own colour attribute is used, or else the first attribute number that is free.

    Args:
        cells: the cells of the product's row in the list, by column.
        colours: the colours of the product, the main one first.
    """
    attribute_cells = read_woocommerce_attributes(cells)
    free = (column for number in count(1) if not attribute_cells.get(column := f"Attribute {number} name"))
    # A free number, since a taken one would replace another attribute of the product, such as its size.
    name = _find_colour_header(attribute_cells) or next(free)
    value_header = _make_value_header(name)
    # A cell with these colours stays as it was exported, as `Black &amp; White` does.
    value = (
        attribute_cells[value_header]
        if _has_colours(cells, colours)
        else ", ".join(colour.replace(",", r"\,") for colour in colours)
    )
    visible_header, global_header = (name.removesuffix("name") + end for end in ("visible", "global"))
    return {
        name: attribute_cells.get(name) or "Color",
        value_header: value,
        visible_header: attribute_cells.get(visible_header) or "1",
        global_header: attribute_cells.get(global_header) or "1",
    }
