"""What is accepted without a person looking, on pictures whose figures are plain to see."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.session import Scores
from training.evaluation.calibration import (
    Checked,
    Demand,
    confidence_threshold,
    fit_contract,
    fit_familiarity,
    fit_thresholds,
)
from training.photos.reading import OOD

TWO_CLASSES = ("left", "right")


def a_demand(*answers: tuple[float, int, int], accuracy: float = 0.99) -> Demand:
    """Answers of equal confidence: how sure, how many right, how many wrong."""
    confidences = np.concatenate([[sure] * (right + wrong) for sure, right, wrong in answers])
    truth = np.concatenate([[True] * right + [False] * wrong for _, right, wrong in answers])
    return Demand(confidences.astype(np.float32), truth.astype(bool), accuracy)


def scores(*confidences: tuple[float, int], distance: float = 1.0) -> Scores:
    """Answers for class 0 of two: how sure, how many."""
    rows = [[sure, 1 - sure] for sure, count in confidences for _ in range(count)]
    return Scores(np.array(rows, np.float32), np.full(len(rows), distance, np.float32))


def truth(right: int, wrong: int) -> NDArray[np.uint8]:
    return np.array([0] * right + [1] * wrong, np.uint8)


def test_the_threshold_is_the_lowest_that_keeps_the_promise() -> None:
    demand = a_demand((0.9, 2000, 0), (0.6, 900, 100))

    assert confidence_threshold([demand]) == pytest.approx(0.9)


def test_everything_is_accepted_from_a_model_that_is_never_wrong() -> None:
    confidences = np.linspace(0.2, 1, 3000).astype(np.float32)

    assert confidence_threshold([Demand(confidences, np.ones(3000, bool), 0.99)]) == pytest.approx(0.2)


def test_exactly_the_promise_is_not_enough_since_the_threshold_was_chosen_on_these_pictures() -> None:
    assert confidence_threshold([a_demand((0.9, 990, 10))]) == 1.0


def test_nothing_is_accepted_from_a_model_that_is_surest_when_wrong() -> None:
    assert confidence_threshold([a_demand((0.99, 0, 1), (0.5, 1, 0))]) == 1.0


def test_the_hardest_promise_decides() -> None:
    easy = a_demand((0.9, 2000, 0), (0.6, 1000, 0))
    hard = a_demand((0.95, 200, 0), (0.7, 100, 50), accuracy=0.9)

    assert confidence_threshold([easy, hard]) == pytest.approx(0.9)
    assert confidence_threshold([easy]) == pytest.approx(0.6)


def test_a_threshold_above_the_hardest_ones_own_has_to_keep_the_others_promises_too() -> None:
    # Alone, the second would be content with 0.6; at 0.8, where the first is, it is not.
    first = a_demand((0.8, 2000, 0), (0.7, 100, 100))
    second = a_demand((0.9, 100, 0), (0.8, 0, 10), (0.6, 2000, 0))

    assert confidence_threshold([second]) == pytest.approx(0.6)
    assert confidence_threshold([first, second]) == pytest.approx(0.9)


def test_unfamiliar_pictures_do_not_count_against_the_confidence_threshold() -> None:
    distances = np.array([1.0] * 992 + [9.0] * 8, np.float32)  # the wrong ones lie far away
    told = Scores(scores((0.9, 1000)).probabilities, distances)

    thresholds = fit_thresholds(told, truth(992, 8), 1.0, fit_familiarity(distances))

    assert thresholds.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("tier", "confidence"), [("A", 0.95), ("C", 0.95), ("B", 0.9)])
def test_a_tier_that_is_promised_something_raises_the_threshold(tier: str, confidence: float) -> None:
    photos = Checked(scores((0.95, 100), (0.9, 100)), truth(130, 70), (tier,) * 200)

    thresholds = fit_thresholds(scores((0.9, 1000)), truth(1000, 0), 1.0, None, photos)

    assert thresholds.confidence == pytest.approx(confidence)


def test_an_ood_photo_has_no_right_answer_to_count() -> None:
    labels = np.array([0] * 100 + [OOD] * 100, np.uint8)
    photos = Checked(scores((0.9, 200)), labels, ("A",) * 200)

    assert fit_thresholds(scores((0.9, 1000)), truth(1000, 0), 1.0, None, photos).confidence < 1


def test_one_photo_in_twenty_is_the_price_of_finding_ood_ones() -> None:
    held_out, photos = scores((0.9, 1000)), Checked(scores((0.9, 10)), truth(10, 0), ("A",) * 10)

    alone = fit_contract(held_out, truth(1000, 0), TWO_CLASSES)
    with_photos = fit_contract(held_out, truth(1000, 0), TWO_CLASSES, photos)

    assert (alone.thresholds.familiarity, with_photos.thresholds.familiarity) == (0.01, 0.05)


def test_photos_leave_the_temperature_to_the_data_set() -> None:
    held_out, wrong = scores((0.8, 100)), Checked(scores((0.8, 100)), truth(0, 100), ("A",) * 100)

    contract = fit_contract(held_out, truth(80, 20), TWO_CLASSES, wrong)

    assert contract.temperature == pytest.approx(1.0, abs=1e-5)
