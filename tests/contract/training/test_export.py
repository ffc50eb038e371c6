"""The serving graph is the network: same answers, known cost, the names that serving reads."""

import platform
import socket
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from inference.arrays import PixelsBatch, Probabilities
from inference.onnx_session import OnnxSession
from tests.contract.training.conftest import Exported
from tests.fashion import CLASSES, striped_pictures
from training.data.splitting import Split
from training.errors import GraphUnusable, ParityFailed
from training.evaluation.out_of_distribution import fit_ood_score
from training.export.environment import hardware, libraries
from training.export.onnx_graph import check_parity, export_graph, features_of, mflops, probabilities_of
from training.photos.reading import OOD

PICTURES = striped_pictures(200, seed=7).images


def test_the_graph_answers_as_the_network_does(exported: Exported) -> None:
    difference = check_parity(
        lambda images: probabilities_of(exported.artifact, images), exported.graph_path, PICTURES
    )

    assert difference <= 1e-5


@pytest.mark.parametrize("off", [1e-4, np.nan])
def test_a_graph_that_answers_differently_is_refused(off: float, exported: Exported) -> None:
    def network(images: PixelsBatch) -> Probabilities:
        return probabilities_of(exported.artifact, images) + np.float32(off)

    with pytest.raises(ParityFailed, match=r"model\.onnx: a probability differs by"):
        check_parity(network, exported.graph_path, PICTURES)


def test_the_distance_is_the_one_to_the_nearest_class(exported: Exported) -> None:
    answered = OnnxSession(exported.graph_path).run(PICTURES).distances

    expected = exported.whitening.distances(features_of(exported.artifact, PICTURES))

    assert answered is not None
    assert np.allclose(answered, expected, rtol=1e-4)


def test_a_picture_costs_what_the_layers_shapes_say(exported: Exported) -> None:
    convolutions = 28**2 * 9 * 1 * 32 + 14**2 * 9 * 32 * 64 + 7**2 * 9 * 64 * 128
    dense = 3 * 3 * 128 * 128 + 128 * 10
    whitening = 128 * 128

    assert mflops(exported.graph_path) == pytest.approx(2 * (convolutions + dense + whitening) / 1e6)


def test_a_graph_without_shapes_has_no_known_cost(exported: Exported, tmp_path: Path) -> None:
    graph = onnx.load(exported.graph_path)
    next(node for node in graph.graph.node if node.op_type == "Conv").input[1] = "nowhere"
    onnx.save(graph, tmp_path / "broken.onnx")

    with pytest.raises(GraphUnusable, match=r"broken\.onnx: the shape of 'nowhere' cannot be inferred"):
        mflops(tmp_path / "broken.onnx")


def test_where_ood_photos_were_learnt_the_graph_returns_the_ood_score(
    exported: Exported, parts: Split, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 28, 28)).astype(np.uint8)
    learnt = np.concatenate([parts.train.images, noise])
    labels = np.concatenate([parts.train.labels, np.full(100, OOD, np.uint8)])
    score = fit_ood_score(features_of(exported.artifact, learnt), labels, CLASSES)
    export_graph(exported.artifact, score, tmp_path / "model.onnx")

    told = OnnxSession(tmp_path / "model.onnx").run(np.concatenate([PICTURES, noise]))

    assert told.distances is not None
    known, ood = told.distances[: len(PICTURES)], told.distances[len(PICTURES) :]
    expected = score.log_odds(features_of(exported.artifact, PICTURES))
    assert np.allclose(known, expected, rtol=1e-3, atol=1e-3)
    assert (known < 0).mean() > 0.98
    assert ood.min() > 0
    assert np.allclose(
        told.probabilities[: len(PICTURES)],
        OnnxSession(exported.graph_path).run(PICTURES).probabilities,
        atol=1e-6,
    )


def test_what_is_far_from_all_that_was_learnt_is_out_of_distribution() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.array([0, 1, OOD], np.uint8), 300)
    centres = np.eye(3, 8, dtype=np.float32) * 9
    features = centres[np.where(labels == OOD, 2, labels)] + random.normal(0, 1, (900, 8)).astype(np.float32)
    score = fit_ood_score(features, labels, 2)

    directions = random.normal(0, 1, (200, 8)).astype(np.float32)
    far = 100 * directions / np.linalg.norm(directions, axis=1, keepdims=True)

    assert (score.log_odds(features[labels == 0]) < 0).mean() > 0.95
    assert (score.log_odds(far) > 0).all()


def test_a_release_names_what_it_was_made_on_and_not_the_host() -> None:
    backend, found = keras.backend.backend(), libraries()

    assert hardware().endswith(("core", "cores"))
    assert socket.gethostname() not in hardware()
    assert (found[backend], found["python"]) == (version(backend), platform.python_version())
    assert {"tensorflow", "jax"} & set(found) == {backend}
