"""The artifact needs nothing beside it, and the serving graph is the network: same answers, known cost."""

import platform
import socket
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.classifier import MAX_RUN_NUMBERS
from inference.sessions.onnx_session import PROBABILITIES, OnnxSession
from inference.sessions.session import Scores
from model_store.local_releases import open_bundled_release
from reports.answers import NO_CLASS, Answers
from tests.contract.training.conftest import Exported
from tests.fashion import CLASSES, striped_pictures
from training.answering import make_batched_model
from training.data.labels import OOD
from training.data.photos import OWN_TIER
from training.data.split import Split
from training.environment import describe_hardware, find_library_versions
from training.errors import ExportError
from training.evaluation.evaluate import score_pictures
from training.heads.logistic import LogisticHead
from training.heads.ood import fit_ood_scorer
from training.release.conversion import count_mflops
from training.release.export import (
    compute_expected_scores,
    compute_layer_features,
    export_graph,
    export_photo_network,
    write_graph,
)
from training.release.parity import check_parity
from training.release.photo_decisions import (
    UNLEARNT_THINGS,
    PhotoEvidence,
    can_keep_thresholds,
    decide_photo_head_thresholds,
)
from training.thresholds.requirements import PHOTO_UNFAMILIAR_SHARE

PICTURES = striped_pictures(200, seed=7).images
NO_HEADS: Mapping[str, LogisticHead] = {}


def answers_of(
    exported: Exported, images: PixelsBatch, attributes: Mapping[str, LogisticHead] = NO_HEADS
) -> Scores:
    """The network's own answers."""
    return compute_expected_scores(exported.artifact, exported.whitening, attributes, images)


def test_an_artifact_reads_raw_pixels_and_answers_the_same_when_it_is_loaded_again(
    exported: Exported,
) -> None:
    loaded = keras.saving.load_model(exported.model_path, safe_mode=True)

    probabilities = make_batched_model(loaded, len(PICTURES))(PICTURES)

    assert (loaded.input.dtype, loaded.input.name) == ("uint8", "pixels")
    assert probabilities.tolist() == make_batched_model(exported.artifact, len(PICTURES))(PICTURES).tolist()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(PICTURES)), abs=1e-5)


def test_the_graph_answers_as_the_network_does(exported: Exported) -> None:
    given = answers_of(exported, PICTURES)

    answered = OnnxSession(exported.get_graph_path).run(PICTURES)

    assert check_parity(partial(answers_of, exported), exported.get_graph_path, PICTURES) <= 1e-5
    assert answered.class_probabilities == pytest.approx(given.class_probabilities, abs=1e-5)
    assert answered.distances is not None
    assert answered.distances == pytest.approx(given.distances, rel=1e-4)


@pytest.mark.parametrize(
    ("probabilities", "distances", "what"),
    [
        (1e-4, 0.0, "a probability"),
        (np.nan, 0.0, "a probability"),
        (0.0, 0.5, "a distance"),
        (0.0, np.nan, "a distance"),
    ],
)
def test_a_graph_that_answers_otherwise_is_refused(
    probabilities: float, distances: float, what: str, exported: Exported
) -> None:
    given = answers_of(exported, PICTURES)
    assert given.distances is not None
    off = Scores.make_class_scores(
        given.class_probabilities + np.float32(probabilities), given.distances + np.float32(distances)
    )

    with pytest.raises(ExportError, match=rf"model\.onnx: {what} differs by"):
        check_parity(lambda _: off, exported.get_graph_path, PICTURES)


def test_a_graph_that_answers_an_attribute_as_another_network_does_is_refused(
    exported: Exported, tmp_path: Path
) -> None:
    kernels = np.random.default_rng(0).normal(0, 0.1, (2, 128, 3)).astype(np.float32)
    ours, others = ({"colour": LogisticHead(one, np.zeros(3, np.float32), 0.0)} for one in kernels)
    export_graph(exported.artifact, exported.whitening, tmp_path / "model.onnx", ours)
    same, another = (partial(answers_of, exported, attributes=heads) for heads in (ours, others))

    assert check_parity(same, tmp_path / "model.onnx", PICTURES) <= 1e-5
    with pytest.raises(ExportError, match=r"model\.onnx: a probability differs by"):
        check_parity(another, tmp_path / "model.onnx", PICTURES)


def test_so_is_one_of_the_network_for_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = keras.Input((224, 224, 3), name="pixels", dtype="uint8")
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(pixels))
    ours, others = (
        keras.Model(pixels, {PROBABILITIES: keras.layers.Dense(3, activation="softmax")(means)})
        for _ in range(2)
    )
    monkeypatch.setattr("training.release.export.write_graph", lambda _, path: write_graph(others, path))

    with pytest.raises(ExportError, match=r"photos\.onnx: a probability differs by"):
        export_photo_network(ours, tmp_path)


