"""The temperature that calibrates a network, by its answers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from inference.decision import calibrate
from inference.session import Scores
from reports.answers import NONE_OF_THESE, Answers
from tests.answers import truth, undecided_answers, unmeasured
from training.measure.decide import fit_known
from training.measure.temperature import (
    FOLDS,
    calibrated_out_of_fold,
    fit_photo_temperature,
    fit_temperature,
)

CLASSES = 4


def photos(count: int, temperature: float = 1.0, biases: tuple[float, ...] = (0.0,) * CLASSES) -> Answers:
    """Photos with which a network needs this calibration: then its probabilities are as often right."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=2.0, size=(count, CLASSES))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    given = softmax((logits - np.array(biases)) * temperature, axis=1)
    tiers = np.resize(np.array(["A", "B", "C"]), count)
    return undecided_answers(Scores(given.astype(np.float32), None), labels, tiers)


def fit_held_out(answers: Answers) -> float:
    return fit_temperature(answers.probabilities, answers.truth)


@pytest.mark.parametrize("fit", [fit_held_out, fit_known])
@pytest.mark.parametrize(
    ("confidence", "temperature"),
    [
        (0.8, 1.0),  # it is as right as it says
        (0.99, np.log(99) / np.log(4)),  # log odds of 0.99 over log odds of 0.8
        (0.7, np.log(7 / 3) / np.log(4)),
    ],
)
def test_the_temperature_makes_confidence_the_accuracy(
    confidence: float, temperature: float, fit: Callable[[Answers], float]
) -> None:
    answers = undecided_answers(unmeasured((confidence, 10_000)), truth(8000, 2000))

    found = fit(answers)

    assert found == pytest.approx(temperature, rel=1e-3)
    softened = calibrate(answers.probabilities[0].tolist(), found)
    assert softened[0] == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("fit", [fit_held_out, fit_known, fit_photo_temperature])
def test_answers_that_are_all_right_do_not_make_every_confidence_1(fit: Callable[[Answers], float]) -> None:
    found = fit(undecided_answers(unmeasured((0.6, 300)), truth(300, 0)))

    assert calibrate([0.6, 0.4], found)[0] < 0.7


def test_a_probability_that_underflowed_does_not_spoil_the_fit() -> None:
    assert np.isfinite(fit_temperature(unmeasured((1.0, 10)).probabilities, truth(9, 1)))


def test_the_temperature_of_photos_is_found() -> None:
    found = fit_photo_temperature(photos(6000, temperature=0.5))

    assert found == pytest.approx(0.5, rel=0.1)


def test_a_class_counts_the_same_however_many_photos_it_has() -> None:
    few = photos(3000, biases=(0.5, 0.0, 0.0, -0.5))
    often = np.repeat(np.arange(3000), np.where(few.truth == 0, 5, 1))

    found, again = fit_photo_temperature(few), fit_photo_temperature(few.take(often))

    assert again == pytest.approx(found, rel=0.01)


def test_a_class_counts_the_same_in_however_many_tiers_it_is() -> None:
    some = photos(6000, temperature=0.5)
    tiers = np.where(some.truth == 0, "A", some.sets)

    found = fit_photo_temperature(replace(some, sets=tiers))

    assert found == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("fit", [fit_known, fit_photo_temperature])
def test_what_shows_no_class_teaches_nothing(fit: Callable[[Answers], float]) -> None:
    some = photos(600, temperature=0.7)
    ood = replace(some, truth=np.where(some.truth == 3, NONE_OF_THESE, some.truth))

    assert fit(ood) == fit(some.take(some.truth != 3))


def test_no_photo_is_calibrated_by_its_own_label() -> None:
    some, parts = photos(500, temperature=0.5), np.arange(500) % FOLDS
    mistaken = replace(some, truth=np.where(parts == 0, (some.truth + 1) % CLASSES, some.truth))

    before, after = (calibrated_out_of_fold(one, parts) for one in (some, mistaken))

    same = (before.probabilities == after.probabilities).all(axis=1)
    assert same[parts == 0].all()
    assert not same[parts != 0].any()
    assert before.probabilities.max() > some.probabilities.max()
