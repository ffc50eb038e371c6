"""Settings of Keras that a user has for other work do not change what Wardrobe does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STARTED = """
from training.loading import start_tensorflow
start_tensorflow()
import keras
print(keras.config.backend(), keras.config.floatx(), keras.config.image_data_format())
"""


@pytest.mark.parametrize("variable", ["", "theano"])
def test_settings_of_keras_are_replaced(variable: str, tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(
        json.dumps({"backend": "theano", "floatx": "float16", "image_data_format": "channels_first"}), "utf-8"
    )
    settings = {"KERAS_HOME": str(tmp_path)} | ({"KERAS_BACKEND": variable} if variable else {})

    started = subprocess.run(
        [sys.executable, "-c", STARTED],
        cwd=Path(__file__).parents[3],
        env=os.environ | settings,
        check=False,
        capture_output=True,
        text=True,
    )

    assert started.stdout.split() == ["tensorflow", "float32", "channels_last"], started.stderr