class Recorded:
    """A session that answers, and keeps how much it was asked at once."""

    outputs: ClassVar = {"label": CLASSES}

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, pixels: PixelsBatch) -> Scores:
        self.sizes.append(pixels.size)
        return Scores.make_class_scores(np.zeros((len(pixels), CLASSES), np.float32), None)


def test_photos_are_answered_in_runs_whose_memory_stays_small() -> None:
    """600 photos in one run took 5.3 GB."""
    score_pictures(asked := Recorded(), np.zeros((10, 224, 224, 3), np.uint8))

    assert len(asked.sizes) > 1
    assert max(asked.sizes) <= MAX_RUN_NUMBERS


def test_a_picture_costs_what_the_layers_shapes_say(exported: Exported) -> None:
    convolutions = 26**2 * 9 * 1 * 32 + 11**2 * 9 * 32 * 64 + 3**2 * 9 * 64 * 128
    dense = 3 * 3 * 128 * 128 + 128 * 10
    whitening = 128 * 128

    assert count_mflops(exported.get_graph_path) == pytest.approx(
        2 * (convolutions + dense + whitening) / 1e6
    )


def test_where_ood_photos_were_learnt_the_graph_returns_the_ood_score(
    exported: Exported, parts: Split, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 28, 28)).astype(np.uint8)
    learnt = np.concatenate([parts.train.images, noise])
    labels = np.concatenate([parts.train.classes, np.full(100, OOD)])
    score = fit_ood_scorer(
        compute_layer_features(exported.artifact, learnt), labels, CLASSES, np.ones(len(labels))
    )
    export_graph(exported.artifact, score, tmp_path / "model.onnx")

    told = OnnxSession(tmp_path / "model.onnx").run(np.concatenate([PICTURES, noise]))

    assert told.distances is not None
    known, ood = told.distances[: len(PICTURES)], told.distances[len(PICTURES) :]
    expected = score.compute_distances(compute_layer_features(exported.artifact, PICTURES))
    assert np.allclose(known, expected, rtol=1e-3, atol=1e-3)
    assert (known < 0).mean() > 0.98
    assert ood.min() > 0
    assert np.allclose(
        told.class_probabilities[: len(PICTURES)],
        OnnxSession(exported.get_graph_path).run(PICTURES).class_probabilities,
        atol=1e-6,
    )


def test_what_is_far_from_all_that_was_learnt_is_out_of_distribution() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.array([0, 1, OOD]), 300)
    centres = np.eye(3, 8, dtype=np.float32) * 9
    features = centres[np.where(labels == OOD, 2, labels)] + random.normal(0, 1, (900, 8)).astype(np.float32)
    score = fit_ood_scorer(features, labels, 2, np.ones(len(labels)))

    directions = random.normal(0, 1, (200, 8)).astype(np.float32)
    far = 100 * directions / np.linalg.norm(directions, axis=1, keepdims=True)

    assert (score.compute_distances(features[labels == 0]) < 0).mean() > 0.95
    assert (score.compute_distances(far) > 0).all()


def test_a_release_names_what_it_was_made_on_and_not_the_host() -> None:
    found = find_library_versions()

    assert describe_hardware().endswith(("core", "cores"))
    assert socket.gethostname() not in describe_hardware()
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
    parent = open_bundled_release()
    head = parent.manifest.get_contract("photos").class_head
    surest = np.linspace(0.4, 0.9, n)
    shares = np.repeat((1 - surest)[:, np.newaxis] / (len(head.labels) - 1), len(head.labels), axis=1)
    shares[:, 0] = surest
    distances = np.linspace(-9, -1, n)
    right = Answers.make_answers(tier, [0] * n, networks="photos", probabilities=shares, distances=distances)

    sure = np.full((50, len(head.labels)), 0.001) + 0.99 * (np.arange(len(head.labels)) == 0)
    far = np.linspace(-4, -1, 50)  # of what no head had learnt, as unfamiliar as some of the photos
    others = Answers.make_answers(
        UNLEARNT_THINGS, [NO_CLASS] * 50, networks="photos", probabilities=sure, distances=far
    )

    found = decide_photo_head_thresholds(PhotoEvidence(cross_fitted_answers=right + others), parent, print)

    now = found.make_contract(head.labels, parent.manifest.get_contract("photos").input).class_head
    answers = Answers.make_answers(tier, [0] * n)
    assert can_keep_thresholds(answers, parent, has_corrections=False) == stays
    assert (now.temperature == head.temperature and now.stricter == head.stricter) == stays
    assert (now.confidence >= head.confidence) == (stays or tier == OWN_TIER)
    assert found.familiarity is not None
    assert (found.familiarity.threshold == PHOTO_UNFAMILIAR_SHARE) == stays
