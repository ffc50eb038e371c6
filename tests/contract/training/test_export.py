"""The serving graph is the network: same answers, known cost, the names that serving reads."""

import math
import platform
import socket
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from inference.arrays import PixelsBatch
from inference.classifier import MAX_RUN
from inference.onnx_session import OF_ATTRIBUTE, PROBABILITIES, OnnxSession
from inference.session import Scores
from model_store.files import PHOTO_FILES
from model_store.local import BUNDLED, bundled
from reports.answers import Answers
from tests.contract.training.conftest import Exported
from tests.fashion import CLASSES, striped_pictures
from training.environment import hardware, libraries
from training.errors import ParityFailed
from training.heads.logistic import Head
from training.heads.ood import (
    BATCH,
    HIDDEN,
    STEPS,
    WEIGHT_DECAY,
    fit_ood_score,
    fit_whitening,
)
from training.measure.evaluate import scored
from training.pictures.labels import OOD
from training.pictures.photos import OWN_TIER
from training.pictures.split import Split
from training.release.of_parent import decide_photos
from training.release.onnx_conversion import mflops
from training.release.onnx_graph import (
    check_parity,
    export_graph,
    export_photos,
    features_of,
    probabilities_of,
    scores_of,
    write_graph,
)

PICTURES = striped_pictures(200, seed=7).images


def network_of(
    exported: Exported, *, probabilities_off: float = 0.0, distances_off: float = 0.0
) -> Callable[[PixelsBatch], Scores]:
    """The network's own answers, or others that are so far off."""

    def answer(images: PixelsBatch) -> Scores:
        probabilities = probabilities_of(exported.artifact, images)
        distances = exported.whitening.distances(features_of(exported.artifact, images))
        return Scores.of_class(
            probabilities + np.float32(probabilities_off), distances + np.float32(distances_off)
        )

    return answer


def test_the_graph_answers_as_the_network_does(exported: Exported) -> None:
    difference = check_parity(network_of(exported), exported.graph_path, PICTURES)

    assert difference <= 1e-5


def test_a_graph_is_compared_in_runs_whose_memory_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """600 photos in one run took 5.3 GB."""
    sizes = list[int]()

    class Recorded(OnnxSession):
        def run(self, pixels: PixelsBatch) -> Scores:
            sizes.append(pixels.size)
            return super().run(pixels)

    monkeypatch.setattr("training.release.onnx_graph.OnnxSession", Recorded)
    graph = BUNDLED / PHOTO_FILES[1]
    photos = np.zeros((10, 192, 192, 3), np.uint8)

    check_parity(lambda images: scored(OnnxSession(graph, shape=images.shape[1:]), images), graph, photos)

    assert len(sizes) > 1
    assert max(sizes) <= MAX_RUN


@pytest.mark.parametrize("off", [1e-4, np.nan])
def test_a_graph_that_answers_differently_is_refused(off: float, exported: Exported) -> None:
    network = network_of(exported, probabilities_off=off)

    with pytest.raises(ParityFailed, match=r"model\.onnx: a probability differs by"):
        check_parity(network, exported.graph_path, PICTURES)


@pytest.mark.parametrize("off", [0.5, np.nan])
def test_a_graph_that_measures_another_distance_is_refused(off: float, exported: Exported) -> None:
    network = network_of(exported, distances_off=off)

    with pytest.raises(ParityFailed, match=r"model\.onnx: a distance differs by"):
        check_parity(network, exported.graph_path, PICTURES)


def test_a_graph_that_answers_an_attribute_as_another_network_does_is_refused(
    exported: Exported, tmp_path: Path
) -> None:
    kernels = np.random.default_rng(0).normal(0, 0.1, (2, 128, 3)).astype(np.float32)
    ours, others = ({"colour": Head(one, np.zeros(3, np.float32), 0.0)} for one in kernels)
    export_graph(exported.artifact, exported.whitening, tmp_path / "model.onnx", ours)
    same, another = (
        partial(scores_of, exported.artifact, exported.whitening, heads) for heads in (ours, others)
    )

    assert check_parity(same, tmp_path / "model.onnx", PICTURES) <= 1e-5
    with pytest.raises(ParityFailed, match=r"model\.onnx: a probability differs by"):
        check_parity(another, tmp_path / "model.onnx", PICTURES)


def test_so_is_one_beside_the_head_for_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = keras.Input((192, 192, 3), name="pixels", dtype="uint8")
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pixels))
    of_class, colour, other = (keras.layers.Dense(3, activation="softmax")(means) for _ in range(3))
    network, wrong = (
        keras.Model(pixels, {PROBABILITIES: of_class, f"{OF_ATTRIBUTE}colour": one})
        for one in (colour, other)
    )
    assert export_photos(network, tmp_path).answers.keys() == {"label", "colour"}

    monkeypatch.setattr("training.release.onnx_graph.write_graph", lambda _, path: write_graph(wrong, path))
    with pytest.raises(ParityFailed, match=r"photos\.onnx: a probability differs by"):
        export_photos(network, tmp_path)


def test_the_distance_is_the_one_to_the_nearest_class(exported: Exported) -> None:
    answered = OnnxSession(exported.graph_path).run(PICTURES).distances

    expected = exported.whitening.distances(features_of(exported.artifact, PICTURES))

    assert answered is not None
    assert np.allclose(answered, expected, rtol=1e-4)


