"""Columns of attributes in a table: what a cell means, what is refused, and what a person is told."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.errors import BadClasses, BadCsv
from training.pictures.labels import (
    INAPPLICABLE,
    UNKNOWN,
    Labels,
    check_columns,
    column_in,
    labels_in,
    learnt_attribute,
    measured_attribute,
    unread_columns,
)
from training.pictures.listing import list_pictures

CLASSES = ("Coat", "Bag")


def read(cells: Sequence[str]) -> tuple[Labels, list[str]]:
    """What is learnt of pictures of alternating classes with these cells, and what is said."""
    said: list[str] = []
    groups, classes = list(map(str, range(len(cells)))), Labels.of(np.arange(len(cells)) % 2, CLASSES)
    return learnt_attribute("column", cells, groups, classes, said.append), said


def test_a_cell_is_a_label_or_several_or_not_known_or_does_not_apply() -> None:
    cells = ["blue", "white", "blue/white", "", "-", "white / blue", "T-shirt/top", *["blue", "white"] * 3]
    cells += ["T-shirt/top"] * 2

    found, _ = read(cells)

    assert found.names == ("T-shirt/top", "blue", "white")
    assert found.main[:7].tolist() == [1, 2, 1, UNKNOWN, INAPPLICABLE, 2, 0]
    assert found.right[2].tolist() == found.right[5].tolist() == [False, True, True]
    assert found.right[0].tolist() == [False, True, False]


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
    assert labels_in(cells) == expected


def test_a_class_that_never_has_the_attribute_is_not_asked() -> None:
    assert read(["long", "-", "short", "-"] * 3)[0].applies_to == ("Coat",)
    assert read(["long", "-", "short", ""] * 3)[0].applies_to == ("Coat",)
    assert read(["long", "-", "short", "long"] * 3)[0].applies_to is None


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ["a", "b"] * 4 + ["rare"],
            "too few pictures or groups of 'rare' .1 picture, and needs 3",
        ),
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
        (["a"] * 6, "1 labels have enough"),
        (["a", "b", ""], "0 labels have enough"),
        ([f"label {place // 3}" for place in range(900)], "300 labels .*2 to 256"),
        (["Blue", "blue"] * 3, "'Blue' and 'blue' differ in nothing but capital letters"),
    ],
    ids=["all unknown", "one label", "too few", "300 labels", "twins"],
)
def test_what_cannot_be_learnt_is_refused(cells: list[str], reason: str) -> None:
    with pytest.raises(BadClasses, match=reason):
        read(cells)


def a_table(folder: Path, *rows: str, column: str = "colour") -> Path:
    (folder / "products.csv").write_text("\n".join([f"path,label,{column},price", *rows]), "utf-8")
    return folder / "products.csv"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["path"], "no attribute can be called so"),
        (["label"], "no attribute can be called so"),
        (["2nd"], "no attribute can be called so"),
        (["confidence"], "two columns `confidence`"),
        (["colour", "colour"], "named twice"),
        (["colour", "colour_also"], "two columns `colour_also`"),
    ],
)
def test_a_name_that_the_table_of_answers_has_is_refused(
    names: list[str], reason: str, tmp_path: Path
) -> None:
    listing = list_pictures(a_table(tmp_path, "0.png,Coat,a,1"))

    with pytest.raises(BadClasses, match=reason):
        check_columns(listing, names, CLASSES)


def test_a_column_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    listing = list_pictures(a_table(tmp_path, "0.png,Coat,a,1"), ["pattern"])

    with pytest.raises(BadCsv, match="no column `pattern`, only path, label, colour, price"):
        check_columns(listing, ["pattern"], CLASSES)
    assert unread_columns(listing, ["colour"]) == "Columns that are not read: price."


@pytest.mark.parametrize("text", ["none of these", "None Of These"])
def test_none_of_these_is_no_label_of_an_attribute_and_no_class(text: str, tmp_path: Path) -> None:
    table = a_table(tmp_path, f"0.png,Coat,{text},1", f"1.png,{text},blue,1")

    listing = list_pictures(table, ["colour"])

    assert [picture.labels for picture in listing.pictures] == [{"label": "Coat", "colour": ""}]
    assert listing.left_out == [tmp_path / "1.png"]


def test_labels_that_begin_like_a_formula_stay_as_they_are(tmp_path: Path) -> None:
    listing = list_pictures(a_table(tmp_path, "0.png,Coat,'=1+1,1"), ["colour"])

    assert listing.pictures[0].labels["colour"] == "=1+1"


def test_a_table_is_measured_by_the_labels_of_a_release_and_others_are_named() -> None:
    said: list[str] = []

    found = measured_attribute("column", ["b", "c", "", "b/a"], ("b", "a"), said.append)

    assert found.main.tolist() == [0, UNKNOWN, UNKNOWN, 0]
    assert found.right[3].tolist() == [True, True]
    assert said == ["column: the release lacks these labels ('c')."]


def test_data_counts_the_labels_of_a_column_and_names_what_a_training_would() -> None:
    found, wrong = (
        column_in("column", cells, list(map(str, range(len(cells)))))
        for cells in (["a"] * 3 + ["b"] * 3 + ["rare", "", "-"], ["Blue", "blue"] * 3)
    )

    assert found.counts == {"a": 3, "b": 3, "rare": 1}
    assert (found.unknown, found.inapplicable, found.is_wrong) == (1, 1, False)
    assert "too few pictures or groups of 'rare'" in found.findings[0]
    assert wrong.is_wrong
    assert "differ in nothing but capital letters" in wrong.findings[0]
