"""The temperature that calibrates a network, by its answers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from inference.decision import calibrate_probabilities
from inference.sessions.session import Scores
from reports.answers import NO_CLASS, Answers
from tests.answers import truth, undecided_answers, unmeasured
from training.thresholds.temperature import fit_temperature, fit_temperature_to_answers

CLASSES = 4


def photos(count: int, temperature: float = 1.0, biases: tuple[float, ...] = (0.0,) * CLASSES) -> Answers:
    """Photos with which a network needs this calibration: then its probabilities are as often right."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=2.0, size=(count, CLASSES))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    given = softmax((logits - np.array(biases)) * temperature, axis=1)
    tiers = np.resize(np.array(["A", "B", "C"]), count)
    return undecided_answers(Scores.make_class_scores(given.astype(np.float32), None), labels, tiers)


either_weight = pytest.mark.parametrize("alike", [False, True], ids=["pictures alike", "classes alike"])


@pytest.mark.parametrize(
    ("confidence", "temperature"),
    [
        (0.8, 1.0),  # it is as right as it says
        (0.99, np.log(99) / np.log(4)),  # log odds of 0.99 over log odds of 0.8
        (0.7, np.log(7 / 3) / np.log(4)),
    ],
)
def test_the_temperature_makes_confidence_the_accuracy(confidence: float, temperature: float) -> None:
    answers = undecided_answers(unmeasured((confidence, 10_000)), truth(8000, 2000))

    found = fit_temperature_to_answers(answers)

    assert found == pytest.approx(temperature, rel=1e-3)
    softened = calibrate_probabilities(answers.probabilities[0].tolist(), found)
    assert softened[0] == pytest.approx(0.8, abs=1e-3)


@either_weight
def test_answers_that_are_all_right_do_not_make_every_confidence_1(alike: bool) -> None:
    found = fit_temperature_to_answers(
        undecided_answers(unmeasured((0.6, 300)), truth(300, 0)), has_equal_class_weights=alike
    )

    assert calibrate_probabilities([0.6, 0.4], found)[0] < 0.7


def test_a_probability_that_underflowed_does_not_spoil_the_fit() -> None:
    assert np.isfinite(fit_temperature(unmeasured((1.0, 10)).class_probabilities, truth(9, 1)))


def test_a_class_counts_the_same_however_many_photos_it_has() -> None:
    few = photos(3000, biases=(0.5, 0.0, 0.0, -0.5))
    often = np.repeat(np.arange(3000), np.where(few.truth == 0, 5, 1))

    found = fit_temperature_to_answers(few, has_equal_class_weights=True)
    again = fit_temperature_to_answers(few.select_rows(often), has_equal_class_weights=True)

    assert again == pytest.approx(found, rel=0.01)


def test_a_class_counts_the_same_in_however_many_tiers_it_is() -> None:
    some = photos(6000, temperature=0.5)
    tiers = np.where(some.truth == 0, "A", some.sets)

    found = fit_temperature_to_answers(replace(some, sets=tiers), has_equal_class_weights=True)

    assert found == pytest.approx(0.5, rel=0.1)


@either_weight
def test_what_shows_no_class_teaches_nothing(alike: bool) -> None:
    some = photos(600, temperature=0.7)
    ood = replace(some, truth=np.where(some.truth == 3, NO_CLASS, some.truth))

    found, without = (
        fit_temperature_to_answers(one, has_equal_class_weights=alike)
        for one in (ood, some.select_rows(some.truth != 3))
    )
    assert found == without
