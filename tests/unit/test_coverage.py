"""The simulation that compares lower bounds sees which of them is too bold."""

import numpy as np

from benchmarks.coverage import Population, coverage
from benchmarks.coverage_by_ground import Answers, coverage_by_ground
from inference.contract import Ground
from inference.session import Scores
from training.evaluation.acceptance import Kind
from training.evaluation.calibration import ACCEPTED_OF_PHOTOS, Checked

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


def test_where_one_ground_is_hard_its_own_threshold_lets_more_of_the_other_be_accepted() -> None:
    each = 200
    tiers = np.repeat(["A", "B", "C", "X"], each)
    hard = tiers == "C"
    confidences = np.tile(np.linspace(0.5, 1, each, dtype=np.float32), 4)
    right = ~hard | (confidences > 0.7)
    probabilities = np.where(right[:, None], confidences[:, None] * [0, 1], confidences[:, None] * [1, 0])
    labels = np.where(tiers == "X", 255, 1).astype(np.uint8)
    grounds: tuple[Ground, ...] = tuple("cluttered" if one else "plain" for one in hard)
    groups = tuple(map(str, range(4 * each)))
    scores = Scores(probabilities.astype(np.float32), None)
    checked = Checked(scores, labels, tuple(tiers), calibrated=True, groups=groups, grounds=grounds)

    found = coverage_by_ground(Answers(checked, np.ones(4 * each, np.float32)), 5)

    one, two = found["one threshold"], found["a threshold for each ground"]
    assert two["A"]["accepted"] > 0.9
    assert one["A"]["accepted"] < 0.7
    assert (one["C"]["kept"], two["C"]["kept"]) == (1, 1)
    assert "kept" not in two["X"]
