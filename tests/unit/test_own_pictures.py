"""Pictures of one's own: which are read, as which classes, and what is said of those that cannot be."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.contract import PHOTOGRAPHS
from inference.convert import decoded_to_pixels
from inference.decode import decode
from tests.own_pictures import KINDS, a_photo, write_class_folders, write_picture_csv
from tests.uploads import a_garment, png
from training.data.datasets import LabelledData, LabelledImages
from training.data.own_pictures import from_pictures
from training.errors import BadClasses, BadCsv, BadPictures, DataSetMissing

COUNT = 12
"""Pictures per class: ten to learn from, two for the test."""


class Said(list[str]):
    """Collects what is said while pictures are read."""

    def read(self, place: Path, *, skip_unreadable: bool = False) -> LabelledData:
        return from_pictures(place, self.append, lambda *_: None, skip_unreadable=skip_unreadable)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of twelve pictures."""
    return write_class_folders(tmp_path / "things", COUNT)


def pixels_of(part: LabelledImages, label: int) -> set[bytes]:
    return {image.tobytes() for image in part.images[part.labels == label]}


def test_each_sub_folder_is_a_class_in_order_of_the_names(folder: Path, said: Said) -> None:
    data = said.read(folder)

    assert data.labels == KINDS
    assert data.described().name == "things"
    assert np.bincount(data.train.labels).tolist() == [10, 10, 10]
    assert np.bincount(data.test.labels).tolist() == [2, 2, 2]
    assert said == []


def test_the_model_learns_from_just_what_the_service_would_see(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path, COUNT, KINDS[1:])
    (tmp_path / "Ball").mkdir()
    photos = [a_photo("Ball", seed) for seed in range(8)]
    uploads = [
        png(photos[0]),
        cv2.imencode(".jpg", photos[1])[1].tobytes(),
        cv2.imencode(".webp", photos[2])[1].tobytes(),
        cv2.imencode(".tiff", photos[3])[1].tobytes(),
        png(np.dstack([photos[4], np.full(photos[4].shape[:2], 128, np.uint8)])),
        png(a_garment()),
        cv2.imencode(".png", cv2.resize(photos[5], (900, 1000)))[1].tobytes(),
        cv2.imencode(".bmp", photos[6])[1].tobytes(),
    ]
    for number, upload in enumerate(uploads):
        (tmp_path / "Ball" / f"{number} without an ending").write_bytes(upload)

    data = said.read(tmp_path)

    served = {decoded_to_pixels(decode(upload, 50_000_000), PHOTOGRAPHS).tobytes() for upload in uploads}
    assert pixels_of(data.train, 0) | pixels_of(data.test, 0) == served


def test_a_csv_of_paths_and_labels_gives_the_same_data_as_folders(tmp_path: Path, said: Said) -> None:
    from_csv = said.read(write_picture_csv(tmp_path / "csv", COUNT))
    from_folders = said.read(write_class_folders(tmp_path / "folders", COUNT))

    assert from_csv.labels == from_folders.labels
    assert from_csv.train.sha256() == from_folders.train.sha256()
    assert from_csv.test.sha256() == from_folders.test.sha256()
    assert from_csv.described().name == "things"


def test_the_test_set_is_the_same_under_other_names(folder: Path, tmp_path: Path, said: Said) -> None:
    before = said.read(folder)

    for number, path in enumerate(sorted((folder / "Ball").iterdir(), reverse=True)):
        path.rename(folder / "Ball" / f"renamed {number}.jpeg")
    after = said.read(folder.rename(tmp_path / "elsewhere"))

    assert after.test.sha256() == before.test.sha256()
    assert after.train.sha256() == before.train.sha256()


def test_a_copied_picture_is_never_both_learnt_and_measured_on(folder: Path, said: Said) -> None:
    before = said.read(folder)

    shutil.copytree(folder / "Box", folder / "copies")
    for path in (folder / "copies").iterdir():
        path.rename(folder / "Box" / f"copy of {path.name}")
    (folder / "copies").rmdir()
    after = said.read(folder)

    assert after.train.sha256() == before.train.sha256()
    assert after.test.sha256() == before.test.sha256()
    assert said == ["12 of 48 pictures are copies of others and count once."]


