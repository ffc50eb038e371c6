"""Photos by tier and label, read as the service reads uploads."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from inference.contract import Imaging, InputContract
from inference.convert import decoded_to_pixels
from inference.decode import decode
from scripts.photos import photo_sets
from tests.photos import a_garment_photo, write_photos
from tests.uploads import png
from training.errors import BadClasses, BadCsv, BadPictures, DataSetMissing
from training.photos.reading import OOD, Photos, list_photos, read_photos

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Bag")
KNOWN = {"A": ("Trouser", "Bag"), "C": ("Trouser",)}


def read(folder: Path, said: list[str], imaging: Imaging | None = None) -> Photos:
    listed = list_photos(folder, LABELS, said.append)
    return read_photos(listed, InputContract(imaging=imaging or Imaging()), said.append, lambda *_: None)


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

    (listed,) = list_photos(tmp_path, LABELS, print)

    assert (listed.path, listed.tier, listed.label) == (tmp_path / folder / "000.png", tier, label)


def test_a_class_that_is_called_by_a_number_is_meant_before_the_index(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["1"]})

    assert [one.label for one in list_photos(tmp_path, ("1", "0"), print)] == [0]


def test_an_unknown_label_is_refused_with_what_would_do(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Jeans"]})

    with pytest.raises(BadClasses) as refusal:
        list_photos(tmp_path, LABELS, print)

    assert str(refusal.value) == (
        f"{tmp_path}/A/Jeans: 'Jeans' is none of the classes. Call the folder 0 to 3, or one of T-shirt_top, "
        "Trouser, Pullover, Bag; or, if it shows none of them, X_Jeans."
    )


def test_folders_without_photos_or_without_tiers_are_refused(tmp_path: Path) -> None:
    write_photos(tmp_path / "flat", 1, {"Trouser": [""]})
    (tmp_path / "empty" / "A" / "Trouser").mkdir(parents=True)

    with pytest.raises(BadPictures, match=r"Trouser/000\.png: lies in no label's folder.*FOLDER/tier/label/"):
        list_photos(tmp_path / "flat", LABELS, print)
    with pytest.raises(BadPictures, match="no photo in it"):
        list_photos(tmp_path / "empty", LABELS, print)
    with pytest.raises(DataSetMissing, match="nowhere: cannot be read"):
        list_photos(tmp_path / "nowhere", LABELS, print)
    with pytest.raises(BadClasses, match="256 classes"):
        list_photos(tmp_path, tuple(map(str, range(256))), print)


def test_notes_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"], ".git": ["hooks"]})
    (tmp_path / "photos.csv").write_text("id,label\n")
    (tmp_path / "A" / "notes.txt").write_text("all mine")
    (tmp_path / "A" / "Trouser" / ".DS_Store").write_bytes(b"\0")

    assert [one.path.name for one in list_photos(tmp_path, LABELS, print)] == ["000.png"]


def test_a_photo_is_what_a_service_with_these_parameters_would_see_of_it(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    decoded = decode(png(a_garment_photo(0)), 10**6)

    plain, sharpened = (read(tmp_path, [], one).images for one in (Imaging(), Imaging(sharpen_sigma=0.4)))

    np.testing.assert_array_equal(plain[0], decoded_to_pixels(decoded, InputContract()))
    assert not np.array_equal(sharpened, plain)


def test_photos_keep_the_order_of_their_listing(tmp_path: Path) -> None:
    write_photos(tmp_path, 2, {"C": ["Bag"], "A": ["Trouser"], "X": ["Hats"]})

    photos = read(tmp_path, [])

    assert photos.tiers == ("A", "A", "C", "C", "X", "X")
    assert photos.labels.tolist() == [1, 1, 3, 3, OOD, OOD]
    assert [file.name for file in photos.files] == ["000.png", "001.png"] * 3


def test_copies_count_once_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    said: list[str] = []
    write_photos(tmp_path, 2, {"A": ["Trouser"]})
    (tmp_path / "A" / "Trouser" / "copy.png").write_bytes(png(a_garment_photo(0)))
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    photos = read(tmp_path, said)

    assert len(photos) == len(set(photos.sha256)) == 2
    assert said[0].startswith("skipped 1 of 4 files that cannot be read.")
    assert said[1] == "1 of 4 photos are copies of others and count once."


def test_one_photo_under_two_labels_is_refused(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    (tmp_path / "A" / "Bag").mkdir()
    (tmp_path / "A" / "Bag" / "copy.png").write_bytes(png(a_garment_photo(0)))

    with pytest.raises(BadPictures, match=r"Bag/copy\.png and .*Trouser/000\.png are the same photo"):
        read(tmp_path, [])


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A" / "Trouser").mkdir(parents=True)
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    with pytest.raises(BadPictures, match="none of 1 photos can be read"):
        read(tmp_path, [])


@pytest.mark.parametrize("prefix", ["", "photos/", "photos\\"], ids=["its own", "the CSV's", "Windows"])
def test_a_csv_beside_the_folder_says_which_photos_are_of_one_sender(tmp_path: Path, prefix: str) -> None:
    write_photos(tmp_path / "photos", 4, KNOWN)
    senders = [f"{prefix}A/Trouser/00{n}.png ,0,ann\n" for n in range(3)]
    other_tier, unknown = f"{prefix}C/Trouser/000.png,0,ann\n", f"{prefix}A/Bag/000.png,0,\n"
    text = "".join(["file,label,group\n", *senders, other_tier, unknown])
    (tmp_path / "photos.csv").write_text(text.replace("/", "\\") if "\\" in prefix else text, "utf-8")

    photos = read(tmp_path / "photos", [])

    of_ann = np.array(photos.keys) != np.array(photos.sha256)
    assert of_ann.sum() == 4
    assert all(len(set(photos.drawn(shares)[of_ann])) == 1 for shares in (2, 5, 8))


def test_a_copy_brings_its_groups_along_and_joins_them(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 4, {"A": ["Trouser"]})
    folder = tmp_path / "photos" / "A" / "Trouser"
    (folder / "copy.png").write_bytes((folder / "000.png").read_bytes())
    groups = {"000": "ann", "001": "ann", "copy": "bob", "002": "bob"}
    rows = [f"A/Trouser/{name}.png,{group}\n" for name, group in groups.items()]
    (tmp_path / "photos.csv").write_text("file,group\n" + "".join(rows), "utf-8")

    photos = read(tmp_path / "photos", [])

    assert [len(set(photos.keys[:3])), photos.keys[3]] == [1, photos.sha256[3]]


def test_rows_that_name_no_photo_are_counted_and_refused_if_none_does(tmp_path: Path) -> None:
    said: list[str] = []
    write_photos(tmp_path / "photos", 2, KNOWN)
    listing = tmp_path / "photos.csv"
    listing.write_text("file,group\nA/Bag/000.png,ann\nA/bag/001.png,ann\n", "utf-8")
    read(tmp_path / "photos", said)
    listing.write_text("file,group\n000.png,ann\n", "utf-8")

    with pytest.raises(BadCsv, match="1 of its 1 rows with a group name no photo"):
        read(tmp_path / "photos", [])
    [words] = said
    assert "1 of its 2 rows with a group name no photo" in words


@pytest.mark.parametrize("text", ["path,label\nA/Bag/000.png,Bag\n", "group,file\nann\n"])
def test_another_csv_beside_the_folder_or_a_row_that_names_no_file_groups_nothing(
    tmp_path: Path, text: str
) -> None:
    write_photos(tmp_path / "photos", 2, KNOWN)
    (tmp_path / "photos.csv").write_text(text, "utf-8")

    photos = read(tmp_path / "photos", [])

    assert photos.keys == photos.sha256


@pytest.mark.parametrize("text", [b"path,group\nA/Bag/000.png,ann\n", b"file,group\n\xff\xfe,x\n"])
def test_groups_that_cannot_be_read_are_refused_with_what_would_do(tmp_path: Path, text: bytes) -> None:
    write_photos(tmp_path / "photos", 2, KNOWN)
    (tmp_path / "photos.csv").write_bytes(text)

    with pytest.raises(BadCsv, match=r"photos\.csv: cannot be read .*columns `file` \(tier/label/file\)"):
        list_photos(tmp_path / "photos", LABELS, print)


@pytest.mark.parametrize(("joined", "alone"), [("ann", "bob"), ("bob", "ann")])
def test_a_group_that_a_copy_joins_with_another_is_joined_in_both_folders(
    tmp_path: Path, joined: str, alone: str
) -> None:
    learn, check = tmp_path / "learn", tmp_path / "check"
    write_photos(learn, 3, {"A": ["Trouser"]})
    write_photos(check, 6, {"A": ["Trouser"]})
    for seed in range(3):
        (check / "A" / "Trouser" / f"{seed:03}.png").unlink()
    photo = (check / "A" / "Trouser" / "003.png").read_bytes()
    (check / "A" / "Trouser" / "copy.png").write_bytes(photo)
    (tmp_path / "learn.csv").write_text(f"file,group\nA/Trouser/000.png,{alone}\n", "utf-8")
    rows = [f"A/Trouser/003.png,{joined}", f"A/Trouser/copy.png,{alone}", f"A/Trouser/004.png,{joined}"]
    (tmp_path / "check.csv").write_text("\n".join(["file,group", *rows]), "utf-8")

    sets = photo_sets(argparse.Namespace(photos=learn, check_photos=check, folds=None), LABELS)

    assert sets is not None
    assert [file.name for file in sets.learnt.files] == ["001.png", "002.png"]
    assert len(sets.checked) == 3


def test_with_folds_photos_that_are_all_checked_too_are_dealt(tmp_path: Path) -> None:
    write_photos(tmp_path / "some", 2, {"A": ["Trouser"]})
    write_photos(tmp_path / "all", 3, {"A": ["Trouser"]})
    asked = argparse.Namespace(photos=tmp_path / "some", check_photos=tmp_path / "all", folds=2)

    sets = photo_sets(asked, LABELS)

    assert sets is not None
    assert sets.dealt
    assert (len(sets.learnt), sets.learnt.sha256) == (3, sets.checked.sha256)
