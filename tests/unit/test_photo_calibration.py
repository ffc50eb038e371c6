"""How the probabilities of photos are calibrated by photos."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from inference.session import Scores
from reports.answers import NONE_OF_THESE, Answers
from tests.answers import undecided_answers
from training.measure.decide import FAMILIARITY_OF_PHOTOS, Decided, decide_on_photos
from training.measure.temperature import FOLDS, calibrated_out_of_fold, fit_photo_temperature
from training.pictures.photos import CORRECTED_TIER, OWN_TIER

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


def test_what_shows_no_class_teaches_nothing() -> None:
    some = photos(600, temperature=0.7)
    ood = replace(some, truth=np.where(some.truth == 3, NONE_OF_THESE, some.truth))
    without = some.take(some.truth != 3)

    assert fit_photo_temperature(ood) == fit_photo_temperature(without)


def test_no_photo_is_calibrated_by_its_own_label() -> None:
    some, parts = photos(500, temperature=0.5), np.arange(500) % FOLDS
    mistaken = replace(some, truth=np.where(parts == 0, (some.truth + 1) % CLASSES, some.truth))

    before, after = (calibrated_out_of_fold(one, parts) for one in (some, mistaken))

    same = (before.probabilities == after.probabilities).all(axis=1)
    assert same[parts == 0].all()
    assert not same[parts != 0].any()
    assert before.probabilities.max() > some.probabilities.max()


def decided_with(tier: str) -> Decided:
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

    assert not corrected.thresholds.accept_nothing
    assert own.thresholds.accept_nothing
    assert corrected.temperature < own.temperature


def own_sample(n: int, wrong: int = 0, before: float = 0.9) -> Decided:
    """What photos decide: a fifth of shops' 300 are wrong, and so many of the user's n."""
    labels = np.arange(300 + n) % CLASSES
    place = np.arange(300 + n)
    mistaken = np.where(place < 300, place % 5 == 0, place < 300 + wrong)
    shown = np.where(mistaken, (labels + 1) % CLASSES, labels)
    shares = np.full((300 + n, CLASSES), 0.02)
    shares[np.arange(300 + n), shown] = 0.94
    tiers = np.repeat(["A", "B", "C", OWN_TIER], [100, 100, 100, n])
    answers = undecided_answers(Scores(shares.astype(np.float32), None), labels, tiers)
    return decide_on_photos(answers, np.arange(300 + n) % FOLDS, before=before)


def promised(found: Decided) -> list[str]:
    return [one.pictures for one in found.kinds if one.accuracy is not None]


def test_a_random_sample_of_ones_own_pictures_alone_decides() -> None:
    found = own_sample(3000, before=0.999)

    assert 0.75 <= found.thresholds.confidence < 0.999
    assert promised(found) == ["photos of tier own"]


def test_too_few_pictures_of_ones_own_leave_the_parents_threshold() -> None:
    assert own_sample(58).thresholds.confidence == 0.9


def test_corrections_without_a_random_sample_leave_the_parents_threshold() -> None:
    labels = np.arange(360) % CLASSES
    shown = np.where(np.arange(360) % 5 == 0, (labels + 1) % CLASSES, labels)
    shares = np.full((360, CLASSES), 0.02)
    shares[np.arange(360), shown] = 0.94
    tiers = np.repeat(["A", "B", "C", CORRECTED_TIER], [100, 100, 100, 60])
    answers = undecided_answers(Scores(shares.astype(np.float32), None), labels, tiers)
    learnt_alone = answers.take(answers.sets != CORRECTED_TIER)

    improved = decide_on_photos(answers, np.arange(360) % FOLDS, before=0.9)
    trained = decide_on_photos(learnt_alone, np.arange(300) % FOLDS, before=0.9)

    assert improved.thresholds.confidence == 0.9
    assert trained.thresholds.accept_nothing


def test_enough_pictures_of_ones_own_with_too_many_errors_accept_nothing() -> None:
    assert own_sample(3000, wrong=600, before=0.1).thresholds.accept_nothing


def test_few_accepted_photos_of_kinds_that_were_not_learnt_choose_what_is_unfamiliar() -> None:
    labels = np.arange(1000) % CLASSES
    shares = np.full((1000, CLASSES), 0.02)
    shares[np.arange(1000), labels] = 0.94
    known = Scores(shares.astype(np.float32), np.linspace(0, 1, 1000, dtype=np.float32))
    answers = undecided_answers(known, labels, np.repeat(["A", "B"], 500))
    # A tenth of them lies beyond 93% of the known photos, another tenth beyond 96%; the others are far off.
    far = np.repeat([0.935, 0.965, 5.0], [10, 10, 80]).astype(np.float32)
    others = Scores(shares[:100].astype(np.float32), far)

    found, without = (decide_on_photos(answers, np.arange(1000) % FOLDS, one) for one in (others, None))

    assert found.thresholds.familiarity == 0.07
    assert without.thresholds.familiarity == FAMILIARITY_OF_PHOTOS


def test_what_people_looked_at_for_the_models_doubts_says_nothing_of_what_is_familiar() -> None:
    corrected = np.arange(600) >= 400
    distances = np.where(corrected, 9.0, np.linspace(1.0, 2.0, 600))
    some = photos(600)
    answers = replace(some, distances=distances, sets=np.where(corrected, CORRECTED_TIER, some.sets))

    familiarity = decide_on_photos(answers, np.arange(600) % FOLDS).familiarity

    assert familiarity is not None
    assert max(familiarity.quantiles) <= 2.0


def test_what_is_familiar_is_measured_on_photos_of_the_classes_alone() -> None:
    some = photos(600)
    ood = some.truth == 3
    distances = np.where(ood, 9.0, np.linspace(1.0, 2.0, 600))
    answers = replace(some, truth=np.where(ood, NONE_OF_THESE, some.truth), distances=distances)

    familiarity = decide_on_photos(answers, np.arange(600) % FOLDS).familiarity

    assert familiarity is not None
    assert max(familiarity.quantiles) <= 2.0
