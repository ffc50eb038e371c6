"""Pictures by tier and label, read as the service reads uploads."""

from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28, LABEL, Imaging, InputContract
from inference.convert import decoded_to_pixels
from inference.decode import decode
from labelling.lists import Reading
from tests.photos import a_garment_photo, write_photos
from tests.uploads import png
from training.errors import BadClasses, BadCsv, BadPictures, DataError, DataSetMissing
from training.pictures.labels import OOD
from training.pictures.listing import list_pictures
from training.pictures.photos import list_photos, photos_in, read_photos
from training.pictures.picture_files import hash_files
from training.pictures.reading import classes_in, joint_keys, pictures_of
from training.pictures.table import Pictures
from training.progress import Lines

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Bag")
KNOWN = {"A": ("Trouser", "Bag"), "C": ("Trouser",)}


def read(place: Path, said: list[str], imaging: Imaging | None = None) -> Pictures:
    contract = InputContract(imaging=imaging or Imaging())
    listing = list_photos(place, LABELS)
    hashed = hash_files(one.path for one in listing.pictures)
    read = read_photos(listing, hashed, contract, said.append, lambda *_: None)
    return pictures_of(read, joint_keys(read, said.append), contract, {LABEL: classes_in(read, LABELS)})


def write_table(folder: Path, *rows: str, columns: str = "path,label,tier,group") -> Path:
    """Write a table of photos into a folder."""
    (folder / "photos.csv").write_text("\n".join([columns, *rows]), "utf-8")
    return folder / "photos.csv"


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("A/1", 1),
        ("A/Trouser", 1),
        ("A/trouser", 1),
        ("B/T-shirt_top", 0),
        ("mine/bag", 3),
        ("X/Hats", OOD),
        ("X/1", OOD),
        ("A/X_shop_Hats", OOD),
    ],
)
def test_a_label_is_an_index_or_a_name_or_none_of_the_classes(
    tmp_path: Path, folder: str, label: int
) -> None:
    tier, name = folder.split("/")
    write_photos(tmp_path, 1, {tier: [name]})

    (listed,) = list_photos(tmp_path, LABELS).pictures

    assert (listed.path, listed.tier, listed.class_id) == (tmp_path / folder / "000.png", tier, label)


def test_a_table_says_which_shop_a_photo_comes_from(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, KNOWN)
    table = write_table(
        tmp_path, "A/Trouser/000.png,1,A,north", "A/Bag/000.png,3,A,", columns="path,label,tier,source"
    )

    assert read(table, []).sources.tolist() == ["north", ""]


def test_a_table_of_photos_is_read_as_people_say(tmp_path: Path) -> None:
    table = write_table(tmp_path, "1.png,Bag,A,", "2.png,Trouser", columns="image,label,tier,group")
    reading = Reading(path_columns=("image",), root=tmp_path / "photos", skip_bad_rows=True)

    listed = list_photos(table, LABELS, reading=reading).pictures

    assert [(one.path, one.class_id) for one in listed] == [(tmp_path / "photos" / "1.png", 3)]


@pytest.mark.parametrize("reading", [Reading(path_columns=("image",)), Reading(root=Path("photos"))])
def test_answers_of_people_have_their_own_paths(reading: Reading, tmp_path: Path) -> None:
    table = write_table(tmp_path, "1.png,1.png,Bag,", columns="path,image,label,at")

    with pytest.raises(BadCsv, match="--path-column and --root are not for them"):
        list_photos(table, LABELS, reading=reading)
    with pytest.raises(BadCsv, match="--path-column and --root are not for them"):
        list_pictures(table, reading=reading)


def test_a_class_that_is_called_by_a_number_is_meant_before_the_index(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["1"]})

    assert [one.class_id for one in list_photos(tmp_path, ("1", "0")).pictures] == [0]


