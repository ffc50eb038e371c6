"""`wardrobe train --data FOLDER` of photos: a head on networks that stay as they are."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.factory import create_app
from app.settings import Settings
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.store import open_store
from reports.values import report_of
from scripts.progress import Terminal
from tests.commands import wardrobe
from tests.own_pictures import COLOURS, KINDS, a_blob, a_photo, write_blobs, write_class_folders
from tests.uploads import png
from training.features.blocks import BLOCKS, READS, WITHOUT_LITE0, Block, network, seeing, spread, vectors
from training.gradient.networks.registry import with_softmax
from training.heads.logistic import fit_head
from training.heads.out_of_fold import folds_of
from training.measure.why_nothing import promised_in_words
from training.own_classes import fit_own_classes
from training.pictures.learnt_hashes import load_learnt
from training.pictures.split import Split
from training.pictures.table import Pictures
from training.progress import Watch

COUNT = 30
"""Pictures per class: about 25 to learn from and 5 for the test."""


def trained(data: Path, folder: Path, *options: str) -> LocalRelease:
    """Train, and publish into a store in the folder; what is current there then."""
    told = ["--data", str(data), "--run", str(folder / "run"), "--publish", str(folder / "store")]
    assert wardrobe("train", [*told, *options]) == 0
    version = current(open_store(str(folder / "store"))).version
    return open_release(folder / "store" / "releases" / version)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COUNT pictures of each class, and two of one that is too rare."""
    things = write_class_folders(tmp_path_factory.mktemp("data") / "things", COUNT)
    (things / "Rare").mkdir()
    for seed in (700, 701):
        (things / "Rare" / f"{seed}.png").write_bytes(png(a_photo("Stick", seed)))
    return things


