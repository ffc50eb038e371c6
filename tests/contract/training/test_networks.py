"""The networks are the size they are said to be, and an artifact needs nothing beside it."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.contract.training.conftest import Exported
from tests.fashion import striped_pictures
from training.export.onnx_graph import probabilities_of
from training.networks.registry import build
from training.recipes import NetworkName, starting_point

pytestmark = pytest.mark.slow

PICTURES = striped_pictures(50).images


PARAMETERS = {
    "dense": 101_770,
    "conv2_same": 421_642,
    "conv3": 241_546,
    "conv2_5x5": 378_868,
    "arch1": 848_138,
    "arch2": 496_386,
    "vgg": 1_677_674,
}


@pytest.mark.parametrize("network", PARAMETERS)
def test_a_network_has_the_trainable_parameters_that_it_is_said_to_have(network: NetworkName) -> None:
    weights = build(starting_point(network), 10).trainable_weights

    assert sum(weight.value.shape.num_elements() for weight in weights) == PARAMETERS[network]


@pytest.mark.parametrize("network", ["vgg", "compact48_separable", "wide4"])
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
