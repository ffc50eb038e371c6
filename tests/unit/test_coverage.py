"""The simulation that compares lower bounds sees which of them is too bold."""

import numpy as np

from benchmarks.coverage import Population, coverage
from training.evaluation.acceptance import Kind
from training.evaluation.calibration import ACCEPTED_OF_PHOTOS

SENDERS, EACH = 60, 20


def population(*, alike: bool) -> Population:
    """Answers of one confidence of which one in twenty is wrong: whole senders, or photos of any."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(SENDERS), EACH)
    wrong = np.isin(groups, rng.permutation(SENDERS)[:3]) if alike else rng.random(SENDERS * EACH) < 1 / 20
    confidences = np.where(wrong, 0.9, np.tile([0.9, 0.95], SENDERS * EACH // 2)).astype(np.float32)
    return Population(Kind("photos", confidences, ~wrong, ACCEPTED_OF_PHOTOS, groups), SENDERS)


def test_a_draw_has_as_many_senders_and_counts_one_that_is_drawn_twice_as_two() -> None:
    drawn = population(alike=True).drawn(np.random.default_rng(1))

    assert drawn.groups is not None
    assert np.bincount(drawn.groups).tolist() == [EACH] * SENDERS


def test_where_whole_senders_are_wrong_the_effective_number_accepts_less_than_independent_photos() -> None:
    found = coverage(population(alike=True), 20)

    assert found["effective number"]["accepted"] < found["independent photos"]["accepted"]
    assert found["effective number"]["kept"] >= found["independent photos"]["kept"]


def test_where_photos_are_independent_both_accept_about_as_much() -> None:
    found = coverage(population(alike=False), 20)

    by_number, independent = (found[name]["accepted"] for name in ("effective number", "independent photos"))
    assert abs(by_number - independent) < 0.1
