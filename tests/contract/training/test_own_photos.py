"""`wardrobe train --data FOLDER` of photos: a head on networks that stay as they are."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.sessions.session import Scores
from model_store.local_releases import LocalRelease
from reports.answers import Answers
from reports.values import read_report
from tests.commands import wardrobe
from tests.contract.training.conftest import current_in
from tests.own_pictures import COLOURS, KINDS, a_blob, a_photo, write_class_folders
from tests.uploads import png
from training.data.learnt_hashes import load_learnt_hashes
from training.data.pictures import Pictures
from training.data.split import make_class_folds
from training.evaluation.evaluate import make_answers
from training.features.blocks import (
    ALL_BLOCKS,
    BLOCKS_INPUT_CONTRACT,
    FAST_BLOCKS,
    build_vector_network,
    get_distance_slice,
    make_feature_function,
)
from training.heads.logistic import LogisticHead
from training.own_class_heads import cross_fit_unfamiliarity, fit_question_heads
from training.progress import ProgressLines

COUNT = 24
"""Pictures of a class: 72 of three, of which 59 without an error make a promise."""


def trained(data: Path, folder: Path, *options: str) -> LocalRelease:
    """Train, and publish into a store in the folder; what is current there then."""
    told = ["--data", str(data), "--run", str(folder / "run"), "--publish", str(folder / "store")]
    assert wardrobe("train", [*told, *options]) == 0
    return current_in(folder / "store")


def not_learnt(release: LocalRelease, files: Iterable[Path]) -> bool:
    """Whether a release says that it learnt none of the files' contents."""
    learnt = load_learnt_hashes(release.folder)
    assert learnt is not None
    return not learnt.mark_matches(
        np.array([hashlib.sha256(one.read_bytes()).hexdigest() for one in files])
    ).any()


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COUNT pictures of each class, and two of one that is too rare."""
    things = write_class_folders(tmp_path_factory.mktemp("data") / "things", COUNT)
    (things / "Rare").mkdir()
    for seed in (700, 701):
        (things / "Rare" / f"{seed}.png").write_bytes(png(a_photo("Stick", seed)))
    return things


@pytest.fixture(scope="module")
def release(short_fits: None, things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    return trained(things, tmp_path_factory.mktemp("trained"))


@pytest.mark.slow
def test_photos_are_learnt_by_a_head_whose_answers_in_folds_choose_the_thresholds(
    release: LocalRelease,
) -> None:
    made, report = release.manifest.training, read_report(release)
    (promise,) = report.promises

    assert isinstance(made["head"], dict)
    assert made["head"].keys() == {"blocks", "strength", "seconds"}
    assert made["head"]["blocks"] == list(ALL_BLOCKS)
    assert made["folds"] == 5
    assert "epochs" not in made
    assert report.test.accuracy > 0.9
    assert (report.test.split, report.test.n, report.train.n) == ("cross-fitted", 3 * COUNT, 3 * COUNT)
    assert promise.n >= 0.9 * report.train.n  # all but those that are unfamiliar
    assert release.manifest.get_contract("photos").minimum_familiarity == 0.05


@pytest.mark.slow
def test_pictures_of_a_class_that_is_left_out_are_not_learnt(release: LocalRelease, things: Path) -> None:
    assert release.manifest.labels == read_report(release).labels == KINDS
    assert not_learnt(release, things.glob("Rare/*.png"))


@pytest.mark.slow
def test_the_report_says_how_well_it_finds_kinds_that_its_score_has_not_seen(release: LocalRelease) -> None:
    others = read_report(release).out_of_scope["photos of other kinds"]

    assert others.n >= 100
    assert others.familiarity_auroc is not None
    assert others.familiarity_auroc > 0.9
    assert others.unfamiliar > 0.5


@pytest.mark.slow
def test_a_release_that_learnt_every_picture_is_not_measured_on_them_without_a_word(
    release: LocalRelease, things: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = wardrobe("evaluate", [str(release.folder), "--data", str(things)])

    said = capsys.readouterr()
    assert code == 1
    assert f"the release learnt {3 * COUNT} of these {3 * COUNT} pictures" in said.err
    assert "so nothing was compared" in said.out


@pytest.mark.slow
def test_classes_that_differ_in_colour_alone_are_learnt_and_measured_on_a_test_folder(
    short_fits: None, tmp_path: Path
) -> None:
    for part, seeds in (("train", range(10)), ("test", range(10, 14))):
        for colour in COLOURS:
            folder = tmp_path / "data" / part / f"={colour} 盒子"
            folder.mkdir(parents=True)
            for seed in seeds:
                (folder / f"{seed}.png").write_bytes(png(a_blob(colour, seed)[..., ::-1]))

    release = trained(tmp_path / "data", tmp_path, "--fast")

    report = read_report(release)
    assert report.labels == tuple(f"={colour} 盒子" for colour in COLOURS)
    assert (report.test.split, report.test.n, report.test.accuracy) == ("test", 12, 1)
    assert not_learnt(release, tmp_path.glob("data/test/*/*.png"))


def fitted() -> tuple[Pictures, Answers, LogisticHead]:
    """Answers of two heads, and one of all, on 60 pictures whose labels tell nothing of them."""
    rng, body = np.random.default_rng(0), build_vector_network(FAST_BLOCKS)
    images = rng.integers(0, 256, (60, *BLOCKS_INPUT_CONTRACT.array_shape), np.uint8)
    noise = Pictures.make_from_pixels(images, rng.integers(0, 2, 60).astype(np.uint8))
    seen = replace(noise, features=make_feature_function(body)(noise.images))
    folds = make_class_folds(seen.classes, seen.groups, 2)
    of_class = fit_question_heads(seen, folds, FAST_BLOCKS, ProgressLines())["label"]
    measured = seen.features.upright[:, get_distance_slice(FAST_BLOCKS)]
    _, distances = cross_fit_unfamiliarity(seen, measured, folds, None, lambda *_: None)
    answers = make_answers(
        Scores.make_class_scores(of_class.cross_fitted_probabilities, distances), seen, folds=folds
    )
    return noise, answers, of_class.head


@pytest.mark.usefixtures("short_fits")
def test_no_head_answers_a_picture_that_it_learnt_and_the_same_pictures_make_the_same_network() -> None:
    (noise, answers, head), (_, again, other) = fitted(), fitted()

    assert 0.25 < answers.is_right.mean() < 0.75  # a right answer was learnt by heart
    assert np.array_equal(answers.truth, noise.classes)
    assert np.array_equal(answers.probabilities, again.probabilities)
    assert np.array_equal(head.kernel, other.kernel)
