"""Photos by tier and label, as folders or as a table: what each shows, and what is refused.

That copies count once, and that a model sees what the service sees: test_own_pictures.py.
"""

import shutil
from pathlib import Path

import pytest

from inference.contract import GREY_28
from inference.pictures.decode import MAX_PIXELS, decode_image
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from tests.own_pictures import Said
from tests.photos import write_photos
from tests.pictures import jpeg
from training.data.data_source import DataSource
from training.data.labels import OOD
from training.data.listing import ListedPicture, PictureUse
from training.data.photo_reading import read_photos
from training.data.pictures import Pictures
from training.errors import DataError
from training.progress import ProgressLines

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Bag")


def read(
    place: Path,
    said: ProgressLines | None = None,
    use: PictureUse = "learn",
    reading: ListOptions = DEFAULT_LIST_OPTIONS,
) -> Pictures:
    named = DataSource(place=str(place), reading=reading, photo_use=use)
    return read_photos(named, named.list_photos(LABELS), GREY_28, ProgressLines() if said is None else said)


def listed(
    place: Path, labels: tuple[str, ...] = LABELS, reading: ListOptions = DEFAULT_LIST_OPTIONS
) -> list[tuple[ListedPicture, int]]:
    """The photos of a place that is learnt, with their class ids."""
    listing = DataSource(place=str(place), reading=reading, photo_use="learn").list_photos(labels)
    return list(zip(listing.pictures, listing.class_ids, strict=True))


def write_table(folder: Path, *rows: str, columns: str = "path,label,tier,group") -> Path:
    """Write a table of photos into a folder."""
    (folder / "photos.csv").write_text("\n".join([columns, *rows]), "utf-8")
    return folder / "photos.csv"


@pytest.mark.parametrize(
    ("folder", "labels", "label"),
    [
        ("A/1", LABELS, 1),
        ("B/T-shirt_top", LABELS, 0),
        ("mine/bag", LABELS, 3),
        ("X/Hats", LABELS, OOD),
        ("A/X_shop_Hats", LABELS, OOD),
        ("A/1", ("1", "0"), 0),  # a class that is called by a number is meant before the index
    ],
)
def test_a_label_is_an_index_or_a_name_or_none_of_the_classes(
    tmp_path: Path, folder: str, labels: tuple[str, ...], label: int
) -> None:
    tier, name = folder.split("/")
    write_photos(tmp_path, 1, {tier: [name]})

    [(photo, class_id)] = listed(tmp_path, labels)

    assert (photo.path, photo.tier, class_id) == (tmp_path / folder / "000.png", tier, label)


def test_a_table_says_of_each_photo_what_it_shows_how_it_was_taken_and_who_sent_it_from_where(
    tmp_path: Path,
) -> None:
    write_photos(tmp_path / "all", 6, {"shop": ["1"]})
    cells = ["Trouser,A,ann,north", "3,C,ann,", "bag,C,,", "X_Hats,B,,", ",X,ann,", "1,X,,"]
    rows = [f"all/shop/1/00{number}.png,{cell}" for number, cell in enumerate(cells)]

    photos = read(write_table(tmp_path, *rows, columns="path,label,tier,group,source"))

    assert photos.tiers.tolist() == ["A", "C", "C", "B", "X", "X"]
    assert photos.classes.tolist() == [1, 3, 3, OOD, OOD, OOD]
    assert photos.spelt[3:].tolist() == ["X_Hats", "X", "1"]
    assert photos.sources.tolist() == ["north", "", "", "", "", ""]
    of_ann = [photos.sha256[place] for place in (0, 1, 4)]
    assert photos.groups.tolist() == [min(of_ann) if one in of_ann else one for one in photos.sha256]


@pytest.mark.parametrize(("by", "of_products"), [("article", True), ("", False)])
def test_photos_of_a_table_are_of_products_where_a_column_names_these(
    by: str, of_products: bool, tmp_path: Path
) -> None:
    write_photos(tmp_path, 2, {"A": ["Bag"]})
    rows = [f"A/Bag/00{number}.png,Bag,A,7" for number in range(2)]
    table = write_table(tmp_path, *rows, columns="path,label,tier,article")

    assert read(table, reading=ListOptions(product_column=by)).has_product_groups == of_products