def test_a_picture_costs_what_the_layers_shapes_say(exported: Exported) -> None:
    convolutions = 26**2 * 9 * 1 * 32 + 11**2 * 9 * 32 * 64 + 3**2 * 9 * 64 * 128
    dense = 3 * 3 * 128 * 128 + 128 * 10
    whitening = 128 * 128

    assert mflops(exported.graph_path) == pytest.approx(2 * (convolutions + dense + whitening) / 1e6)


def test_a_graph_without_shapes_has_no_known_cost(exported: Exported, tmp_path: Path) -> None:
    graph = onnx.load(exported.graph_path)
    next(node for node in graph.graph.node if node.op_type == "Conv").input[1] = "nowhere"
    onnx.save(graph, tmp_path / "broken.onnx")

    assert mflops(tmp_path / "broken.onnx") is None


def test_where_ood_photos_were_learnt_the_graph_returns_the_ood_score(
    exported: Exported, parts: Split, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 28, 28)).astype(np.uint8)
    learnt = np.concatenate([parts.train.images, noise])
    labels = np.concatenate([parts.train.classes, np.full(100, OOD)])
    score = fit_ood_score(features_of(exported.artifact, learnt), labels, CLASSES, np.ones(len(labels)))
    export_graph(exported.artifact, score, tmp_path / "model.onnx")

    told = OnnxSession(tmp_path / "model.onnx").run(np.concatenate([PICTURES, noise]))

    assert told.distances is not None
    known, ood = told.distances[: len(PICTURES)], told.distances[len(PICTURES) :]
    expected = score.distances(features_of(exported.artifact, PICTURES))
    assert np.allclose(known, expected, rtol=1e-3, atol=1e-3)
    assert (known < 0).mean() > 0.98
    assert ood.min() > 0
    assert np.allclose(
        told.of_label[: len(PICTURES)],
        OnnxSession(exported.graph_path).run(PICTURES).of_label,
        atol=1e-6,
    )


def test_each_pass_over_the_features_shuffles_them_anew() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.array([0, 1, OOD]), 4000)
    features = random.normal(0, 1, (12_000, 4)).astype(np.float32) + labels[:, None] % 7
    whitening = fit_whitening(features[labels != OOD], labels[labels != OOD], 2)
    measures = np.column_stack([features, whitening.distances(features)]).astype(np.float64)

    score = fit_ood_score(features, labels, 2, np.ones(len(labels)))

    drawn_on, drawn_again = (
        fitted_in_passes(StandardScaler().fit_transform(measures), labels == OOD, seed)
        for seed in (np.random.RandomState(0), 0)
    )
    assert score.weights == pytest.approx(drawn_on, abs=1e-4)
    assert score.weights != pytest.approx(drawn_again, abs=1e-4)


def fitted_in_passes(
    measures: NDArray[np.float64], ood: NDArray[np.bool_], random: int | np.random.RandomState
) -> NDArray[np.float64]:
    """The last weights of the network after as many passes as `fit_ood_score` makes."""
    network = MLPClassifier((HIDDEN,), alpha=WEIGHT_DECAY, batch_size=BATCH, random_state=random)
    for _ in range(math.ceil(STEPS * BATCH / len(ood))):
        network.partial_fit(measures, ood, classes=[False, True])
    return np.asarray(network.coefs_[1])


def test_what_is_far_from_all_that_was_learnt_is_out_of_distribution() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.array([0, 1, OOD]), 300)
    centres = np.eye(3, 8, dtype=np.float32) * 9
    features = centres[np.where(labels == OOD, 2, labels)] + random.normal(0, 1, (900, 8)).astype(np.float32)
    score = fit_ood_score(features, labels, 2, np.ones(len(labels)))

    directions = random.normal(0, 1, (200, 8)).astype(np.float32)
    far = 100 * directions / np.linalg.norm(directions, axis=1, keepdims=True)

    assert (score.distances(features[labels == 0]) < 0).mean() > 0.95
    assert (score.distances(far) > 0).all()


def test_a_release_names_what_it_was_made_on_and_not_the_host() -> None:
    found = libraries()

    assert hardware().endswith(("core", "cores"))
    assert socket.gethostname() not in hardware()
    assert (found["tensorflow"], found["python"]) == (version("tensorflow"), platform.python_version())


@pytest.mark.parametrize(
    ("tier", "n", "stays"),
    [
        pytest.param("A", 400, True, id="sources that are known"),
        pytest.param(OWN_TIER, 20, True, id="too small a sample of one's own"),
        pytest.param(OWN_TIER, 400, False, id="a sample of one's own"),
        pytest.param("studio", 400, False, id="a tier of one's own"),
    ],
)
def test_what_unknown_sources_chose_stays_until_enough_of_ones_own_choose(
    tier: str, n: int, stays: bool
) -> None:
    parent = bundled()
    head = parent.manifest.contract("photos").of_label
    surest = np.linspace(0.5, 0.99, n)
    shares = np.repeat((1 - surest)[:, np.newaxis] / (len(head.labels) - 1), len(head.labels), axis=1)
    shares[:, 0] = surest
    distances = np.linspace(-9, -1, n)
    right = Answers.of(tier, [0] * n, networks="photos", probabilities=shares, distances=distances)

    _, found = decide_photos(right, parent, print)

    now = found.contract(head.labels, parent.manifest.contract("photos").input).of_label
    assert (now.temperature == head.temperature and now.stricter == head.stricter) == stays
    assert (now.confidence >= head.confidence) == stays
