"""TensorFlow is loaded without its own lines, unless it cannot be."""

import logging
import os
import subprocess
import sys

import pytest

from tests.service import ROOT
from training.loading import LOG_LEVEL, allow_many_networks, stderr_held_back

A_FIT = """
from training.loading import start_tensorflow
start_tensorflow()
import keras
import numpy as np
network = keras.Sequential([keras.layers.Dense(2)])
network.compile("adam", "mse")
network.fit(np.zeros((8, 2)), np.zeros((8, 2)), verbose=0)
"""


@pytest.mark.slow
def test_a_log_has_no_lines_of_tensorflows_own() -> None:
    environment = {name: value for name, value in os.environ.items() if name != LOG_LEVEL}

    fit = subprocess.run(
        [sys.executable, "-c", A_FIT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert (fit.stdout, fit.stderr) == ("", "")


def test_a_comparison_hides_no_warning_of_tensorflows_but_that_of_retracing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "filters", [])

    allow_many_networks()
    logger.warning("5 out of the last 5 calls to <function f> triggered tf.function retracing. Tracing is")
    logger.warning("Your input ran out of data.")

    assert caplog.messages == ["Your input ran out of data."]


def test_what_a_library_said_is_shown_where_it_cannot_be_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), stderr_held_back():
        os.write(2, b"libcuda.so.1: no such file\n")
        raise ImportError

    assert capfd.readouterr().err == "libcuda.so.1: no such file\n"
