"""Temperature, thresholds and familiarity against values worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.decision import calibrate
from inference.session import Scores
from training.calibration import (
    confidence_threshold,
    fit_contract,
    fit_familiarity,
    fit_temperature,
    fit_thresholds,
)

TWO_CLASSES = ("left", "right")


def answers(confidence: float, right: int, wrong: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Two classes; class 0 is always answered with the same confidence."""
    row = [confidence, 1 - confidence]
    labels = [0] * right + [1] * wrong
    return np.array([row] * len(labels), np.float32), np.array(labels, np.uint8)


def test_a_model_that_is_as_right_as_it_says_keeps_its_probabilities() -> None:
    probabilities, labels = answers(0.8, right=80, wrong=20)

    assert fit_temperature(probabilities, labels) == pytest.approx(1.0, abs=1e-5)


def test_an_overconfident_model_is_softened_to_its_accuracy() -> None:
    probabilities, labels = answers(0.99, right=80, wrong=20)

    temperature = fit_temperature(probabilities, labels)

    # log odds of 0.99 over log odds of 0.8: ln 99 / ln 4
    assert temperature == pytest.approx(np.log(99) / np.log(4), rel=1e-4)
    assert calibrate(probabilities, temperature)[0, 0] == pytest.approx(0.8, abs=1e-5)


def test_a_timid_model_is_sharpened() -> None:
    probabilities, labels = answers(0.6, right=80, wrong=20)

    assert fit_temperature(probabilities, labels) == pytest.approx(np.log(1.5) / np.log(4), rel=1e-4)


def test_a_probability_that_underflowed_does_not_spoil_the_fit() -> None:
    probabilities, labels = answers(1.0, right=9, wrong=1)

    assert np.isfinite(fit_temperature(probabilities, labels))


def test_the_threshold_is_the_lowest_that_keeps_the_promise() -> None:
    confidences = np.array([0.9] * 2000 + [0.6] * 1000, np.float32)
    right = np.array([True] * 2000 + [True] * 900 + [False] * 100)

    assert confidence_threshold(confidences, right) == pytest.approx(0.9)


def test_everything_is_accepted_from_a_model_that_is_never_wrong() -> None:
    confidences = np.linspace(0.2, 1, 3000).astype(np.float32)

    assert confidence_threshold(confidences, np.ones(3000, bool)) == pytest.approx(0.2)


def test_exactly_the_promise_is_not_enough_since_the_threshold_was_chosen_on_these_pictures() -> None:
    confidences = np.array([0.9] * 1000, np.float32)
    right = np.array([True] * 990 + [False] * 10)

    assert confidence_threshold(confidences, right) == 1.0


def test_nothing_is_accepted_from_a_model_that_is_surest_when_wrong() -> None:
    confidences = np.array([0.99, 0.5], np.float32)

    assert confidence_threshold(confidences, np.array([False, True])) == 1.0


def test_familiarity_keeps_the_distances_at_every_hundredth() -> None:
    familiarity = fit_familiarity(np.arange(1001, dtype=np.float32))

    assert familiarity.quantiles == pytest.approx([10 * rank for rank in range(101)])


def test_unfamiliar_pictures_do_not_count_against_the_confidence_threshold() -> None:
    probabilities = np.array([[0.9, 0.1]] * 1000, np.float32)
    labels = np.array([0] * 992 + [1] * 8, np.uint8)
    distances = np.array([1.0] * 992 + [9.0] * 8, np.float32)  # the wrong ones lie far away

    scores = Scores(probabilities, distances)
    thresholds = fit_thresholds(scores, labels, 1.0, fit_familiarity(distances))

    assert thresholds.confidence == pytest.approx(0.9)


def test_a_model_without_distances_has_no_familiarity() -> None:
    probabilities, labels = answers(0.8, right=80, wrong=20)

    contract = fit_contract(Scores(probabilities, None), labels, TWO_CLASSES)

    assert (contract.familiarity, contract.labels) == (None, TWO_CLASSES)
