"""The levels of a shop's categories: how cells are split, and which folders are categories."""

import pytest

from labelling.lists.categories import CategoryColumn, find_folder_categories
from labelling.lists.titles import ListWords

SHOP = (
    "Giyim > Üst > Gömlek",
    "Giyim > Üst > Bluz",
    "Clothing, Clothing > Shirts",
    "Clothing",
    "Clothing, Clothing > Trousers",
    "Shirts, blouses",
    "Women/Dresses",
    "Women/Coats",
    "Women",
    "Dresses",
    "Coats",
    "Çanta / Kemer",
    "Sale, Dresses",
    "Sale",
)


@pytest.mark.parametrize(
    ("cell", "paths"),
    [
        ("Giyim > Üst > Gömlek", [("Giyim", "Üst", "Gömlek")]),
        ("Giyim»Üst | Gömlek", [("Giyim", "Üst", "Gömlek")]),
        ("Clothing, Clothing > Shirts", [("Clothing", "Shirts")]),
        ("Shirts, blouses", [("Shirts, blouses",)]),
        ("Sale, Dresses", [("Sale",), ("Dresses",)]),
        ("Women/Dresses", [("Women", "Dresses")]),
        ("Çanta / Kemer", [("Çanta / Kemer",)]),
        ('="Coats"', [("Coats",)]),
        ("Giyim > 2024 > Gömlek", [("Giyim", "Gömlek")]),
        ("", []),
        ("12", []),
        ("n/a", []),
        ("https://shop.example/c/12", []),
        ("info@shop.example", []),
        ("x" * 500, []),
    ],
)
def test_a_cell_is_split_where_the_other_cells_of_the_column_show_it(
    cell: str, paths: list[tuple[str, ...]]
) -> None:
    assert list(CategoryColumn.learn_from_cells(SHOP).split_cell(cell)) == paths


def test_a_category_that_others_of_its_cell_begin_with_is_left_out_in_any_order() -> None:
    cell = "Clothing > Shirts > Linen, Clothing, Shirts, Clothing > Shirts, Clothing > Trousers"
    column = CategoryColumn.learn_from_cells((*SHOP, "Linen, Clothing > Shirts > Linen"))

    assert column.split_cell(cell) == (
        ("Clothing", "Shirts", "Linen"),
        ("Shirts",),
        ("Clothing", "Trousers"),
    )


@pytest.mark.parametrize("separator", [" > ", ", ", "/", "|"])
def test_a_category_cell_is_read_as_far_as_a_title_and_ends_with_a_whole_level(separator: str) -> None:
    levels = ["Dresses", "Coats"] * 50_000
    list_words = ListWords(categories=("category",), language="en")

    text = list_words.read_category({"category": separator.join(levels)})

    read_levels = [level.strip() for level in text.split(separator.strip())]
    assert 100 < len(read_levels) < 1_000
    assert read_levels == levels[: len(read_levels)]


FOLDERS = [
    ("shop/photos/dresses/1", "dresses/1"),
    ("shop/photos/dresses/2", "dresses/2"),
    ("shop/photos/skirts/3", "skirts/3"),
    ("shop/photos/skirts/4", "skirts/4"),
    ("shop/photos/hats/5", "hats/5"),
    ("shop/photos/2024/6", "2024/6"),
    ("shop/photos/2024/7", "2024/7"),
]


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("shop/photos/dresses/1", ("dresses",)),
        ("shop/photos/skirts/9", ("skirts",)),
        ("shop/photos/hats/5", ()),  # one product alone
        ("shop/photos/2024/6", ()),
        ("shop/photos", ()),
    ],
)
def test_a_folder_of_several_products_is_a_category(folder: str, path: tuple[str, ...]) -> None:
    assert find_folder_categories(lambda: FOLDERS, ()).find_category(folder) == path


def test_one_folder_among_the_photos_is_no_category() -> None:
    folders = [("photos/new", "1"), ("photos/new", "2"), ("photos/3", "3"), ("photos/4", "4")]

    assert find_folder_categories(lambda: folders, ()).find_category("photos/new") == ()


def test_pictures_in_one_folder_have_no_category() -> None:
    folders = [("photos/a", "1"), ("photos/a", "2")]

    assert find_folder_categories(lambda: folders, ()).find_category("photos/a") == ()


@pytest.mark.parametrize(
    ("sorted_names", "is_read"), [(("dresses", "skirts", "hats", "2024"), False), (("dresses",), True)]
)
def test_folders_that_pictures_were_sorted_into_by_class_are_no_categories(
    sorted_names: tuple[str, ...], is_read: bool
) -> None:
    found = find_folder_categories(lambda: FOLDERS, sorted_names)

    assert bool(found.find_category("shop/photos/dresses/1")) == is_read