def test_a_table_of_photos_is_read_as_people_say(tmp_path: Path) -> None:
    table = write_table(tmp_path, "1.png,Bag,A,", "2.png,Trouser", columns="image,label,tier,group")
    reading = ListOptions(path_columns=("image",), root=tmp_path / "photos", skip_bad_rows=True)

    photos = listed(table, reading=reading)

    assert [(one.path, class_id) for one, class_id in photos] == [(tmp_path / "photos" / "1.png", 3)]


@pytest.mark.parametrize("reading", [ListOptions(path_columns=("image",)), ListOptions(root=Path("photos"))])
def test_answers_of_people_have_their_own_paths(reading: ListOptions, tmp_path: Path) -> None:
    table = write_table(tmp_path, "1.png,1.png,Bag,", columns="path,image,label,at")

    with pytest.raises(DataError, match="--path-column and --root are not for them"):
        listed(table, reading=reading)


@pytest.mark.parametrize("columns", ["path,label,tier,split", "path,label,group,split"])
def test_a_table_that_keeps_photos_for_a_test_is_not_learnt(tmp_path: Path, columns: str) -> None:
    table = write_table(tmp_path, "1.png,Bag,A,train", "2.png,Bag,A,Test", columns=columns)

    with pytest.raises(DataError, match="keeps photos for a test, and all of a table are learnt"):
        listed(table)


def test_a_table_that_keeps_no_photo_for_a_test_is_learnt(tmp_path: Path) -> None:
    for cell, column in (("train", "split"), ("test", "part")):
        table = write_table(tmp_path, f"1.png,Bag,A,{cell}", columns=f"path,label,tier,{column}")
        assert len(listed(table)) == 1


@pytest.mark.parametrize("columns", ["path,label,tier,split", "path,label,group,split", ""])
def test_photos_that_are_kept_for_a_test_are_measured_with_the_others_and_of_a_table_that_is_said(
    tmp_path: Path, columns: str
) -> None:
    folder = tmp_path / "photos"
    for seed, part in enumerate(("train", "test")):
        write_photos(folder / part, 2, {"Bag": [""]}, seed=10 * seed)
    shutil.copy(folder / "train" / "Bag" / "000.png", folder / "test" / "Bag" / "copy.png")
    files = [file.relative_to(tmp_path) for file in folder.rglob("*.png")]
    rows = [f"{file.as_posix()},Bag,A,{file.parts[1]}" for file in files]
    said = Said()

    photos = read(write_table(tmp_path, *rows, columns=columns) if columns else folder, said, "measure")

    assert len(photos) == 4
    is_said = "the column `split` is not read, and 5 photos are measured." in said[0]
    assert is_said == bool(columns)
    assert not any("too good" in line for line in said)


def test_of_near_copies_of_two_classes_the_checked_one_counts(tmp_path: Path) -> None:
    write_photos(tmp_path, 3, {"A": ["Bag", "Trouser"]})
    rows = [f"A/{label}/00{n}.png,{label},A," for label in ("Bag", "Trouser") for n in range(3)]
    photo = decode_image((tmp_path / "A" / "Bag" / "000.png").read_bytes(), MAX_PIXELS).picture
    (tmp_path / "again.jpg").write_bytes(jpeg(photo, 80))
    table = write_table(tmp_path, *rows, "again.jpg,Trouser,A,1", columns="path,label,tier,checked")
    said = Said()

    photos = read(table, said)

    names = {file.relative_to(tmp_path).as_posix() for file in photos.files}
    assert names == {"again.jpg", *(row.partition(",")[0] for row in rows[1:])}
    assert "1 picture is nearly the same as others of another class, and left out" in " ".join(said)


def test_a_column_says_which_photos_a_person_checked(tmp_path: Path) -> None:
    write_photos(tmp_path, 2, {"A": ["Bag"]})

    def table(*cells: str) -> Path:
        rows = [f"A/Bag/00{number}.png,Bag,A{cell}" for number, cell in enumerate(cells)]
        return write_table(tmp_path, *rows, columns="path,label,tier" + (",checked" if any(cells) else ""))

    assert read(table(",1", ",")).is_checked.tolist() == [True, False]
    assert not len(read(table("", "")).is_checked)
    with pytest.raises(DataError, match="no cell of the column `checked` says that a person checked"):
        read(table(",no", ",0"))


