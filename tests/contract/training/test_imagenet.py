"""EfficientNet-Lite0, which own classes may begin with: its weights, and a release that is made of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.factory import create_app
from app.settings import Settings
from model_store.local import open_release
from scripts import train
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.uploads import png
from training.data.npz import read_npz
from training.errors import WeightsUnfit
from training.networks.layers import FEATURES
from training.transfer import imagenet
from training.transfer.backbone import ABOUT
from training.transfer.starts import OF_IMAGENET

COUNT = 30


def test_its_features_are_means_of_what_a_probe_reads_at_each_position() -> None:
    network = imagenet.body()
    pixels = np.random.default_rng(0).integers(0, 256, (2, *imagenet.INPUT.array_shape), np.uint8)

    seen = network.predict(pixels, verbose=0)

    channels = network.get_layer(FEATURES).output.shape[1]
    means = seen[:, channels:].reshape(2, -1, channels).mean(axis=1)
    np.testing.assert_allclose(seen[:, :channels], means, rtol=1e-3, atol=1e-4)


def test_the_card_names_what_the_weights_were_made_from() -> None:
    about = json.loads(str(read_npz(imagenet.BUNDLED)[ABOUT]))

    card = Path("training/transfer/BACKBONE.md").read_text("utf-8")

    assert about["checkpoint"] in card
    assert about["sha256"] in card


def test_a_checkpoint_of_pytorch_becomes_weights_in_the_shapes_and_the_order_of_keras() -> None:
    checkpoint = {
        "_conv_stem.weight": np.arange(54).reshape(2, 3, 3, 3),
        "_bn0.weight": np.array([5, 6]),
        "_bn0.num_batches_tracked": np.array(9),
        "_blocks.0._depthwise_conv.weight": np.arange(18).reshape(2, 1, 3, 3),
        "_conv_head.weight": np.zeros((4, 2, 1, 1)),
        "_bn1.bias": np.zeros(4),
        "_fc.bias": np.zeros(1000),
    }

    stem, scale, depthwise = imagenet.weights_of(checkpoint)

    assert stem.shape == (3, 3, 3, 2)
    assert stem[0, 1, 2, 1] == checkpoint["_conv_stem.weight"][1, 2, 0, 1]
    assert scale.tolist() == [5, 6]
    assert depthwise.shape == (3, 3, 2, 1)
    assert depthwise[2, 0, 1, 0] == checkpoint["_blocks.0._depthwise_conv.weight"][1, 0, 2, 0]


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04"])
def test_a_file_of_other_weights_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "one.npz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(WeightsUnfit, match=r"one\.npz: no backbone"):
        imagenet.body(path)


def test_without_pytorch_the_command_says_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        imagenet.main(["some.pth"])

    assert "pip install torch" in capsys.readouterr().err


@pytest.mark.slow
def test_a_release_that_begins_with_it_answers_new_photos(tmp_path: Path) -> None:
    things = write_class_folders(tmp_path / "things", COUNT)
    where = ["--run", str(tmp_path / "run"), "--out", str(tmp_path / "store")]

    assert train.main(["--data", str(things), *where, "--colour", "--image-size", "192"]) == 0

    release = open_release(tmp_path / "run" / "release")
    settings = {"model_store": str(tmp_path / "store"), "cache_dir": tmp_path / "cache", "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()
    answers = [client.post("/predict", data=png(a_photo(kind, 500))).get_json() for kind in KINDS]
    assert release.manifest.training["probe"]["start"] == OF_IMAGENET  # type: ignore[index,call-overload]
    assert release.manifest.model.input.shape == (192, 192)
    assert [answer["label"] for answer in answers] == list(KINDS)
