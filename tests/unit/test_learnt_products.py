"""Tables with a column of products: learnt together, and without photos of several classes."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from inference.contract import LABEL
from labelling.lists.list_reading import ListOptions
from tests.own_pictures import KINDS, Said, see_nothing, write_class_folders
from training.data.folders import list_pictures
from training.data.listing import ListedPicture, Listing, PictureUse
from training.data.unique_pictures import merge_labels
from training.errors import DataError

BY = ListOptions(product_column="article")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Twelve pictures of each of three kinds."""
    return write_class_folders(tmp_path, 12)


def listed(
    shop: Path, *more: tuple[str, ...], header: tuple[str, ...] = ("path", "label", "article")
) -> Path:
    """A list of products of two photos each, with further rows."""
    rows = [
        (f"{kind}/{number:03}.png", kind, f"{kind}-{number // 2}", *("" for _ in header[3:]))
        for kind in KINDS
        for number in range(12)
    ]
    with (shop / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows, *more])
    return shop / "list.csv"


def groups_of(listing: Listing) -> dict[str, str]:
    return {"/".join(one.path.parts[-2:]): one.group for one in listing.pictures}


def test_products_are_groups_unless_the_table_has_others(shop: Path) -> None:
    header = ("path", "label", "article", "group")
    file = listed(shop, ("Ball/000.png", "Ball", " Ball-0 ", "sender"), header=header)

    groups = groups_of(list_pictures(file, list_options=BY))

    assert (groups["Ball/000.png"], groups["Ball/001.png"]) == ("sender", "Ball-0")
    assert (groups["Ball/002.png"], groups["Ball/003.png"]) == ("Ball-1", "Ball-1")


def test_groups_and_products_are_what_people_see_of_a_cell(shop: Path) -> None:
    cells = ('="1"', "1\u200b", "nan", "#N/A")
    header = ("path", "label", "article", "group")
    more = [(f"Ball/{number:03}.png", "Ball", cell, cell) for number, cell in enumerate(cells)]
    with (file := shop / "list.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *more])

    pictures = list_pictures(file, list_options=BY).pictures

    assert [picture.product for picture in pictures] == ["1", "1", "", ""]
    assert [picture.group for picture in pictures] == ["1", "1", "", ""]
    file.write_text('path,label,group\nBall/000.png,Ball,"4,05E+12"\n', "utf-8")
    with pytest.raises(DataError, match=r"column `group`: '4,05E\+12'"):
        list_pictures(file)


def read(file: Path, reading: ListOptions, said: Said) -> int:
    found = said.read(file, see=see_nothing, by=reading.product_column)
    assert all("article" not in sentence for sentence in said), "it is read"
    return len(found.train)


@pytest.mark.parametrize("use", ["learn", "measure"])
def test_a_training_knows_that_it_learns_products_and_a_measurement_that_it_measures_them(
    use: PictureUse, shop: Path
) -> None:
    of_products, of_pictures = (Said().read(listed(shop), by=by, use=use) for by in ("article", ""))

    assert (of_products.train.has_product_groups, of_products.test.has_product_groups) == (True, True)
    assert (of_pictures.train.has_product_groups, of_pictures.test.has_product_groups) == (False, False)


def test_a_photo_under_two_classes_by_way_of_two_products_is_left_out_and_named(shop: Path) -> None:
    said = Said()

    count = read(listed(shop, ("Ball/000.png", "Box", "Box-0")), BY, said)

    assert count == read(listed(shop, ("Ball/000.png", "Trunk", "Trunk-0")), BY, Said()) == 3 * 12 - 1
    (sentence,) = (one for one in said if "under several classes by way of several products" in one)
    assert sentence.startswith("1 picture lies")
    assert str(Path("Ball", "000.png")) in sentence


@pytest.mark.parametrize(
    ("reading", "row"),
    [
        pytest.param(ListOptions(), ("Ball/000.png", "Box", "Box-0"), id="without products"),
        pytest.param(BY, ("Ball/000.png", "Box", "Ball-0"), id="one product of two classes"),
        pytest.param(BY, ("Ball/000.png", "Box", ""), id="a row without a product"),
    ],
)
def test_it_is_refused_where_products_do_not_say_why(
    reading: ListOptions, row: tuple[str, ...], shop: Path
) -> None:
    with pytest.raises(DataError, match="are the same picture"):
        read(listed(shop, row), reading, Said())


def test_a_colour_in_which_the_products_of_one_photo_differ_is_not_known() -> None:
    cells = (("1", "red"), ("2", "blue"), ("3", ""))
    rows = [
        ListedPicture(Path("1.jpg"), {LABEL: "Coat", "colour": colour}, product=name)
        for name, colour in cells
    ]

    assert merge_labels(rows) == {LABEL: "Coat", "colour": ""}
    assert merge_labels(rows[1:]) == {LABEL: "Coat", "colour": "blue"}
    with pytest.raises(DataError, match="'red' in one row and 'blue' in another"):
        merge_labels([replace(row, product="1") for row in rows])


def test_a_column_that_is_not_there_and_a_folder_are_refused(shop: Path) -> None:
    with pytest.raises(
        DataError, match="has no column `sku` for --product-column; it has path, label, article"
    ):
        list_pictures(listed(shop), list_options=ListOptions(product_column="sku"))
    with pytest.raises(DataError, match="--product-column sku names a column of a CSV"):
        list_pictures(shop, list_options=ListOptions(product_column="sku"))
