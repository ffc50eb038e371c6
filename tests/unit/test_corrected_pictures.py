"""What a training reads of pictures and photos that people answered for: `--corrections` beside them.

Which answer counts of which picture: test_corrections.py.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.contract import GREY_28
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.release_labels import NONE
from model_store.release_files import hash_file
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.own_pictures import KINDS, a_photo, kept_pictures, write_class_folders
from tests.photos import write_photos
from tests.saved_again import as_jpeg
from tests.tables import write_csv
from tests.uploads import png
from training.data.data_source import DataSource
from training.data.fashion import LabelledData
from training.data.labels import OOD
from training.data.photo_reading import read_photos
from training.data.pictures import Pictures
from training.data.read import load_data_set
from training.errors import DataError
from training.progress import ProgressLines


def said(path: str, label: str, **more: str) -> dict[str, str]:
    return {"path": path, "label": label, **more}


COUNT = 12


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """Three classes of twelve pictures."""
    return write_class_folders(tmp_path / "things", COUNT)


@pytest.fixture
def corrected(things: Path) -> Callable[..., LabelledData]:
    """Learns `things` with answers to them."""

    def read(*rows: dict[str, str]) -> LabelledData:
        file = write_csv(things / "corrections.csv", rows)
        return load_data_set(DataSource(place=str(things), corrections=(file,)), ProgressLines())

    return read


def labels_of(data: LabelledData, kind: str, seed: int) -> list[str]:
    """Under which labels a picture is learnt or measured on."""
    pixels = convert_to_pixels(decode_image(png(a_photo(kind, seed)), MAX_PIXELS), GREY_28)
    return [
        data.labels[label]
        for part in (data.train, data.test)
        for image, label in zip(part.images, part.classes, strict=True)
        if np.array_equal(image, pixels)
    ]


def test_a_training_learns_answers_and_says_once_what_became_of_them(
    corrected: Callable[..., LabelledData], capsys: pytest.CaptureFixture[str]
) -> None:
    data = corrected(
        said("Ball/003.png", "Box"),
        said("Ball/004.png", "Ball"),
        said("Box/004.png", ""),
        said("Box/005.png", NONE),
        said("Stick/003.png", "Ball", sha256="ab" * 32),
        said("Stick/004.png", "blue", attribute="colour"),
    )

    assert [labels_of(data, *one) for one in (("Ball", 3), ("Box", 4), ("Stick", 3))] == [
        *(["Box"], [], ["Stick"]),
    ]
    assert (np.bincount(data.train.classes) + np.bincount(data.test.classes)).tolist() == [11, 11, 12]
    told = " ".join(" ".join(capsys.readouterr()).split())
    assert told.count("1 gets another label and 2 are left out.") == 1
    assert "1 correction is of a picture that has another content now" in told
    assert "1 answer is about attributes, and not used without --attribute" in told
    assert data.train.files is not None
    assert data.train.take(np.array([5, 2])).files == (data.train.files[5], data.train.files[2])


@pytest.mark.parametrize(
    ("answered", "learnt"),
    [
        ({"a": "Box"}, ["a"]),
        ({"a": "Box", "b": "Box"}, ["a", "b"]),
        ({"a": "Box", "b": "Stick"}, []),
        ({}, []),
    ],
    ids=["one", "two alike", "two that differ", "none"],
)
def test_of_near_copies_in_two_classes_the_one_that_a_person_answered_counts(
    answered: dict[str, str], learnt: list[str], things: Path
) -> None:
    for name, kind in (("a", "Ball"), ("b", "Stick"), ("c", "Stick")):
        picture = as_jpeg(decode_image((things / "Ball" / "003.png").read_bytes(), MAX_PIXELS).picture)
        (things / kind / f"{name}.jpg").write_bytes(picture + name.encode())
    rows = [
        said(str(file), label) for name, label in answered.items() for file in things.rglob(f"{name}.jpg")
    ]
    corrections = (write_csv(things.parent / "corrections.csv", rows),) if rows else ()

    named = DataSource(place=str(things), corrections=corrections)
    pictures = [content.path.stem for content in kept_pictures(named, ProgressLines())]

    assert sorted(name for name in pictures if name in {"a", "b", "c"}) == learnt


def test_an_answer_to_another_picture_that_lies_elsewhere_is_refused(
    corrected: Callable[..., LabelledData], tmp_path: Path
) -> None:
    (tmp_path / "other.png").write_bytes(png(a_photo("Ball", COUNT + 1)))
    (tmp_path / "copy.png").write_bytes(png(a_photo("Ball", 1)))
    again = cv2.imencode(".jpg", a_photo("Ball", 3), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    (tmp_path / "again.jpg").write_bytes(again)
    rows = [said(f"../{name}", "Box") for name in ("copy.png", "other.png", "again.jpg")]

    with pytest.raises(DataError, match=r"2 of 3 name no picture that is read, among them .*/again\.jpg"):
        corrected(*rows)


@pytest.mark.parametrize("label", ["", NONE])
@pytest.mark.parametrize("links_to", ["empty.png", "gone.png"])
def test_a_file_that_cannot_be_read_is_left_out_by_its_path_and_no_other_one_is(
    links_to: str, label: str, corrected: Callable[..., LabelledData], things: Path
) -> None:
    (things.parent / "empty.png").write_bytes(b"")
    for name in ("x.png", "y.png"):
        (things / "Ball" / name).symlink_to(things.parent / links_to)

    with pytest.raises(DataError, match=r"1 of 37 .*/y\.png"):
        corrected(said("Ball/x.png", label))
    (things / "Ball" / "y.png").unlink()
    data = corrected(said("Ball/x.png", label))

    assert len(data.train) + len(data.test) == COUNT * len(KINDS)


def test_answers_that_leave_no_picture_are_refused_and_a_class_without_one_is_named(
    corrected: Callable[..., LabelledData], things: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [said(str(file), "") for file in sorted(things.glob("*/*.png"))]

    with pytest.raises(DataError, match=f"things: no picture is left of {COUNT * len(KINDS)}"):
        corrected(*rows)

    assert corrected(*rows[:COUNT]).labels == KINDS[1:]
    assert "too few pictures or groups of 'Ball' (0 pictures, and needs 3)" in " ".join(
        " ".join(capsys.readouterr()).split()
    )


def test_answers_to_data_without_files_are_refused(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=60, test=10)
    file = write_csv(tmp_path / "c.csv", [said("c.csv", "Bag")])

    with pytest.raises(DataError, match="Corrections are of pictures of your own"):
        wardrobe(
            "train", ["--data", str(tmp_path), "--corrections", str(file), "--run", str(tmp_path / "run")]
        )


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., Pictures]:
    """Reads photos of classes (tier A) and of none (X), with answers to them."""
    write_photos(tmp_path / "learn", 4, {"A": ["Trouser"], "X": ["Hats"]})
    learn = tmp_path / "learn" / "A" / "Trouser"
    shutil.copy(learn / "000.png", learn / "copy.png")

    def read(*rows: dict[str, str]) -> Pictures:
        answers = write_csv(tmp_path / "corrections.csv", rows)
        named = DataSource(place=str(tmp_path / "learn"), corrections=(answers,), photo_use="learn")
        labels = ("Trouser", "Bag")
        return read_photos(named, named.list_photos(labels), GREY_28, ProgressLines())

    return read


def test_photos_are_corrected_and_left_out_with_their_copies(
    photos: Callable[..., Pictures], capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = photos(
        said("gone.png", "Bag"),
        said("learn/A/Trouser/000.png", ""),
        said("learn/A/Trouser/001.png", "Bag"),
        said("learn/X/Hats/000.png", ""),
    )

    found = [(file.name, label) for file, label in zip(learnt.files, learnt.classes.tolist(), strict=True)]
    assert found == [
        *(("001.png", 1), ("002.png", 0), ("003.png", 0)),
        *((f"{n:03}.png", OOD) for n in (1, 2, 3)),
    ]
    notes = " ".join(" ".join(capsys.readouterr()).split())
    assert notes.count("1 correction is of a picture that is not found") == 1


def test_an_answer_that_names_no_file_holds_for_the_photo_of_its_content(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "learn", 2, {"A": ["Trouser"]})
    answer = said("upload.png", "Bag", sha256=hash_file(tmp_path / "learn/A/Trouser/000.png") or "")
    file = write_csv(tmp_path_factory.mktemp("downloads") / "corrections.csv", [answer])
    named = DataSource(place=str(tmp_path / "learn"), corrections=(file,), photo_use="learn")

    listing = named.list_photos(("Trouser", "Bag"))
    assert read_photos(named, listing, GREY_28, ProgressLines()).classes.tolist() == [1, 0]
    assert "not found" not in " ".join(capsys.readouterr())


def test_a_photo_of_no_class_is_not_corrected_without_a_tier(
    photos: Callable[..., Pictures],
) -> None:
    with pytest.raises(DataError, match=r"Hats/000\.png is of tier X, .* Give it the tier"):
        photos(said("learn/X/Hats/000.png", "Bag"))
