"""Heads on vectors: what each learns, what it must not see, and how it is exported."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from training.data.labels import LabelCodes
from training.data.vectors import Features
from training.features.blocks import make_target_deviations
from training.gradient.networks.registry import add_softmax
from training.heads import hidden as hidden_layer
from training.heads.hidden import HiddenLayerHead, fit_hidden_layer_head
from training.heads.logistic import STRENGTHS_COMPARED, LogisticHead, fit_logistic_head

pytestmark = pytest.mark.usefixtures("short_fits")

CLASSES = 3
EACH = 40
UNITS = 32
"""Of each member of a hidden layer: enough for what is learnt here."""

Vectors = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Logits = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def seen_of(columns: Vectors) -> Features:
    vectors = columns.astype(np.float32)
    return Features(vectors, vectors)


def alone(n: int) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.arange(n).astype(str)


def logistic(seen: Features, labels: LabelCodes) -> LogisticHead:
    return fit_logistic_head(seen, labels, alone(len(labels)), strengths=(1.0,))


def hidden(seen: Features, labels: LabelCodes) -> HiddenLayerHead:
    return fit_hidden_layer_head(seen, labels, int(labels.max()) + 1, np.ones(len(labels)), UNITS)


HEADS = [logistic, hidden]

Fit = Callable[[Features, LabelCodes], LogisticHead | HiddenLayerHead]


def shares(logits: Logits) -> Vectors:
    """What a softmax makes of them."""
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("fit", HEADS)
def test_mirror_images_are_learnt_too_and_the_network_answers_as_the_head_does(fit: Fit) -> None:
    labels = np.arange(60).astype(np.uint8) % CLASSES
    marks, nothing = np.eye(CLASSES, dtype=np.float32)[labels], np.zeros((60, CLASSES), np.float32)
    seen = Features(np.hstack([marks, nothing]), np.hstack([nothing, marks]))

    head = fit(seen, labels)

    vector = keras.Input((2 * CLASSES,))
    network = add_softmax(head.attach_to(keras.Model(vector, keras.layers.Identity()(vector))))
    for shown in (seen.upright, seen.mirrored):
        logits = head.compute_logits(shown)
        assert (logits.argmax(axis=1) == labels).all()
        assert np.allclose(network.predict(shown, verbose=0), shares(logits), atol=1e-3)


@pytest.mark.parametrize("fit", HEADS)
def test_the_scaling_of_vectors_is_folded_into_the_weights(fit: Fit) -> None:
    rng = np.random.default_rng(1)
    labels = rng.permutation(np.repeat(np.arange(CLASSES), EACH)).astype(np.uint8)
    vectors = np.eye(CLASSES)[labels] + rng.normal(size=(len(labels), CLASSES)) / 4

    plain, moved = (fit(seen_of(columns), labels) for columns in (vectors, 5 + 1000 * vectors))

    answers = moved.compute_logits((5 + 1000 * vectors).astype(np.float32))
    assert np.allclose(shares(answers), shares(plain.compute_logits(vectors.astype(np.float32))), atol=0.02)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9


def test_a_class_of_several_kinds_is_learnt_by_a_hidden_layer_alone() -> None:
    """Points around four corners: a class has two that lie opposite, and no line parts the classes."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (400, 2))
    seen, labels = seen_of(signs + rng.normal(size=signs.shape) / 5), signs[:, 0] * signs[:, 1] > 0

    by_hidden, by_logistic = (
        (fit(seen, labels.astype(np.uint8)).compute_logits(seen.upright).argmax(axis=1) == labels).mean()
        for fit in (hidden, logistic)
    )

    assert by_hidden > 0.95
    assert by_logistic < 0.8


def test_a_picture_counts_as_much_as_its_weight_where_there_is_a_hidden_layer() -> None:
    labels = np.arange(60).astype(np.uint8) % 2
    same = seen_of(np.tile(np.array([[0.0], [0.0], [1.0], [1.0]]), (15, 1)))

    head = fit_hidden_layer_head(same, labels, 2, np.where(labels == 1, 4.0, 1.0), UNITS)

    assert np.allclose(shares(head.compute_logits(np.array([[0.0], [1.0]], np.float32)))[:, 1], 0.8, atol=0.1)


def test_a_class_weighs_the_same_however_many_pictures_it_has() -> None:
    labels = np.repeat([0, 1], [90, 10]).astype(np.uint8)

    head = logistic(seen_of(np.tile([[0.0], [1.0]], (50, 1))), labels)

    assert np.allclose(head.compute_probabilities(np.array([[0.0], [1.0]], np.float32)), 0.5, atol=0.01)


def test_a_small_block_counts_beside_a_wide_one() -> None:
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(CLASSES), EACH)).astype(np.uint8)
    wide, small = rng.normal(size=(len(labels), 300)), np.eye(CLASSES)[labels]
    seen = seen_of(np.concatenate([wide, small], axis=1))

    head = fit_logistic_head(
        seen,
        labels,
        alone(len(labels)),
        target_deviations=make_target_deviations((300, CLASSES), (1, 1)),
        strengths=(0.01,),
    )

    of_small, of_wide = np.abs(head.kernel[300:]).mean(), np.abs(head.kernel[:300]).mean()
    assert of_small > 20 * of_wide


def test_what_tells_senders_alone_is_not_trusted() -> None:
    rng = np.random.default_rng(3)
    senders = np.repeat(np.arange(30), 4)
    labels = rng.permutation(np.arange(30) % CLASSES).astype(np.uint8)[senders]

    by_sender = fit_logistic_head(seen_of(np.eye(30)[senders]), labels, senders.astype(str))
    alone_each = fit_logistic_head(seen_of(np.eye(30)[senders]), labels, alone(len(labels)))

    assert by_sender.strength == min(STRENGTHS_COMPARED)
    assert alone_each.strength > by_sender.strength


def test_a_fit_tells_its_share_after_each_step_so_that_a_display_moves_within_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hidden_layer, "MIN_FIT_STEPS", 4)
    monkeypatch.setattr(hidden_layer, "PASSES_OVER_PICTURES", 0)
    labels = np.array([0, 1] * 20, np.uint8)
    shares_done = list[float]()

    fit_hidden_layer_head(
        seen_of(np.eye(2)[labels]), labels, 2, np.ones(40), UNITS, report_share=shares_done.append
    )

    assert shares_done == [0.25, 0.5, 0.75, 1.0]


def test_two_classes_have_two_outputs() -> None:
    labels = np.array([0, 1] * 20, np.uint8)

    head = logistic(seen_of(np.eye(2)[labels]), labels)

    assert head.kernel.shape == (2, 2)
    assert (head.compute_probabilities(np.eye(2, dtype=np.float32)).argmax(axis=1) == [0, 1]).all()
