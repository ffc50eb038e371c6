"""Photos by tier and label, read as the service reads uploads."""

from pathlib import Path

import numpy as np
import pytest

from inference.contract import Imaging
from inference.convert import decoded_to_pixels
from inference.decode import decode
from tests.photos import a_garment_photo, write_photos
from tests.uploads import png
from training.errors import BadClasses, BadPictures, DataSetMissing
from training.photos.reading import OOD, Photos, list_photos, read_photos

LABELS = ("T-shirt/top", "Trouser", "Pullover", "Bag")


def _quiet(*_: object) -> None:
    """Nobody listens."""


def _read(folder: Path) -> Photos:
    return read_photos(list_photos(folder, LABELS), Imaging(), _quiet, _quiet)


@pytest.mark.parametrize(
    ("folder", "label"),
    [("A/1", 1), ("A/Trouser", 1), ("A/trouser", 1), ("B/T-shirt_top", 0), ("mine/bag", 3)],
)
def test_a_label_is_an_index_or_a_name(tmp_path: Path, folder: str, label: int) -> None:
    tier, name = folder.split("/")
    write_photos(tmp_path, 1, {tier: [name]})

    listed = list_photos(tmp_path, LABELS)

    assert [(one.path, one.tier, one.label) for one in listed] == [
        (tmp_path / folder / "000.png", tier, label)
    ]


@pytest.mark.parametrize("folder", ["X/Hats", "X/1", "A/X_shop_Hats"])
def test_what_is_none_of_the_classes_is_ood(tmp_path: Path, folder: str) -> None:
    tier, name = folder.split("/")
    write_photos(tmp_path, 1, {tier: [name]})

    listed = list_photos(tmp_path, LABELS)

    assert [one.label for one in listed] == [OOD]


def test_a_class_that_is_called_by_a_number_is_meant_before_the_index(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["1"]})

    listed = list_photos(tmp_path, ("1", "0"))

    assert [one.label for one in listed] == [0]


def test_an_unknown_label_is_refused_with_what_would_do(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Jeans"]})

    with pytest.raises(BadClasses) as refusal:
        list_photos(tmp_path, LABELS)

    assert str(refusal.value) == (
        f"{tmp_path}/A/Jeans: 'Jeans' is none of the classes. Call the folder 0 to 3, or one of T-shirt_top, "
        "Trouser, Pullover, Bag; or, if it shows none of them, X_Jeans."
    )


def test_photos_without_tiers_are_refused_with_the_layout(tmp_path: Path) -> None:
    write_photos(tmp_path / "A", 1, {"Trouser": [""]})

    with pytest.raises(BadPictures, match=r"Trouser/000\.png: lies in no label's folder.*FOLDER/tier/label/"):
        list_photos(tmp_path / "A", LABELS)


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A" / "Trouser").mkdir(parents=True)

    with pytest.raises(BadPictures, match="no photo in it"):
        list_photos(tmp_path, LABELS)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetMissing, match="nowhere: cannot be read"):
        list_photos(tmp_path / "nowhere", LABELS)


def test_more_classes_than_labels_can_number_are_refused() -> None:
    with pytest.raises(BadClasses, match="256 classes"):
        list_photos(Path(), tuple(map(str, range(256))))


def test_notes_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"], ".git": ["hooks"]})
    (tmp_path / "photos.csv").write_text("id,label\n")
    (tmp_path / "A" / "notes.txt").write_text("all mine")
    (tmp_path / "A" / "Trouser" / ".DS_Store").write_bytes(b"\0")

    listed = list_photos(tmp_path, LABELS)

    assert [one.path.name for one in listed] == ["000.png"]


def test_a_photo_is_what_the_service_would_see_of_it(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    content = png(a_garment_photo(0))

    photos = _read(tmp_path)

    np.testing.assert_array_equal(photos.images[0], decoded_to_pixels(decode(content, 10**6), Imaging()))


def test_the_conversion_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})

    sharpened = read_photos(list_photos(tmp_path, LABELS), Imaging(sharpen_sigma=0.4), _quiet, _quiet)

    assert not np.array_equal(sharpened.images, _read(tmp_path).images)


def test_photos_keep_the_order_of_their_listing(tmp_path: Path) -> None:
    write_photos(tmp_path, 2, {"C": ["Bag"], "A": ["Trouser"], "X": ["Hats"]})

    photos = _read(tmp_path)

    assert photos.tiers == ("A", "A", "C", "C", "X", "X")
    assert photos.labels.tolist() == [1, 1, 3, 3, OOD, OOD]
    assert [file.name for file in photos.files] == ["000.png", "001.png"] * 3


def test_copies_count_once_and_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    write_photos(tmp_path, 2, {"A": ["Trouser"]})
    (tmp_path / "A" / "Trouser" / "copy.png").write_bytes(png(a_garment_photo(0)))

    photos = read_photos(list_photos(tmp_path, LABELS), Imaging(), told.append, _quiet)

    assert len(photos) == len(set(photos.sha256)) == 2
    assert told == ["1 of 3 photos are copies of others and count once."]


def test_one_photo_under_two_labels_is_refused(tmp_path: Path) -> None:
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    (tmp_path / "A" / "Bag").mkdir()
    (tmp_path / "A" / "Bag" / "copy.png").write_bytes(png(a_garment_photo(0)))

    with pytest.raises(BadPictures, match=r"Bag/copy\.png and .*Trouser/000\.png are the same photo"):
        _read(tmp_path)


def test_what_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    write_photos(tmp_path, 1, {"A": ["Trouser"]})
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    photos = read_photos(list_photos(tmp_path, LABELS), Imaging(), told.append, _quiet)

    assert len(photos) == 1
    assert told[0].startswith("skipped 1 of 2 files that cannot be read.")


def test_a_folder_in_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A" / "Trouser").mkdir(parents=True)
    (tmp_path / "A" / "Trouser" / "broken.jpg").write_bytes(b"no picture")

    with pytest.raises(BadPictures, match="none of 1 photos can be read"):
        _read(tmp_path)