@pytest.mark.parametrize("columns", ["path,label,tier", "path,label,at"], ids=["photos", "answers"])
def test_each_table_is_read_once(columns: str, tmp_path: Path) -> None:
    write_photos(tmp_path / "learn", 2, {"own": ["Bag"]})
    cell = "own" if columns.endswith("tier") else "2026-11-22T10:00:00Z"
    rows = [f"own/Bag/00{number}.png,Bag,{cell}" for number in range(2)]
    place = write_table(tmp_path / "learn", *rows, columns=columns)
    corrections = write_table(tmp_path, "learn/own/Bag/000.png,Trouser", columns="path,label")
    named = DataSource(place=str(place), corrections=(corrections,), photo_use="learn")
    listing = named.list_photos(LABELS)
    assert len(listing.pictures) == 2

    place.unlink()

    assert read_photos(named, listing, GREY_28, ProgressLines()).classes.tolist() == [1, 3]


def test_an_unknown_label_is_refused_with_what_would_do(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Jeans"]})

    with pytest.raises(DataError) as refusal:
        listed(tmp_path)

    assert str(refusal.value) == (
        f"{tmp_path}/A/Jeans/000.png: 'Jeans' is none of the classes. A folder of a class of your own lies "
        "right in the data set's, or in its `train` and `test`, without any other folder beside these. For "
        "photos of the model's classes, call it 0 to 3, or one of T-shirt_top, Trouser, Pullover, Bag; or, "
        "if it shows none of them, X_Jeans."
    )


@pytest.mark.parametrize(("columns", "rest"), [("path,label,tier", "Jeans,A"), ("path,label", "Jeans")])
def test_an_unknown_label_in_a_table_or_an_answer_is_refused_with_what_to_write(
    tmp_path: Path, columns: str, rest: str
) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    write_table(tmp_path, f"A/Trouser/000.png,{rest}", columns=columns)

    with pytest.raises(DataError) as refusal:
        listed(tmp_path / "photos.csv")

    assert str(refusal.value) == (
        f"{tmp_path}/A/Trouser/000.png: 'Jeans' is none of the classes T-shirt/top, Trouser, Pullover, Bag. "
        "If the photo shows none of them, write 'none of these'. For a class of your own, train a release of "
        "your own: train --data FOLDER."
    )


def test_a_place_without_photos_or_without_tiers_is_refused(tmp_path: Path) -> None:
    write_photos(tmp_path / "flat", 1, {"Trouser": [""]})
    (tmp_path / "empty" / "A" / "Trouser").mkdir(parents=True)
    write_table(tmp_path, "a.png,Jeans", columns="path,label")

    for name, message in {
        "flat": r"1 photo has no tier, .*Trouser/000\.png\. Photos lie in FOLDER/",
        "empty": "no photo in it",
        "nowhere": "nowhere: no such file or folder",
        "photos.csv": "1 of 1 name no picture that is read",
    }.items():
        with pytest.raises(DataError, match=message):
            listed(tmp_path / name)


def test_what_cannot_be_read_is_left_out_unless_it_is_all(tmp_path: Path) -> None:
    photo = write_photos(tmp_path, 1, {"A": ["Trouser"]}) / "A" / "Trouser" / "000.png"
    photo.with_name("broken.jpg").write_bytes(b"no picture")
    said = Said()

    assert read(tmp_path, said).files == (photo,)
    assert "skipped 1 of 2 files that cannot be read." in " ".join(said)
    photo.unlink()
    with pytest.raises(DataError, match="none of 1 picture can be read"):
        read(tmp_path)


def test_a_csv_beside_a_folder_of_photos_is_said_to_be_left_alone(tmp_path: Path) -> None:
    write_table(tmp_path, "photos/A/Trouser/000.png,1,A,ann")
    said = Said()

    read(write_photos(tmp_path / "photos", 3, {"A": ["Trouser"]}), said)

    assert f"{tmp_path}/photos.csv is not read. Name it in place of the folder" in " ".join(said)


def test_copies_under_two_labels_of_one_class_are_one_photo(tmp_path: Path) -> None:
    write_photos(tmp_path, 2, {"A": ["0"]})
    (tmp_path / "A" / "T-shirt_top").mkdir()
    first, second = sorted((tmp_path / "A" / "0").iterdir())
    shutil.copy(first, tmp_path / "A" / "T-shirt_top" / "copy.png")
    again = jpeg(decode_image(second.read_bytes(), MAX_PIXELS).picture, 90)
    (tmp_path / "A" / "T-shirt_top" / "again.jpg").write_bytes(again)

    photos = read(tmp_path)

    assert photos.classes.tolist() == [LABELS.index("T-shirt/top")] * 3
    assert [file.name for file in photos.files] == ["000.png", "001.png", "again.jpg"]
    assert len({*photos.groups}) == 2
