"""Variations in WooCommerce's export get what their product says, in any language of the headings."""

from collections.abc import Mapping

import pytest

from labelling.lists.list_reading import ListOptions
from labelling.lists.variation_parents import VariationParents

Cells = Mapping[str, str]

COLUMNS = ("ID", "Type", "SKU", "Name", "Published", "Description", "Categories", "Images", "Parent")
TEXT = "Soft cotton that keeps its shape, in two colours."
PRODUCTS = (
    ("7", "variable", "TEE", "Loose tee", "1", TEXT, "Women > T-shirts", "tee.jpg", ""),
    ("8", "variation", "TEE-R", "", "1", "", "", "red.jpg", "TEE"),
    ("9", "variation, virtual", "TEE-B", "Tee, blue", "1", "", "", "", "TEE"),
    ("20", "variation", "HAT-S", "", "1", "", "", "hat-s.jpg", "id:10"),
    ("10", "variable", "", "Straw hat", "1", "Woven by hand in a small village.", "Hats", "hat.jpg", ""),
    ("11", "simple", "BAG", "Bag", "1", "", "", "bag.jpg", ""),
)
HEADINGS = {
    "ru": (
        "ID",
        "Тип",
        "Артикул",
        "Имя",
        "Опубликован",
        "Описание",
        "Категории",
        "Изображения",
        "Родительский",
    ),
    "et": ("ID", "Liik", "Tootekood", "Nimi", "Avaldatud", "Kirjeldus", "Kategooriad", "Pildid", "Ülem"),
    "nobody's": ("a", "b", "c", "d", "e", "f", "g", "h", "i"),
}


def complete(columns: tuple[str, ...], products: tuple[tuple[str, ...], ...] = PRODUCTS) -> list[Cells]:
    """All rows as they are labelled, by the English headings."""
    options = ListOptions(path_columns=(columns[7],), product_column=columns[2], named_columns=(columns[3],))
    rows = [dict(zip(columns, cells, strict=True)) for cells in products]
    parents = VariationParents(columns, options, lambda: iter(rows))
    return [dict(zip(COLUMNS, parents.complete_row(row).values(), strict=True)) for row in rows]


@pytest.mark.parametrize("language", [None, *HEADINGS])
def test_a_variation_has_title_and_description_of_the_parent_that_it_names(language: str | None) -> None:
    _, red, blue, hat, *_ = complete(HEADINGS[language] if language else COLUMNS)

    assert (red["Name"], red["Description"], red["SKU"]) == ("Loose tee", TEXT, "TEE-R")
    assert (blue["Name"], blue["Description"], blue["Images"]) == ("Tee, blue", TEXT, "")
    assert (hat["Name"], hat["Images"]) == ("Straw hat", "hat-s.jpg")


@pytest.mark.parametrize("language", [None, "ru"])
def test_a_variation_has_the_category_of_its_parent(language: str | None) -> None:
    rows = complete(HEADINGS[language] if language else COLUMNS)

    assert [row["Categories"] for row in rows] == ["Women > T-shirts"] * 3 + ["Hats"] * 2 + [""]


def test_a_variation_of_a_product_that_the_list_lacks_stays_as_it_is() -> None:
    stranger = ("99", "variation", "X-1", "", "1", "", "", "x.jpg", "GONE")

    assert complete(COLUMNS, (*PRODUCTS, stranger))[-1]["Name"] == ""


@pytest.mark.parametrize("place", [1, 8])
def test_a_list_without_types_or_parents_stays_as_it_is(place: int) -> None:
    products = tuple((*cells[:place], "", *cells[place + 1 :]) for cells in PRODUCTS)

    assert [tuple(row.values()) for row in complete(COLUMNS, products)] == list(products)
