"""Run a `.keras` file that is no part of a release, on TensorFlow.

Such a model rarely says what it expects, so this file infers three things: the shape of its input, whether
pixels have to be divided by 255 first, and whether its outputs still need a softmax. A release that is made
of the model is made by the same rules.

TensorFlow is imported when a session is created, not before, because the container does not contain it.
"""

import importlib.util
import logging
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch, Probabilities
from inference.contract import EDGE, LABEL
from inference.errors import ContractBroken, ModelUnreadable
from inference.sessions.keras_file import (
    check_keras_file,
    find_missing_member,
    is_hdf5_file,
    read_keras_version,
)
from inference.sessions.keras_hdf5 import load_hdf5_model
from inference.sessions.session import Scores

_LOG = logging.getLogger(__name__)

_SCALING_LAYERS = ("Rescaling", "Normalization")

_READ_SHAPES = ((EDGE, EDGE), (EDGE, EDGE, 1), (EDGE * EDGE,))
"""Shapes of the inputs in common tutorials: a picture, a picture with a channel, a flat row."""

_SUM_TOLERANCE = 1e-3
"""Accepted difference of a row's sum from 1; float16 models differ by less."""


@dataclass(frozen=True, kw_only=True)
class InferredInput:
    """The input that a model expects, and the form of its output.

    Attributes:
        shape: the shape of one picture, without the batch axis: (28, 28), (28, 28, 1) or (784,).
        dtype: the type of the input.
        divisor: the number by which pixels are divided first: 255, or 1 if the model scales them itself.
        softmax: whether the outputs are logits, which still need a softmax.
    """

    shape: tuple[int, ...]
    dtype: str
    divisor: float
    softmax: bool


class KerasSession:
    """A Keras 3 model of pictures of 28 x 28, loaded in safe mode.

    Attributes:
        model: the keras.Model, as it was loaded.
        outputs: the number of scores of the class for each picture.
        habits: the inferred input and output of the model.
    """

    def __init__(self, path: Path, *, can_be_hdf5: bool = False) -> None:
        """Load the model and infer its input and output.

        Args:
            path: the `.keras` file.
            can_be_hdf5: whether it may be a whole model in HDF5, the format of Keras 2.

        Raises:
            ModelUnreadable: TensorFlow is not installed, or Keras cannot load the file in safe mode.
            ContractBroken: the model does not read one 28 x 28 picture, or does not answer one row of scores.
        """
        self.model = load_keras_model(path, can_be_hdf5=can_be_hdf5)
        _check_structure(self.model, path)
        shape = _read_input_shape(self.model, path)
        self.outputs = {LABEL: _count_outputs(self.model, path)}
        divisor = 1.0 if _scales_itself(self.model) else 255.0
        self.habits = InferredInput(
            shape=shape, dtype=str(self.model.inputs[0].dtype), divisor=divisor, softmax=False
        )
        try:
            self.set_divisor(divisor)
        except Exception as error:  # its layers' own code
            raise ContractBroken(f"{path}: it cannot be run ({shorten_error(error)}).") from error

    def set_divisor(self, divisor: float) -> None:
        """Set the number by which pixels are divided, and infer again whether the model needs a softmax."""
        new_habits = replace(self.habits, divisor=divisor, softmax=False)
        self.habits = replace(
            new_habits,
            softmax=not _are_probabilities(_compute_scores(self.model, new_habits, _make_probe_pictures())),
        )

    def run(self, pixels: PixelsBatch) -> Scores:
        """Return the probabilities of N pictures, uint8, (N, 28, 28), by one call; there are no distances."""
        scores = _compute_scores(self.model, self.habits, pixels)
        return Scores.make_class_scores(_apply_softmax(scores) if self.habits.softmax else scores, None)

    def log_inferred_input(self, path: Path) -> None:
        """Log what was inferred about the model, since a wrong guess costs accuracy without an error."""
        if self.habits.divisor != 1:
            _LOG.warning("%s has no Rescaling or Normalization layer: its input is pixels / 255.", path)
        if self.habits.softmax:
            _LOG.warning("%s does not return probabilities: its outputs go through a softmax.", path)


def load_keras_model(path: Path, *, can_be_hdf5: bool = False) -> Any:  # noqa: ANN401 - Keras ships no types
    """Load a Keras model of any input in safe mode.

    Args:
        can_be_hdf5: whether it may be a whole model in HDF5, the format of Keras 2.

    Raises:
        ModelUnreadable: TensorFlow is not installed, or Keras cannot load the file in safe mode.
    """
    keras = _import_keras(path, can_be_hdf5=can_be_hdf5)
    if is_hdf5_file(path):
        try:
            return load_hdf5_model(keras, path, _list_tensorflow_activations(keras))
        except ModelUnreadable:
            raise
        except Exception as error:  # loading runs the layers' own code
            raise ModelUnreadable(
                f"{path}: Keras cannot load it in safe mode ({shorten_error(error)}). It must be a "
                "whole model of Keras 2 without Lambda layers or classes of its own."
            ) from error
    try:
        return keras.saving.load_model(
            path, _list_tensorflow_activations(keras), compile=False, safe_mode=True
        )
    except Exception as error:  # loading runs the layers' own code
        saved_by = read_keras_version(path)
        if _parse_version(saved_by) > _parse_version(keras.__version__):
            raise ModelUnreadable(
                f"{path}: saved by Keras {saved_by[:20]}, which is newer than Keras {keras.__version__} here "
                f"({shorten_error(error)}). Install that version here, or save the model by the older one."
            ) from error
        if missing := find_missing_member(path):
            raise ModelUnreadable(
                f"{path}: {missing} is missing in it. Save the model again: `model.save('model.keras')`."
            ) from error
        raise ModelUnreadable(
            f"{path}: Keras cannot load it in safe mode ({shorten_error(error)}). It must be a Keras 3 file "
            "without Lambda layers or classes of its own."
        ) from error


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version)[:3])


