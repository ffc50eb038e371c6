"""Fine-tuning of a linear probe: what it learns, what it leaves alone, and when it replaces the probe."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from inference.classifier import open_classifier
from inference.contract import GREY_28
from model_store.comparison import Changes
from model_store.local import open_release
from scripts import train
from tests.own_pictures import write_blobs
from training.data.datasets import LabelledImages
from training.data.splitting import Split
from training.export.onnx_graph import features_of, probabilities_of
from training.export.out_of_fold import Fold, deal
from training.networks.layers import FEATURES
from training.networks.registry import with_softmax
from training.recipes import Recipe
from training.transfer import tuning
from training.transfer.probe import with_probe
from training.transfer.selection import Candidate, Trial, cross_fit, fitted, try_tuning
from training.transfer.starts import Start
from training.transfer.tuning import LastStage, assembled, tune
from training.untyped import Network, Tensor

N = 120
CHANNELS = 6


def top(x: Tensor, name: str) -> Tensor:
    """A last stage of one layer."""
    return layers.Dense(4, name=f"{name}_dense", kernel_initializer=keras.initializers.RandomNormal(seed=0))(
        x
    )


STAGE = LastStage("below", "top", top)


def start_with(rows: NDArray[np.float32]) -> Start:
    """A start that sees row i of picture number i, as features and below its last stage."""
    pixels = keras.Input((1, 1), name="pixels", dtype="uint8")
    look_up = layers.Embedding(len(rows), CHANNELS, name="table")
    below = layers.Reshape((1, 1, CHANNELS), name="below")(look_up(pixels))
    features = layers.Flatten(name=FEATURES)(below)
    both = layers.Concatenate()([features, layers.Flatten()(top(below, "top"))])
    body = keras.Model(pixels, both, name="body")
    look_up.set_weights([rows])
    return Start("a table", GREY_28, Recipe(), lambda: body, STAGE)


def pictures(labels: NDArray[np.int64]) -> LabelledImages:
    images = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1)
    return LabelledImages(images, labels.astype(np.uint8))


def drawn(seed: int = 0) -> tuple[Start, LabelledImages, tuple[Fold, ...]]:
    """Pictures whose labels nothing that is seen of them says."""
    random = np.random.default_rng(seed)
    train = pictures(random.integers(0, 2, N))
    start = start_with(random.normal(size=(N, CHANNELS)).astype(np.float32))
    return start, train, deal(Split(train, train), None, 5, pictures=True)


@pytest.fixture(scope="module")
def candidate() -> tuple[Candidate, LabelledImages, tuple[Fold, ...]]:
    start, train, folds = drawn()
    return cross_fit(start, train, folds, 2), train, folds


@pytest.fixture
def trial(
    candidate: tuple[Candidate, LabelledImages, tuple[Fold, ...]], monkeypatch: pytest.MonkeyPatch
) -> Trial:
    monkeypatch.setattr(tuning, "STEPS", 30)
    monkeypatch.setattr(tuning, "RATE", 0.05)
    found = try_tuning(*candidate)
    assert found is not None
    return found


def answers(network: Network, train: LabelledImages) -> NDArray[np.float32]:
    return np.asarray(probabilities_of(with_softmax(network), train.images))


def test_it_learns_what_it_is_given_and_leaves_features_and_body_alone(
    candidate: tuple[Candidate, LabelledImages, tuple[Fold, ...]], trial: Trial
) -> None:
    chosen, train, _ = candidate
    probe, before = chosen.probes[0], chosen.body.get_weights()
    everything = np.arange(N)

    network = assembled(chosen.body, STAGE, tune(chosen.body, STAGE, probe, trial.below, everything))

    truth = everything, train.labels
    assert (
        np.log(answers(network, train)[truth]).mean()
        > np.log(answers(with_probe(chosen.body, probe), train)[truth]).mean()
    )
    assert np.array_equal(features_of(network, train.images), chosen.features.measured)
    assert all(np.array_equal(*pair) for pair in zip(chosen.body.get_weights(), before, strict=True))


def test_it_begins_with_the_probe(
    candidate: tuple[Candidate, LabelledImages, tuple[Fold, ...]],
    trial: Trial,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen, train, _ = candidate
    monkeypatch.setattr(tuning, "RATE", 0.0)
    probe = chosen.probes[0]

    network = assembled(chosen.body, STAGE, tune(chosen.body, STAGE, probe, trial.below, np.arange(N)))

    assert np.allclose(answers(network, train), answers(with_probe(chosen.body, probe), train), atol=1e-5)


def test_no_tuned_network_answers_a_picture_that_it_learnt(trial: Trial) -> None:
    assert 0.3 < trial.accuracy < 0.7


def test_the_same_pictures_make_the_same_network(
    candidate: tuple[Candidate, LabelledImages, tuple[Fold, ...]], trial: Trial
) -> None:
    again = try_tuning(*candidate)

    assert again is not None
    assert again.answers.pictures is not None
    assert trial.answers.pictures is not None
    assert np.allclose(again.answers.pictures.probabilities, trial.answers.pictures.probabilities, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "taken"),
    [(Changes(9, 1, 0.02), True), (Changes(3, 1, 0.6), False), (Changes(1, 9, 0.02), False)],
)
def test_it_replaces_the_probe_where_more_answers_are_right_than_chance_explains(
    candidate: tuple[Candidate, LabelledImages, tuple[Fold, ...]],
    trial: Trial,
    changes: Changes,
    taken: bool,
) -> None:
    chosen, train, _ = candidate
    told = Trial(trial.answers, trial.accuracy, changes, trial.below, 1.0)

    made = fitted(chosen, train, [chosen], trial=told)

    assert made.probe is not None
    assert made.probe.tuning is not None
    record = made.probe.tuning
    assert (record.taken, record.newly_right, record.newly_wrong) == (
        taken,
        changes.newly_right,
        changes.newly_wrong,
    )
    assert ("tuned_dense" in {layer.name for layer in made.model.layers}) is taken


def test_it_is_not_tried_where_nearly_all_answers_are_right_already() -> None:
    labels = np.arange(N) % 2
    rows = np.random.default_rng(0).normal(size=(N, CHANNELS)).astype(np.float32)
    rows[:, 0] = 9 * labels
    train = pictures(labels)
    folds = deal(Split(train, train), None, 5, pictures=True)

    assert try_tuning(cross_fit(start_with(rows), train, folds, 2), train, folds) is None


@pytest.mark.slow
def test_a_tuned_network_is_released_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_blobs(tmp_path / "blobs", 30)
    for colour, other in (("Green", "Red"), ("Red", "Violet"), ("Violet", "Green")):
        for file in sorted((data / colour).iterdir())[:4]:
            file.rename(data / other / f"from-{colour}-{file.name}")
    monkeypatch.setattr(Changes, "better", True)

    assert train.main(["--data", str(data), "--run", str(tmp_path / "run")]) == 0

    release = open_release(tmp_path / "run" / "release")
    probe = release.manifest.training["probe"]
    assert isinstance(probe, dict)
    assert isinstance(probe["tuning"], dict)
    assert probe["tuning"]["taken"] is True
    classifier = open_classifier(release.folder / "model.onnx", release.manifest.model)
    golden = release.manifest.golden
    classifier.check_golden(golden.inputs(release.manifest.model.input), golden.answers(), golden.distances)
