"""What `wardrobe data` finds in pictures of one's own, and the command that it names next."""

import json
import shutil
import tracemalloc
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.arrays import Picture
from labelling.errors import OutputUnusable
from scripts.terminal import program
from tests.commands import wardrobe
from tests.fashion import write_csv, write_idx_folder
from tests.own_pictures import hashes_in_a_row
from tests.pictures import jpeg
from tests.uploads import png
from training.data.listed_folders import list_pictures, unwrapped
from training.data.listing import ListedPicture
from training.data.near_copies import Neighbours, perceptual_hash
from training.data.prepare import settle
from training.errors import BadPictures

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


def found(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[str]]]:
    """The exit code and the names of the files in each finding."""
    code = main([str(folder), "--json"])
    findings = json.loads(capsys.readouterr().out)
    return code, {
        kind: [str(Path(one[0] if isinstance(one, list) else one).name) for one in findings[kind]]
        for kind in ("unreadable", "in_two_classes", "near_in_two_classes", "copies", "near", "tiny")
        if findings[kind]
    }


def test_what_a_training_leaves_out_is_said_before_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "beside.png").write_bytes(png(a_texture(50)))
    (folder / "None of these").mkdir()
    (folder / "None of these" / "sofa.png").write_bytes(png(a_texture(51)))

    assert main([str(folder)]) == 0

    left_out = f"{folder}/None of these/sofa.png, {folder}/beside.png."
    assert f"left out 2 that are not taken for pictures of a class: {left_out}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("shoes/other.png", png(a_texture(50)), None),
        ("shoes/copy.png", png(a_texture(0)), "copies"),
        ("shoes/saved-again.jpg", jpeg(a_texture(0), 60), "near"),
        ("shoes/smaller.png", smaller(0), "near"),
        (
            "shoes/lighter.png",
            png(cv2.convertScaleAbs(a_texture(0), alpha=0.8, beta=40).astype(np.uint8)),
            "near",
        ),
        ("bags/copy.png", png(a_texture(0)), "in_two_classes"),
        ("bags/saved-again.jpg", jpeg(a_texture(0), 60), "near_in_two_classes"),
        ("bags/tiny.png", png(a_texture(50)[:20, :20]), "tiny"),
        ("bags/note.png", b"no picture", "unreadable"),
    ],
)
def test_a_picture_that_training_should_not_get_is_found(
    folder: Path, name: str, content: bytes, kind: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_bytes(content)

    ended, findings = found(folder, capsys)

    assert ended == (kind in {"unreadable", "in_two_classes"})
    assert list(findings) == ([kind] if kind else [])


def test_a_picture_in_train_and_again_in_test_is_found(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("train", "test"):
        shutil.copytree(folder, tmp_path / "parts" / part)
    for file in (tmp_path / "parts" / "test").rglob("[1-9]*.png"):
        file.write_bytes(png(a_texture(100 + int(file.stem))))

    assert found(tmp_path / "parts", capsys) == (1, {"in_two_classes": ["0.png"]})


def test_photos_in_tiers_are_checked_like_pictures_of_classes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.rename(folder.with_name("C"))
    (folder.parent / "A" / "shoes").mkdir(parents=True)
    (folder.parent / "A" / "shoes" / "saved-again.jpg").write_bytes(jpeg(a_texture(0), 60))
    (folder.parent / "A" / "bags").mkdir()
    (folder.parent / "A" / "bags" / "other.png").write_bytes(png(a_texture(2)))

    ended, findings = found(folder.parent, capsys)

    assert (ended, findings) == (1, {"near": ["saved-again.jpg"], "in_two_classes": ["other.png"]})


def a_shirt(colour: tuple[int, int, int]) -> Picture:
    """A product of a shop on white paper, uint8 (150, 150, 3)."""
    picture = np.full((150, 150, 3), 250, np.uint8)
    outline = np.array([[30, 30], [120, 30], [140, 70], [110, 70], [110, 135], [40, 135], [40, 70], [10, 70]])
    return cv2.fillPoly(picture, [outline], colour).astype(np.uint8)


PALETTE = [(200, 30, 30), (30, 160, 60), (40, 60, 190), (20, 20, 20), (125, 125, 125), (225, 225, 225)]


def test_one_product_in_several_colours_is_no_near_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, colour in enumerate(PALETTE):
        place = tmp_path / "shirts" / f"colour {number}"
        place.mkdir(parents=True)
        (place / "shirt.png").write_bytes(png(a_shirt(colour)[..., ::-1]))
    (tmp_path / "shirts" / "colour 0" / "again.jpg").write_bytes(jpeg(a_shirt(PALETTE[0]), 60))

    assert found(tmp_path / "shirts", capsys)[1] == {"near": ["again.jpg"]}


def test_near_pictures_do_not_chain() -> None:
    assert Neighbours.of(hashes_in_a_row(5)).groups(range(5)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_near_copy_in_another_class_is_found_where_a_third_picture_lies_between(
    order: tuple[int, ...],
) -> None:
    """Ball, Ball, Box: the second Ball is near both others, and each is the first by its content once."""
    labels = ("Ball", "Ball", "Box")
    pictures = [
        ListedPicture(Path(f"{number}.png"), {"label": labels[number]}, sha256=str(order[number]))
        for number in range(3)
    ]

    settled = settle(pictures, list(hashes_in_a_row(3)))

    assert settled.kept == (0,)
    assert [[str(picture.path) for picture in group] for group in settled.in_two_classes] == [
        ["1.png", "2.png"]
    ]


def test_what_is_said_to_be_learnt_is_what_a_training_learns(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "shoes" / "copy.png").write_bytes(png(a_texture(0)))
    (folder / "bags" / "again.png").write_bytes(smaller(2))
    (folder / "hats").mkdir()
    for seed in (1, 3, 5):
        (folder / "hats" / f"{seed}.png").write_bytes(smaller(seed))

    code, document = main([str(folder), "--json"]), json.loads(capsys.readouterr().out)
    assert main([str(folder)]) == code == 0

    assert "These 8 pictures of 2 classes can be learnt." in capsys.readouterr().out
    assert document["too_few"] == ["hats"]


def test_a_class_of_photos_may_be_named_by_its_number_too(folder: Path) -> None:
    folder.rename(folder.with_name("A"))
    (folder.parent / "A" / "bags").rename(folder.parent / "A" / "Bag")
    (folder.parent / "A" / "shoes").rename(folder.parent / "A" / "7")
    (folder.parent / "A" / "Sneaker").mkdir()
    (folder.parent / "A" / "Sneaker" / "copy.png").write_bytes(png(a_texture(0)))

    assert main([str(folder.parent)]) == 0


def test_a_thousand_copies_take_no_more_than_their_number() -> None:
    hashes = np.repeat(np.stack([perceptual_hash(a_texture(seed)) for seed in (0, 1)]), 5000, axis=0)

    tracemalloc.start()
    groups = Neighbours.of(hashes).groups(range(len(hashes)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [len(group) for group in groups] == [5000, 5000]
    assert peak < 20_000_000


def test_thousands_of_nearly_equal_pictures_in_two_classes_are_one_group_and_take_no_pairs() -> None:
    """Such as a placeholder of a shop in many sizes."""
    base = perceptual_hash(a_texture(0))
    hashes = np.repeat(base[np.newaxis], 2000, axis=0)
    hashes[:, 0] ^= np.uint64(1) << (np.arange(2000) % 60).astype(np.uint64)
    hashes[:, 1] ^= np.uint64(1) << (np.arange(2000) // 40).astype(np.uint64)

    tracemalloc.start()
    groups = Neighbours.of(hashes).of_several([number % 2 for number in range(2000)])
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
    assert shown.splitlines()[-1] == f"Next: {program()} train --data {folder}"
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


def test_uneven_classes_and_findings_are_printed_for_people(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(100, 130):
        (folder / "bags" / f"{seed}.png").write_bytes(png(a_texture(seed)))
    (folder / "bags" / "copy.png").write_bytes(png(a_texture(101)))

    assert main([str(folder)]) == 0

    shown = capsys.readouterr().out
    assert "'bags' has 37 pictures, 'shoes' only 6" in shown
    assert "copies, which count once: 1\n" in shown
    assert str(folder / "bags" / "copy.png") in shown


def test_the_check_sends_back_to_itself_while_something_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bags" / "copy.png").write_bytes(png(a_texture(0)))
    (folder / "bags" / "broken.png").write_bytes(b"")

    assert main([str(folder)]) == 1

    shown = capsys.readouterr().out
    assert "remove" not in shown.partition("look which label is wrong: 1")[2]
    assert "1 unreadable; 1 in two places at once" in shown.splitlines()[-2]
    assert shown.splitlines()[-1] == f"Next: {program()} data {folder}"


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


def test_a_rare_class_with_a_name_like_another_is_asked_about_before_pictures_are_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bagz").mkdir()
    (folder / "bagz" / "1.png").write_bytes(png(a_texture(200)))

    assert main([str(folder)]) == 1

    told = capsys.readouterr()
    assert "is this a misspelling: 'bagz' (1) for 'bags'?" in told.err
    assert "is this a misspelling: 'bagz' (1) for 'bags'?" in told.out.splitlines()[-2]


def test_classes_of_ones_own_in_folders_of_folders_are_not_yet_to_be_learnt(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.rename(tmp_path / "summer")
    (tmp_path / "winter" / "bags").mkdir(parents=True)
    (tmp_path / "winter" / "bags" / "1.png").write_bytes(png(a_texture(99)))

    assert main([str(tmp_path)]) == 1

    shown = " ".join(capsys.readouterr().out.split())
    assert "bags, shoes in folders of folders" in shown
    assert f"Next: {program()} data" in shown


@pytest.mark.parametrize("around", ["data", "archive/data"])
def test_the_command_that_comes_next_names_the_data_set_in_a_folder_around_it(
    around: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapper = folder.parent / "unpacked"
    (wrapper / around).parent.mkdir(parents=True)
    folder.rename(wrapper / around)
    (wrapper / "README.txt").write_text("Pictures of things.")

    assert main([str(wrapper)]) == 0

    assert f"Next: {program()} train --data {wrapper / around}" in capsys.readouterr().out
    assert list_pictures(unwrapped(wrapper)).place == wrapper / around


def a_table(folder: Path, header: str, *more: str, cells: tuple[str, ...] = ("",)) -> Path:
    """A table of the pictures of a folder, with one of some cells before each."""
    files = sorted(folder.glob("*/*.png"))
    rows = [
        f"{cells[place % len(cells)]},{one.relative_to(folder.parent)},{one.parent.name}"
        for place, one in enumerate(files)
    ]
    (folder.parent / "products.csv").write_text("\n".join([header, *rows, *more]), "utf-8")
    return folder.parent / "products.csv"


@pytest.mark.parametrize(
    ("colours", "code", "said"),
    [
        (("red", "blue"), 0, "train --data {table} --attribute colour"),
        (("Blue", "blue "), 1, "data {table} --attribute colour"),
    ],
)
def test_columns_that_are_checked_stand_in_the_command_that_comes_next(
    folder: Path, colours: tuple[str, str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = a_table(folder, "colour,path,label", cells=colours)

    assert main([str(table), "--attribute", "colour"]) == code

    told = capsys.readouterr().out
    assert told.splitlines()[-1] == f"Next: {program()} {said.format(table=table)}"
    assert ("what is said above of the column colour" in told) == bool(code)


def test_near_copies_of_two_labels_of_an_attribute_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "shoes" / "saved-again.jpg").write_bytes(jpeg(a_texture(0), 60))
    row = "blue,things/shoes/saved-again.jpg,shoes"
    table = a_table(folder, "colour,path,label", row, cells=("red", "red", "red", "blue"))

    assert main([str(table), "--attribute", "colour", "--json"]) == 0

    [[first, again]] = json.loads(capsys.readouterr().out)["near_of_two_labels"]
    assert (Path(first).name, Path(again).name) == ("0.png", "saved-again.jpg")


def test_pictures_for_the_test_of_a_learnt_group_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = a_table(folder, "split,group,path,label", cells=("train,one", "train,", "test,one"))

    assert main([str(table), "--json"]) == 0

    named = json.loads(capsys.readouterr().out)["of_learnt_groups"]
    assert len(named) == 4


def test_how_the_list_is_read_stands_in_the_command_that_comes_next(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = a_table(folder, "sku,image,label", "cut", cells=tuple(map(str, range(12))))
    words = ["--path-column", "image", "--root", str(folder.parent), "--encoding", "utf-8"]
    words += ["--product-column", "sku", "--skip-bad-rows"]

    assert main([str(table), *words]) == 0

    told = capsys.readouterr().out
    assert told.splitlines()[-1] == f"Next: {program()} train --data {table} {' '.join(words)}"


# What is refused.


def test_where_no_picture_can_be_read_that_is_all_that_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_ = folder / "list.csv"
    list_.write_text("path,label\n" + "".join(f"bag/{n}.png,{n % 2}\n" for n in range(8)), "utf-8")

    with pytest.raises(BadPictures, match=r"none of 8 pictures.* no folder 'bag' in .*name there is 'bags'"):
        main([str(list_)])

    assert capsys.readouterr().out == ""


def test_pixels_in_the_form_of_the_published_data_set_are_checked_as_they_are_learnt(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "around" / "set", train=30, test=20)

    with pytest.raises(BadPictures, match="train --data FOLDER"):
        main([str(tmp_path / "around")])
    with pytest.raises(BadPictures, match="--train CSV --test CSV"):
        main([str(write_csv(tmp_path / "set.csv", 30))])
