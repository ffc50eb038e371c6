"""How often a command reads, hashes and decodes the files of a data set: none more often than it needs."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inference.contract import GREY_28, make_whole_picture_input
from inference.pictures.decode import decode_image
from labelling.review.corrections import read_corrections
from model_store.local_releases import open_release
from model_store.release_files import open_regular_file
from tests.commands import wardrobe
from tests.own_pictures import KINDS, a_photo, see_nothing
from tests.releases import a_release
from tests.tables import write_csv
from tests.uploads import png
from training.corrected_release import CorrectedRelease
from training.data import hashed_files, picture_files
from training.data.data_source import DataSource
from training.data.decoded_pictures import decode_until_photo
from training.data.photo_reading import read_photos
from training.data.read import load_data_set
from training.improve import choose_next_training
from training.methods import choose_training_method, make_data_source
from training.progress import ProgressLines

READS = make_whole_picture_input(64, 3)
"""The input of a network that sees photos."""

BEFORE, BEHIND = range(2), range(2, 6)
"""Pictures of each class that are listed before the first photo of a mixed folder, and behind it."""


class Counts:
    """How often each file was read, hashed and decoded, by its name without an ending."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.reads, self.hashes, self.decodes = Counter[str](), Counter[str](), Counter[str]()
        names = {file.read_bytes(): file.stem for file in folder.rglob("*.png")}
        opened, sha256, decode = open_regular_file, hashlib.sha256, decode_image

        def open_counted(path: Path) -> Any:
            self.reads[path.stem] += 1
            return opened(path)

        def hash_counted(content: bytes = b"", **more: Any) -> Any:
            self.hashes[names.get(bytes(content), "")] += 1
            return sha256(content, **more)

        def decode_counted(content: bytes, *more: Any) -> Any:
            self.decodes[names[content]] += 1
            return decode(content, *more)

        monkeypatch.setattr(hashed_files, "open_regular_file", open_counted)
        monkeypatch.setattr(hashlib, "sha256", hash_counted)
        monkeypatch.setattr(picture_files, "decode_image", decode_counted)
        self.names = sorted(names.values())

    @property
    def of_each(self) -> dict[str, tuple[int, int, int]]:
        """Reads, hashes and decodes of each file."""
        return {name: (self.reads[name], self.hashes[name], self.decodes[name]) for name in self.names}


def a_small_picture(kind: str, seed: int) -> bytes:
    """A picture in the form of Fashion-MNIST."""
    photo = cv2.resize(a_photo(kind, seed), (28, 28), interpolation=cv2.INTER_AREA)
    return png((255 - cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)).astype(np.uint8))


def write_folder(folder: Path, form: str) -> Path:
    """Write six pictures of each class: photos, pictures of 28 x 28, or both mixed."""
    for place, kind in enumerate(KINDS):
        (folder / kind).mkdir(parents=True)
        for seed in (*BEFORE, *BEHIND):
            is_photo = form == "photos" or (
                form == "mixed" and (place, seed) >= (0, BEHIND[0]) and seed % 2 == 0
            )
            content = png(a_photo(kind, seed)) if is_photo else a_small_picture(kind, seed)
            (folder / kind / f"{kind}{seed}.png").write_bytes(content)
    return folder


def train_on(folder: Path, corrections: tuple[Path, ...] = ()) -> None:
    """Read a folder as `wardrobe train` reads it."""
    named = DataSource(place=str(folder), corrections=corrections)
    listing = named.list_pictures()
    assert listing is not None
    named.check_listing(listing)
    has_photo, known = decode_until_photo(listing, ProgressLines())
    contents = named.make_unique_pictures(listing, known)
    contents.check_pictures(print, skip_unreadable=False)
    reads, see = (READS, see_nothing) if has_photo else (GREY_28, None)
    load_data_set(named, ProgressLines(), reads, compute_features=see, unique_pictures=contents)


