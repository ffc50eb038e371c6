"""Temperature, thresholds and familiarity against values worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.decision import calibrate
from inference.session import Scores
from training.evaluation.calibration import fit_contract, fit_familiarity, fit_temperature

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
    assert calibrate(probabilities[0].tolist(), temperature)[0] == pytest.approx(0.8, abs=1e-5)


def test_a_timid_model_is_sharpened() -> None:
    probabilities, labels = answers(0.6, right=80, wrong=20)

    assert fit_temperature(probabilities, labels) == pytest.approx(np.log(1.5) / np.log(4), rel=1e-4)


def test_a_probability_that_underflowed_does_not_spoil_the_fit() -> None:
    probabilities, labels = answers(1.0, right=9, wrong=1)

    assert np.isfinite(fit_temperature(probabilities, labels))


def test_familiarity_keeps_the_distances_at_every_hundredth() -> None:
    familiarity = fit_familiarity(np.arange(1001, dtype=np.float32))

    assert familiarity.quantiles == pytest.approx([10 * rank for rank in range(101)])


def test_photos_count_as_much_as_the_held_out_pictures_however_few_they_are() -> None:
    held_out = np.zeros(1000, np.float32)
    photos = np.linspace(1, 2, 200).astype(np.float32)

    quantiles = fit_familiarity(held_out, photos).quantiles

    assert quantiles[:50] == pytest.approx([0.0] * 50)
    assert quantiles[51] > 1.0
    assert quantiles[-1] == 2.0


def test_a_model_without_distances_has_no_familiarity() -> None:
    probabilities, labels = answers(0.8, right=80, wrong=20)

    contract = fit_contract(Scores(probabilities, None), labels, TWO_CLASSES)

    assert (contract.familiarity, contract.labels) == (None, TWO_CLASSES)
