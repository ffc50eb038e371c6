"""Hand-made `.keras` files: what is found out about them, and what is refused."""

import importlib.util
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.errors import ContractBroken, ModelUnreadable
from inference.sessions.keras_session import KerasSession

ROOT = Path(__file__).parents[3]
PIXELS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)


@pytest.mark.parametrize(
    "made",
    [
        {"shape": (28, 28, 1)},
        {"shape": (784,)},
        {"dtype": "uint8"},
        {"rescales": False},
        {"rescales": False, "shape": (784,)},
        {"activation": "linear"},
        {"rescales": False, "activation": "linear"},
    ],
)
def test_scores_do_not_depend_on_the_form_of_input(
    keras_file: Callable[..., Path], made: dict[str, Any]
) -> None:
    usual = KerasSession(keras_file()).run(PIXELS).class_probabilities

    scores = KerasSession(keras_file(**made)).run(PIXELS).class_probabilities

    assert scores == pytest.approx(usual, abs=1e-5)


def test_guesses_are_in_the_log(keras_file: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    path = keras_file(rescales=False, activation="linear")

    KerasSession(path).log_inferred_input(path)

    assert "its input is pixels / 255" in caplog.text
    assert "its outputs go through a softmax" in caplog.text


def test_whole_numbers_are_fed_as_they_are(keras_file: Callable[..., Path]) -> None:
    divides_in_its_own_way = keras_file(dtype="uint8", rescales=False, extra=lambda given: given / 255.0)

    scores = KerasSession(divides_in_its_own_way).run(PIXELS).class_probabilities

    assert scores == pytest.approx(KerasSession(keras_file()).run(PIXELS).class_probabilities, abs=1e-5)


def test_a_model_of_other_pictures_is_refused(tmp_path: Path) -> None:
    wide = tmp_path / "wide.keras"
    _save_wide(wide)

    with pytest.raises(ContractBroken, match=r"reads \[\(32, 32, 3\)\]. It must read one input"):
        KerasSession(wide)


def test_a_model_that_runs_code_of_its_own_is_refused(keras_file: Callable[..., Path]) -> None:
    path = keras_file(extra=_lambda_layer)

    with pytest.raises(ModelUnreadable, match="in safe mode"):
        KerasSession(path)


def test_a_model_that_was_never_built_is_refused_with_what_would_do(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415 - it takes seconds

    path = tmp_path / "empty.keras"
    with pytest.warns(UserWarning, match="has not yet been built"):
        keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]).save(path)

    with pytest.raises(
        ContractBroken, match=r"saved before it was built.*call it on a picture.*save it again"
    ):
        KerasSession(path)


def test_a_layer_of_a_newer_keras_is_refused_with_both_versions(
    keras_file: Callable[..., Path], tmp_path: Path
) -> None:
    import keras  # noqa: PLC0415 - it takes seconds

    path = tmp_path / "newer.keras"
    with zipfile.ZipFile(keras_file()) as old, zipfile.ZipFile(path, "w") as new:
        for name in set(old.namelist()) - {"metadata.json"}:
            new.writestr(name, old.read(name).replace(b'"Flatten"', b'"Flatter"'))
        new.writestr("metadata.json", json.dumps({"keras_version": "99.1.0"}))

    words = rf"saved by Keras 99\.1\.0, .*newer than Keras {re.escape(keras.__version__)} here .*Flatter"
    with pytest.raises(ModelUnreadable, match=words):
        KerasSession(path)


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_a_file_without_its_layers_or_weights_is_refused_with_what_is_missing(
    missing: str, keras_file: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "incomplete.keras"
    with zipfile.ZipFile(keras_file()) as whole, zipfile.ZipFile(path, "w") as incomplete:
        for name in set(whole.namelist()) - {missing}:
            incomplete.writestr(name, whole.read(name))

    with pytest.raises(ModelUnreadable, match=f"{re.escape(missing)} is missing in it. Save the model again"):
        KerasSession(path)


def test_without_tensorflow_adopting_is_recommended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(
        ModelUnreadable, match=r"TensorFlow.*is not installed.*wardrobe adopt model\.keras --publish"
    ):
        KerasSession(tmp_path / "model.keras")


def _lambda_layer(hidden: Any) -> Any:
    import keras  # noqa: PLC0415 - it takes seconds

    return keras.layers.Lambda(lambda values: values * 1)(hidden)


def _save_wide(path: Path) -> None:
    import keras  # noqa: PLC0415 - it takes seconds

    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(path)
