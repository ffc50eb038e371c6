"""Folders and tables of pictures: what is taken for a picture of which class, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.own_pictures import KINDS, Said, Things, a_photo, write_class_folders
from tests.uploads import png
from training.data.folders import list_pictures
from training.errors import DataError

COUNT = 12
"""Pictures per class."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "things", COUNT)


@pytest.mark.parametrize("is_table", [False, True])
def test_a_picture_called_none_of_these_is_of_no_class(is_table: bool, tmp_path: Path) -> None:
    things = Things(tmp_path / "things", is_table).of_kinds(3)
    before = list_pictures(things.place)

    things.add("None Of These", "1.png", png(a_photo("Ball", 0)))
    after = list_pictures(things.place)

    assert (after.pictures, after.list_classes()) == (before.pictures, before.list_classes())
    assert after.left_out_files == (things.folder / "None Of These" / "1.png",)


@pytest.mark.parametrize("cell", ["none", "-"])
def test_a_label_that_is_not_known_is_left_out_and_named_as_in_every_other_column(
    cell: str, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(f"path,label\na.png,A\nb.png,{cell}\nc.png,B\n", "utf-8")

    listing = list_pictures(tmp_path / "list.csv")

    assert listing.list_classes() == ("A", "B")
    assert listing.left_out_files == (tmp_path / "b.png",)
    assert listing.notes == (f"{tmp_path}/list.csv, column `label`: cells that are not known: {cell!r} (1).",)


def test_pictures_in_folders_of_a_class_are_of_that_class_and_their_folders_are_named(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "things", 2)
    write_class_folders(tmp_path / "things" / "Ball", 2, KINDS[1:2], first_seed=10)

    listing = list_pictures(tmp_path / "things")

    inner = tmp_path / "things" / "Ball" / KINDS[1]
    assert [one.label for one in listing.pictures].count("Ball") == 4
    assert listing.nested_folders == (inner,)
    assert any(str(inner) in sentence for sentence in listing.warnings)


@pytest.mark.parametrize(
    ("folders", "learnt", "measured"),
    [
        pytest.param({"Train": 6, "Test": 3}, 18, 9, id="capitals"),
        pytest.param({"train": 6, "val": 2, "test": 3}, 24, 9, id="three parts"),
        pytest.param({"train": 6, "valid": 3}, 18, 9, id="without a test part"),
        pytest.param({"train": 6, "test": 3, "__MACOSX": 2}, 18, 9, id="and what a system adds"),
    ],
)
def test_usual_names_of_parts_divide_the_data(
    folders: dict[str, int], learnt: int, measured: int, tmp_path: Path, said: Said
) -> None:
    for number, (name, count) in enumerate(folders.items()):
        write_class_folders(tmp_path / name, count, first_seed=100 * number)

    data = said.read(tmp_path)

    assert (data.labels, len(data.train), len(data.test)) == (KINDS, learnt, measured)


def test_a_test_folder_without_labels_is_left_out(folder: Path) -> None:
    train, test = folder.rename(folder.with_name("train")), folder.with_name("test")
    test.mkdir()
    (test / "1.png").write_bytes(png(a_photo("Ball", 99)))

    listing = list_pictures(train.parent)

    assert {(one.label, one.part) for one in listing.pictures} == {(kind, None) for kind in KINDS}
    assert listing.left_out_files == (test / "1.png",)


def test_what_file_managers_leave_behind_is_no_picture_and_said(folder: Path, said: Said) -> None:
    for name in (".DS_Store", "Ball/.hidden.png", "Ball/Thumbs.db", "Box/desktop.ini", "notes.txt"):
        (folder / name).write_bytes(b"something else")
    (folder / "@eaDir").mkdir()

    data = said.read(folder)

    assert len(data.train) + len(data.test) == 3 * COUNT
    assert said == [
        f"left out 6 that are not taken for pictures of a class: {folder}/.DS_Store, "
        f"{folder}/@eaDir, {folder}/Ball/.hidden.png, ...."
    ]


def copied_into_the_test(folder: Path) -> None:
    write_class_folders(folder / "train", 6)
    write_class_folders(folder / "test", 1, first_seed=5)


def with_an_empty_class(folder: Path) -> None:
    write_class_folders(folder, COUNT)
    (folder / "Empty" / "inner").mkdir(parents=True)


def with_another_part(folder: Path) -> None:
    write_class_folders(folder / "train", 6)
    write_class_folders(folder / "mine", 3, first_seed=100)


@pytest.mark.parametrize(
    ("arrange", "error", "message"),
    [
        (copied_into_the_test, DataError, r"\(Ball, train\) and .*\(Ball, test\) are the same picture"),
        (with_an_empty_class, DataError, "Empty: no picture in it"),
        (
            with_another_part,
            DataError,
            "no picture lies in a sub-folder, .*divide them first into `train` and `test`, perhaps",
        ),
    ],
)
def test_a_folder_that_cannot_be_learnt_from_is_refused_with_the_reason(
    arrange: Callable[[Path], None], error: type[Exception], message: str, tmp_path: Path, said: Said
) -> None:
    arrange(tmp_path)

    with pytest.raises(error, match=message):
        said.read(tmp_path)


def test_a_csv_of_another_system_names_the_same_pictures(tmp_path: Path, said: Said) -> None:
    table = Things(tmp_path / "things", is_table=True).of_kinds()
    expected = said.read(table.place).train.compute_digest()
    text = table.place.read_text("utf-8").replace("things/", "Bälle\\").replace("Ball/", "Ball\\")
    table.folder.rename(table.folder.with_name("Bälle".replace("ä", "a\u0308")))

    table.folder.with_suffix(".csv").write_text(text, "utf-8")

    assert said.read(table.folder.with_suffix(".csv")).train.compute_digest() == expected


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "label,pixel1\n",
            DataError,
            r"begins with 'label,pixel1'. It needs the columns `path` and `label`",
        ),
        ("path,label\na.png,A\n,B\n", DataError, r"row 3, line 3: names no picture"),
        ("path,label\na.png,A\nb.png,\n", DataError, r"row 3, line 3: '' is no label"),
        ("path,label\na.png,A\nb.png,a\n", DataError, r"'A' and 'a' differ in nothing but capital letters"),
        (
            "path,label\n" + "".join(f"{number}.png,class {number}\n" for number in range(257)),
            DataError,
            r"257 classes \(class 0, class 1, .*\.\.\.\)\. 2 to 256",
        ),
    ],
)
def test_a_wrong_csv_is_named_with_its_row(
    tmp_path: Path, said: Said, text: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "things.csv").write_text(text, "utf-8")

    with pytest.raises(error, match=message):
        said.read(tmp_path / "things.csv")


