"""Serving graphs that are refused before the first request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from inference.contract import make_whole_picture_input
from inference.errors import ContractBroken, ModelUnreadable
from inference.sessions.onnx_session import OnnxSession
from tests.releases import a_release


def test_a_picture_alone_has_the_distance_that_it_has_among_others(tmp_path: Path) -> None:
    session = OnnxSession(a_release(tmp_path) / "model.onnx")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)

    together = session.run(pictures).distances
    alone = session.run(pictures[1:2]).distances

    assert together is not None
    assert together.shape == (3,)
    assert together.dtype == np.float32
    assert alone == pytest.approx(together[1:2], rel=1e-5)


@pytest.mark.parametrize(
    "change",
    [{"pixels": "input_1"}, {"shape": ("N", 28, 28, 1)}, {"shape": (1, 28, 28)}, {"kind": TensorProto.FLOAT}],
)
def test_a_graph_of_another_input_is_refused(onnx_file: Callable[..., Path], change: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken, match=r"It must have one, `pixels`, uint8, \(N, 28, 28\)"):
        OnnxSession(onnx_file(**change))


def test_a_graph_of_another_size_than_the_contracts_is_refused(tmp_path: Path) -> None:
    graph = a_release(tmp_path, reads=make_whole_picture_input(64, 3)) / "model.onnx"

    with pytest.raises(ContractBroken, match=r"It must have one, `pixels`, uint8, \(N, 64, 64\)"):
        OnnxSession(graph, shape=(64, 64))


def test_a_graph_that_answers_something_else_is_refused(onnx_file: Callable[..., Path]) -> None:
    with pytest.raises(ContractBroken, match=r"It must have `probabilities`, float32, \(N, C\) with C fixed"):
        OnnxSession(onnx_file(probabilities="Identity:0"))


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x08"])
def test_a_file_that_is_no_graph_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    with pytest.raises(ModelUnreadable, match=r"model\.onnx: ONNX Runtime cannot load it"):
        OnnxSession(path)
