"""The thresholds of a release that learnt people's answers: its parent's, unless an audit asks for more."""

from functools import cache

import numpy as np
import pytest

from model_store.local_releases import LocalRelease, open_bundled_release
from reports.answers import CLASS_HEAD, Answers
from reports.answers_file import read_all_answers
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.release.photo_decisions import (
    PhotoEvidence,
    can_keep_thresholds,
    decide_photo_head_thresholds,
)
from training.thresholds.decide import Thresholds
from training.thresholds.requirements import PHOTO_UNFAMILIAR_SHARE

PARENT = open_bundled_release()
CONTRACT = PARENT.manifest.get_contract("photos")


@cache
def shipped_answers() -> Answers:
    """The stored answers to photos that come with the package: those of shops that a fold learnt."""
    stored = read_all_answers(PARENT.manifest, lambda path: (PARENT.folder / path).read_bytes(), "bundled")
    photos = stored.select_rows(stored.networks == "photos").select_head(CLASS_HEAD)
    return photos.select_rows(~photos.is_from_unknown_source)


def answers_about(tier: str, n: int, wrong: int = 0, surest: float = 0.99, classes: int = 10) -> Answers:
    """Answers of folds to n photos that people looked at, of which some are wrong."""
    truth = np.arange(n) % classes
    predicted = np.where(np.arange(n) < wrong, (truth + 1) % 10, truth)
    probabilities = np.full((n, 10), (1 - surest) / 9)
    probabilities[np.arange(n), predicted] = surest
    distances = np.full(n, -5.0)
    return Answers.make_answers(
        tier, truth, predicted, networks="photos", probabilities=probabilities, distances=distances
    )


def decide(corrections: Answers, parent: LocalRelease = PARENT) -> tuple[Thresholds, list[str]]:
    """The thresholds of a head that learnt corrections beside the shipped photos, and the sentences said."""
    said = list[str]()
    evidence = PhotoEvidence(cross_fitted_answers=shipped_answers() + corrections, parent_answers=corrections)
    return decide_photo_head_thresholds(evidence, parent, said.append), said


@pytest.mark.parametrize(
    "corrections",
    [
        pytest.param(answers_about(CORRECTED_TIER, 1, surest=0.5), id="one"),
        pytest.param(answers_about(CORRECTED_TIER, 12, 12, surest=0.6), id="twelve that the model got wrong"),
        pytest.param(answers_about(CORRECTED_TIER, 12), id="twelve about accepted photos"),
        pytest.param(answers_about(CORRECTED_TIER, 60, 6), id="sixty, a tenth wrong"),
        pytest.param(answers_about(CORRECTED_TIER, 300, 30), id="three hundred, a tenth wrong"),
        pytest.param(answers_about(CORRECTED_TIER, 300, classes=1), id="three hundred of one class"),
        pytest.param(answers_about(OWN_TIER, 58, 20), id="an audit that is too small"),
    ],
)
def test_answers_of_people_change_no_threshold(corrections: Answers) -> None:
    thresholds, said = decide(corrections)

    head = thresholds.make_head(CONTRACT.labels)
    assert head == CONTRACT.class_head
    assert thresholds.familiarity is not None
    assert thresholds.familiarity.threshold == PHOTO_UNFAMILIAR_SHARE
    assert said


def test_a_tier_that_does_not_show_its_share_says_so_although_the_threshold_stays() -> None:
    thresholds, said = decide(answers_about(CORRECTED_TIER, 12))

    tier_c = next(answers for answers in thresholds.answer_sets if answers.set_name.endswith("tier C"))
    (accepted,), (right,) = tier_c.count_accepted(np.array([thresholds.confidence], np.float32))
    assert right / accepted < 0.95
    assert any("Users' own photos" in sentence and "does not show" in sentence for sentence in said)


@pytest.mark.parametrize(("wrong", "is_raised"), [(0, False), (30, True)])
def test_an_audit_raises_the_confidence_if_accepted_answers_were_wrong_and_never_lowers_it(
    wrong: int, is_raised: bool
) -> None:
    unsure, sure = answers_about(OWN_TIER, 60, wrong, 0.92), answers_about(OWN_TIER, 240, 0, 0.999)

    thresholds, _ = decide(unsure + sure)

    head = thresholds.make_head(CONTRACT.labels)
    assert (head.confidence > CONTRACT.class_head.confidence) == is_raised
    assert head.confidence >= CONTRACT.class_head.confidence
    assert (head.temperature, head.stricter) == (
        CONTRACT.class_head.temperature,
        CONTRACT.class_head.stricter,
    )


def test_tiers_without_a_promise_choose_thresholds_for_photos_but_not_for_corrections() -> None:
    studio = answers_about("studio", 400)

    assert not can_keep_thresholds(studio, PARENT, has_corrections=False)
    assert can_keep_thresholds(studio, PARENT, has_corrections=True)
