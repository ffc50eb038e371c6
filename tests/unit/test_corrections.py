"""Corrected labels: `--corrections CSV` beside `--data` or `--photos`."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.photos import write_photos
from tests.uploads import png
from training.errors import BadCsv, BadPictures
from training.pictures.corrections import corrections_in
from training.pictures.fashion import LabelledData
from training.pictures.labels import OOD
from training.pictures.listing import list_pictures
from training.pictures.named import Named, load
from training.pictures.own_pictures import from_pictures
from training.pictures.photos import photos_in
from training.pictures.table import Pictures
from training.progress import Lines

COUNT = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of twelve pictures."""
    return write_class_folders(tmp_path / "things", COUNT)


def corrected(folder: Path, *rows: str) -> LabelledData:
    """The data of a folder with the corrections of a CSV beside it, whose rows these are."""
    listing = folder.parent / "corrections.csv"
    listing.write_text("\n".join(["path,label", *rows]), "utf-8")
    corrections = corrections_in([listing])
    return from_pictures(list_pictures(folder), print, lambda *_: None, corrections=corrections)


def labels_of(data: LabelledData, kind: str, seed: int) -> list[str]:
    """Under which labels a picture is learnt or measured on."""
    pixels = decoded_to_pixels(decode(png(a_photo(kind, seed)), MAX_PIXELS), GREY_28)
    return [
        data.labels[label]
        for part in (data.train, data.test)
        for image, label in zip(part.images, part.classes, strict=True)
        if np.array_equal(image, pixels)
    ]


@pytest.mark.parametrize("nothing", [" ", "none of these"])
def test_a_corrected_picture_has_its_new_label_and_one_that_shows_no_class_is_left_out(
    nothing: str, folder: Path
) -> None:
    data = corrected(folder, f"{folder}/Ball/003.png,Stick", f"things/Box/004.png,{nothing}")

    assert labels_of(data, "Ball", 3) == ["Stick"]
    assert labels_of(data, "Box", 4) == []
    assert (np.bincount(data.train.classes) + np.bincount(data.test.classes)).tolist() == [11, 11, 13]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("corrections.csv,Box", r"1 of 1 name no picture that is read, among them /.*/corrections\.csv"),
        ("things/Ball/003.png,box", "'box' is none of the classes Ball, Box, Stick.* Did you mean 'Box'"),
        ("things/Ball/003.png", r"corrections\.csv, row 2, line 2: it has 1 cells, and the header has 2"),
    ],
)
def test_a_correction_of_no_picture_or_to_no_class_is_refused(folder: Path, row: str, message: str) -> None:
    with pytest.raises(BadCsv, match=message):
        corrected(folder, row)


@pytest.mark.parametrize("name", ["gone.png", "\0.png"])
def test_a_correction_of_a_file_that_is_not_there_is_refused_before_pictures_are_read(
    tmp_path: Path, name: str
) -> None:
    listing = tmp_path / "corrections.csv"
    listing.write_text(f"path,label\n{name},Box\n", "utf-8")

    with pytest.raises(BadCsv, match="1 of 1 name no picture"):
        corrections_in([listing])


@pytest.mark.parametrize(
    ("at", "counts"),
    [(("2026-11-02", "2026-11-01"), "Stick"), (("", ""), "Box")],
    ids=["the latest", "without times the later row"],
)
def test_of_two_answers_to_a_picture_and_its_copy_one_counts_for_both(
    folder: Path, at: tuple[str, str], counts: str
) -> None:
    (folder / "Ball" / "copy.png").write_bytes(png(a_photo("Ball", 3)))
    listing = folder.parent / "corrections.csv"
    rows = f"things/Ball/003.png,Stick,{at[0]}\nthings/Ball/copy.png,Box,{at[1]}\n"
    listing.write_text(f"path,label,at\n{rows}", "utf-8")

    data = from_pictures(list_pictures(folder), print, lambda *_: None, corrections=corrections_in([listing]))

    assert labels_of(data, "Ball", 3) == [counts]


def test_an_answer_to_a_picture_that_was_overwritten_since_does_not_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = folder.parent / "corrections.csv"
    of_another = hashlib.sha256(b"what was there").hexdigest()
    listing.write_text(f"path,label,sha256\nthings/Ball/003.png,Stick,{of_another}\n", "utf-8")

    data = from_pictures(list_pictures(folder), print, lambda *_: None, corrections=corrections_in([listing]))

    assert labels_of(data, "Ball", 3) == ["Ball"]
    assert "1 are of pictures that have another content now" in capsys.readouterr().out


