"""The networks are the size they are said to be, and an artifact needs nothing beside it."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from scripts import train
from tests.contract.training.conftest import Exported
from tests.fashion import striped_pictures
from training.gradient.networks.registry import build, trainable_count
from training.gradient.recipes import NetworkName, starting_point
from training.release.onnx_graph import probabilities_of

pytestmark = pytest.mark.slow

PICTURES = striped_pictures(50).images


PARAMETERS = {
    "dense": (101_770, 101_770),
    "conv2_same": (421_642, 421_642),
    "conv3": (241_546, 241_546),
    "labelling1": (36_360, 36_360),
    "labelling2": (839_946, 839_946),
    "arch1": (848_330, 848_522),
    "arch2": (493_772, 493_902),
    "vgg": (1_677_674, 1_679_082),
}
"""Trainable ones, and all."""


@pytest.mark.parametrize("network", PARAMETERS)
def test_a_network_has_the_parameters_that_it_is_said_to_have(network: NetworkName) -> None:
    built = build(starting_point(network), 10)

    assert (trainable_count(built), built.count_params()) == PARAMETERS[network]


def test_the_layers_of_a_network_are_shown_without_a_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--network", "arch2", "--show"]) == 0

    shown = capsys.readouterr().out
    assert "493,902 parameters (493,772 trainable)" in shown
    assert re.search(r"conv2 .* 11 x 11 x 64 .* 65,600", shown)


# Height, width and channels after each layer but dropout, as the texts describe them.
SHAPES = {
    "dense": [(784,), (128,), (10,)],
    "conv2_same": [(28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (3136,), (128,), (10,)],
    "conv3": [(26, 26, 32), (13, 13, 32), (11, 11, 64), (5, 5, 64), (3, 3, 128), (1152,), (128,), (10,)],
    "labelling1": [(24, 24, 50), (12, 12, 50), (10, 10, 50), (5, 5, 50), (1250,), (10,)],
    "labelling2": [(24, 24, 32), (12, 12, 32), (10, 10, 64), (6400,), (128,), (10,)],
    "arch1": [(26, 26, 16), (24, 24, 32), (12, 12, 32), (10, 10, 64), (5, 5, 64), (1600,), (512,), (10,)],
    "arch2": [(28, 28, 64), (14, 14, 64), (11, 11, 64), (5, 5, 64), (1600,), (256,), (64,), (10,)],
    "vgg": [
        *[(28, 28, 32), (28, 28, 32), (14, 14, 32), (14, 14, 64), (14, 14, 64), (7, 7, 64)],
        *[(3136,), (512,), (10,)],
    ],
}


@pytest.mark.parametrize("network", SHAPES)
def test_a_published_network_has_the_layers_that_its_text_describes(network: NetworkName) -> None:
    built = build(starting_point(network), 10).layers
    kinds = (layers.Conv2D, layers.MaxPooling2D, layers.Flatten, layers.Dense)

    assert [one.output.shape[1:] for one in built if isinstance(one, kinds)] == SHAPES[network]


@pytest.mark.parametrize("network", ["vgg", "arch2", "compact48_separable", "wide4"])
def test_the_form_for_training_has_the_same_weights_in_the_same_order(network: NetworkName) -> None:
    recipe = starting_point(network)
    training, plain = (
        build(replace(recipe, precision="float32"), 10, training=form) for form in (True, False)
    )

    plain.set_weights(training.get_weights())

    assert np.allclose(training(PICTURES, training=False), plain(PICTURES, training=False), atol=1e-5)


def test_the_faster_normalization_computes_what_keras_own_does() -> None:
    recipe = replace(starting_point("compact16"), precision="float32")
    fast, plain = build(recipe, 10, training=True), build(recipe, 10)
    plain.set_weights(fast.get_weights())

    quickly, plainly = (np.array(model(PICTURES, training=True)) for model in (fast, plain))

    assert np.allclose(quickly, plainly, atol=1e-3)
    # The fused kernel's variance is the unbiased one: N / (N - 1) times the other.
    for mine, theirs in zip(fast.weights, plain.weights, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-2, atol=1e-5), mine.path


def test_an_artifact_reads_raw_pixels_and_answers_the_same_when_it_is_loaded_again(
    exported: Exported,
) -> None:
    loaded = keras.saving.load_model(exported.model_path, safe_mode=True)

    probabilities = probabilities_of(loaded, PICTURES)

    assert (loaded.input.dtype, loaded.input.name) == ("uint8", "pixels")
    assert probabilities.tolist() == probabilities_of(exported.artifact, PICTURES).tolist()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
