"""What a network answers, many pictures at a time, and what TensorFlow says of many networks."""

import logging

import keras
import numpy as np
import pytest

from training.answering import make_batched_model
from training.loading import hide_retracing_warning
from training.untyped import Network

PICTURES = np.random.default_rng(0).integers(0, 256, (10, 28, 28), np.uint8)


def a_network() -> Network:
    pixels = keras.Input((28, 28), dtype="uint8")
    units = keras.layers.Dense(8)(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels)))
    learnt = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(units))
    return keras.Model(pixels, {"units": learnt, "sum": keras.ops.sum(learnt, axis=-1)})


def test_a_last_smaller_batch_is_answered_like_the_others() -> None:
    network = a_network()

    answers = make_batched_model(network, 4)(PICTURES)

    expected = network(PICTURES, training=False)
    for name in ("units", "sum"):
        np.testing.assert_allclose(answers[name], expected[name], rtol=1e-5, atol=1e-5)


def test_many_networks_in_one_process_bring_no_warning_of_retracing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("tensorflow"), "filters", [])
    for _ in range(6):
        make_batched_model(a_network(), 4)(PICTURES)

    assert caplog.messages == []


def test_a_comparison_hides_no_warning_of_tensorflows_but_that_of_retracing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "filters", [])

    hide_retracing_warning()
    logger.warning("5 out of the last 5 calls to <function f> triggered tf.function retracing. Tracing is")
    logger.warning("Your input ran out of data.")

    assert caplog.messages == ["Your input ran out of data."]
