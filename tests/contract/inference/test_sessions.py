"""What every session does, whatever runs the model."""

import numpy as np
import pytest

from inference.session import Session
from tests.contract.inference.conftest import CLASSES, WEIGHTS

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)


def test_scores_are_the_models_own(session: Session) -> None:
    logits = (PIXELS.reshape(5, 784) / 255) @ WEIGHTS.astype(np.float64)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = weights / weights.sum(axis=1, keepdims=True)

    scores = session.run(PIXELS)

    assert scores.probabilities == pytest.approx(expected, abs=1e-5)


def test_scores_are_one_row_of_float32_per_picture(session: Session) -> None:
    scores = session.run(PIXELS)

    assert session.outputs == CLASSES
    assert scores.probabilities.shape == (5, CLASSES)
    assert scores.probabilities.dtype == np.float32
    assert scores.distances is None


def test_a_picture_scores_the_same_alone_and_in_a_batch(session: Session) -> None:
    together = session.run(PIXELS).probabilities

    alone = session.run(PIXELS[2:3]).probabilities

    assert alone[0] == pytest.approx(together[2], abs=1e-6)
