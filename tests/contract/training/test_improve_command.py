"""`wardrobe train --from RELEASE --photos corrections.csv`: the loop's training, from drawn pictures."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from model_store.local import open_release
from scripts import train
from scripts.terminal import run
from tests.fashion import write_idx_folder
from tests.photos import a_garment_photo, write_photos
from tests.uploads import png
from training.data.datasets import LABELS
from training.data.learnt import load_learnt

pytestmark = pytest.mark.slow

TROUSERS = 8


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, a release of it, and corrections: eight of one class, one of none, one left out."""
    folder = tmp_path_factory.mktemp("improve")
    write_idx_folder(folder / "data", train=600, test=100)
    write_photos(folder / "photos", TROUSERS, {"C": ["Trouser"]})
    for name in ("none", "out"):
        (folder / f"{name}.png").write_bytes(png(a_garment_photo(100 + len(name))))
    with (folder / "corrections.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "sha256", "at", "audit"])
        for number in range(TROUSERS):
            rows.writerow([f"photos/C/Trouser/{number:03}.png", "Trouser", "", "2026-11-22T10:00:00Z", "8"])
        rows.writerow(["none.png", "none of these", "", "2026-11-22T10:00:00Z", ""])
        rows.writerow(["out.png", " ", "", "2026-11-22T10:00:00Z", ""])
    words = ["--data", str(folder / "data"), "--network", "conv3", "--epochs", "1", "--batch-size", "16"]
    train.main([*words, "--run", str(folder / "run"), "--out", str(folder / "store")])
    shutil.copytree(folder / "run" / "release", folder / "parent")
    return folder


def test_corrections_of_one_class_improve_a_release_that_keeps_them_all(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from", str(place / "parent"), "--data", str(place / "data"), "--variants", "0.02"]
    words += ["--photos", str(place / "corrections.csv"), "--epochs", "1", "--folds", "2"]
    words += ["--batch-size", "16", "--run", str(tmp_path / "run"), "--json"]

    code = train.main(words)

    told = capsys.readouterr()
    document = json.loads(told.out)
    made = open_release(tmp_path / "run" / "release")
    learnt = load_learnt(made.folder)
    assert code == 0
    assert made.manifest.model.labels == LABELS
    assert made.report().photos["own"].split == "cross-fitted"
    assert learnt is not None
    assert document["own_pictures"]["n"] == TROUSERS
    assert document["own_pictures"]["audited"] == TROUSERS
    assert document["own_pictures"]["verdict"] in {"better", "worse", "too few to say"}
    before, after = told.err.split("newly right,")[0], told.err
    assert "1 of your pictures show none of the classes." in before
    assert "No picture of yours shows T-shirt/top, " in before
    assert f"{TROUSERS} pictures are compared" in before
    assert f"Publish: wardrobe publish {made.folder} s3://BUCKET/PREFIX" in after


def test_a_data_set_with_fewer_classes_than_its_parent_has_to_be_wanted(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from", str(place / "parent"), "--data", str(place / "corrections.csv")]

    code = run(lambda: train.main(words))

    error = capsys.readouterr().err
    assert code == 1
    assert "has 1 of the 10 classes of " in error
    assert "--photos" in error
    assert "--new-classes" in error
