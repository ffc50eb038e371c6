"""Columns of attributes in a table: what a cell means, what is refused, and what a person is told."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.uploads import a_garment, png
from training.errors import BadClasses, BadCsv
from training.pictures.attributes import (
    INAPPLICABLE,
    UNKNOWN,
    Attribute,
    attributes_of,
    columns_in,
    labels_in,
    read_cells,
)
from training.pictures.table import Pictures

CLASSES = ("Coat", "Bag")


def a_table(folder: Path, cells: Sequence[str], column: str = "colour") -> tuple[Path, Pictures]:
    """Pictures of alternating classes with these cells."""
    folder.mkdir(exist_ok=True)
    images = np.zeros((len(cells), 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.arange(len(cells)) % 256, np.arange(len(cells)) // 256
    labels = (np.arange(len(cells)) % 2).astype(np.uint8)
    files = tuple(folder / f"{place}.png" for place in range(len(cells)))
    table = folder / "products.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = [
            (one.name, CLASSES[label], cell) for one, label, cell in zip(files, labels, cells, strict=True)
        ]
        csv.writer(file).writerows([("path", "label", column), *rows])
    made = Pictures.of_pixels(images, labels)
    return table, Pictures(images=images, files=files, networks=made.networks, **made.columns())


def read(folder: Path, cells: Sequence[str], column: str = "colour") -> Attribute:
    table, pictures = a_table(folder, cells, column)
    return attributes_of(read_cells(table, [column], CLASSES), pictures, CLASSES)[column]


def test_a_cell_is_a_label_or_several_or_not_known_or_does_not_apply(tmp_path: Path) -> None:
    cells = ["blue", "white", "blue/white", "", "-", "white / blue", "T-shirt/top", *["blue", "white"] * 3]
    cells += ["T-shirt/top"] * 2

    found = read(tmp_path, cells)

    assert found.labels == ("T-shirt/top", "blue", "white")
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


def test_a_class_that_never_has_the_attribute_is_not_asked(tmp_path: Path) -> None:
    assert read(tmp_path, ["long", "-", "short", "-"] * 3).applies_to == ("Coat",)
    assert read(tmp_path, ["long", "-", "short", ""] * 3).applies_to == ("Coat",)
    assert read(tmp_path, ["long", "-", "short", "long"] * 3).applies_to is None


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
def test_a_rare_label_is_left_out_and_a_common_one_warned_of(
    cells: list[str], said: str, tmp_path: Path
) -> None:
    found = read(tmp_path, cells)

    assert found.labels == ("a", "b")
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(*found.said)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["", ""] * 3, "0 labels have enough"),
        (["a"] * 6, "1 labels have enough"),
        (["a", "b", ""], "0 labels have enough"),
        ([f"label {place // 3}" for place in range(900)], "300 labels .*2 to 256"),
        (["Blue", "blue "] * 3, "'Blue' and 'blue' differ in nothing but capital letters"),
    ],
    ids=["all unknown", "one label", "too few", "300 labels", "twins"],
)
def test_what_cannot_be_learnt_is_refused(cells: list[str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadClasses, match=reason):
        read(tmp_path, cells)


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
    table, _ = a_table(tmp_path, ["a", "b"] * 3)

    with pytest.raises(BadClasses, match=reason):
        read_cells(table, names, CLASSES)


def test_a_column_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    table, _ = a_table(tmp_path, ["a", "b"] * 3)

    with pytest.raises(BadCsv, match="no column `pattern`, only path, label, colour"):
        read_cells(table, ["pattern"], CLASSES)


def test_two_rows_of_one_picture_fill_each_other_and_may_not_disagree(tmp_path: Path) -> None:
    table, _ = a_table(tmp_path, ["a", "", "b"])
    text = table.read_text("utf-8")

    table.write_text(f"{text}1.png,Bag,b\n", "utf-8")
    assert read_cells(table, ["colour"], CLASSES).by_path[tmp_path / "1.png"] == ("b",)

    table.write_text(f"{text}0.png,Coat,b\n", "utf-8")
    with pytest.raises(BadCsv, match=r"0\.png is 'a' in one row and 'b' in another one"):
        read_cells(table, ["colour"], CLASSES)


def test_copies_of_a_picture_fill_each_other_and_may_not_disagree(tmp_path: Path) -> None:
    content = png(a_garment())
    table, pictures = a_table(tmp_path, ["a", "b"] * 3 + [""])
    for name in ("6.png", "copy.png"):
        (tmp_path / name).write_bytes(content)
    sha256 = pictures.sha256.copy()
    sha256[6] = hashlib.sha256(content).hexdigest()
    pictures = Pictures(
        images=pictures.images,
        files=pictures.files,
        networks=pictures.networks,
        **{**pictures.columns(), "sha256": sha256},
    )
    text = table.read_text("utf-8")
    table.write_text(f"{text}copy.png,Coat,a\n", "utf-8")

    found = attributes_of(read_cells(table, ["colour"], CLASSES), pictures, CLASSES)["colour"]
    assert found.labels[found.main[6]] == "a"

    table.write_text(f"{text.replace('6.png,Coat,', '6.png,Coat,b')}copy.png,Coat,a\n", "utf-8")
    with pytest.raises(BadCsv, match=r"is 'b' in one row and 'a' in another"):
        attributes_of(read_cells(table, ["colour"], CLASSES), pictures, CLASSES)


def test_labels_that_begin_like_a_formula_stay_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, ["=1+1", "b"] * 3).labels == ("=1+1", "b")


def test_data_counts_the_labels_of_a_column_and_names_what_a_training_would(tmp_path: Path) -> None:
    table = a_table(tmp_path, ["a"] * 3 + ["b"] * 3 + ["rare", "", "-"])
    twins = a_table(tmp_path / "twins", ["Blue", "blue "] * 3)

    found, wrong = (
        columns_in(read_cells(one, ["colour"], CLASSES), {file: str(file) for file in pictures.files})[
            "colour"
        ]
        for one, pictures in (table, twins)
    )

    assert found.counts == {"a": 3, "b": 3, "rare": 1}
    assert (found.unknown, found.inapplicable, found.is_wrong) == (1, 1, False)
    assert "too few pictures or groups of 'rare'" in found.findings[0]
    assert wrong.is_wrong
    assert "differ in nothing but capital letters" in wrong.findings[0]