def test_how_many_labels_are_corrected_and_pictures_left_out_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "things/Ball/003.png,Box",
        "things/Ball/004.png,Ball",
        "things/Box/004.png,",
        "things/Box/005.png,",
    )

    corrected(folder, *rows)

    said = f"--corrections: of 36 pictures of {folder}, 1 get another label and 2 are left out."
    assert capsys.readouterr().out.count(said) == 1


def test_answers_about_attributes_are_said_not_to_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = folder.parent / "corrections.csv"
    listing.write_text(
        f"path,label,attribute\n{folder}/Ball/003.png,Stick,\n{folder}/Box/004.png,blue,colour\n", "utf-8"
    )

    data = load(Named(place=str(folder), corrections=(listing,)), Lines())

    assert labels_of(data, "Ball", 3) == ["Stick"]
    assert (
        "1 of the answers are about attributes, and do not count without --attribute"
        in capsys.readouterr().err
    )


def test_corrections_that_leave_no_picture_are_refused_and_a_class_without_one_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{file},\n" for file in sorted(folder.glob("*/*.png"))]

    with pytest.raises(BadPictures, match="things: no picture is left of 36"):
        corrected(folder, *rows)

    assert corrected(folder, *rows[:COUNT]).labels == ("Box", "Stick")
    assert "too few pictures or groups of 'Ball' (0 pictures, and needs 3)" in capsys.readouterr().out


def read_photos(folder: Path, *rows: str) -> tuple[Pictures, ...]:
    """The photos of learn/ and check/, with the corrections of a CSV beside them, whose rows these are."""
    listing = folder / "corrections.csv"
    listing.write_text("\n".join(["path,label", *rows]), "utf-8")
    places = [folder / "learn", folder / "check"]
    return photos_in(places, ("Trouser", "Bag"), GREY_28, Lines(), corrections_in([listing]))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Pictures to learn and photos to check."""
    write_photos(tmp_path / "learn", 3, {"A": ["Trouser"], "X": ["Hats"]})
    write_photos(tmp_path / "check", 2, {"A": ["Trouser"], "X": ["Hats"]}, seed=10)
    return tmp_path


def test_photos_are_corrected_and_left_out_with_their_copies_in_either_folder(photos: Path) -> None:
    trousers, others = (photos / one / "A" / "Trouser" for one in ("learn", "check"))
    (trousers / "copy.png").write_bytes((trousers / "000.png").read_bytes())
    (others / "copy.png").write_bytes((trousers / "001.png").read_bytes())
    (trousers / "left out.png").write_bytes((others / "000.png").read_bytes())

    rows = (
        "learn/A/Trouser/000.png,",
        "learn/A/Trouser/001.png,Bag",
        "check/A/Trouser/000.png,",
        "check/X/Hats/000.png,",
    )
    learnt, checked = read_photos(photos, *rows)

    assert [
        (file.name, label) for file, label in zip(learnt.files, learnt.classes.tolist(), strict=True)
    ] == [
        ("001.png", 1),
        ("002.png", 0),
        *((f"{n:03}.png", OOD) for n in range(3)),
    ]
    assert [
        (file.name, label) for file, label in zip(checked.files, checked.classes.tolist(), strict=True)
    ] == [
        ("001.png", 0),
        ("copy.png", 1),
        ("001.png", OOD),
    ]


def test_a_photo_of_no_class_is_not_corrected_without_a_tier(photos: Path) -> None:
    with pytest.raises(BadCsv, match=r"Hats/000\.png is of tier X, .* Give it the tier"):
        read_photos(photos, "check/X/Hats/000.png,Bag")


def test_corrections_that_leave_no_photo_are_refused(photos: Path) -> None:
    rows = [f"{file}," for file in sorted(photos.glob("learn/*/*/*.png"))]

    with pytest.raises(BadPictures, match="no picture is left of 6"):
        read_photos(photos, *rows)


def test_corrections_of_data_without_files_are_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=60, test=10)

    rows = tmp_path / "c.csv"
    rows.write_text("path,label\nc.csv,Bag\n", "utf-8")

    with pytest.raises(BadCsv, match="Corrections are of pictures of your own"):
        wardrobe(
            "train", ["--data", str(tmp_path), "--corrections", str(rows), "--out", str(tmp_path / "store")]
        )


def test_every_picture_knows_its_file(folder: Path) -> None:
    data = from_pictures(list_pictures(folder), print, lambda *_: None)

    assert data.train.files is not None
    assert data.test.files is not None
    assert len({*data.train.files, *data.test.files}) == COUNT * len(KINDS)
    assert data.train.take(np.array([5, 2])).files == (data.train.files[5], data.train.files[2])