def _list_tensorflow_activations(keras: ModuleType) -> dict[str, object]:
    """Return the functions of `tf.nn` that Keras saves as an `activation=` by a name that it cannot load."""
    activations = keras.activations
    return {
        "softmax_v2": activations.softmax,
        "log_softmax_v2": activations.log_softmax,
        "swish": activations.silu,
    }


_LONGEST_CAUSE = 80
"""Limit for the characters of another library's error that a message quotes."""


def shorten_error(error: Exception) -> str:
    """Return the cause of an error of another library in at most a few words, for our own messages."""
    text = str(error).rpartition("Exception encountered: ")[2] or type(error).__name__
    cause = " ".join(text.removesuffix(".").split())
    return cause if len(cause) <= _LONGEST_CAUSE else f"{cause[:_LONGEST_CAUSE]}..."


def _import_keras(path: Path, *, can_be_hdf5: bool) -> ModuleType:
    if importlib.util.find_spec("tensorflow") is None:
        raise ModelUnreadable(
            f"{path} is a bare Keras model, and TensorFlow, which would run it, is not installed. Install "
            "requirements.txt here. Or turn it into a release, which is served without TensorFlow, on a "
            f"machine that has it: `wardrobe adopt {path.name} --publish STORE`."
        )
    check_keras_file(path, can_be_hdf5=can_be_hdf5)
    return import_configured_keras()


def import_configured_keras() -> ModuleType:
    """Import Keras with TensorFlow, float32 and channels last, whatever the user's settings of Keras are."""
    # The variable overrides the backend in ~/.keras/keras.json, which may name one that is not installed.
    os.environ["KERAS_BACKEND"] = "tensorflow"  # noqa: TID251 - it is set, not read
    import keras  # noqa: PLC0415 - only a bare model needs it, and it takes seconds

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_epsilon(1e-7)
    module: ModuleType = keras
    return module


def _check_structure(model: Any, path: Path) -> None:  # noqa: ANN401 - Keras ships no types
    """Refuse a model that was never built, or that takes or gives a dict; the message says what would do."""
    if not model.built:  # such as a Sequential without Input that was saved before it was called
        raise ContractBroken(
            f"{path}: the model was saved before it was built, so it has no weights. Train it, or call it on "
            "a picture, and save it again: `model.save('model.keras')`."
        )
    # A Sequential has no such attribute, and neither takes nor gives a dict.
    by_name = [
        what
        for what, name in (("takes", "input"), ("gives", "output"))
        if isinstance(getattr(model, name, None), dict)
    ]
    if by_name:
        raise ContractBroken(
            f"{path}: the model {' and '.join(by_name)} a dict. Save it without names: "
            "`keras.Model(model.inputs[0], model.outputs[0]).save('plain.keras')`."
        )


def _read_input_shape(model: Any, path: Path) -> tuple[int, ...]:  # noqa: ANN401 - Keras ships no types
    shapes = [tuple(value.shape[1:]) for value in model.inputs or ()]
    if len(shapes) != 1 or shapes[0] not in _READ_SHAPES:
        raise ContractBroken(
            f"{path}: the model reads {shapes or 'an unknown shape'}. It must read one input of "
            f"{', '.join(map(str, _READ_SHAPES))}."
        )
    return shapes[0]


def _count_outputs(model: Any, path: Path) -> int:  # noqa: ANN401 - Keras ships no types
    shapes = [tuple(value.shape[1:]) for value in model.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 1 or not isinstance(shapes[0][0], int):
        raise ContractBroken(
            f"{path}: the model answers {shapes}. It must answer one row of scores per picture."
        )
    return shapes[0][0]


def _scales_itself(model: Any) -> bool:  # noqa: ANN401 - Keras ships no types
    if "int" in str(model.inputs[0].dtype):
        return True  # integers in 0..1 would be black and white only, so it expects 0..255
    # Keras has no public way to list the layers of layers.
    layers = model._flatten_layers(include_self=False, recursive=True)
    return any(type(layer).__name__ in _SCALING_LAYERS for layer in layers)


def _compute_scores(model: Any, habits: InferredInput, pixels: PixelsBatch) -> NDArray[np.float32]:  # noqa: ANN401 - as above
    shaped = pixels.reshape(-1, *habits.shape)
    model_input = shaped / np.float32(habits.divisor) if habits.divisor != 1 else shaped
    return np.asarray(model(model_input.astype(habits.dtype), training=False), np.float32)


def _make_probe_pictures() -> PixelsBatch:
    """Return a black, a white and a noisy picture; the logits of all three do not sum to 1 by chance."""
    noise = np.random.default_rng(0).integers(0, 256, (EDGE, EDGE), np.uint8)
    return np.stack([np.zeros_like(noise), np.full_like(noise, 255), noise])


def _are_probabilities(scores: NDArray[np.float32]) -> bool:
    return bool((scores >= 0).all() and (np.abs(scores.sum(axis=1) - 1) <= _SUM_TOLERANCE).all())


def _apply_softmax(scores: NDArray[np.float32]) -> Probabilities:
    weights = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    probabilities: Probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities
