"""What a few hundred checked pictures decide about a release that exists, and what they cannot show."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from inference.contract import ModelContract
from inference.session import Scores
from reports.answers import NONE_OF_THESE, Answers
from tests.answers import undecided_answers
from tests.releases import a_contract
from training.errors import NotShown
from training.measure.decide import FAMILIARITY_OF_PHOTOS, Decided, check_enough, decide_again, fit_known

CLASSES = 10


def a_contract_like(familiarity: float = 0.0) -> ModelContract:
    contract = a_contract()
    return replace(contract, thresholds=replace(contract.thresholds, familiarity=familiarity))


def checked_pictures(
    n: int, *, sure_wrong: int = 0, unsure_wrong: int = 0, groups: Sequence[str] | None = None
) -> Answers:
    """Pictures of one tier with rising confidences: the least sure ones wrong, then some of the surest."""
    confidences = np.linspace(0.5, 0.999, n)
    labels = (np.arange(n) % CLASSES).astype(np.uint8)
    rest = ((1 - confidences) / (CLASSES - 1))[:, None]
    probabilities = np.repeat(rest, CLASSES, axis=1).astype(np.float32)
    probabilities[np.arange(n), labels] = confidences
    truth = labels.copy()
    wrong = [*range(unsure_wrong), *range(n - sure_wrong, n)]
    truth[wrong] = (truth[wrong] + 1) % CLASSES
    distances = np.linspace(0, 0.999, n).astype(np.float32)
    names = list(groups or map(str, range(n)))
    return undecided_answers(Scores(probabilities, distances), truth, "own", groups=names)


def calibrated(
    checked: Answers, accuracy: float = 0.95, confidence: float = 0.75, familiarity: float = 0.0
) -> Decided:
    parts = np.array([hash_of(group) % 5 for group in checked.groups.tolist()])
    return decide_again(checked, parts, a_contract_like(familiarity), accuracy, confidence)


def hash_of(group: str) -> int:
    return int.from_bytes(group.encode())


@pytest.mark.parametrize(("accuracy", "n", "needed"), [(0.95, 58, "59"), (0.99, 298, "299")])
def test_too_few_pictures_are_refused_with_the_number_that_would_do(
    accuracy: float, n: int, needed: str
) -> None:
    with pytest.raises(NotShown, match=f"{n} of tier own.* takes {needed} accepted pictures .* without"):
        check_enough(["own"] * n, accuracy)


@pytest.mark.parametrize(("accuracy", "n"), [(0.95, 59), (0.99, 299)])
def test_as_many_pictures_as_are_said_to_do_are_enough(accuracy: float, n: int) -> None:
    check_enough(["own"] * n, accuracy)


def test_each_tier_needs_its_own_number() -> None:
    with pytest.raises(NotShown, match="7 of tier worn"):
        check_enough(["own"] * 300 + ["worn"] * 7, 0.95)


def test_the_accepted_answers_are_right_as_often_as_was_asked() -> None:
    found = calibrated(checked_pictures(400, unsure_wrong=80))

    (kind,) = found.kinds
    accepted = kind.confidences >= found.thresholds.confidence
    assert 0.5 < accepted.mean() < 0.9
    assert kind.right[accepted].mean() >= 0.95


@pytest.mark.parametrize("confidence", [0.75, 0.9])
def test_a_single_answer_needs_its_own_confidence_however_many_are_right(confidence: float) -> None:
    checked = checked_pictures(400, unsure_wrong=120)
    found, without = (calibrated(checked, 0.6, one) for one in (confidence, 0.0))

    assert found.thresholds.confidence == pytest.approx(confidence)
    assert without.thresholds.confidence < 0.75


def test_errors_among_the_surest_answers_are_refused_with_what_they_show() -> None:
    with pytest.raises(NotShown, match=r"200 photos of tier own, 170 .* At 95% right: none accepted"):
        calibrated(checked_pictures(200, sure_wrong=30))


def test_pictures_of_no_class_that_would_be_accepted_are_errors() -> None:
    some = checked_pictures(400)
    of_none = replace(some, truth=np.where(np.arange(400) % 10 == 9, NONE_OF_THESE, some.truth))

    with pytest.raises(NotShown, match="400 photos of tier own, 360 of them answered right"):
        calibrated(of_none)


def test_pictures_of_one_sender_alone_are_refused() -> None:
    with pytest.raises(NotShown, match="too few groups"):
        calibrated(checked_pictures(400, groups=["ann"] * 400))


def test_pictures_of_few_senders_show_less_than_as_many_of_different_ones() -> None:
    senders = [f"{index % 20:02}" for index in range(200)]
    clustered = [index for index in range(200) if index % 20 < 2]
    independent, of_few = checked_pictures(200), checked_pictures(200, groups=senders)
    wrong = of_few.truth.copy()
    wrong[clustered[::4]] = (wrong[clustered[::4]] + 1) % CLASSES
    assert calibrated(replace(independent, truth=wrong), 0.9)

    with pytest.raises(NotShown, match="of 20 groups"):
        calibrated(replace(of_few, truth=wrong), 0.9)


def test_answers_without_an_error_do_not_make_every_confidence_1() -> None:
    sure = fit_known(checked_pictures(100))

    assert 0.3 < sure < fit_known(checked_pictures(100, sure_wrong=20))


def test_what_shows_no_class_teaches_nothing() -> None:
    some = checked_pictures(200, unsure_wrong=20)
    ood = replace(some, truth=np.where(some.truth == 3, NONE_OF_THESE, some.truth))

    assert fit_known(ood) == fit_known(some.take(some.truth != 3))


@pytest.mark.parametrize(("n", "unfamiliar"), [(400, FAMILIARITY_OF_PHOTOS), (90, 0.2)])
def test_a_hundred_pictures_say_what_is_unfamiliar_and_fewer_leave_the_cut(n: int, unfamiliar: float) -> None:
    (kind,) = calibrated(checked_pictures(n), familiarity=0.2).kinds

    assert np.isnan(kind.confidences).mean() == pytest.approx(unfamiliar, abs=0.02)
