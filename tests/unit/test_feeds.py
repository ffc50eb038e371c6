"""What the attributes of a list become in a feed for WooCommerce, which replaces all of a product."""

import pytest

from labelling.feeds import PLATFORMS

MATERIAL = {"Attribute 1 name": "Material", "Attribute 1 value(s)": "Cotton", "Attribute 1 global": "0"}
COLOUR = {"Attribute 2 name": "Colour", "Attribute 2 value(s)": "Rosso", "Attribute 2 global": "0"}
SHOWN = {"Attribute 2 value(s)": "red, white", "Attribute 2 visible": "1"}
ADDED = SHOWN | {"Attribute 2 name": "Color", "Attribute 2 global": "1"}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        pytest.param({}, {one.replace("2", "1"): cell for one, cell in ADDED.items()}, id="none"),
        pytest.param(MATERIAL, MATERIAL | ADDED, id="the colour gets the first free number"),
        pytest.param(MATERIAL | {"Attribute 2 name": None}, MATERIAL | ADDED, id="which may be there, empty"),
        pytest.param(MATERIAL | COLOUR, MATERIAL | COLOUR | SHOWN, id="or that of the list's own colour"),
    ],
)
def test_attributes_of_the_list_stay_beside_the_colour(
    listed: dict[str, str | None], found: dict[str, str]
) -> None:
    row = {"sku": "7", "title": "Shirt", **listed}

    assert PLATFORMS["woocommerce"]("7", ["red", "white"], row) == {"SKU": "7", **found}
