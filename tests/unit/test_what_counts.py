"""What counts of pictures of one's own: in a quick try, before and after they are decoded, and for the test.

Copies, classes and groups, as trainings read them: test_own_pictures.py.
"""

import hashlib
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from inference.contract import LABEL
from tests.own_pictures import (
    Said,
    Things,
    a_photo,
    hashes_in_a_row,
    write_class_folders,
)
from tests.tables import write_csv
from tests.uploads import png
from training.data.data_source import DataSource
from training.data.division import mark_test_set, sample_test_pictures
from training.data.listing import DataSetPart, ListedPicture
from training.data.near_copies import group_near_copies
from training.data.perceptual_hashes import PerceptualHashes
from training.data.read import load_data_set, make_checked_pictures
from training.data.unique_pictures import UniquePicture
from training.errors import BadRecipe, DataError

COUNT = 12
"""Pictures per class."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def things(tmp_path: Path) -> Things:
    """Three classes of twelve pictures, in folders."""
    return Things(tmp_path / "things", is_table=False).of_kinds(COUNT)


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """For each of three classes six pictures to learn and two for the test."""
    write_class_folders(tmp_path / "things" / "train", 6)
    write_class_folders(tmp_path / "things" / "test", 2, first_seed=100)
    return tmp_path / "things"


# A quick try.


def test_a_quick_try_learns_as_many_pictures_as_it_says_and_is_measured_on_the_whole_test_set(
    divided: Path, said: Said
) -> None:
    every = said.read(divided)

    few = said.read(divided, limit=15)

    assert few.train.sha256.tolist() == every.train.sha256.tolist()[:15]
    assert few.test.compute_digest() == every.test.compute_digest()
    with pytest.raises(BadRecipe, match="--limit 19: the training set allows 1 to 18"):
        said.read(divided, limit=19)


def test_a_quick_try_says_what_corrections_change_and_which_files_cannot_be_read(
    divided: Path, said: Said
) -> None:
    (divided / "train" / "Ball" / "empty.png").touch()
    answers = write_csv(divided / "answers.csv", [{"path": "train/Ball/000.png", "label": "Box"}])
    named = DataSource(place=str(divided), corrections=(answers,), skip_unreadable=True)

    load_data_set(named, said, limit=15)

    assert [one for one in said if "1 gets another label" in one]
    assert [one for one in said if one.startswith("skipped 1 of") and "empty.png" in one]


# Before pictures are decoded.


def test_a_class_that_a_correction_ends_is_not_refused(things: Things, said: Said) -> None:
    things.add("Bal", "mine.png", png(a_photo("Ball", COUNT)))
    answers = write_csv(things.folder / "answers.csv", [{"path": "Bal/mine.png", "label": "Ball"}])

    with pytest.raises(DataError, match="is this a misspelling: 'Bal'"):
        make_checked_pictures(DataSource(place=str(things.place)), said.append)
    _, classes = make_checked_pictures(
        DataSource(place=str(things.place), corrections=(answers,)), said.append
    )
    assert classes is None


# After they are decoded.


def unlike(count: int) -> PerceptualHashes:
    """Hashes of which none is near another."""
    return np.random.default_rng(0).integers(0, 2**63, (count, 10), np.uint64)


def a_content(
    sha256: str, part: DataSetPart | None = None, label: str = "Ball", group: str = ""
) -> UniquePicture:
    """A content of one row."""
    labels, groups = {LABEL: label}, frozenset({group} - {""})
    row = ListedPicture(Path(sha256), labels, part=part, group=group)
    return UniquePicture(sha256, (row,), labels, groups=groups, part=part)


def test_near_copies_are_joined_alike_in_every_order_of_the_files() -> None:
    in_a_row = list(zip(("b", "a", "c"), hashes_in_a_row(3), strict=True))

    groups = [
        dict(
            zip(
                names,
                group_near_copies([*map(a_content, names)], np.stack(hashes)).split_keys.tolist(),
                strict=True,
            )
        )
        for names, hashes in (zip(*order, strict=True) for order in permutations(in_a_row))
    ]

    assert groups == [{"a": "a", "b": "a", "c": "a"}] * 6


def test_pictures_for_the_test_whose_group_or_product_is_learnt_are_named() -> None:
    parts: list[DataSetPart] = ["train", "test", "test", "test"]
    names = zip("abcd", parts, ["sender 1", "sender 1", "sender 2", "sender 1"], strict=True)
    pictures = [a_content(content, part, group=group) for content, part, group in names]

    divided, shared = group_near_copies(pictures, unlike(3)[[0, 1, 2, 0]]).notes

    assert divided.startswith("1 picture is in `train` and nearly the same in `test`")
    assert shared.startswith("1 picture in `test` shares a group or a product")
    assert shared.endswith("with some in `train`, so the accuracy is too good: b.")


def test_near_copies_of_two_labels_of_an_attribute_are_learnt_without_it_and_named() -> None:
    """Equal bytes of two labels are refused."""
    cells = [("red", "S"), ("blue", "S"), ("red", "S"), ("", "L")]
    pictures = [
        replace(a_content(content), labels={LABEL: "Ball", "colour": colour, "size": size})
        for content, (colour, size) in zip("abcd", cells, strict=True)
    ]

    near = group_near_copies(pictures, np.repeat(unlike(2), 2, axis=0))

    found = [(labels["colour"], labels["size"]) for labels in near.labels]
    assert found == [("", "S"), ("", "S"), ("red", ""), ("", "")]
    of_two_labels, _ = near.notes
    assert of_two_labels.endswith("attribute, which is not learnt of them: a and b; c and d.")


@pytest.mark.parametrize("cells", [["red/blue", "blue / red"], ["red/blue", "red"]])
def test_near_copies_with_a_label_in_common_keep_the_attribute(cells: list[str]) -> None:
    pictures = [
        replace(a_content(content), labels={LABEL: "Ball", "colour": cell})
        for content, cell in zip("ab", cells, strict=True)
    ]

    near = group_near_copies(pictures, np.repeat(unlike(1), 2, axis=0))

    assert ([labels["colour"] for labels in near.labels], near.cleared_attributes) == (cells, {})


# For the test.


def test_every_version_draws_the_test_set_that_an_earlier_release_was_measured_on() -> None:
    """A release knows its test set by a digest: after another draw, it is compared with nothing."""
    contents = [hashlib.sha256(f"{number}".encode()).hexdigest() for number in range(120)]
    labels = ["Ball"] * 60 + ["Box"] * 57 + ["Rare"] * 3
    senders = [f"sender {number % 8}" for number in range(40)] + [""] * 80
    hashes = unlike(120)
    hashes[40:80] = np.repeat(hashes[40:50], 4, axis=0)  # near copies, by four
    rows = zip(contents, labels, senders, strict=True)

    every = [a_content(one, label=label, group=sender) for one, label, sender in rows]
    tested = np.flatnonzero(mark_test_set(group_near_copies(every, hashes))).tolist()

    of_senders = [0, 3, 4, 8, 11, 12, 16, 19, 20, 24, 27, 28, 32, 35, 36]
    of_near_copies = [40, 41, 42, 43, 68, 69, 70, 71]
    assert tested == [*of_senders, *of_near_copies, 88, 89, 95, 96, 104, 110, 112, 119]


def test_an_evaluation_finds_the_test_set_of_a_training_in_the_same_pictures_under_other_names(
    things: Things, said: Said
) -> None:
    trained = load_data_set(DataSource(place=str(things.place)), said)

    things.rename()
    measured = load_data_set(DataSource(place=str(things.place)), said, picture_use="measure")

    assert len(measured.test) == 3 * COUNT
    assert sample_test_pictures(measured.test).compute_digest() == trained.test.compute_digest()


def test_a_divided_folder_is_measured_on_its_test_part_alone(divided: Path, said: Said) -> None:
    trained, measured = (
        load_data_set(DataSource(place=str(divided)), said, picture_use=use) for use in ("learn", "measure")
    )

    assert len(measured.test) == 6
    assert measured.test.compute_digest() == trained.test.compute_digest()
