"""`wardrobe train --image-size`: a network for larger grey pictures is learnt, served, trained further."""

from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.settings import Settings
from inference.contract import whole_pictures
from model_store.local import LocalRelease, open_release
from model_store.promotions import current
from model_store.store import open_store
from scripts import evaluate, train
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.uploads import png
from training.fitting.augmentation import Augmentation
from training.networks.registry import build
from training.recipes import Recipe, starting_point

pytestmark = pytest.mark.slow

LEARN = ("--network", "conv3", "--epochs", "10", "--learning-rate", "0.005")

COUNT = 40
"""Pictures per class: about 33 to learn from and 7 for the test."""


def trained(data: Path, folder: Path, *options: str) -> LocalRelease:
    """Train into a store in the folder; what is current there then."""
    told = ["--data", str(data), "--run", str(folder / "run"), "--out", str(folder / "store")]
    assert train.main([*told, *options]) == 0
    version = current(open_store(str(folder / "store"))).version
    return open_release(folder / "store" / "releases" / version)


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("data") / "things", COUNT)


@pytest.fixture(scope="module")
def release(things: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalRelease:
    """A little network that reads 32 x 32."""
    return trained(things, tmp_path_factory.mktemp("trained"), *LEARN, "--image-size", "32")


@pytest.fixture
def client(release: LocalRelease, tmp_path: Path) -> FlaskClient:
    settings = {"model_store": str(release.folder.parents[1]), "cache_dir": tmp_path, "refresh_seconds": 0}
    return create_app(Settings.model_validate(settings)).test_client()


def test_whole_grey_pictures_of_that_size_are_learnt(release: LocalRelease) -> None:
    assert release.manifest.model.input == whole_pictures(32, 1)
    assert release.report().test.accuracy > 0.8


def test_the_service_answers_new_pictures(client: FlaskClient) -> None:
    pictures = [png(a_photo(kind, 500 + seed)) for kind in KINDS for seed in range(4)]

    labels = [client.post("/predict", data=upload).get_json()["label"] for upload in pictures]

    assert sum(label == kind for label, kind in zip(labels, np.repeat(KINDS, 4), strict=True)) >= 9


def test_evaluating_it_on_the_same_folder_agrees_with_its_report(
    release: LocalRelease, things: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(release.folder), "--data", str(things)]) == 0

    assert "This is what the stored report says." in capsys.readouterr().out


def test_it_is_trained_further_at_its_own_input(
    release: LocalRelease, things: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finer = trained(things, tmp_path, "--from", str(release.folder), "--epochs", "1")

    assert "The model reads 32 x 32 pixels in grey, framing whole." in capsys.readouterr().out
    assert finer.manifest.model.input == release.manifest.model.input


@pytest.mark.parametrize("shape", [(28, 28), (64, 64, 3), (20, 90)])
def test_one_network_takes_any_input(shape: tuple[int, ...]) -> None:
    network = build(starting_point("compact_any"), 4, shape)

    assert network(np.zeros((2, *shape), np.uint8)).shape == (2, 4)


def test_colours_come_out_of_augmentation_as_they_went_in() -> None:
    pictures = np.full((8, 40, 40, 3), (200, 10, 90), np.uint8)

    changed, _ = Augmentation(Recipe(flip=True, shift=0, erase=0))(pictures, np.ones((8, 1), np.float32))

    assert np.array_equal(np.asarray(changed), pictures)
