"""Columns of attributes in a table: what a cell means, what is refused, and what a person is told.

Which labels have enough pictures: test_rare.py.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.data.data_source import DataSource
from training.data.folders import list_pictures
from training.data.label_choice import choose_attribute_labels, match_attribute_labels, split_cells
from training.data.labels import (
    INAPPLICABLE_LABEL,
    UNKNOWN_LABEL,
    Labels,
    check_attribute_columns,
    describe_unread_columns,
)
from training.data.read import make_checked_pictures
from training.errors import DataError

CLASSES = ("Coat", "Bag")


def read(cells: Sequence[str]) -> tuple[Labels, list[str]]:
    """What is learnt of pictures of alternating classes with these cells, and what is said."""
    said: list[str] = []
    groups = list(map(str, range(len(cells))))
    classes = Labels.make_from_codes(np.arange(len(cells)) % 2, CLASSES)
    return choose_attribute_labels("column", cells, groups, classes, said.append), said


def test_a_cell_is_a_label_or_several_or_not_known_or_does_not_apply() -> None:
    cells = ["blue", "white", "blue/white", "", "-", "white / blue", "T-shirt/top", *["blue", "white"] * 3]
    cells += ["T-shirt/top"] * 2

    found, _ = read(cells)

    assert found.names == ("T-shirt/top", "blue", "white")
    assert found.main_codes[:7].tolist() == [1, 2, 1, UNKNOWN_LABEL, INAPPLICABLE_LABEL, 2, 0]
    assert found.is_right[2].tolist() == found.is_right[5].tolist() == [False, True, True]
    assert found.is_right[0].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["a/b", "a", "b"], [("a", "b"), ("a",), ("b",)]),
        (["a/b", "a"], [("a/b",), ("a",)]),
        (["a/b", "a/b/c", "a", "b"], [("a", "b"), ("a/b/c",), ("a",), ("b",)]),
        (["a/a", "a"], [("a/a",), ("a",)]),
        (["", "-"], [(), ()]),
    ],
)
def test_a_cell_is_split_only_where_every_part_stands_alone(
    cells: list[str], expected: list[tuple[str, ...]]
) -> None:
    assert split_cells(cells) == expected


@pytest.mark.parametrize(
    ("cells", "applies_to"),
    [
        (["long", "-", "short", "-"], ("Coat",)),
        (["long", "-", "short", ""], ("Coat",)),
        (["long", "-", "short", "long"], None),
    ],
)
def test_a_class_that_never_has_the_attribute_is_not_asked(
    cells: list[str], applies_to: tuple[str, ...] | None
) -> None:
    assert read(cells * 3)[0].applies_to == applies_to


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["a", "b"] * 4 + ["rare"], "too few pictures or groups of 'rare' .1 picture, and needs 3"),
        (["a"] * 97 + ["b"] * 3, "97% are 'a'"),
    ],
)
def test_a_rare_label_is_left_out_and_a_common_one_warned_of(cells: list[str], said: str) -> None:
    found, [sentence] = read(cells)

    assert found.names == ("a", "b")
    assert re.search(said, sentence)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["", ""] * 3, "0 labels have enough"),
        (["Blue", "blue"] * 3, "'Blue' and 'blue' differ in nothing but capital letters"),
    ],
)
def test_what_cannot_be_learnt_is_refused(cells: list[str], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(cells)


def a_table(folder: Path, *rows: str) -> Path:
    (folder / "products.csv").write_text("\n".join(["path,label,colour,price", *rows]), "utf-8")
    return folder / "products.csv"


@pytest.mark.parametrize(
    ("names", "error", "reason"),
    [
        (["path"], DataError, "no attribute can be called so"),
        (["label"], DataError, "no attribute can be called so"),
        (["2nd"], DataError, "no attribute can be called so"),
        (["confidence"], DataError, "two columns `confidence`"),
        (["colour", "colour"], DataError, "named twice"),
        (["colour", "colour_also"], DataError, "two columns `colour_also`"),
        (["pattern"], DataError, "no column `pattern`, only path, label, colour, price"),
    ],
)
def test_a_name_that_the_table_of_answers_has_or_the_table_lacks_is_refused(
    names: list[str], error: type[Exception], reason: str, tmp_path: Path
) -> None:
    listing = list_pictures(a_table(tmp_path, "0.png,Coat,a,1"))

    with pytest.raises(error, match=reason):
        check_attribute_columns(listing, names, CLASSES)
    assert describe_unread_columns(listing, ["colour"]) == "Columns that are not read: price."


def test_attributes_of_a_folder_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / f"{number}.png").touch()

    with pytest.raises(
        DataError, match="attributes are columns of a CSV with `path` and `label`; this is none"
    ):
        make_checked_pictures(DataSource(place=str(tmp_path), attributes=("colour",)), print)


def test_none_of_these_is_no_label_and_what_begins_like_a_formula_stays_as_it_is(tmp_path: Path) -> None:
    table = a_table(tmp_path, "0.png,Coat,None Of These,1", "1.png,Coat,'=1+1,1")

    listing = list_pictures(table, attributes=["colour"])

    assert [picture.labels["colour"] for picture in listing.pictures] == ["", "=1+1"]


def test_a_table_is_measured_by_the_labels_of_a_release_and_others_are_named() -> None:
    said: list[str] = []

    found = match_attribute_labels("column", ["b", "c", "", "b/a"], ("b", "a"), said.append)

    assert found.main_codes.tolist() == [0, UNKNOWN_LABEL, UNKNOWN_LABEL, 0]
    assert found.is_right[3].tolist() == [True, True]
    assert said == ["column: the release lacks these labels ('c')."]