def test_folders_named_train_and_test_divide_the_data(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path / "train", 6)
    write_class_folders(tmp_path / "test", 3, first_seed=100)

    data = said.read(tmp_path)

    assert data.labels == KINDS
    assert (len(data.train), len(data.test)) == (18, 9)


def test_train_and_test_are_classes_like_any_other_where_they_hold_pictures(
    tmp_path: Path, said: Said
) -> None:
    write_class_folders(tmp_path, COUNT, KINDS[:2])
    (tmp_path / KINDS[0]).rename(tmp_path / "test")
    (tmp_path / KINDS[1]).rename(tmp_path / "train")

    assert said.read(tmp_path).labels == ("test", "train")


def test_what_file_managers_leave_behind_is_no_picture_and_said(folder: Path, said: Said) -> None:
    for name in (".DS_Store", "Ball/.hidden.png", "Ball/Thumbs.db", "Box/desktop.ini", "notes.txt"):
        (folder / name).write_bytes(b"something else")

    data = said.read(folder)

    assert len(data.train) + len(data.test) == 3 * COUNT
    assert said == [
        f"left out 5 that are not taken for pictures of a class: {folder}/.DS_Store, "
        f"{folder}/Ball/.hidden.png, {folder}/Ball/Thumbs.db, ...."
    ]


def test_files_that_cannot_be_read_are_counted_and_named_with_the_reason(folder: Path, said: Said) -> None:
    (folder / "Ball" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (folder / "Box" / "b.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "Box" / "c.jpg").symlink_to(folder / "nowhere")
    (folder / "Box" / "d.png").write_bytes(b"")

    with pytest.raises(BadPictures) as refused:
        said.read(folder)

    message = str(refused.value)
    assert message.startswith("4 of 40 files cannot be read. ")
    assert f"{folder}/Ball/a.png: This PNG" in message
    assert f"{folder}/Box/b.pdf: This looks like PDF, which is not read here" in message
    assert f"{folder}/Box/c.jpg: No such file or directory." in message
    assert message.endswith(" And 1 more. Mend or remove them, or leave them out with --skip-unreadable.")


def test_those_can_be_skipped_and_are_counted_all_the_same(folder: Path, said: Said) -> None:
    (folder / "Ball" / "a.png").write_bytes(b"nothing")

    data = said.read(folder, skip_unreadable=True)

    assert len(data.train) + len(data.test) == 3 * COUNT
    assert [line.split(".")[0] for line in said] == ["skipped 1 of 37 files that cannot be read"]


def test_pictures_in_which_the_model_sees_nothing_are_said(folder: Path, said: Said) -> None:
    (folder / "Box" / "empty.png").write_bytes(png(np.full((40, 40, 3), 200, np.uint8)))

    said.read(folder)

    assert said[0].startswith("1 of 37 pictures come out black")
    assert str(folder / "Box" / "empty.png") in said[0]


def test_one_picture_in_two_classes_is_refused(folder: Path, said: Said) -> None:
    shutil.copy(folder / "Ball" / "003.png", folder / "Box" / "mine.png")

    with pytest.raises(BadPictures, match=r"003\.png \(Ball\) and .*mine\.png \(Box\) are the same picture"):
        said.read(folder)


def test_one_picture_in_train_and_test_is_refused(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path / "train", 6)
    write_class_folders(tmp_path / "test", 1, first_seed=5)

    with pytest.raises(BadPictures, match=r"\(Ball, train\) and .*\(Ball, test\) are the same picture"):
        said.read(tmp_path)


def test_train_and_test_with_other_classes_are_refused(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path / "train", 6)
    write_class_folders(tmp_path / "test", 1, KINDS[:2], first_seed=100)

    with pytest.raises(BadClasses, match="`train` has the classes Ball, Box, Stick, but `test` Ball, Box"):
        said.read(tmp_path)


def test_one_class_is_none_to_tell_apart(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path, COUNT, KINDS[:1])

    with pytest.raises(BadClasses, match=r"1 classes \(Ball\)\. 2 to 256 can be separated"):
        said.read(tmp_path)


def test_a_class_with_too_few_pictures_is_named_with_how_many_it_needs(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path, COUNT, KINDS[:2])
    write_class_folders(tmp_path, 5, KINDS[2:])

    with pytest.raises(BadClasses, match="'Stick' there are 4 different pictures to learn from and 1"):
        said.read(tmp_path)


def test_more_classes_than_numbers_are_refused(tmp_path: Path, said: Said) -> None:
    rows = [f"{number}.png,class {number}" for number in range(257)]
    (tmp_path / "many.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")

    with pytest.raises(BadClasses, match=r"257 classes \(class 0, class 1, .*\.\.\.\)\. 2 to 256"):
        said.read(tmp_path / "many.csv")


@pytest.mark.parametrize("names", [("coat", "Coat"), ("coat ", " coat")])
def test_two_folders_for_one_class_are_refused(tmp_path: Path, said: Said, names: tuple[str, str]) -> None:
    for name in names:
        shutil.copytree(
            write_class_folders(tmp_path / "from", COUNT, ["Box"]), tmp_path / "to", dirs_exist_ok=True
        )
        (tmp_path / "to" / "Box").rename(tmp_path / "to" / name)
        shutil.rmtree(tmp_path / "from")

    with pytest.raises(BadClasses, match=r"differ in nothing but capital letters|both are the class 'coat'"):
        said.read(tmp_path / "to")


def test_a_class_folder_with_folders_instead_of_pictures_is_named(folder: Path, said: Said) -> None:
    (folder / "Empty" / "inner").mkdir(parents=True)

    with pytest.raises(BadClasses, match="Empty: no picture in it"):
        said.read(folder)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("label,pixel1\n", BadCsv, r"begins with 'label,pixel1'.*--train and --test"),
        ("", BadCsv, r"begins with ''\. Expected the header `path,label`"),
        ("path,label\na.png,A\n,B\n", BadCsv, r"row 3: no path"),
        ("path,label\na.png,A\nb.png,\n", BadClasses, r"row 3: '' is no label"),
        ("path,label\na.png,A\nb.png\n", BadClasses, r"row 3: '' is no label"),
        ("path,label\na.png,A\nb.png,B\x07\n", BadClasses, r"row 3: 'B\\x07' is no label"),
        ("path,label\na.png,A\nb.png,a\n", BadClasses, r"'A' and 'a' differ in nothing but capital letters"),
    ],
)
def test_a_wrong_row_of_a_csv_is_named(
    tmp_path: Path, said: Said, text: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "things.csv").write_text(text, encoding="utf-8")

    with pytest.raises(error, match=message):
        said.read(tmp_path / "things.csv")


