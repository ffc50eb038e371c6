"""`python -m scripts.train --data FOLDER`: classes of one's own become a release, which learns further."""

import csv
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from app.factory import create_app
from app.settings import Settings
from inference.classifier import open_classifier
from inference.contract import GREY_28
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.report import Report
from model_store.store import open_store
from scripts import train
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.uploads import png
from training.fitting.fine_tuning import begin
from training.fitting.starting import ParentRelease
from training.networks.registry import LOGITS
from training.recipes import starting_point

pytestmark = pytest.mark.slow

COUNT = 30
"""Pictures per class: about 25 to learn from and 5 for the test."""

FINE = starting_point("conv3")


def trained(data: Path, folder: Path, *options: str) -> LocalRelease:
    """Train for a few seconds into a store in the folder; what is current there then."""
    told = [
        *("--data", str(data), "--folds", "0"),
        *("--run", str(folder / "run")),
        *("--out", str(folder / "store")),
    ]
    assert train.main([*told, *options]) == 0
    version = current(open_store(str(folder / "store"))).version
    return open_release(folder / "store" / "releases" / version)


def report_of(release: LocalRelease) -> Report:
    return release.report()


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("data") / "things", COUNT)


@pytest.fixture(scope="module")
def release(things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """A little network that has learnt the three classes."""
    folder = tmp_path_factory.mktemp("trained")
    quick = ("--network", "conv3", "--epochs", "10", "--learning-rate", "0.005")
    return trained(things, folder, *quick, "--folds", "5")


def test_labels_travel_from_the_folders_to_manifest_and_report(release: LocalRelease) -> None:
    report = report_of(release)

    assert release.manifest.model.labels == report.labels == tuple(report.test.per_class) == KINDS
    assert np.array(report.test.confusion_matrix).sum() == report.test.n
    assert release.manifest.data.name == "things"
    assert report.train.n + report.validation.n + report.test.n == 3 * COUNT


def test_the_report_is_sealed_as_a_page_too(release: LocalRelease) -> None:
    page = (release.folder / "report.html").read_text("utf-8")

    assert "report.html" in release.manifest.files
    assert f"{report_of(release).test.accuracy:.2%}" in page
    assert "data:image/png;base64," in page


def test_thresholds_rest_on_answers_to_all_pictures_and_say_what_is_missing(
    release: LocalRelease, things: Path
) -> None:
    report, thresholds = report_of(release), release.manifest.model.thresholds
    (promise,) = report.promises

    learnt_or_held_out = report.train.n + report.validation.n
    assert 0.9 * learnt_or_held_out <= promise.n <= learnt_or_held_out
    assert (promise.accuracy, promise.needed) == (0.95, 59)
    assert thresholds.accept_nothing == (promise.lower_bound < promise.accuracy)
    assert (release.manifest.training["folds"], release.manifest.training["fold_epochs"]) == (5, 10)


def test_the_folder_of_the_run_says_which_labels_are_doubted(release: LocalRelease, things: Path) -> None:
    run = release.folder.parents[2] / "run"

    heading, *rows = (run / "doubted.csv").read_text("utf-8").splitlines()

    doubted = list(csv.DictReader([heading, *rows]))
    assert heading == "path,label,predicted,probability,label_probability"
    assert all(Path(row["path"]).parent == things / row["label"] for row in doubted)
    assert (run / "doubted.html").exists() is bool(doubted)


def test_few_new_pictures_of_what_was_learnt_well_are_unfamiliar(release: LocalRelease) -> None:
    classifier = open_classifier(release.folder / "model.onnx", release.manifest.model)
    uploads = [png(a_photo(kind, seed)) for kind in KINDS for seed in range(500, 530)]
    pixels = np.stack([decoded_to_pixels(decode(one, MAX_PIXELS), GREY_28) for one in uploads])

    answers = classifier.classify(pixels)

    assert sum(one.reason == "unfamiliar" for one in answers) <= 9


def test_the_service_knows_new_pictures_by_the_folders_names(release: LocalRelease, tmp_path: Path) -> None:
    store = str(release.folder.parents[1])
    settings = {"model_store": store, "cache_dir": tmp_path, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()

    answers = [client.post("/predict", data=png(a_photo(kind, 500))).get_json() for kind in KINDS]

    assert [answer["label"] for answer in answers] == list(KINDS)
    assert tuple(answers[0]["probabilities"]) == KINDS
    assert tuple(client.get("/metrics").get_json()["test"]["per_class"]) == KINDS


def test_a_release_of_three_classes_is_trained_further_on_two(release: LocalRelease, tmp_path: Path) -> None:
    data = write_class_folders(tmp_path / "two", 20, KINDS[:2], first_seed=200)

    finer = trained(data, tmp_path, "--from", str(release.folder), "--new-classes", "--epochs", "2")

    settings = finer.manifest.training
    assert finer.manifest.model.labels == KINDS[:2]
    assert (settings["network"], settings["start"]) == ("conv3", release.version)
    assert settings["learning_rate"] == pytest.approx(0.1 * FINE.learning_rate)


@pytest.mark.parametrize("same_classes", [True, False])
def test_only_the_last_layer_begins_anew_and_only_for_other_classes(
    release: LocalRelease, same_classes: bool
) -> None:
    known = keras.saving.load_model(release.folder / "model.keras")
    start = ParentRelease(release.folder / "model.keras", same_classes=same_classes)

    begun = begin(start, replace(FINE, dropout=0.5, l2=0.001), classes=3, training=True)

    kept = [
        layer.name
        for layer in begun.layers
        if layer.weights
        and all(map(np.array_equal, layer.get_weights(), known.get_layer(layer.name).get_weights()))
    ]
    below = ["conv1", "conv2", "conv3", "features"]
    assert kept == ([*below, LOGITS] if same_classes else below)
    assert len(begun.losses) == 4