def test_an_unknown_label_is_refused_with_what_would_do(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Jeans"]})

    with pytest.raises(BadClasses) as refusal:
        list_photos(tmp_path, LABELS)

    assert str(refusal.value) == (
        f"{tmp_path}/A/Jeans/000.png: 'Jeans' is none of the classes. Call it 0 to 3, or one of T-shirt_top, "
        "Trouser, Pullover, Bag; or, if it shows none of them, X_Jeans."
    )


def test_folders_without_photos_or_without_tiers_are_refused(tmp_path: Path) -> None:
    write_photos(tmp_path / "flat", 1, {"Trouser": [""]})
    (tmp_path / "empty" / "A" / "Trouser").mkdir(parents=True)

    with pytest.raises(
        BadPictures, match=r"1 photos have no tier, .*Trouser/000\.png\. Photos lie in FOLDER/"
    ):
        list_photos(tmp_path / "flat", LABELS)
    with pytest.raises(BadPictures, match="no photo in it"):
        list_photos(tmp_path / "empty", LABELS)
    with pytest.raises(DataSetMissing, match="nowhere: cannot be read"):
        list_photos(tmp_path / "nowhere", LABELS)


def test_notes_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"], ".git": ["hooks"]})
    (tmp_path / "photos.csv").write_text("id,label\n")
    (tmp_path / "A" / "notes.txt").write_text("all mine")
    (tmp_path / "A" / "Trouser" / ".DS_Store").write_bytes(b"\0")

    assert [one.path.name for one in list_photos(tmp_path, LABELS).pictures] == ["000.png"]


def test_a_photo_is_what_a_service_with_these_parameters_would_see_of_it(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    decoded = decode(png(a_garment_photo(0)), 10**6)

    plain, sharpened = (read(tmp_path, [], one).images for one in (Imaging(), Imaging(sharpen_sigma=0.4)))

    np.testing.assert_array_equal(plain[0], decoded_to_pixels(decoded, InputContract()))
    assert not np.array_equal(sharpened, plain)


def test_photos_keep_the_order_of_their_listing(tmp_path: Path) -> None:
    write_photos(tmp_path, 2, {"C": ["Bag"], "A": ["Trouser"], "X": ["Hats"]})

    photos = read(tmp_path, [])

    assert photos.tiers.tolist() == ["A", "A", "C", "C", "X", "X"]
    assert photos.classes.tolist() == [1, 1, 3, 3, OOD, OOD]
    assert [file.name for file in photos.files] == ["000.png", "001.png"] * 3


def test_copies_count_once_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    said: list[str] = []
    write_photos(tmp_path, 2, {"A": ["Trouser"]})
    (tmp_path / "A" / "Trouser" / "copy.png").write_bytes(png(a_garment_photo(0)))
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    photos = read(tmp_path, said)

    assert len(photos) == len(set(photos.sha256)) == 2
    assert said[0] == "1 of 4 pictures are copies of others and count once."
    assert said[1].startswith("skipped 1 of 3 files that cannot be read.")


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A" / "Trouser").mkdir(parents=True)
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    with pytest.raises(BadPictures, match="none of 1 pictures can be read"):
        read(tmp_path, [])


def test_a_table_says_of_each_photo_what_it_shows_how_it_was_taken_and_who_sent_it(tmp_path: Path) -> None:
    write_photos(tmp_path / "all", 6, {"shop": ["1"]})
    named = [f"all/shop/1/00{n}.png" for n in range(6)]
    rows = [f"{named[0]},Trouser,A,ann", f"{named[1]},3,C,ann", f"{named[2]},bag,C,", f"{named[3]},X_Hats,B,"]

    photos = read(write_table(tmp_path, *rows, f"{named[4]},,X,ann", f"{named[5]},1,X,"), [])

    assert photos.tiers.tolist() == ["A", "C", "C", "B", "X", "X"]
    assert photos.classes.tolist() == [1, 3, 3, OOD, OOD, OOD]
    assert photos.kinds[3:].tolist() == ["X_Hats", "X", "1"]
    of_ann = [photos.sha256[place] for place in (0, 1, 4)]
    assert photos.groups.tolist() == [min(of_ann) if one in of_ann else one for one in photos.sha256]


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        ("path,label", "a.png,Jeans", "none of its 1 pictures is there"),
        ("path,label,tier", "a.png,Jeans,A", "'Jeans' is none of the classes"),
        ("path,label,tier", "a.png,,A", "'' is none of the classes"),
        ("file,label,tier", "a.png,Bag,A", "It needs the columns `path` and `label`"),
    ],
)
def test_a_table_that_does_not_say_what_photos_are_is_refused(
    tmp_path: Path, columns: str, row: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        list_photos(write_table(tmp_path, row, columns=columns), LABELS)


def test_a_csv_beside_a_folder_of_photos_is_said_to_be_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learn = write_photos(tmp_path / "photos", 3, {"A": ["Trouser"]})
    write_table(tmp_path, "photos/A/Trouser/000.png,1,A,ann")

    photos_in([learn], LABELS, GREY_28, Lines())

    assert f"{tmp_path}/photos.csv is not read. Name it in place of the folder" in capsys.readouterr().err


@pytest.mark.parametrize(("joined", "alone"), [("ann", "bob"), ("bob", "ann")])
def test_a_group_that_a_copy_joins_with_another_is_joined_in_both_folders(
    tmp_path: Path, joined: str, alone: str
) -> None:
    learn, check = tmp_path / "learn", tmp_path / "check"
    write_photos(learn, 3, {"A": ["Trouser"]})
    write_photos(check, 6, {"A": ["Trouser"]})
    photo = (check / "A" / "Trouser" / "003.png").read_bytes()
    (check / "A" / "Trouser" / "copy.png").write_bytes(photo)
    named = "A/Trouser/{}.png,1,A,{}"
    rows = [named.format(*row) for row in [("000", alone), ("001", ""), ("002", "")]]
    others = [named.format(*row) for row in [("003", joined), ("copy", alone), ("004", joined), ("005", "")]]

    learnt, checked = photos_in(
        [write_table(learn, *rows), write_table(check, *others)], LABELS, GREY_28, Lines()
    )

    assert np.isin(learnt.groups, checked.groups).tolist() == [True, False, False]
    assert len(checked) == 3
