"""Read the colours of a product from the attributes in Magento's export.

    additional_attributes     color=Red|Dark blue,size=M
    configurable_variations   sku=T-R,color=Red|sku=T-B,color=Blue

The first cell has the attributes of the row's own product. The second one lists the products that a buyer
chooses from, such as the red and the blue tee of one row.
"""

import re
from collections.abc import Mapping
from typing import Final

from labelling.lists.colour_headings import find_colour_option

ATTRIBUTES_COLUMN: Final = "additional_attributes"
"""The column with the attributes of a product."""

VARIATIONS_COLUMN: Final = "configurable_variations"
"""The column with the products, each with a number and attributes of its own, that a buyer chooses from."""

_ATTRIBUTE: Final = re.compile(r'(?:^|,)\s*"?([^=,"]*?)\s*=([^,"]*)')
"""Pattern of one attribute in a cell such as `color=Red|Blue,size=M`. If "Fields enclosure" is on in Magento,
the cell is `"color=Red|Blue","size=M"`."""


def is_attribute_column(column: str) -> bool:
    """Return whether the heading of a column is one under which Magento exports attributes."""
    return _fold_heading(column) in {ATTRIBUTES_COLUMN, VARIATIONS_COLUMN}


def read_attribute_colours(cells: Mapping[str, str]) -> list[str]:
    """Return all colours in a row of Magento's export, first those of the row's own product."""
    own_colours = _find_colour(_read_cell(cells, ATTRIBUTES_COLUMN)).split("|")
    return [*map(str.strip, own_colours), *read_variation_colours(cells)]


def read_attributes(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of a row's own product: {"color": "Red|Blue", "size": "M"}; empty without any."""
    return {name: value.strip() for name, value in _ATTRIBUTE.findall(_read_cell(cells, ATTRIBUTES_COLUMN))}


def read_variation_colours(cells: Mapping[str, str]) -> list[str]:
    """Return the colours of the products that a buyer chooses from: ["Red", "Blue"]; empty without any."""
    variations = _read_cell(cells, VARIATIONS_COLUMN).split("|")
    return list(filter(None, map(_find_colour, variations)))


def _find_colour(attributes: str) -> str:
    """Return the colour among some attributes: "Red" of `sku=T-R,color=Red`; empty without one."""
    values: dict[str, str] = dict(_ATTRIBUTE.findall(attributes))
    return values.get(find_colour_option(values), "").strip()


def _read_cell(cells: Mapping[str, str], heading: str) -> str:
    return next((cell for column, cell in cells.items() if _fold_heading(column) == heading), "")


def _fold_heading(column: str) -> str:
    return column.strip().casefold()
