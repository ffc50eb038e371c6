"""`wardrobe improve corrections.csv`, of the ten classes and of one's own, from drawn pictures."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from model_store.local import open_release
from model_store.promotions import newest
from model_store.store import open_store
from scripts import improve, publish, train
from scripts.terminal import run
from tests.fashion import write_idx_folder
from tests.own_pictures import KINDS, write_class_folders
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
    write_photos(folder / "tiers", 6, {"A": ["Trouser", "Coat"], "C": ["Bag", "Dress"]}, seed=1000)
    words = ["--data", str(folder / "data"), "--network", "conv3", "--epochs", "1", "--batch-size", "16"]
    words += ["--photos", str(folder / "tiers"), "--check-photos", str(folder / "tiers"), "--folds", "2"]
    words += ["--variants", "0.02"]
    train.main([*words, "--run", str(folder / "run"), "--out", str(folder / "store")])
    shutil.copytree(folder / "run" / "release", folder / "parent")
    return folder


def test_corrections_of_one_class_improve_a_release_that_keeps_them_all(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(place / "corrections.csv"), "--from", str(place / "parent"), "--data", str(place / "data")]
    words += ["--json", "--", "--variants", "0.02", "--epochs", "1", "--folds", "2"]
    words += ["--batch-size", "16", "--run", str(tmp_path / "run")]

    code = improve.main(words)

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


def test_the_gate_promotes_what_was_improved_since_it_keeps_what_its_parent_answered(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Blended so little that it answers as its parent does; no one measures the tiers of that again."""
    words = ["--from", str(place / "parent"), "--data", str(place / "data"), "--variants", "0.02"]
    words += ["--photos", str(place / "corrections.csv"), "--epochs", "1", "--folds", "2", "--blend", "0.01"]
    parent, store = open_release(place / "parent"), str(tmp_path / "store")
    assert publish.main([str(parent.folder), store]) == 0

    assert train.main([*words, "--batch-size", "16", "--run", str(tmp_path / "run"), "--publish", store]) == 0

    told = " ".join(capsys.readouterr().out.split())
    made = open_release(tmp_path / "run" / "release")
    assert made.report().not_measured == dict.fromkeys("AC", parent.version)
    assert "Not measured again: tier A, C." in told
    assert f"Not measured on photos of tiers A, C ({parent.version} was)" in told
    assert "accuracy on own pictures" in told
    current = newest(open_store(store))
    assert current is not None
    assert current.version == made.version


def test_a_data_set_with_fewer_classes_than_its_parent_has_to_be_wanted(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from", str(place / "parent"), "--data", str(place / "corrections.csv")]

    code = run(lambda: train.main(words))

    error = capsys.readouterr().err
    assert code == 1
    assert "has 1 of the 10 classes of " in error
    assert "wardrobe improve CSV" in error
    assert "--new-classes" in error


def test_a_release_of_own_classes_of_any_names_is_trained_again_with_corrections_and_its_own_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # where the table of pictures is written
    names = dict(zip(KINDS, ("=1+1", "Мяч", "盒子"), strict=True))
    write_class_folders(tmp_path / "photos", 20)
    write_class_folders(tmp_path / "new", 3, first_seed=500)
    for kind, name in names.items():
        (tmp_path / "photos" / kind).rename(tmp_path / "photos" / name)
    quick = ["--network", "conv3", "--epochs", "3", "--batch-size", "16", "--folds", "0"]
    train.main(["--data", "photos", *quick, "--run", "first", "--out", "store"])
    rows = [f"new/{kind}/{seed}.png,{name}" for kind, name in names.items() for seed in range(500, 503)]
    Path("corrections.csv").write_text("\n".join(["path,label", *rows, "photos/Мяч/000.png,", ""]), "utf-8")
    capsys.readouterr()

    code = improve.main(["corrections.csv", "--from", "store"])

    told = capsys.readouterr().out
    made = next(line.split()[1] for line in told.splitlines() if line.startswith("Release: "))
    release = open_release(tmp_path / made)
    report, settings = release.report(), release.manifest.training
    assert code == 0
    assert release.manifest.model.labels == tuple(names.values())
    assert "Of its 60 pictures 0 get another label and 1 are left out; 9 are new." in told
    assert "It is trained again on 68 pictures" in told
    assert report.train.n + report.validation.n + report.test.n == 68
    assert (settings["network"], settings["epochs"]) == ("conv3", 3)
    assert "stays current there" in told
    assert "Compare: " in told
