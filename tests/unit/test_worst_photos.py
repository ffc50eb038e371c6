"""Which answers to photos are shown as the worst."""

import numpy as np

from training.evaluation.photo_evaluation import PhotoAnswers
from training.evaluation.photo_figures import PER_TIER, worst
from training.photos.reading import OOD


def answers(*told: tuple[str, int, int, float, str]) -> PhotoAnswers:
    """From tier, truth, answer, confidence and reason of each photo."""
    tiers, truth, predicted, confidences, reasons = zip(*told, strict=True)
    return PhotoAnswers(
        truth=np.array(truth, np.uint8),
        tiers=np.array(tiers),
        sources=np.array(["somewhere"] * len(told)),
        predicted=np.array(predicted),
        confidences=np.array(confidences),
        familiarities=np.ones(len(told)),
        reasons=np.array(reasons),
    )


def test_what_was_accepted_comes_first_and_then_the_more_confident() -> None:
    found = answers(
        ("A", 1, 2, 0.9, "unfamiliar"),
        ("A", 1, 2, 0.6, ""),
        ("A", 1, 2, 0.7, "ambiguous"),
        ("A", 1, 2, 0.8, ""),
    )

    assert worst(found, "A") == [3, 1, 0, 2]


def test_right_answers_and_other_tiers_are_left_out() -> None:
    found = answers(("A", 1, 1, 0.9, ""), ("A", 1, 2, 0.6, ""), ("B", 1, 2, 0.7, ""))

    assert worst(found, "A") == [1]


def test_an_ood_photo_is_shown_only_where_it_was_accepted() -> None:
    found = answers(("X", OOD, 1, 0.9, "unfamiliar"), ("X", OOD, 1, 0.8, ""))

    assert worst(found, "X") == [1]


def test_no_more_are_shown_than_fit() -> None:
    found = answers(*[("A", 1, 2, 0.9, "")] * (PER_TIER + 1))

    assert worst(found, "A") == list(range(PER_TIER))
