"""`wardrobe train --data FOLDER` of photos: a linear probe on a network that has learnt clothes."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.factory import create_app
from app.settings import Settings
from inference.contract import GREY_28
from model_store.answers import TEST_SET
from model_store.evidence import evidence_in_folder
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.store import open_store
from scripts import evaluate, train
from scripts.training.probing import MOST_FOR_COSTLY, affordable
from tests.own_pictures import COLOURS, KINDS, a_blob, a_photo, write_blobs, write_class_folders
from tests.uploads import png
from training.data.datasets import LabelledImages
from training.data.learnt import load_learnt
from training.data.own_pictures import FEWEST_NEW
from training.data.splitting import Split
from training.errors import BadPictures
from training.export.onnx_graph import probabilities_of
from training.export.out_of_fold import deal
from training.networks.layers import FEATURES
from training.networks.registry import with_softmax
from training.recipes import Recipe
from training.transfer.probe import COMPONENTS, Features, fit_probe, with_probe
from training.transfer.selection import Candidate, better, cross_fit
from training.transfer.starts import IN_COLOUR, Start
from training.untyped import Network

COUNT = 30
"""Pictures per class: about 25 to learn from and 5 for the test."""


def trained(data: Path, folder: Path, *options: str) -> LocalRelease:
    """Train, and publish into a store in the folder; what is current there then."""
    told = ["--data", str(data), "--run", str(folder / "run"), "--publish", str(folder / "store")]
    assert train.main([*told, *options]) == 0
    version = current(open_store(str(folder / "store"))).version
    return open_release(folder / "store" / "releases" / version)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("data") / "things", COUNT)


@pytest.fixture(scope="module")
def release(things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    return trained(things, tmp_path_factory.mktemp("trained"))


@pytest.mark.slow
def test_photos_are_learnt_by_a_probe_whose_answers_in_folds_choose_the_thresholds(
    release: LocalRelease,
) -> None:
    made, report = release.manifest.training, release.report()
    (promise,) = report.promises

    assert isinstance(made["probe"], dict)
    assert made["probe"].keys() == {"start", "strength", "seconds", "compared", "tuning"}
    assert made["folds"] == 5
    assert "epochs" not in made
    assert report.test.accuracy > 0.9
    assert (report.test.split, report.test.n, report.train.n) == ("cross-fitted", 3 * COUNT, 3 * COUNT)
    assert promise.n >= 0.9 * report.train.n  # all but those that are unfamiliar


@pytest.mark.slow
def test_the_report_says_how_well_it_finds_kinds_that_its_score_has_not_seen(release: LocalRelease) -> None:
    others = release.report().out_of_scope["photos of other kinds"]

    assert others.n >= 100
    assert others.familiarity_auroc is not None
    assert others.familiarity_auroc > 0.9
    assert others.unfamiliar > 0.5
    assert others.confidence_auroc is None


@pytest.mark.slow
def test_the_service_answers_new_pictures_by_it(release: LocalRelease, tmp_path: Path) -> None:
    settings = {"model_store": str(release.folder.parents[1]), "cache_dir": tmp_path, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()

    answers = [client.post("/predict", data=png(a_photo(kind, 500))).get_json() for kind in KINDS]

    assert [answer["label"] for answer in answers] == list(KINDS)
    assert all(sum(answer["probabilities"].values()) == pytest.approx(1) for answer in answers)


@pytest.mark.slow
def test_classes_that_differ_in_colour_alone_begin_with_the_backbone_in_colour(tmp_path: Path) -> None:
    made = trained(write_blobs(tmp_path / "blobs", COUNT), tmp_path)

    client = create_app(
        Settings.model_validate(
            {
                "model_store": str(made.folder.parents[1]),
                "cache_dir": tmp_path / "cache",
                "refresh_seconds": 0,
            }
        )
    ).test_client()
    answers = [
        client.post("/predict", data=png(a_blob(colour, 500)[..., ::-1])).get_json() for colour in COLOURS
    ]

    assert made.manifest.model.input.shape == (64, 64)
    assert made.manifest.training["probe"]["start"] == IN_COLOUR  # type: ignore[index,call-overload]
    assert [answer["label"] for answer in answers] == list(COLOURS)


@pytest.mark.slow
def test_it_is_trained_further_by_gradient_on_pictures_that_it_did_not_learn(
    release: LocalRelease, things: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadPictures, match=r"learnt 90 of these 90 pictures.*Train without --from"):
        trained(things, tmp_path / "same", "--from", str(release.folder), "--epochs", "1")
    grown = shutil.copytree(things, tmp_path / "grown")
    for kind in KINDS:
        for seed in range(COUNT, 4 * COUNT):
            (grown / kind / f"{seed:03}.png").write_bytes(png(a_photo(kind, seed)))

    finer = trained(grown, tmp_path, "--from", str(release.folder), "--epochs", "1")

    learnt, measured = (
        load_learnt(release.folder),
        evidence_in_folder(finer).answers.of_set(TEST_SET).pictures,
    )
    assert learnt is not None
    assert len(measured) == finer.report().test.n >= FEWEST_NEW
    assert not learnt.has(measured).any()
    assert evaluate.main([str(finer.folder), "--data", str(grown)]) == 0
    assert finer.manifest.training["start"] == release.version
    assert "probe" not in finer.manifest.training
    assert finer.manifest.training["epochs"] == 1


@pytest.mark.slow
def test_a_grown_folder_is_compared_on_the_pictures_that_were_there_before(
    things: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grown = shutil.copytree(things, tmp_path / "grown")
    trained(grown, tmp_path)
    for kind in KINDS:
        (grown / kind / "new.png").write_bytes(png(a_photo(kind, 900)))

    release = trained(grown, tmp_path)

    said = " ".join(capsys.readouterr().out.split())
    assert release.report().test.n == 3 * COUNT + 3
    assert (
        f"Not measurably worse than current: accuracy on the {3 * COUNT} pictures of both test sets" in said
    )


@pytest.mark.slow
def test_a_release_that_learnt_every_picture_is_not_measured_on_them_without_a_word(
    release: LocalRelease, things: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = evaluate.main([str(release.folder), "--data", str(things)])

    said = capsys.readouterr()
    assert code == 1
    assert f"the release learnt {3 * COUNT} of these {3 * COUNT} pictures" in said.err
    assert "so nothing was compared" in said.out


@pytest.mark.slow
def test_a_test_folder_is_measured_on_and_never_learnt(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "data" / "train", COUNT)
    write_class_folders(tmp_path / "data" / "test", 10, first_seed=COUNT)

    release = trained(tmp_path / "data", tmp_path)

    report, learnt = release.report(), load_learnt(release.folder)
    names = [hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.glob("data/test/*/*.png")]
    assert (report.test.split, report.test.n) == ("test", 30)
    assert learnt is not None
    assert not learnt.has(np.array(names)).any()


@pytest.mark.slow
def test_a_repeated_command_makes_the_same_network(
    release: LocalRelease, things: Path, tmp_path: Path
) -> None:
    again = trained(things, tmp_path)

    assert again.manifest.golden == release.manifest.golden


@pytest.mark.parametrize(("classes", "count"), [(2, 4), (3, 4), (3, 2 * COMPONENTS)])
def test_the_last_layer_answers_as_the_regression_on_scaled_features(classes: int, count: int) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(60).astype(np.uint8) % classes
    seen = (random.normal(size=(60, count)) * np.resize((1, 100, 2, 1), count) + 5).astype(np.float32)
    seen[:, 1] += 200 * labels
    images = np.arange(60, dtype=np.uint8).reshape(60, 1, 1)
    probe = fit_probe(Features(seen, seen, seen), labels, np.arange(60).astype(str))

    answers = probabilities_of(with_softmax(with_probe(a_table(seen), probe)), images)

    usual = make_pipeline(StandardScaler(), LogisticRegression(C=probe.strength))
    usual.fit(np.tile(seen, (2, 1)), np.tile(labels, 2))
    assert np.allclose(answers, usual.predict_proba(seen), atol=0.01)


def a_table(rows: np.ndarray) -> Network:
    """A network whose features of picture number i are row i."""
    pixels = keras.Input((1, 1), name="pixels", dtype="uint8")
    look_up = layers.Embedding(len(rows), rows.shape[1], name="table")
    model = keras.Model(pixels, layers.Reshape((rows.shape[1],), name=FEATURES)(look_up(pixels)))
    look_up.set_weights([rows])
    return model


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    """Of pictures whose labels nothing that is seen of them says."""
    random = np.random.default_rng(0)
    images = np.arange(200, dtype=np.uint8).reshape(200, 1, 1)
    learnt_by_heart = LabelledImages(images, random.integers(0, 2, 200).astype(np.uint8))
    body = a_table(random.normal(size=(200, 300)).astype(np.float32))
    folds = deal(Split(learnt_by_heart, learnt_by_heart), None, 5, pictures=True)
    return cross_fit(Start("a table", GREY_28, Recipe(), lambda: body), learnt_by_heart, folds, 2)


def test_no_probe_answers_a_picture_that_it_learnt(candidate: Candidate) -> None:
    assert 0.3 < candidate.accuracy < 0.7


@pytest.mark.parametrize(
    ("accuracy", "loss", "taken"),
    [(0.91, 0.3, True), (0.91, 0.5, False), (0.90, 0.3, False), (0.89, 0.3, False)],
)
def test_a_costly_start_is_taken_only_with_more_right_answers_at_a_lower_loss(
    candidate: Candidate, accuracy: float, loss: float, taken: bool
) -> None:
    usual = replace(candidate, accuracy=0.90, loss=0.4)
    worse = replace(candidate, accuracy=0.85, loss=0.2)
    costly = replace(candidate, start=replace(candidate.start, costly=True), accuracy=accuracy, loss=loss)

    assert better([worse, usual, costly]) is (costly if taken else usual)
    assert better([costly]) is costly


def test_a_costly_start_is_left_out_where_its_pictures_would_not_fit_into_memory(
    candidate: Candidate,
) -> None:
    usual, costly = candidate.start, replace(candidate.start, costly=True)

    assert affordable([usual, costly], MOST_FOR_COSTLY) == [usual, costly]
    assert affordable([usual, costly], MOST_FOR_COSTLY + 1) == [usual]
    assert affordable([costly], MOST_FOR_COSTLY + 1) == []
