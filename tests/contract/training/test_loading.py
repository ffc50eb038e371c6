"""What TensorFlow says of itself where several networks are fitted."""

import logging

import pytest

from training.loading import allow_many_networks


def test_a_comparison_hides_no_warning_of_tensorflows_but_that_of_retracing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "filters", [])

    allow_many_networks()
    logger.warning("5 out of the last 5 calls to <function f> triggered tf.function retracing. Tracing is")
    logger.warning("Your input ran out of data.")

    assert caplog.messages == ["Your input ran out of data."]
