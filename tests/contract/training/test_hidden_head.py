"""A head with a hidden layer: what it learns that a logistic one cannot, and how it is exported."""

import keras
import numpy as np
import pytest

from training.gradient.networks.registry import with_softmax
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.heads.logistic import fit_head
from training.pictures.vectors import Features

UNITS = 32
"""Of each member: enough for what is learnt here."""


@pytest.fixture(scope="module")
def corners() -> tuple[Features, np.ndarray]:
    """Points around four corners: a class has two that lie opposite, and no line parts the classes."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (400, 2))
    points = (1000 * (signs + rng.normal(size=signs.shape) / 5) + 5).astype(np.float32)
    return Features(points, points), (signs[:, 0] * signs[:, 1] > 0).astype(np.uint8)


@pytest.fixture(scope="module")
def head(corners: tuple[Features, np.ndarray]) -> HiddenHead:
    seen, labels = corners
    return fit_hidden_head(seen, labels, np.ones(len(labels)), UNITS)


def test_a_class_of_several_kinds_is_learnt(corners: tuple[Features, np.ndarray], head: HiddenHead) -> None:
    seen, labels = corners
    logistic = fit_head(seen, labels, np.arange(len(labels)).astype(str), strengths=(0.1,))

    right = (head.logits(seen.upright).argmax(axis=1) == labels).mean()

    assert right > 0.95
    assert (logistic.logits(seen.upright).argmax(axis=1) == labels).mean() < 0.8


def test_the_network_answers_as_the_head_does(corners: tuple[Features, np.ndarray], head: HiddenHead) -> None:
    seen, _ = corners
    vector = keras.Input((2,))
    network = head.on(keras.Model(vector, keras.layers.Identity()(vector)))

    answers = with_softmax(network).predict(seen.upright, verbose=0)

    logits = head.logits(seen.upright)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.allclose(answers, raised / raised.sum(axis=1, keepdims=True), atol=1e-3)


def test_mirror_images_are_learnt_too() -> None:
    labels = np.arange(60).astype(np.uint8) % 2
    marks, nothing = np.eye(2, dtype=np.float32)[labels], np.zeros((60, 2), np.float32)
    seen = Features(np.hstack([marks, nothing]), np.hstack([nothing, marks]))

    head = fit_hidden_head(seen, labels, np.ones(60), UNITS)

    assert (head.logits(seen.mirrored).argmax(axis=1) == labels).all()


def test_a_picture_counts_as_much_as_its_weight() -> None:
    labels = np.arange(60).astype(np.uint8) % 2
    same = np.tile(np.array([[0.0], [0.0], [1.0], [1.0]], np.float32), (15, 1))

    head = fit_hidden_head(Features(same, same), labels, np.where(labels == 1, 4.0, 1.0), UNITS)

    of_both = head.logits(np.array([[0.0], [1.0]], np.float32))
    shares = 1 / (1 + np.exp(of_both[:, 0] - of_both[:, 1]))
    assert np.allclose(shares, 0.8, atol=0.1)
