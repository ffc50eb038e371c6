"""What every session does, whatever runs the model."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inference.sessions.session import ModelSession
from tests.contract.inference.conftest import CLASSES, WEIGHTS

PIXELS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)


def test_scores_are_the_models_own_one_row_of_float32_per_picture(session: ModelSession) -> None:
    logits = (PIXELS.reshape(5, 784) / 255) @ WEIGHTS.astype(np.float64)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = weights / weights.sum(axis=1, keepdims=True)

    scores = session.run(PIXELS)

    assert session.outputs == {"label": CLASSES}
    assert scores.class_probabilities == pytest.approx(expected, abs=1e-5)
    assert scores.class_probabilities.dtype == np.float32
    assert scores.distances is None


def test_a_picture_scores_the_same_alone_and_in_a_batch(session: ModelSession) -> None:
    together = session.run(PIXELS).class_probabilities

    alone = session.run(PIXELS[2:3]).class_probabilities

    assert alone[0] == pytest.approx(together[2], abs=1e-6)


def test_scores_stay_what_they_are_when_the_next_picture_comes(session: ModelSession) -> None:
    first = session.run(PIXELS[:1]).class_probabilities
    before = first.copy()

    session.run(PIXELS[1:2])

    assert np.array_equal(first, before)


def test_threads_get_the_scores_of_their_own_pictures(session: ModelSession) -> None:
    alone = [PIXELS[i : i + 1] for i in range(5)]
    expected = [session.run(pixels).class_probabilities for pixels in alone]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(session.run, alone * 40, timeout=60))

    assert all(np.array_equal(scores.class_probabilities, expected[i % 5]) for i, scores in enumerate(found))
