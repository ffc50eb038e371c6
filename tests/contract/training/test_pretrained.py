"""`wardrobe train --network mobilenet_v3_small --weights FILE`: the head learns first, then all of it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.classifier import open_classifier
from inference.contract import whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from model_store.local import LocalRelease, open_release
from scripts import train
from scripts.training.fitting import EpochLines
from tests.own_pictures import COLOURS, a_blob, write_blobs
from tests.uploads import png
from training.errors import WeightsUnfit
from training.networks.pretrained import APPLICATIONS, load_pretrained
from training.networks.registry import LOGITS, build
from training.recipes import starting_point
from training.untyped import Network

pytestmark = pytest.mark.slow

NETWORK: Final = "mobilenet_v3_small"
EDGE = 32

Weights = dict[str, list[NDArray[np.float32]]]
"""Of each layer that has any, by its name."""


def weights_of(model: Network) -> Weights:
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def same(one: list[NDArray[np.float32]], other: list[NDArray[np.float32]]) -> bool:
    return all(map(np.array_equal, one, other))


@pytest.fixture(scope="module")
def backbone() -> Network:
    """Random, but with the statistics and biases that learnt weights have: of noise, and not zero."""
    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNetV3Small(
        include_top=False, weights=None, input_shape=(EDGE, EDGE, 3)
    )
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # takes the statistics of the next batch
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(np.full(layer.bias.shape, 0.1))
    network(np.random.default_rng(0).uniform(0, 255, (32, EDGE, EDGE, 3)).astype(np.float32), training=True)
    return network


@pytest.fixture(scope="module")
def weights(backbone: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `save_weights` writes."""
    path = tmp_path_factory.mktemp("weights") / "small.weights.h5"
    backbone.save_weights(path)
    return path


@dataclass(frozen=True)
class Trained:
    """A release, and the run's weights after each of its two phases of one epoch."""

    release: LocalRelease
    probed: Weights
    tuned: Weights


def state(folder: Path, epoch: int) -> Weights:
    """The checkpoint of an epoch."""
    model = build(starting_point(NETWORK), len(COLOURS), (EDGE, EDGE, 3))
    model.load_weights(folder / f"state-{epoch:04}.weights.h5")
    return weights_of(model)


@pytest.fixture(scope="module")
def trained(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Stopped after the first phase, and continued by the same command."""
    folder = tmp_path_factory.mktemp("trained")
    words = [
        *("--data", str(write_blobs(folder / "blobs", 30)), "--folds", "0"),
        *("--image-size", str(EDGE), "--colour"),
        *("--network", NETWORK, "--weights", str(weights), "--epochs", "2", "--learning-rate", "0.01"),
        *("--run", str(folder / "run"), "--out", str(folder / "store")),
    ]
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(KeyboardInterrupt, match="The same command goes on"),
    ):
        patch.setattr(EpochLines, "step", stop_in_second_epoch)
        train.main(words)
    probed = state(folder / "run", 1)
    assert train.main(words) == 0
    return Trained(open_release(folder / "run" / "release"), probed, state(folder / "run", 2))


def stop_in_second_epoch(_: EpochLines, epoch: int, step: int, steps: int) -> None:
    if epoch == 2:
        raise KeyboardInterrupt


def test_the_head_learns_alone_before_the_backbone_does(trained: Trained, backbone: Network) -> None:
    known = weights_of(backbone)

    assert trained.probed.keys() == {*known, LOGITS}
    assert all(same(trained.probed[name], known[name]) for name in known)
    changed = {name for name in known if not same(trained.tuned[name], known[name])}
    normalizations = {layer.name for layer in backbone.layers if "BatchNorm" in type(layer).__name__}
    assert changed == known.keys() - normalizations
    assert not same(trained.probed[LOGITS], trained.tuned[LOGITS])


def test_the_release_names_its_weights_and_answers_as_any_other(trained: Trained, weights: Path) -> None:
    manifest = trained.release.manifest
    classifier = open_classifier(trained.release.folder / "model.onnx", manifest.model)
    reads = whole_pictures(EDGE, 3)
    uploads = [png(a_blob(colour, 500)[..., ::-1]) for colour in COLOURS]

    answers = classifier.classify(
        np.stack([decoded_to_pixels(decode(one, MAX_PIXELS), reads) for one in uploads])
    )

    assert manifest.model.input == reads
    assert manifest.training["weights"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert len(trained.release.report().history) == 2
    assert [one.probabilities.sum() for one in answers] == pytest.approx([1] * len(COLOURS), abs=1e-5)
    assert all(one.familiarity is not None for one in answers)


def test_weights_of_another_network_or_none_at_all_are_refused(weights: Path, tmp_path: Path) -> None:
    model = build(starting_point("mobilenet_v3_large"), 3, (EDGE, EDGE, 3))
    noise = tmp_path / "noise.h5"
    noise.write_bytes(b"no weights")

    for path in (weights, noise):
        with pytest.raises(
            WeightsUnfit, match=f"{path}: no weights of mobilenet_v3_large .*MobileNetV3Large"
        ):
            load_pretrained(model, "mobilenet_v3_large", path)


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> Network:
        raise Exception("URL fetch failure on https://storage.example/small.h5")  # as Keras does

    monkeypatch.setitem(APPLICATIONS, NETWORK, fails)

    with pytest.raises(WeightsUnfit, match=r"URL fetch failure on https.*small\.h5\. .* --weights FILE"):
        load_pretrained(None, NETWORK, None)
