"""A head on vectors: what it learns, and what it must not see."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from training.features.blocks import spread_of
from training.heads.logistic import STRENGTHS, Head, fit_head
from training.heads.out_of_fold import answers_out_of_fold
from training.pictures.vectors import Features

CLASSES = 3
EACH = 40


def seen_of(columns: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Features:
    vectors = columns.astype(np.float32)
    return Features(vectors, vectors)


def labelled(rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return rng.permutation(np.repeat(np.arange(CLASSES), EACH)).astype(np.uint8)


def alone(n: int) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.arange(n).astype(str)


def test_a_small_block_counts_beside_a_wide_one() -> None:
    rng = np.random.default_rng(0)
    labels = labelled(rng)
    wide, small = rng.normal(size=(len(labels), 300)), np.eye(CLASSES)[labels]
    seen = seen_of(np.concatenate([wide, small], axis=1))

    head = fit_head(
        seen, labels, alone(len(labels)), spread=spread_of((300, CLASSES), (1, 1)), strengths=(0.01,)
    )

    of_small, of_wide = np.abs(head.kernel[300:]).mean(), np.abs(head.kernel[:300]).mean()
    assert of_small > 20 * of_wide


def test_the_scaling_of_vectors_is_folded_into_the_weights() -> None:
    rng = np.random.default_rng(1)
    labels = labelled(rng)
    vectors = np.eye(CLASSES)[labels] + rng.normal(size=(len(labels), CLASSES)) / 4

    plain = fit_head(seen_of(vectors), labels, alone(len(labels)), strengths=(1.0,))
    moved = fit_head(seen_of(5 + 1000 * vectors), labels, alone(len(labels)), strengths=(1.0,))

    answers = moved.probabilities((5 + 1000 * vectors).astype(np.float32))
    assert np.allclose(answers, plain.probabilities(vectors.astype(np.float32)), atol=0.02)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9


def test_pictures_of_one_sender_are_answered_by_a_head_that_learnt_none_of_them() -> None:
    rng = np.random.default_rng(2)
    labels = labelled(rng)
    groups = np.array([f"sender {place // 2}" for place in range(len(labels))])
    marks = np.eye(len(labels) // 2)[np.arange(len(labels)) // 2]  # what tells a sender, and nothing else
    asked = [np.flatnonzero(np.arange(len(labels)) % 4 == part) for part in range(4)]

    seen = seen_of(marks)

    def fit(some: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Head:
        return fit_head(seen.take(some), labels[some], groups[some], strengths=(1.0,))

    logits = list(answers_out_of_fold(fit, seen.upright, groups, asked))

    right = (np.concatenate(logits).argmax(axis=1) == labels[np.concatenate(asked)]).mean()
    assert right < 0.6  # a head that learnt the sender's other picture would know more


def test_what_tells_senders_alone_is_not_trusted() -> None:
    rng = np.random.default_rng(3)
    senders = np.repeat(np.arange(30), 4)
    labels = rng.permutation(np.arange(30) % CLASSES).astype(np.uint8)[senders]

    by_sender = fit_head(seen_of(np.eye(30)[senders]), labels, senders.astype(str))
    alone_each = fit_head(seen_of(np.eye(30)[senders]), labels, alone(len(labels)))

    assert by_sender.strength == min(STRENGTHS)
    assert alone_each.strength > by_sender.strength


def test_mirror_images_are_learnt_too() -> None:
    labels = np.arange(60).astype(np.uint8) % CLASSES
    marks, nothing = np.eye(CLASSES, dtype=np.float32)[labels], np.zeros((60, CLASSES), np.float32)
    seen = Features(np.hstack([marks, nothing]), np.hstack([nothing, marks]))

    head = fit_head(seen, labels, alone(60), strengths=(1.0,))

    assert (head.logits(seen.upright).argmax(axis=1) == labels).all()
    assert (head.logits(seen.mirrored).argmax(axis=1) == labels).all()


def test_a_class_weighs_the_same_however_many_pictures_it_has() -> None:
    labels = np.repeat([0, 1], [90, 10]).astype(np.uint8)

    head = fit_head(seen_of(np.tile([[0.0], [1.0]], (50, 1))), labels, alone(100), strengths=(1.0,))

    assert np.allclose(head.probabilities(np.array([[0.0], [1.0]], np.float32)), 0.5, atol=0.01)


def test_two_classes_have_two_outputs() -> None:
    labels = np.array([0, 1] * 20, np.uint8)

    head = fit_head(seen_of(np.eye(2)[labels]), labels, alone(40))

    assert isinstance(head, Head) and head.kernel.shape == (2, 2)
    assert (head.probabilities(np.eye(2, dtype=np.float32)).argmax(axis=1) == [0, 1]).all()