def test_bytes_that_are_no_text_are_no_csv(tmp_path: Path, said: Said) -> None:
    (tmp_path / "things.csv").write_bytes(b"\xff\xd8\xff\xe0 a JPEG")

    with pytest.raises(BadCsv, match=r"things\.csv: no CSV in UTF-8"):
        said.read(tmp_path / "things.csv")


def test_a_csv_that_is_not_there_is_named(tmp_path: Path, said: Said) -> None:
    with pytest.raises((BadCsv, DataSetMissing), match=r"nowhere\.csv: cannot be read \(No such file"):
        said.read(tmp_path / "nowhere.csv")


def test_data_with_names_is_renumbered_for_a_model_with_another_order(folder: Path, said: Said) -> None:
    data = said.read(folder)

    turned = data.under(("Stick", "Ball", "Box"))

    assert turned.labels == ("Stick", "Ball", "Box")
    assert pixels_of(turned.test, 1) == pixels_of(data.test, 0)
    assert pixels_of(turned.train, 0) == pixels_of(data.train, 2)


def test_only_the_same_classes_by_name_take_the_order_of_a_release(folder: Path, said: Said) -> None:
    data = said.read(folder)
    numbered = LabelledData(data.train, data.test, KINDS)

    orders = [one.like(("Stick", "Ball", "Box")).labels for one in (data, numbered)]

    assert orders == [("Stick", "Ball", "Box"), KINDS]
    assert data.like(("Stick", "Ball")) is data


def test_data_with_other_classes_than_the_models_is_refused(folder: Path, said: Said) -> None:
    with pytest.raises(BadClasses, match="the classes Ball, Box, Stick, but the model Ball, Cup"):
        said.read(folder).under(("Ball", "Cup"))
