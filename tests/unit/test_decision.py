"""The rules between scores and a decision."""

from functools import partial

import pytest

from inference.contract import ACCEPT_NOTHING, Familiarity
from inference.decision import calibrate_probabilities, compute_familiarity, decide_answer

decided = partial(decide_answer, minimum_confidence=0.7, minimum_familiarity=0.05)
QUANTILES = Familiarity(quantiles=(1.0, 2.0, 4.0))


@pytest.mark.parametrize(
    ("probabilities", "temperature", "calibrated"),
    [
        ([0.7, 0.2, 0.1], 1.0, [0.7, 0.2, 0.1]),
        ([0.64, 0.36], 2.0, [0.8 / 1.4, 0.6 / 1.4]),  # square roots are 0.8 and 0.6
        ([1.0, 0.0, 0.0], 1.7, [1.0, 0.0, 0.0]),
        ([1.0, 1e-45], 0.05, [1.0, 0.0]),
        ([0.6, 0.4], 1e-4, [1.0, 0.0]),
    ],
    ids=["one", "higher", "ruled out", "tiny probability", "lowest"],
)
def test_a_temperature_softens_or_sharpens(
    probabilities: list[float], temperature: float, calibrated: list[float]
) -> None:
    assert calibrate_probabilities(probabilities, temperature) == pytest.approx(calibrated)


@pytest.mark.parametrize(
    ("distance", "expected"), [(0.0, 1.0), (1.0, 1.0), (2.0, 0.5), (3.0, 0.25), (4.0, 0.0), (9.0, 0.0)]
)
def test_familiarity_is_the_share_that_lay_at_least_as_far_away(distance: float, expected: float) -> None:
    assert compute_familiarity(distance, QUANTILES) == pytest.approx(expected)


def test_distances_that_many_pictures_share_are_no_obstacle() -> None:
    tied = Familiarity(quantiles=(1.0, 2.0, 2.0, 2.0, 3.0))

    assert compute_familiarity(2.0, tied) == pytest.approx(0.25)
    assert compute_familiarity(1.999, tied) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("confidence", "familiarity", "expected"),
    [
        (0.9, 0.5, ("accept", None)),
        (0.7, 0.05, ("accept", None)),
        (0.69, 0.5, ("review", "ambiguous")),
        (0.99, 0.04, ("review", "unfamiliar")),
        (0.9, None, ("accept", None)),
        (0.69, None, ("review", "ambiguous")),
        (0.1, 0.0, ("review", "unfamiliar")),
    ],
)
def test_low_confidence_or_familiarity_is_for_a_person(
    confidence: float, familiarity: float | None, expected: tuple[str, str | None]
) -> None:
    assert decided(confidence, familiarity) == expected


@pytest.mark.parametrize(
    ("familiarity", "reason"), [(0.5, "unproven"), (None, "unproven"), (0.04, "unfamiliar")]
)
def test_where_nothing_is_proven_the_reason_says_so_unless_the_picture_is_unfamiliar(
    familiarity: float | None, reason: str
) -> None:
    assert decided(1.0, familiarity, minimum_confidence=ACCEPT_NOTHING) == ("review", reason)