def test_titles_that_contradict_labels_are_named_and_the_labels_stay(tmp_path: Path) -> None:
    rows = ["Dress,Red pleated skirt", "Dress,Blue pleated skirt", "Dress,Shirt dress", "Shirt,Boots"]
    lines = [f"{number}.jpg,{row}" for number, row in enumerate(rows)]
    table = tmp_path / "products.csv"
    table.write_text("\n".join(["path,label,Title", *lines]), "utf-8")

    listing = list_pictures(table)

    assert listing.notes == (
        f"{table}: 2 titles say skirt, labelled Dress; 1 title says boot, labelled Shirt. "
        "The labels are learnt as they are.",
    )
    assert [picture.label for picture in listing.pictures] == ["Dress", "Dress", "Dress", "Shirt"]


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        (("train", "test", "val"), ("train", "test", "train")),
        (("Training", "valid", " train "), ("train", "test", "train")),
        (("train", "train", "TRAIN"), (None, None, None)),
        (("test", "test", "testing"), ("test", "test", "test")),
    ],
)
def test_a_column_split_divides_a_table_as_folders_of_these_names_divide_a_folder(
    cells: tuple[str, ...], parts: tuple[str | None, ...], tmp_path: Path
) -> None:
    rows = [
        f"{place}.png,{label},{cell}" for place, (label, cell) in enumerate(zip("abc", cells, strict=True))
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,split", *rows]), "utf-8")

    listing = list_pictures(tmp_path / "list.csv")

    assert tuple(picture.part for picture in listing.pictures) == parts


@pytest.mark.parametrize("cell", ["", "learn"])
def test_a_column_split_of_other_words_is_refused_until_it_is_renamed(cell: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"path,label,split\na.png,A,train\nb.png,B,{cell}\n", "utf-8")

    with pytest.raises(DataError, match=rf"the column `split` has '{cell}'.* Rename the column"):
        list_pictures(tmp_path / "list.csv")
