"""Rows of variants, which get the cells of a product that only the first row of their handle has."""

import pytest

from labelling.lists.list_reading import ListOptions
from labelling.lists.variant_rows import VariantRows

FIRST = {"Handle": "tee", "Title": "Loose tee", "Option1 Name": "Size", "Variant SKU": "T-S", "path": "1.jpg"}
SECOND = {"Handle": "tee", "Title": "", "Option1 Name": "", "Variant SKU": "T-M", "path": ""}


def complete(column: str, cell: str, *named_columns: str, by: str = "Variant SKU") -> dict[str, str]:
    """The second row of a handle whose first row has a cell in one more column."""
    rows = VariantRows([*FIRST, column], ListOptions(product_column=by, named_columns=named_columns))
    rows.complete_row({**FIRST, column: cell})
    return dict(rows.complete_row({**SECOND, column: ""}))


@pytest.mark.parametrize(
    "column",
    [
        *("Color", "Main Color", "Colorway", "Teinte", "Variante de couleur"),
        *("Color (product.metafields.shopify.color-pattern)", "Metafield: color", "mf: custom.color"),
    ],
)
def test_a_variant_has_the_colour_of_its_handle_whatever_the_heading_is(column: str) -> None:
    assert complete(column, "navy") == {**FIRST, "Variant SKU": "T-M", column: "navy"}


def test_a_variant_has_the_cell_of_a_column_that_a_person_named() -> None:
    assert complete("Finish", "Copper", "Finish")["Finish"] == "Copper"
    assert complete("Finish", "Copper")["Finish"] == ""


@pytest.mark.parametrize(
    "column",
    [
        *("Variant Color", "Variant Metafield: custom.color [string]", "Option1 Value", "Option 2 Value"),
        "Color (variant.metafields.custom.color)",
    ],
)
def test_a_variant_does_not_get_what_is_the_first_variants_own(column: str) -> None:
    assert complete(column, "navy", column)[column] == ""


def test_rows_stay_as_they_are_if_products_are_not_variants() -> None:
    assert complete("Color", "navy", by="Handle") == {**SECOND, "Color": ""}
