"""A small trained network and its serving graph, made once for every test that reads them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.factory import create_app
from app.settings import Settings
from model_store.local_releases import LocalRelease, open_release
from model_store.promotions import read_current_promotion
from model_store.store import open_store
from reports.network_figures import Epoch
from tests.fashion import CLASSES, striped_pictures
from training.data.fashion import FASHION_MNIST_LABELS
from training.data.split import Split, hold_out_pictures
from training.gradient.fitting.checkpoints import TrainingRun
from training.gradient.fitting.fit import FittedNetwork, fit_by_gradient
from training.gradient.fitting.tensorboard_log import make_tensorboard_callbacks
from training.gradient.recipes import PLAIN_RECIPE
from training.heads.ood import ClassWhitening, fit_whitening
from training.release.export import compute_layer_features, export_graph, save_artifact
from training.untyped import Network

RECIPE = replace(PLAIN_RECIPE, epochs=3, batch_size=32, patience=None)


class Listener:
    """Remembers what a fit told."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, int]] = []
        self.epochs: list[int] = []

    def report_step(self, epoch: int, step: int, steps: int) -> None:
        self.steps.append((epoch, step, steps))

    def report_epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch.epoch)


def current_in(store: Path) -> LocalRelease:
    """The release that is current in a folder store."""
    return open_release(store / "releases" / read_current_promotion(open_store(str(store))).version)


def served(store: Path, uploads: Iterable[bytes], cache: Path) -> list[Any]:
    """What the service answers to pictures by the release that is current in a folder store."""
    settings = {"model_store": str(store), "cache_dir": cache, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()
    return [client.post("/predict", data=upload).get_json() for upload in uploads]


@dataclass(frozen=True)
class Exported:
    """A trained network in both of its forms."""

    artifact: Network
    whitening: ClassWhitening
    model_path: Path
    get_graph_path: Path


@pytest.fixture(scope="session")
def parts() -> Split:
    """About 370 pictures to learn from and 30 held out."""
    return hold_out_pictures(striped_pictures(400), CLASSES)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """Where `fitted` has its checkpoint and TensorBoard's log."""
    folder = tmp_path_factory.mktemp("fit")
    return TrainingRun(folder, "aa", tensorboard_folder=folder / "log")


@pytest.fixture(scope="session")
def fitted(parts: Split, run: TrainingRun) -> FittedNetwork:
    """`conv3` after three epochs."""
    assert run.tensorboard_folder is not None
    callbacks = make_tensorboard_callbacks(run.tensorboard_folder, parts.validation, FASHION_MNIST_LABELS)
    return fit_by_gradient(parts, CLASSES, RECIPE, run, Listener(), extra_callbacks=callbacks)


@pytest.fixture(scope="session")
def exported(fitted: FittedNetwork, parts: Split, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The same network as model.keras and model.onnx."""
    folder = tmp_path_factory.mktemp("export")
    artifact = save_artifact(fitted.model, folder / "model.keras")
    whitening = fit_whitening(
        compute_layer_features(artifact, parts.train.images), parts.train.classes, CLASSES
    )
    export_graph(artifact, whitening, folder / "model.onnx")
    return Exported(artifact, whitening, folder / "model.keras", folder / "model.onnx")