def most_of(counts: Counts, names: set[str]) -> tuple[int, ...]:
    """The most reads, hashes and decodes of one of these files."""
    return tuple(max(of) for of in zip(*(counts.of_each[name] for name in names), strict=True))


@pytest.mark.parametrize(
    ("form", "of_first", "of_others"),
    [("photos", (2, 1, 1), (2, 1, 1)), ("28 x 28", (1, 1, 1), (1, 1, 1)), ("mixed", (2, 1, 2), (2, 1, 1))],
)
def test_a_training_reads_a_file_at_most_twice_and_decodes_it_once(
    form: str,
    of_first: tuple[int, ...],
    of_others: tuple[int, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before the first photo of a mixed folder, pictures of 28 x 28 are decoded a second time as photos."""
    counts = Counts(monkeypatch, write_folder(tmp_path / "things", form))

    train_on(tmp_path / "things")

    first = {"Ball0", "Ball1"}
    assert (most_of(counts, first), most_of(counts, {*counts.names} - first)) == (of_first, of_others)


@pytest.mark.parametrize("form", ["photos", "28 x 28"])
def test_answers_to_listed_pictures_make_no_file_be_read_again(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"path": "things/Box/Box3.png", "label": "Ball"}, {"path": "things/Box/Box4.png", "label": ""}]
    corrections = write_csv(tmp_path / "corrections.csv", rows)
    counts = Counts(monkeypatch, write_folder(tmp_path / "things", form))

    train_on(tmp_path / "things", (corrections,))

    assert most_of(counts, {*counts.names}) == ((2, 1, 1) if form == "photos" else (1, 1, 1))


def test_answers_that_are_learnt_as_photos_are_read_at_most_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Counts(monkeypatch, write_folder(tmp_path / "things", "photos"))
    rows = [{"path": f"things/{name[:-1]}/{name}.png", "label": name[:-1], "at": ""} for name in counts.names]
    answers = DataSource(place=str(write_csv(tmp_path / "answers.csv", rows)), photo_use="learn")

    read_photos(answers, answers.list_photos(KINDS), GREY_28, ProgressLines())

    assert most_of(counts, {*counts.names}) == (2, 1, 1)


@pytest.mark.parametrize(
    ("form", "of_listed"), [("photos", (2, 1, 1)), ("28 x 28", (1, 1, 1)), ("mixed", (2, 1, 2))]
)
def test_improve_reads_the_pictures_of_its_parent_and_new_ones_at_most_twice(
    form: str, of_listed: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things, file = write_folder(tmp_path / "things", form), tmp_path / "corrections.csv"
    (tmp_path / "new.png").write_bytes(png(a_photo("Box", 900)))
    write_csv(file, [{"path": "things/Box/Box3.png", "label": "Ball"}, {"path": "new.png", "label": "Box"}])
    monkeypatch.chdir(tmp_path)
    counts, made = Counts(monkeypatch, tmp_path), open_release(a_release(tmp_path / "made", labels=KINDS))
    answers = tuple(read_corrections([file], None))

    options, known = choose_next_training(
        CorrectedRelease("store", made, file, answers), str(things), ProgressLines()
    )
    named = make_data_source(options, parent=made)
    listing = named.list_pictures()
    assert listing is not None
    method, known = choose_training_method(listing, ProgressLines(), (), known)
    contents = named.make_unique_pictures(listing, known)
    reads, see = (READS, see_nothing) if method == "own classes" else (GREY_28, None)
    load_data_set(named, ProgressLines(), reads, compute_features=see, unique_pictures=contents)

    assert (most_of(counts, {*counts.names} - {"new"}), counts.of_each["new"]) == (of_listed, (2, 1, 1))


@pytest.mark.parametrize("form", ["photos", "28 x 28", "mixed"])
def test_the_check_of_pictures_decodes_each_once(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Counts(monkeypatch, write_folder(tmp_path / "things", form))

    assert wardrobe("data", [str(tmp_path / "things")]) == 0

    assert most_of(counts, {*counts.names}) == ((1, 1, 1) if form == "28 x 28" else (2, 1, 1))
