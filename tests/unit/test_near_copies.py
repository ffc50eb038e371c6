"""Test pictures that are nearly the same as a learnt one."""

import numpy as np
import pytest

from reports.answers import TEST_SET, Answers
from training.measure.evaluate import without_near_copies
from training.pictures.near_copies import near_copies


def drawn(count: int, seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Smooth pictures that differ."""
    waves = np.random.default_rng(seed).normal(size=(count, 4, 4))
    smooth = np.kron(waves, np.ones((7, 7)))
    return np.uint8(128 + 100 * np.tanh(smooth))  # type: ignore[return-value]


def test_a_lightened_copy_of_a_learnt_picture_is_found_and_another_one_is_not() -> None:
    learnt, others = drawn(20, seed=1), drawn(5, seed=2)
    lightened = np.clip(learnt[:3] * 1.05, 0, 255).astype(np.uint8)

    found = near_copies(np.concatenate([lightened, others]), learnt)

    assert found.tolist() == [True] * 3 + [False] * 5


def test_the_second_figure_counts_right_answers_to_the_pictures_that_are_left() -> None:
    answers = Answers.of(TEST_SET, [0] * 5, [0, 0, 0, 1, 0])
    near = np.array([True, True, False, False, False])

    found = without_near_copies(answers, near)

    assert found is not None
    assert (found.n, found.near_copies) == (3, 2)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.accuracy_interval[0] < 2 / 3 < found.accuracy_interval[1]


def test_a_test_set_of_near_copies_alone_has_no_second_figure() -> None:
    assert without_near_copies(Answers.of(TEST_SET, [0, 0], [0, 1]), np.array([True, True])) is None


def test_the_second_figure_counts_pictures_of_one_group_as_fewer() -> None:
    apart, together = (
        without_near_copies(Answers.of(TEST_SET, [0] * 60, [0] * 60, groups=groups), np.zeros(60, bool))
        for groups in ([f"{place}" for place in range(60)], ["a", "b", "c"] * 20)
    )

    assert apart is not None
    assert together is not None
    assert together.accuracy_interval[0] < apart.accuracy_interval[0] - 0.2