@pytest.fixture(scope="module")
def release(things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    return trained(things, tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Classes that differ in colour alone."""
    return write_blobs(tmp_path_factory.mktemp("data") / "blobs", COUNT)


@pytest.fixture(scope="module")
def fast(blobs: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """In a store that it is current in."""
    return trained(blobs, tmp_path_factory.mktemp("fast"), "--fast")


@pytest.mark.slow
def test_photos_are_learnt_by_a_head_whose_answers_in_folds_choose_the_thresholds(
    release: LocalRelease,
) -> None:
    made, report = release.manifest.training, report_of(release)
    (promise,) = report.promises

    assert isinstance(made["head"], dict)
    assert made["head"].keys() == {"blocks", "strength", "seconds"}
    assert made["head"]["blocks"] == list(BLOCKS)
    assert made["folds"] == 5
    assert "epochs" not in made
    assert report.test.accuracy > 0.9
    assert (report.test.split, report.test.n, report.train.n) == ("cross-fitted", 3 * COUNT, 3 * COUNT)
    assert promise.n >= 0.9 * report.train.n  # all but those that are unfamiliar
    assert release.manifest.contract("photos").least_familiarity == 0.05


@pytest.mark.slow
def test_pictures_of_a_class_that_is_left_out_are_not_learnt(release: LocalRelease, things: Path) -> None:
    learnt = load_learnt(release.folder)
    names = [hashlib.sha256(file.read_bytes()).hexdigest() for file in things.glob("Rare/*.png")]

    assert release.manifest.labels == report_of(release).labels == KINDS
    assert learnt is not None
    assert not learnt.has(np.array(names)).any()


@pytest.mark.slow
def test_the_report_says_how_well_it_finds_kinds_that_its_score_has_not_seen(release: LocalRelease) -> None:
    others = report_of(release).out_of_scope["photos of other kinds"]

    assert others.n >= 100
    assert others.familiarity_auroc is not None
    assert others.familiarity_auroc > 0.9
    assert others.unfamiliar > 0.5


@pytest.mark.slow
def test_the_service_answers_new_pictures_by_it(release: LocalRelease, tmp_path: Path) -> None:
    settings = {"model_store": str(release.folder.parents[1]), "cache_dir": tmp_path, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()

    answers = [client.post("/predict", data=png(a_photo(kind, 500))).get_json() for kind in KINDS]

    assert [answer["label"] for answer in answers] == list(KINDS)
    assert all(sum(answer["probabilities"].values()) == pytest.approx(1) for answer in answers)


@pytest.mark.slow
def test_classes_that_differ_in_colour_alone_are_told_apart(fast: LocalRelease, tmp_path: Path) -> None:
    settings = {"model_store": str(fast.folder.parents[1]), "cache_dir": tmp_path, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()

    answers = [
        client.post("/predict", data=png(a_blob(colour, 500)[..., ::-1])).get_json() for colour in COLOURS
    ]

    assert [answer["label"] for answer in answers] == list(COLOURS)


@pytest.mark.slow
def test_a_grown_folder_is_compared_on_the_pictures_that_were_there_before(
    fast: LocalRelease, blobs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grown = shutil.copytree(blobs, tmp_path / "grown")
    for colour in COLOURS:
        (grown / colour / "new.png").write_bytes(png(a_blob(colour, 900)[..., ::-1]))

    release = trained(grown, fast.folder.parents[2], "--fast")

    said = " ".join(capsys.readouterr().out.split())
    assert report_of(release).test.n == 3 * COUNT + 3
    assert all(sentence in said for sentence in promised_in_words(report_of(release)))
    assert re.search(
        rf"Not measurably worse than current, \S+\. Of {3 * COUNT} pictures of the test set", said
    )


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
def test_a_test_folder_is_measured_on_and_never_learnt(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "data" / "train", COUNT)
    write_class_folders(tmp_path / "data" / "test", 10, first_seed=COUNT)

    release = trained(tmp_path / "data", tmp_path, "--fast")

    report, learnt = report_of(release), load_learnt(release.folder)
    names = [hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.glob("data/test/*/*.png")]
    assert (report.test.split, report.test.n) == ("test", 30)
    assert learnt is not None
    assert not learnt.has(np.array(names)).any()


@pytest.mark.slow
def test_a_repeated_command_makes_the_same_network(fast: LocalRelease, blobs: Path, tmp_path: Path) -> None:
    again = trained(blobs, tmp_path, "--fast")

    assert again.manifest.network("photos").golden == fast.manifest.network("photos").golden


@pytest.mark.parametrize("blocks", [("palette",), WITHOUT_LITE0, BLOCKS])
def test_the_network_answers_as_its_head_does(blocks: tuple[Block, ...]) -> None:
    rng = np.random.default_rng(0)
    body, images = network(blocks), rng.integers(0, 256, (6, *READS.array_shape), np.uint8)
    seen = vectors(body, [images])
    head = fit_head(seen, np.array([0, 1, 2] * 2, np.uint8), np.arange(6).astype(str), spread=spread(blocks))

    answers = with_softmax(head.on(body)).predict(images, verbose=0)

    assert np.allclose(answers, head.probabilities(seen.upright), atol=0.01)


class Counted(Terminal):
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.of: dict[str, list[tuple[int, int | None]]] = {}

    @contextmanager
    def counting(self, what: str) -> Iterator[Watch]:
        self.of[what] = []
        yield lambda done, of: self.of[what].append((done, of))


def test_no_head_answers_a_picture_that_it_learnt_and_each_is_counted() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, *READS.array_shape), np.uint8)
    body = network(WITHOUT_LITE0)
    by_heart = Pictures.of_pixels(images, rng.integers(0, 2, 60).astype(np.uint8))
    learnt_by_heart = replace(by_heart, features=seeing(body)(images))
    folds = folds_of(Split(learnt_by_heart, learnt_by_heart), 5)

    found = fit_own_classes(learnt_by_heart, folds, WITHOUT_LITE0, body, progress := Counted(), 0.0)

    assert 0.25 < found.answers.right.mean() < 0.75
    assert np.array_equal(found.answers.truth, learnt_by_heart.classes)
    assert progress.of["fitting heads"] == [(done, 6) for done in range(1, 7)]
