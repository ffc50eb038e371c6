"""What `wardrobe data` finds in pictures of one's own, and the command that it names next."""

import json
import tracemalloc
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inference.arrays import Picture
from labelling.errors import OutputUnusable
from scripts.console import get_program_name
from tests.commands import wardrobe
from tests.fashion import write_csv, write_idx_folder
from tests.own_pictures import hashes_in_a_row, see_nothing
from tests.pictures import jpeg
from tests.uploads import png
from training.data.data_source import DataSource
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.listing import ListedPicture
from training.data.near_copies import group_near_copies
from training.data.perceptual_hashes import (
    compute_perceptual_hash,
    group_similar_across_classes,
    group_similar_pictures,
)
from training.data.read import load_data_set
from training.data.unique_pictures import UniquePicture
from training.errors import DataError
from training.progress import ProgressLines

main = partial(wardrobe, "data")


def a_texture(seed: int) -> Picture:
    """A picture that is like no other, uint8 (150, 150, 3)."""
    small = np.random.default_rng(seed).integers(0, 255, (30, 30, 3), np.uint8)
    return cv2.resize(small, (150, 150), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def smaller(seed: int) -> bytes:
    return png(cv2.resize(a_texture(seed), (105, 105)).astype(np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of different pictures."""
    for seed in range(12):
        place = tmp_path / "things" / ("bags" if seed % 2 else "shoes")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{seed}.png").write_bytes(png(a_texture(seed)))
    return tmp_path / "things"


def checked(place: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """The exit code and the JSON document."""
    code = main([str(place), "--json", *words])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("shoes/other.png", png(a_texture(50)), ""),
        ("shoes/copy.png", png(a_texture(0)), "1 of 13 pictures are copies of others and count once"),
        (
            "bags/saved-again.jpg",
            jpeg(a_texture(0), 60),
            "nearly the same as others of another class, and left",
        ),
        ("bags/note.png", b"no picture", "skipped 1 of 13 files that cannot be read"),
        ("None of these/sofa.png", png(a_texture(50)), "left out 1 that are not taken for pictures"),
    ],
)
def test_what_a_training_learns_and_says_of_a_picture_is_said(
    folder: Path, name: str, content: bytes, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)

    ended, document = checked(folder, capsys)

    data = load_data_set(
        DataSource(place=str(folder), skip_unreadable=True), ProgressLines(), compute_features=see_nothing
    )
    learnt = Counter(data.labels[code] for code in data.train.classes.tolist())
    notes = [line for line in document["notes"] if not line.startswith("Held-out pictures")]
    assert ended == note.startswith("skipped")
    assert document["counts"] == learnt
    assert len(notes) == bool(note)
    assert note in "".join(notes)


@pytest.mark.parametrize("label", ["shoes", "bags"])
def test_all_groups_of_near_copies_are_named_with_their_copies(
    folder: Path, label: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("near.png", "copy of near.png"):
        (folder / label / name).write_bytes(smaller(0))

    ended, document = checked(folder, capsys)

    assert ended == 0
    assert [{Path(path).name for path in group} for group in document["near"]] == [
        {"0.png", "near.png", "copy of near.png"}
    ]


def test_photos_in_tiers_are_read_as_a_training_reads_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.rename(folder.with_name("C"))
    (folder.parent / "C" / "bags").rename(folder.parent / "C" / "Bag")
    (folder.parent / "C" / "shoes").rename(folder.parent / "C" / "7")
    (folder.parent / "A" / "Sneaker").mkdir(parents=True)
    (folder.parent / "A" / "Sneaker" / "saved-again.jpg").write_bytes(jpeg(a_texture(0), 60))
    (folder.parent / "A" / "Sneaker" / "broken.jpg").write_bytes(b"")

    ended, document = checked(folder.parent, capsys)

    assert ended == 1
    assert [[Path(path).name for path in group] for group in document["near"]] in (
        [["0.png", "saved-again.jpg"]],
        [["saved-again.jpg", "0.png"]],
    )
    assert {label: n for label, n in document["counts"].items() if n} == {"Sneaker": 7, "Bag": 6}
    assert "2 of 13 pictures are nearly the same as others" in "".join(document["notes"])


def a_shirt(colour: tuple[int, int, int]) -> Picture:
    """A product of a shop on white paper, uint8 (150, 150, 3)."""
    picture = np.full((150, 150, 3), 250, np.uint8)
    outline = np.array([[30, 30], [120, 30], [140, 70], [110, 70], [110, 135], [40, 135], [40, 70], [10, 70]])
    return cv2.fillPoly(picture, [outline], colour).astype(np.uint8)


PALETTE = [(200, 30, 30), (30, 160, 60), (40, 60, 190), (20, 20, 20), (125, 125, 125), (225, 225, 225)]


def test_one_product_in_several_colours_is_no_near_copy() -> None:
    hashes = [compute_perceptual_hash(a_shirt(colour)) for colour in PALETTE]

    assert group_similar_pictures(np.stack(hashes), range(len(hashes))) == []


def test_near_pictures_do_not_chain() -> None:
    assert group_similar_pictures(hashes_in_a_row(5), range(5)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_near_copy_in_another_class_is_found_where_a_third_picture_lies_between(
    order: tuple[int, ...],
) -> None:
    """Ball, Ball, Box: the second Ball is near both others, and each is the first by its content once."""
    labels = ("Ball", "Ball", "Box")
    rows = [ListedPicture(Path(f"{number}.png"), {"label": labels[number]}) for number in range(3)]
    contents = [
        UniquePicture(str(order[number]), (rows[number],), rows[number].labels) for number in range(3)
    ]

    near = group_near_copies(contents, hashes_in_a_row(3))

    assert near.kept_positions.tolist() == [0]
    assert near.conflicting_groups == ((1, 2),)


def test_thousands_of_nearly_equal_pictures_in_two_classes_are_one_group_and_take_no_pairs() -> None:
    """Such as a placeholder of a shop in many sizes."""
    base = compute_perceptual_hash(a_texture(0))
    hashes = np.repeat(base[np.newaxis], 2000, axis=0)
    hashes[:, 0] ^= np.uint64(1) << (np.arange(2000) % 60).astype(np.uint64)
    hashes[:, 1] ^= np.uint64(1) << (np.arange(2000) // 40).astype(np.uint64)

    tracemalloc.start()
    groups = group_similar_across_classes(hashes, [number % 2 for number in range(2000)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [len(group) for group in groups] == [2000]
    assert peak < 50_000_000


# What is printed, and the command that comes next.


def test_a_verdict_and_a_sheet_show_the_classes_under_their_names(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bags").rename(folder / "[red] bags [")

    assert main([str(folder), "--sheet", str(tmp_path / "sheet.png")]) == 0

    shown = capsys.readouterr().out
    assert "[red] bags [" in shown
    assert "These 12 pictures of 2 classes can be learnt." in shown.splitlines()[-2]
    assert shown.splitlines()[-1] == f"Next: {get_program_name()} train --data {folder}"
    sheet = cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    assert (sheet < 128).mean() > 0.05


def test_a_sheet_replaces_a_sheet_and_no_picture_that_is_read(folder: Path, tmp_path: Path) -> None:
    sheet, picture = tmp_path / "sheet.png", next(folder.rglob("*.png"))
    before = picture.read_bytes()
    for _ in range(2):
        assert main([str(folder), "--sheet", str(sheet)]) == 0

    with pytest.raises(OutputUnusable, match="this command reads it"):
        main([str(folder), "--sheet", str(picture)])
    assert picture.read_bytes() == before


def test_the_check_sends_back_to_itself_while_files_cannot_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bags" / "broken.png").write_bytes(b"")

    assert main([str(folder)]) == 1

    shown = capsys.readouterr().out
    assert "Not yet: files cannot be read. Without these, 12 pictures of 2 classes" in shown.splitlines()[-2]
    assert shown.splitlines()[-1] == f"Next: {get_program_name()} data {folder}"


def test_classes_that_a_training_leaves_out_are_named_and_the_others_can_be_learnt(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "hats").mkdir()
    for seed in (200, 201):
        (folder / "hats" / f"{seed}.png").write_bytes(png(a_texture(seed)))
    (folder / "hats" / "again.png").write_bytes(smaller(200))

    assert main([str(folder)]) == 0

    shown = capsys.readouterr().out
    assert "'hats' (3 pictures of 2 groups, and needs 3 groups)" in " ".join(shown.split())
    assert "These 12 pictures of 2 classes can be learnt." in shown


def test_a_rare_class_with_a_name_like_another_is_asked_about_before_pictures_are_decoded(
    folder: Path,
) -> None:
    (folder / "bagz").mkdir()
    (folder / "bagz" / "1.png").write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"is this a misspelling: 'bagz' .1. for 'bags'."):
        main([str(folder)])


def test_the_command_that_comes_next_names_the_data_set_in_a_folder_around_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapper = folder.parent / "unpacked"
    (wrapper / "archive").mkdir(parents=True)
    data = folder.rename(wrapper / "archive" / "data")
    (wrapper / "README.txt").write_text("Pictures of things.")

    assert main([str(wrapper)]) == 0

    assert f"Next: {get_program_name()} train --data {data}" in capsys.readouterr().out


def test_how_the_list_is_read_and_its_columns_stand_in_the_command_that_comes_next(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"{number},{('red', 'blue')[number % 2]},{file.relative_to(folder.parent)},{file.parent.name}"
        for number, file in enumerate(sorted(folder.glob("*/*.png")))
    ]
    table = folder.parent / "products.csv"
    table.write_text("\n".join(["sku,colour,image,label", *rows, "cut"]), "utf-8")
    words = ["--path-column", "image", "--root", str(folder.parent), "--encoding", "utf-8"]
    words += ["--product-column", "sku", "--skip-bad-rows", "--attribute", "colour"]

    assert main([str(table), *words]) == 0

    told = capsys.readouterr().out
    assert told.splitlines()[-1] == f"Next: {get_program_name()} train --data {table} {' '.join(words)}"


# What is refused.


def test_pixels_in_the_form_of_the_published_data_set_are_checked_as_they_are_learnt(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "around" / "set", train=30, test=20)

    with pytest.raises(DataError, match="train --data FOLDER"):
        main([str(tmp_path / "around")])
    with pytest.raises(DataError, match="--train CSV --test CSV"):
        main([str(write_csv(tmp_path / "set.csv", 30))])


@pytest.mark.parametrize("form", ["idx", "csv"])
def test_pixels_in_the_form_of_the_published_data_set_are_drawn_with_the_names_of_their_classes(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_idx_folder(tmp_path / "around" / "set", train=30, test=20)
    table = write_csv(tmp_path / "set.csv", 50)
    sheet = tmp_path / "sheet.png"

    assert main([str(tmp_path / "around" if form == "idx" else table), "--json", "--sheet", str(sheet)]) == 0

    shown = capsys.readouterr()
    assert json.loads(shown.out)["counts"] == dict.fromkeys(FASHION_MNIST_LABELS, 5)
    assert f"Pictures of each class: {sheet}" in shown.err
    drawn = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert (drawn < 128).mean() > 0.05
