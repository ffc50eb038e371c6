"""The two sessions that exist, each over a real model of the same weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inference.sessions.keras_session import KerasSession
from inference.sessions.onnx_session import OnnxSession
from inference.sessions.session import ModelSession
from tests.releases import a_graph

CLASSES = 10
WEIGHTS = np.random.default_rng(0).normal(0, 0.2, (784, CLASSES)).astype(np.float32)


@pytest.fixture(scope="session")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a one-layer Keras model of these weights.

    Its arguments: shape and dtype of the input, whether it rescales, and its activation.
    """
    import keras  # noqa: PLC0415 - it takes seconds, which no other test shall wait for

    def write(
        shape: tuple[int, ...] = (28, 28),
        dtype: str = "float32",
        rescales: bool = True,
        activation: str = "softmax",
        extra: Any = None,
    ) -> Path:
        given = keras.Input(shape, dtype=dtype)
        hidden = keras.layers.Rescaling(1 / 255)(given) if rescales else given
        hidden = extra(hidden) if extra else hidden
        dense = keras.layers.Dense(CLASSES, activation=activation, use_bias=False)
        model = keras.Model(given, dense(keras.layers.Flatten()(hidden)))
        dense.set_weights([WEIGHTS])
        path = tmp_path_factory.mktemp("keras") / "model.keras"
        model.save(path)
        return path

    return write


@pytest.fixture(scope="session")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write the same model as a serving graph; arguments rename or reshape what the contract names."""

    def write(
        pixels: str = "pixels",
        shape: tuple[int | str, ...] = ("N", 28, 28),
        kind: int = TensorProto.UINT8,
        probabilities: str = "probabilities",
    ) -> Path:
        model = onnx.load_from_string(a_graph(WEIGHTS))
        graph = model.graph
        graph.input[0].CopyFrom(helper.make_tensor_value_info(pixels, kind, shape))
        graph.node[0].input[0] = pixels
        graph.node[4].output[0] = graph.output[0].name = probabilities  # of the softmax
        del graph.output[1]  # no distance
        path = tmp_path_factory.mktemp("onnx") / "model.onnx"
        onnx.save(model, path)
        return path

    return write


@pytest.fixture(params=["onnx", "keras"])
def session(
    request: pytest.FixtureRequest, onnx_file: Callable[..., Path], keras_file: Callable[..., Path]
) -> ModelSession:
    """Each session in turn."""
    return OnnxSession(onnx_file()) if request.param == "onnx" else KerasSession(keras_file())
