"""The pictures that a release learnt, together with people's corrections, as one table to train on."""

import csv
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.uploads import png
from training.errors import BadCsv, BadPictures
from training.pictures.joined import Joined, join
from training.pictures.learnt import NOTHING, Learnt
from training.pictures.listing import list_answers, list_pictures


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Four pictures of each of three kinds, and a catalogue beside them."""
    write_class_folders(tmp_path / "catalogue", 2, ["Ball"], first_seed=100)
    return write_class_folders(tmp_path / "photos", 4)


def corrected(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    file = folder / "corrections.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "label"), *rows])
    return file


def joined(shop: Path, *rows: tuple[str, str], known: Learnt | None = None) -> Joined:
    return join(shop, [corrected(shop.parent, rows)], KINDS, known, lambda *_: None)


def labels_in(found: Joined) -> dict[str, str]:
    return {"/".join(Path(path).parts[-2:]): label for path, label, _ in found.rows}


def test_a_correction_gives_a_picture_its_label_adds_a_new_one_and_leaves_one_out(shop: Path) -> None:
    found = joined(
        shop,
        ("photos/Ball/000.png", "Box"),
        ("photos/Ball/001.png", ""),
        ("photos/Box/000.png", "none of these"),
        ("photos/Stick/000.png", "Stick"),
        ("catalogue/Ball/100.png", "Ball"),
    )

    labels = labels_in(found)
    assert (found.before, found.relabelled, found.new, found.left_out) == (12, 1, 1, 2)
    assert len(labels) == len(found.rows) == 11
    assert (labels["Ball/000.png"], labels["Ball/100.png"]) == ("Box", "Ball")
    assert "Ball/001.png" not in labels
    assert "Box/000.png" not in labels


def test_a_correction_of_a_copy_in_the_catalogue_corrects_the_picture_that_was_learnt(shop: Path) -> None:
    shutil.copy(shop / "Ball" / "002.png", shop.parent / "catalogue" / "shot.png")

    found = joined(shop, ("catalogue/shot.png", "Stick"))

    assert labels_in(found)["Ball/002.png"] == "Stick"
    assert (found.relabelled, found.new) == (1, 0)


def answered(folder: Path, *rows: tuple[str, str, str]) -> Path:
    """Answers with the content that each was given to."""
    file = folder / "corrections.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "label", "sha256", "at"), *((*row, "") for row in rows)])
    return file


def test_pictures_that_were_renamed_or_moved_are_found_by_their_content_and_others_left_out(
    shop: Path,
) -> None:
    folder = shop.parent
    first, second, third = (
        (path, sha256((folder / path).read_bytes()).hexdigest())
        for path in ("catalogue/Ball/100.png", "catalogue/Ball/101.png", "photos/Box/000.png")
    )
    (folder / first[0]).rename(folder / "catalogue" / "Ball" / "renamed.png")
    (folder / "sold").mkdir()
    (folder / second[0]).rename(folder / "sold" / "moved.png")
    (folder / third[0]).rename(folder / "photos" / "Box" / "z.png")
    rows = [(path, "Stick", content) for path, content in (first, second, third)]
    said = answered(folder, *rows, ("catalogue/gone.png", "Box", "ab" * 32))

    found = join(shop, [said], KINDS, None, lambda *_: None)
    listed = list_answers(said)

    assert [Path(path).name for path in found.missing] == ["gone.png"]
    assert (found.new, found.relabelled) == (2, 1)
    assert {labels_in(found)[name] for name in ("Ball/renamed.png", "sold/moved.png", "Box/z.png")} == {
        "Stick"
    }
    assert {one.path.name for one in listed.pictures} == {"renamed.png", "moved.png", "z.png"}
    assert [one.name for one in listed.missing] == ["gone.png"]


def test_what_changes_nothing_is_no_change(shop: Path) -> None:
    assert joined(shop, ("photos/Ball/000.png", "Ball")).changes == 0


def test_the_table_is_read_as_it_was_written_whatever_a_class_is_called(tmp_path: Path) -> None:
    for label, kind in zip(("=1+1", "Мяч", "盒子"), KINDS, strict=True):
        (tmp_path / "photos" / label).mkdir(parents=True)
        (tmp_path / "photos" / label / "0.png").write_bytes(png(a_photo(kind, 0)))
    said = corrected(tmp_path, [("photos/Мяч/0.png", "'=1+1")])

    found = join(tmp_path / "photos", [said], ("=1+1", "Мяч", "盒子"), None, lambda *_: None)
    found.write(tmp_path / "runs" / "pictures.csv")

    listed = list_pictures(tmp_path / "runs" / "pictures.csv").pictures
    assert [one.label for one in listed] == ["=1+1", "=1+1", "盒子"]
    assert all(one.path.is_file() for one in listed)
    assert ",=1+1" not in (tmp_path / "runs" / "pictures.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("photos/Ball/000.png", "Bax"), "'Bax' is none of the classes .* Did you mean 'Box'"),
        (("photos/gone.png", "Box"), "1 of 1 corrections are of no file, among them .*gone.png"),
    ],
)
def test_a_wrong_correction_is_named(shop: Path, row: tuple[str, str], said: str) -> None:
    with pytest.raises(BadCsv, match=said):
        joined(shop, row)


def test_a_folder_of_which_the_release_learnt_nothing_is_refused(shop: Path) -> None:
    with pytest.raises(BadPictures, match="the release learnt none of these pictures"):
        joined(shop, ("photos/Ball/000.png", "Box"), known=NOTHING)

    content = sha256((shop / "Ball" / "000.png").read_bytes()).hexdigest()
    assert joined(shop, ("photos/Ball/000.png", "Box"), known=Learnt.of(np.array([content]))).relabelled == 1


def test_a_divided_folder_is_left_to_the_user(shop: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        shutil.copytree(shop, tmp_path / "divided" / part)

    with pytest.raises(BadPictures, match="divided into `train` and `test`"):
        join(tmp_path / "divided", [corrected(tmp_path, [])], KINDS, None, lambda *_: None)
