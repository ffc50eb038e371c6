"""How the probabilities of photos are calibrated by photos."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from inference.session import Scores
from model_store.answers import NONE_OF_THESE, Answers
from tests.answers import undecided_answers
from training.evaluation.photo_calibration import FOLDS, calibrated_out_of_fold, fit_photo_calibration
from training.evaluation.photo_decisions import PhotoDecisions, decide_on_photos
from training.photos.reading import CORRECTED_TIER, OWN_TIER

CLASSES = 4


def photos(count: int, temperature: float = 1.0, biases: tuple[float, ...] = (0.0,) * CLASSES) -> Answers:
    """Photos with which a network needs this calibration: then its probabilities are as often right."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=2.0, size=(count, CLASSES))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    given = softmax((logits - np.array(biases)) * temperature, axis=1)
    return of(given, labels.astype(np.uint8))


def of(probabilities: NDArray[np.float64], labels: NDArray[np.uint8]) -> Answers:
    tiers = np.resize(np.array(["A", "B", "C"]), len(labels))
    return undecided_answers(Scores(probabilities.astype(np.float32), None), labels, tiers)


def test_the_temperature_of_photos_is_found() -> None:
    found = fit_photo_calibration(photos(6000, temperature=0.5))

    assert found.temperature == pytest.approx(0.5, rel=0.1)


def test_the_calibration_moves_no_photo_to_another_class() -> None:
    found = fit_photo_calibration(photos(6000, biases=(1.0, -1.0, 0.0, 0.0)))

    assert found.biases == ()


def test_a_class_counts_the_same_however_many_photos_it_has() -> None:
    few = photos(3000, biases=(0.5, 0.0, 0.0, -0.5))
    often = np.repeat(np.arange(3000), np.where(few.truth == 0, 5, 1))

    found, again = fit_photo_calibration(few), fit_photo_calibration(few.take(often))

    assert again.temperature == pytest.approx(found.temperature, rel=0.01)


def test_a_class_counts_the_same_in_however_many_tiers_it_is() -> None:
    some = photos(6000, temperature=0.5)
    tiers = np.where(some.truth == 0, "A", some.sets)

    found = fit_photo_calibration(replace(some, sets=tiers))

    assert found.temperature == pytest.approx(0.5, rel=0.1)


def test_what_shows_no_class_teaches_nothing() -> None:
    some = photos(600, temperature=0.7)
    ood = replace(some, truth=np.where(some.truth == 3, NONE_OF_THESE, some.truth))
    without = some.take(some.truth != 3)

    assert fit_photo_calibration(ood) == fit_photo_calibration(without)


def test_no_photo_is_calibrated_by_its_own_label() -> None:
    some, parts = photos(500, temperature=0.5), np.arange(500) % FOLDS
    mistaken = replace(some, truth=np.where(parts == 0, (some.truth + 1) % CLASSES, some.truth))

    before, after = (calibrated_out_of_fold(one, parts) for one in (some, mistaken))

    same = (before.probabilities == after.probabilities).all(axis=1)
    assert same[parts == 0].all()
    assert not same[parts != 0].any()
    assert before.probabilities.max() > some.probabilities.max()


def decided_with(tier: str) -> PhotoDecisions:
    """What photos decide: 100 each of A, B and C are answered right, 100 of this tier surely wrong."""
    labels = np.arange(400) % CLASSES
    shown = np.where(np.arange(400) < 300, labels, (labels + 1) % CLASSES)
    shares = np.full((400, CLASSES), 0.02)
    shares[np.arange(400), shown] = 0.94
    tiers = np.repeat(["A", "B", "C", tier], 100)
    scores = Scores(shares.astype(np.float32), None)
    return decide_on_photos(undecided_answers(scores, labels, tiers), np.arange(400) % FOLDS)


def test_what_was_looked_at_for_the_models_doubts_takes_no_promise_away() -> None:
    corrected, own = decided_with(CORRECTED_TIER), decided_with(OWN_TIER)

    assert not corrected.plain.accept_nothing
    assert own.plain.accept_nothing
    assert corrected.calibration.temperature < own.calibration.temperature


def test_what_is_familiar_is_measured_on_photos_of_the_classes_alone() -> None:
    some = photos(600)
    ood = some.truth == 3
    distances = np.where(ood, 9.0, np.linspace(1.0, 2.0, 600))
    answers = replace(some, truth=np.where(ood, NONE_OF_THESE, some.truth), distances=distances)

    familiarity = decide_on_photos(answers, np.arange(600) % FOLDS).familiarity

    assert familiarity is not None
    assert max(familiarity.quantiles) <= 2.0
