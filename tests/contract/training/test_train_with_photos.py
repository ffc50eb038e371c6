"""`python -m scripts.train --photos` from a folder of photos to a release that says so."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from inference.contract import CUT_OUT
from model_store.local import open_release
from scripts import train
from scripts.training import fitting
from scripts.training.photos import photo_sets, photos_in, with_photos
from tests.drawn_garments import on_a_floor
from tests.fashion import write_idx_folder
from tests.photos import write_photos
from tests.uploads import png
from training.data.datasets import LABELS, LabelledData
from training.data.learnt import Contents, load_learnt
from training.data.splitting import Split
from training.errors import BadPictures, BadRecipe
from training.fitting.checkpoints import Run
from training.fitting.fit import Fitted
from training.photos.reading import OOD
from training.recipes import PLAIN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, photos to learn from, one of them cluttered, and others to check on."""
    folder = tmp_path_factory.mktemp("photos")
    write_idx_folder(folder / "data", train=600, test=100)
    write_photos(folder / "learnt", 3)
    (folder / "learnt" / "C" / "Shirt").mkdir()
    (folder / "learnt" / "C" / "Shirt" / "floor.png").write_bytes(png(on_a_floor()))
    write_photos(folder / "checked", 4, seed=100)
    return folder


def contents_of(folder: Path) -> Contents:
    return np.array([hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*.png")])


def options(place: Path, *more: str) -> list[str]:
    return [
        *("--data", str(place / "data"), "--network", "conv3", "--batch-size", "16"),
        *("--photos", str(place / "learnt"), "--check-photos", str(place / "checked"), "--variants", "0.02"),
        *("--run", str(place / "run"), "--out", str(place / "store"), *more),
    ]


def test_a_release_names_the_photos_that_it_learnt_and_reports_on_those_that_were_checked(
    place: Path,
) -> None:
    corrections = place / "corrections.csv"
    corrections.write_text("path,label\nlearnt/A/Trouser/000.png,\nchecked/C/Trouser/000.png,Bag\n", "utf-8")

    assert train.main(options(place, "--epochs", "1", "--corrections", str(corrections))) == 0

    release = open_release(place / "run" / "release")
    report = release.report()
    training, served = release.manifest.training, release.manifest.model.thresholds
    assert (len(str(training["photos"])), training["variants"]) == (16, 0.02)
    assert training["learnt_photos"] == {"A": 5, "C": 4, "X": 6}
    assert {tier: (one.n, one.split) for tier, one in report.photos.items()} == {
        tier: (n, "development") for tier, n in {"A": 8, "C": 4, "X": 8}.items()
    }
    assert {label: one.n for label, one in report.photos["C"].per_class.items()} == {"Trouser": 3, "Bag": 1}
    assert report.photos["A"].decisions.confidence_threshold == served.confidence
    assert report.photos["A"].decisions.familiarity_threshold == served.familiarity == 0.01
    found = load_learnt(release.folder)
    assert found is not None
    assert len(found.hashes) == report.train.n + 15
    assert [int(found.has(contents_of(place / name)).sum()) for name in ("learnt", "checked")] == [15, 0]


def test_a_run_that_goes_on_finds_the_variants_that_it_made(
    place: Path, parts: Split, tmp_path: Path
) -> None:
    shutil.copytree(place / "learnt", tmp_path / "photos")
    (photos,) = photos_in([tmp_path / "photos"], LABELS, CUT_OUT)
    data = LabelledData(parts.train, parts.validation)
    recipe, task = replace(PLAIN, variants=0.02), Run(tmp_path / "run", "aa")
    made = with_photos(parts, data, recipe, task, photos).auxiliary
    shutil.rmtree(tmp_path / "photos")

    found = with_photos(parts, data, recipe, task, photos).auxiliary

    assert made is not None
    assert found is not None
    assert np.array_equal(found.images, made.images)
    assert set(found.labels) == {*range(len(LABELS)), OOD}


def test_with_folds_every_photo_is_learnt_and_answered_by_a_network_that_did_not_learn_it(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [
        one
        for one in options(place, "--epochs", "2")
        if one not in {"--check-photos", str(place / "checked")}
    ]
    told += ["--folds", "2", "--run", str(tmp_path / "run"), "--out", str(tmp_path / "store")]

    assert train.main(told) == 0
    first = capsys.readouterr().out
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").glob("fold*/progress.json")}
    assert train.main(told) == 0

    release = open_release(tmp_path / "run" / "release")
    report = release.report()
    assert {tier: (one.n, one.split) for tier, one in report.photos.items()} == {
        "A": (6, "cross-fitted"),
        "C": (4, "cross-fitted"),
        "X": (6, "cross-fitted"),
    }
    assert release.manifest.training["learnt_photos"] == {"A": 6, "C": 4, "X": 6}
    assert (release.manifest.training["folds"], release.manifest.training["fold_epochs"]) == (2, 2)
    assert [one.pictures for one in report.promises] == [
        "held-out pictures",
        "photos of tier A",
        "photos of tier C",
    ]
    assert "Fold 2 of 2: answers " in first
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(kept) == 2


def test_the_mean_of_the_folds_is_released_and_nothing_else_is_fitted(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits, fit_alone = list[Fitted](), fitting.fit_alone

    def kept(*task: Any) -> Fitted:
        fits.append(fit_alone(*task))
        return fits[-1]

    data = ["--data", str(place / "data"), "--batch-size", "16", "--out", str(tmp_path / "store")]
    first = ["--network", "conv3", "--epochs", "1", "--run", str(tmp_path / "first")]
    assert train.main([*data, *first]) == 0
    photos = ["--photos", str(place / "learnt"), "--check-photos", str(place / "checked")]
    told = [*data, *photos, "--variants", "0.02", "--epochs", "2", "--run", str(tmp_path / "run")]
    told += ["--from", str(tmp_path / "first" / "release")]

    monkeypatch.setattr(fitting, "fit_alone", kept)

    assert train.main([*told, "--folds", "2", "--average-folds"]) == 0

    release = open_release(tmp_path / "run" / "release")
    made, report = release.manifest.training, release.report()
    assert (made["folds"], made["fold_epochs"], made["mean_of_fits"], made["epochs"]) == (2, 2, 2, 2)
    compared = made["mean_and_parts"]
    assert isinstance(compared, dict)
    assert [len(str(compared[name]).split(",")) for name in ("temperature", "accepted")] == [3, 3]
    one, other = fits
    assert len(report.history) == 2
    assert report.history[-1].loss == pytest.approx(np.mean([fit.history[-1].loss for fit in fits]))
    assert not (tmp_path / "run" / "progress.json").exists()
    released = keras.saving.load_model(release.folder / "model.keras").get_weights()
    means = [
        np.mean(pair, axis=0) for pair in zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    ]
    assert all(np.allclose(mean, each, atol=1e-6) for mean, each in zip(means, released, strict=True))


def test_with_folds_checked_photos_are_learnt_after_the_others_and_answered_out_of_fold(
    place: Path, parts: Split
) -> None:
    arguments = train.build_parser().parse_args(options(place, "--folds", "2"))

    photos = photo_sets(arguments, LabelledData(parts.train, parts.validation))

    assert photos is not None
    assert photos.dealt
    assert photos.learnt.sha256[-len(photos.checked) :] == photos.checked.sha256
    assert len(photos.learnt) == len(photos.checked) + 16


def test_photos_that_are_checked_are_not_learnt(place: Path) -> None:
    same = ["--check-photos", str(place / "learnt")]

    with pytest.raises(BadPictures, match="photos are too few to learn from some and check on others"):
        train.main([*options(place), *same])


def test_without_photos_to_check_some_are_held_out(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = options(place, "--variants", "0")
    alone = [one for one in arguments if one not in {"--check-photos", str(place / "checked")}]

    with pytest.raises(BadRecipe, match="variants 0"):
        train.main(alone)

    assert "One photo in 8 is held out" in capsys.readouterr().out
