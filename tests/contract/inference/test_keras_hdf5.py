"""Models in HDF5 of Keras 2: their first layer names the shape of the input, which Keras 3 does not read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from inference.errors import ModelUnreadable
from inference.sessions.keras_session import KerasSession

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)


def make_layers() -> list[Any]:
    return [layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(10, activation="softmax")]


def make_plain() -> Any:
    return keras.Sequential([keras.Input((28, 28, 1)), *make_layers()])


def make_nested() -> Any:
    inner = keras.Sequential([keras.Input((28, 28, 1)), *make_layers()[:2]], name="inner")
    return keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Dense(10, activation="softmax")])


def make_functional() -> Any:
    given = keras.Input((28, 28, 1))
    inner = keras.Sequential([keras.Input((28, 28, 1)), *make_layers()[:2]], name="inner")
    return keras.Model(given, layers.Dense(10, activation="softmax")(inner(given)))


def take_out_inputs(config: Any) -> Any:
    """Describe each Sequential as tf.keras 2 did: its first layer has the shape of the input."""
    if not isinstance(config, dict) or "layers" not in config.get("config", {}):
        return config
    described = [take_out_inputs(layer) for layer in config["config"]["layers"]]
    if config["class_name"] == "Sequential" and described[0]["class_name"] == "InputLayer":
        described.pop(0)
        if "layers" not in described[0]["config"]:
            described[0]["config"]["batch_input_shape"] = [None, 28, 28, 1]
    return {**config, "config": {**config["config"], "layers": described}}


def save_as_keras_2(model: Any, path: Path, version: str = "2.2.4-tf") -> Path:
    model.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(take_out_inputs(json.loads(file.attrs["model_config"])))
        file.attrs["keras_version"] = version
    return path


pytestmark = pytest.mark.filterwarnings("ignore")  # Keras warns that it saves HDF5


@pytest.mark.parametrize("make", [make_plain, make_nested, make_functional])
def test_a_model_of_keras_2_answers_as_before_and_its_file_stays(
    make: Callable[[], Any], tmp_path: Path
) -> None:
    model = make()
    path = save_as_keras_2(model, tmp_path / "model.h5")
    before = path.read_bytes()

    session = KerasSession(path, can_be_hdf5=True)

    session.set_divisor(255.0)
    expected = np.asarray(model(PIXELS[..., np.newaxis] / np.float32(255)))
    assert session.run(PIXELS).class_probabilities == pytest.approx(expected, abs=1e-6)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.h5"]


def test_keras_alone_does_not_read_such_a_file(tmp_path: Path) -> None:
    path = save_as_keras_2(make_plain(), tmp_path / "model.h5")

    with pytest.raises(ValueError, match="Kernel shape must have the same length as input"):
        keras.models.load_model(path, compile=False)


def test_a_file_of_keras_1_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnreadable, match="saved by Keras 1"):
        KerasSession(save_as_keras_2(make_plain(), tmp_path / "model.h5", "1.2.2"), can_be_hdf5=True)


def test_a_layer_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Lambda(lambda pixels: pixels), *make_layers()])
    path = save_as_keras_2(model, tmp_path / "model.h5")

    with pytest.raises(ModelUnreadable, match="Keras cannot load it in safe mode"):
        KerasSession(path, can_be_hdf5=True)


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/x"), h5py.SoftLink("/model_weights")])
def test_a_link_in_the_file_is_refused(link: Any, tmp_path: Path) -> None:
    path = save_as_keras_2(make_plain(), tmp_path / "model.h5")
    with h5py.File(path, "r+") as file:
        file["model_weights"]["dense_link"] = link

    with pytest.raises(ModelUnreadable, match="dense_link in it is a link"):
        KerasSession(path, can_be_hdf5=True)
