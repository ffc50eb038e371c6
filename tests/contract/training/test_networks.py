"""The networks are those that their texts describe."""

from dataclasses import replace

import numpy as np
import pytest
from keras import layers

from tests.fashion import striped_pictures
from training.gradient.networks.registry import build_network, count_trainable_weights
from training.gradient.recipes import TrainableNetworkName, choose_default_recipe

PICTURES = striped_pictures(50).images


PARAMETERS = {
    "dense": (101_770, 101_770),
    "conv2_same": (421_642, 421_642),
    "conv3": (241_546, 241_546),
    "labelling1": (36_360, 36_360),
    "labelling2": (1_199_882, 1_199_882),
    "arch1": (848_330, 848_522),
    "arch2": (493_772, 493_902),
    "vgg": (1_677_674, 1_679_082),
}
"""Trainable ones, and all."""


@pytest.mark.parametrize("network", PARAMETERS)
def test_a_network_has_the_parameters_that_it_is_said_to_have(network: TrainableNetworkName) -> None:
    built = build_network(choose_default_recipe(network), 10)

    assert (count_trainable_weights(built), built.count_params()) == PARAMETERS[network]


DROPOUTS = {
    "conv3": [0.25, 0.25, 0.4, 0.3],
    "labelling2": [0.25, 0.5],
    "arch1": [0.25, 0.25, 0.5],
    "arch2": [0.1, 0.3, 0.5],
    "vgg": [0.25, 0.25, 0.5],
}


@pytest.mark.parametrize("network", DROPOUTS)
def test_a_published_network_drops_what_its_code_drops(network: TrainableNetworkName) -> None:
    built = build_network(choose_default_recipe(network), 10).layers

    assert [one.rate for one in built if isinstance(one, layers.Dropout)] == DROPOUTS[network]


def test_arch1_normalizes_between_convolution_and_relu() -> None:
    built = [type(one).__name__ for one in build_network(choose_default_recipe("arch1"), 10).layers]

    pairs = [built[place : place + 3] for place, name in enumerate(built) if name == "Conv2D"][1:]
    assert pairs == [["Conv2D", "BatchNormalization", "ReLU"]] * 2


def test_networks_begin_with_the_initializers_of_their_code() -> None:
    def names(network: TrainableNetworkName) -> list[str]:
        built = build_network(choose_default_recipe(network), 10).layers
        return [type(one.kernel_initializer).__name__ for one in built if hasattr(one, "kernel_initializer")]

    assert names("conv3") == ["HeNormal", *["GlorotUniform"] * 4]
    assert names("labelling2") == ["HeUniform", "GlorotUniform", "HeUniform", "GlorotUniform"]


@pytest.mark.parametrize("network", ["vgg", "arch2", "compact48_separable"])
def test_the_form_for_training_has_the_same_weights_in_the_same_order(network: TrainableNetworkName) -> None:
    recipe = choose_default_recipe(network)
    training, plain = (
        build_network(replace(recipe, precision="float32"), 10, is_training=form) for form in (True, False)
    )

    plain.set_weights(training.get_weights())

    assert np.allclose(training(PICTURES, training=False), plain(PICTURES, training=False), atol=1e-5)


def test_the_faster_normalization_computes_what_keras_own_does() -> None:
    recipe = replace(choose_default_recipe("compact16"), precision="float32")
    fast, plain = build_network(recipe, 10, is_training=True), build_network(recipe, 10)
    plain.set_weights(fast.get_weights())

    quickly, plainly = (np.array(model(PICTURES, training=True)) for model in (fast, plain))

    assert np.allclose(quickly, plainly, atol=1e-3)
    # The fused kernel's variance is the unbiased one: N / (N - 1) times the other.
    for mine, theirs in zip(fast.weights, plain.weights, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-2, atol=1e-5), mine.path
