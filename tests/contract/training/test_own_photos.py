"""`wardrobe train --data FOLDER` of photos: a head on networks that stay as they are."""

import hashlib
from collections.abc import Iterable, Iterator
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
from tests.own_pictures import COLOURS, KINDS, a_blob, a_photo, write_class_folders
from tests.uploads import png
from training.features.blocks import BLOCKS, READS, WITHOUT_LITE0, Block, network, seeing, spread, vectors
from training.gradient.networks.registry import with_softmax
from training.heads.logistic import fit_head
from training.heads.out_of_fold import folds_of
from training.measure.why_nothing import promised_in_words
from training.own_classes import OwnClasses, fit_own_classes
from training.pictures.learnt_hashes import load_learnt
from training.pictures.split import Split
from training.pictures.table import Pictures
from training.progress import Watch

COUNT = 30
"""Pictures per class: about 25 to learn from and 5 for the test."""

NAMES = dict(zip(COLOURS, ("=1+1", "Мяч", "盒子"), strict=True))
"""Of the classes that differ in colour alone."""


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
def release(short_fits: None, things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    return trained(things, tmp_path_factory.mktemp("trained"))


def write_blobs(folder: Path, seeds: Iterable[int]) -> Path:
    """Write a PNG of each seed and colour into a sub-folder of its name."""
    for colour, name in NAMES.items():
        (folder / name).mkdir(parents=True)
        for seed in seeds:
            (folder / name / f"{seed:03}.png").write_bytes(blob(colour, seed))
    return folder


def blob(colour: str, seed: int) -> bytes:
    return png(a_blob(colour, seed)[..., ::-1])


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blobs(tmp_path_factory.mktemp("data") / "blobs", range(COUNT))


@pytest.fixture(scope="module")
def fast(short_fits: None, blobs: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """In a store that it is current in."""
    return trained(blobs, tmp_path_factory.mktemp("fast"), "--fast", "--seed", "3")


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

    answers = [client.post("/predict", data=blob(colour, 500)).get_json() for colour in COLOURS]

    assert [answer["label"] for answer in answers] == list(NAMES.values())


@pytest.mark.slow
def test_improve_trains_again_with_corrections_and_compares_on_the_pictures_that_were_there_before(
    fast: LocalRelease,
    blobs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # where the table of pictures is written
    new, store = write_blobs(tmp_path / "new", range(500, 503)), fast.folder.parents[1]
    rows = [f"{file},{file.parent.name}" for file in sorted(new.rglob("*.png"))]
    Path("corrections.csv").write_text("\n".join(["path,label", *rows, f"{blobs}/Мяч/000.png,", ""]), "utf-8")

    assert wardrobe("improve", ["corrections.csv", "--from", str(store)]) == 0

    told = capsys.readouterr().out
    [made] = (line.split()[1] for line in told.splitlines() if line.startswith("Release: "))
    release, before = open_release(tmp_path / made), 3 * COUNT
    report, settings, said = report_of(release), release.manifest.training, " ".join(told.split())
    assert release.manifest.labels == tuple(NAMES.values())
    assert f"Of its {before} pictures 0 get another label and 1 are left out; 9 are new." in said
    assert f"It is trained again on {before + 8} pictures" in said
    assert (report.test.split, report.test.n) == ("cross-fitted", before + 8)
    assert (settings["network"], settings["seed"]) == ("compact_stages", 3)
    assert all(sentence in said for sentence in promised_in_words(report))
    assert f"of the {before} pictures of the test set" in said.split("stays current there")[0]
    [compared] = [line.split(" diff ")[1] for line in told.splitlines() if line.startswith("Compare: ")]
    assert compared.startswith(f"{store} {made} runs/improved-")
    assert compared.endswith("/pictures.csv --page changes.html --allow 1")


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
def test_a_test_folder_is_measured_on_and_never_learnt(short_fits: None, tmp_path: Path) -> None:
    write_blobs(tmp_path / "data" / "train", range(COUNT))
    write_blobs(tmp_path / "data" / "test", range(COUNT, COUNT + 10))

    release = trained(tmp_path / "data", tmp_path, "--fast")

    report, learnt = report_of(release), load_learnt(release.folder)
    names = [hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.glob("data/test/*/*.png")]
    assert (report.test.split, report.test.n) == ("test", 30)
    assert learnt is not None
    assert not learnt.has(np.array(names)).any()


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


@pytest.fixture(scope="module")
def noise() -> Pictures:
    """60 pictures whose labels tell nothing of them, so that a right answer was learnt by heart."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, *READS.array_shape), np.uint8)
    return Pictures.of_pixels(images, rng.integers(0, 2, 60).astype(np.uint8))


def fitted(noise: Pictures, progress: Terminal) -> OwnClasses:
    body = network(WITHOUT_LITE0)
    seen = replace(noise, features=seeing(body)(noise.images))
    return fit_own_classes(seen, folds_of(Split(seen, seen), 5), WITHOUT_LITE0, body, progress, 0.0)


@pytest.mark.usefixtures("short_fits")
def test_no_head_answers_a_picture_that_it_learnt_and_each_is_counted(noise: Pictures) -> None:
    found = fitted(noise, progress := Counted())

    assert 0.25 < found.answers.right.mean() < 0.75
    assert np.array_equal(found.answers.truth, noise.classes)
    assert progress.of["fitting heads"] == [(done, 6) for done in range(1, 7)]


@pytest.mark.usefixtures("short_fits")
def test_the_same_pictures_make_the_same_network(noise: Pictures) -> None:
    first, second = (fitted(noise, Counted()) for _ in range(2))

    assert np.array_equal(first.answers.probabilities, second.answers.probabilities)
    weights = [one.fitted.model.get_weights() for one in (first, second)]
    assert all(np.array_equal(*pair) for pair in zip(*weights, strict=True))
