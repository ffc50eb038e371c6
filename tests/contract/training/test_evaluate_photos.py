"""`python -m scripts.evaluate --photos FOLDER`: any release on anybody's photos, without a data set."""

import csv
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from inference.contract import make_whole_picture_input
from inference.pictures.decode import MAX_PIXELS, decode_image
from labelling.errors import OutputUnusable
from model_store.local_releases import open_release
from model_store.release_networks import open_networks
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.own_pictures import KINDS, write_class_folders
from tests.photos import write_photos
from tests.releases import a_release
from tests.saved_again import SAVED_AGAIN
from training.data.learnt_hashes import LearntHashes
from training.data.perceptual_hashes import compute_perceptual_hash

DRAWN = ("confusion_matrix.png", "mistakes.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "photos", 3)


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints, once it has ended well."""
    assert wardrobe("evaluate", arguments) == 0
    return capsys.readouterr().out


def test_the_page_of_a_data_set_shows_no_figures_of_photos_and_titles_that_it_did_not_measure(
    tmp_path: Path,
) -> None:
    write_idx_folder(tmp_path / "data", train=10, test=60)
    words = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "kept"), "--force"]

    wardrobe("evaluate", words)

    page = (tmp_path / "kept" / "report.html").read_text("utf-8")
    assert "60 test pictures" in page
    assert "that it does not know" not in page
    assert "Titles of a list" not in page
    assert "Products of several photos" not in page


def test_the_bundled_release_is_measured_tier_by_tier_and_its_answers_are_kept_to_look_at(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"

    document = json.loads(told(["--photos", str(photos), "--out", str(kept), "--json"], capsys))

    section = document["photos"]
    assert {tier: (one["n"], one["split"]) for tier, one in section.items()} == {
        "A": (6, "development"),
        "C": (3, "development"),
        "X": (6, "development"),
    }
    assert section["A"]["per_class"].keys() == {"Trouser", "Bag"}
    assert section["A"]["auroc"]["n"] == 6
    assert section["X"]["sources"].keys() == {"X_shop_Hats", "Belts"}
    with (kept / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["picture"] for row in rows} == {str(file) for file in photos.rglob("*.png")}
    assert {row["label"] for row in rows} == {"Trouser", "Bag", "X_shop_Hats", "Belts"}
    assert {row["decision"] for row in rows} <= {"accept", "ambiguous", "unfamiliar", "unproven"}
    assert document["written"] == [str(kept / one) for one in ("report.html", "answers.csv", *DRAWN)]
    page = (kept / "report.html").read_text("utf-8")
    assert [text for text in ("Recall of each class", "X_shop_Hats", "Trouser") if text not in page] == []
    # The release's own photos are another shop's: the page is about these alone.
    assert "that it does not know" not in page
    assert re.search(r'<td class="number shade-\d+">', page)
    assert all((kept / name).read_bytes().startswith(b"\x89PNG") for name in DRAWN)


def test_an_evaluation_is_written_again_and_not_over_the_release(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, kept = a_release(tmp_path / "release", reads=make_whole_picture_input(32, 3)), tmp_path / "kept"
    words = [str(release), "--photos", str(photos), "--out"]
    for _ in range(2):
        told([*words, str(kept)], capsys)

    with pytest.raises(OutputUnusable):
        wardrobe("evaluate", [*words, str(release)])

    assert open_release(release).folder == release


def test_of_two_networks_the_one_that_answers_photos_is_measured(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = open_release(a_release(tmp_path / "two", photos=make_whole_picture_input(32, 3)))
    classifier = open_networks(release)
    shown = sorted((photos / "C").rglob("*.png"))
    read = [classifier.make_model_input(decode_image(file.read_bytes(), MAX_PIXELS)) for file in shown]
    right = [one.answer.label == "Trouser" for one in classifier.classify(read)]

    section = json.loads(told([str(release.folder), "--photos", str(photos), "--json"], capsys))["photos"]

    assert {one.network for one in read} == {"photos"}
    assert section["C"]["accuracy"] == pytest.approx(np.mean(right))
    assert section["C"]["decisions"]["coverage"] == 1.0


def test_photos_in_plain_class_folders_are_one_tier(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = json.loads(told(["--photos", str(photos / "C"), "--json"], capsys))["photos"]

    assert {tier: one["n"] for tier, one in section.items()} == {"own": 3}


def test_all_pictures_of_a_folder_are_measured_and_those_counted_that_the_release_learnt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three of each class, which no training would take."""
    folder = write_class_folders(tmp_path / "new", 3)
    contents = [hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.glob("Ball/*"))]
    (own := tmp_path / "own").mkdir()
    LearntHashes.make_from_digests(np.array(contents)).save_hashes(own)

    wardrobe("evaluate", [str(a_release(own, labels=KINDS)), "--data", str(folder), "--json"])

    document, said = capsys.readouterr()
    assert json.loads(document)["test"]["n"] == 9
    assert "learnt 3 of these 9 pictures" in " ".join(said.split())


@pytest.mark.parametrize("option", ["--data", "--photos"])
def test_pictures_that_were_saved_again_are_counted_as_learnt(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_class_folders(tmp_path / "new", 3)
    files = sorted(folder.glob("Ball/*"))
    balls = [decode_image(file.read_bytes(), MAX_PIXELS).picture for file in files]
    for file, picture in zip(files, balls, strict=True):
        file.write_bytes(SAVED_AGAIN["scaled"](picture))
    (own := tmp_path / "own").mkdir()
    LearntHashes.make_from_digests(
        np.array([], np.str_), np.stack(list(map(compute_perceptual_hash, balls)))
    ).save_hashes(own)

    words = [
        str(a_release(own, labels=KINDS, reads=make_whole_picture_input(32, 3))),
        option,
        str(folder),
        "--json",
    ]
    wardrobe("evaluate", words)

    said = " ".join(capsys.readouterr().err.split())
    assert "learnt 3 of these 9 pictures, or nearly the same, so the figures are too good" in said


def test_another_release_is_measured_by_labels_of_its_own_and_shown_in_a_table(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(tmp_path / "release", labels=("Shirt", "Trouser", *"abcdef", "Bag"))
    arguments = [str(release), "--photos", str(photos), "--split", "unseen by anybody"]

    shown = told(arguments, capsys)
    section = json.loads(told([*arguments, "--json"], capsys))["photos"]

    assert "no confidence is accepted" in shown
    assert section["A"]["decisions"]["coverage"] == 0.0
    assert "split: unseen by anybody" in shown
    assert [tier for tier in ("│ A ", "│ C ", "│ X ") if tier not in shown] == []
