"""The networks are the size they are said to be, and an artifact needs nothing beside it."""

import keras
import numpy as np
import pytest

from tests.contract.training.conftest import Exported
from tests.fashion import striped_pictures
from training.export import probabilities_of
from training.networks import build
from training.recipes import NetworkName

PICTURES = striped_pictures(50).images


@pytest.mark.parametrize(("network", "parameters"), [("conv3", 241_546), ("resnet", 78_426)])
def test_a_network_has_the_parameters_that_it_is_said_to_have(network: NetworkName, parameters: int) -> None:
    assert build(network, 10).count_params() == parameters


@pytest.mark.parametrize("network", ["conv3", "resnet"])
def test_the_form_for_training_has_the_same_weights_in_the_same_order(network: NetworkName) -> None:
    training, plain = build(network, 10, training=True), build(network, 10)

    plain.set_weights(training.get_weights())

    assert np.allclose(training(PICTURES, training=False), plain(PICTURES, training=False), atol=1e-5)


def test_the_faster_normalization_computes_what_keras_own_does() -> None:
    fast, plain = build("resnet", 10, training=True), build("resnet", 10)
    plain.set_weights(fast.get_weights())

    quickly, plainly = (np.array(model(PICTURES, training=True)) for model in (fast, plain))

    assert np.allclose(quickly, plainly, atol=1e-3)
    # The fused kernel's variance is the unbiased one: N / (N - 1) times the other.
    for mine, theirs in zip(fast.weights, plain.weights, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-2, atol=1e-5), mine.path


def test_an_artifact_loaded_again_answers_the_same(exported: Exported) -> None:
    loaded = keras.saving.load_model(exported.model_path, safe_mode=True)

    assert (
        probabilities_of(loaded, PICTURES).tolist() == probabilities_of(exported.artifact, PICTURES).tolist()
    )


def test_an_artifact_reads_raw_pixels_and_answers_probabilities(exported: Exported) -> None:
    probabilities = probabilities_of(exported.artifact, PICTURES)

    assert (exported.artifact.input.dtype, exported.artifact.input.name) == ("uint8", "pixels")
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
