"""What is accepted, promised and said of answers, against values worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import ACCEPT_NOTHING, Familiarity
from inference.decision import decide as serve
from inference.decision import familiarity_of
from inference.session import Scores
from reports.acceptance import ACCEPT_CONFIDENCE
from reports.answers import Answers
from reports.values import HELD_OUT
from tests.answers import truth, undecided_answers, unmeasured
from training.measure.acceptance import (
    acceptance_curves,
    confidence_threshold,
    possible_promises,
    promises,
)
from training.measure.decide import Target, decide, fit_familiarity
from training.measure.evaluate import scores_in
from training.measure.kinds import AnswerSet, confidences_of, photo_kinds
from training.measure.why_nothing import broken_promises, in_words
from training.pictures.labels import OOD


def a_kind(*answers: tuple[float, int, int], accuracy: float = 0.99) -> AnswerSet:
    """Answers of equal confidence: how sure, how many right, how many wrong."""
    confidences = np.concatenate([[sure] * (right + wrong) for sure, right, wrong in answers])
    right = np.concatenate([[True] * right + [False] * wrong for _, right, wrong in answers])
    return AnswerSet("pictures", confidences.astype(np.float32), right.astype(bool), accuracy)


@pytest.mark.parametrize(
    ("kinds", "threshold"),
    [
        pytest.param([a_kind((0.9, 2000, 0), (0.6, 900, 100))], 0.9, id="the lowest that keeps it"),
        pytest.param([a_kind((0.2, 3000, 0), (1.0, 10, 0))], 0.2, id="a model that is never wrong"),
        pytest.param([a_kind((0.9, 990, 10))], ACCEPT_NOTHING, id="exactly the promise is not enough"),
        pytest.param([a_kind((0.99, 0, 10), (0.5, 900, 0))], ACCEPT_NOTHING, id="surest when wrong"),
        pytest.param([a_kind((0.9, 298, 0))], ACCEPT_NOTHING, id="too few answers to show it"),
        pytest.param([a_kind((0.9, 299, 0))], 0.9, id="just enough answers to show it"),
        pytest.param([a_kind((0.9, 471, 1))], ACCEPT_NOTHING, id="too few for one error"),
        pytest.param([a_kind((0.9, 472, 1))], 0.9, id="more answers make up for an error"),
        pytest.param(
            [a_kind((0.9, 900, 20), (0.8, 1500, 0))], ACCEPT_NOTHING, id="the first failure ends the tests"
        ),
        pytest.param(
            [a_kind((0.9, 96, 4), (0.8, 300, 0), accuracy=0.95)],
            0.8,
            id="wrong answers among too few to allow four end nothing",
        ),
        pytest.param(
            [a_kind((0.9, 98, 2), (0.8, 100, 0), accuracy=0.95)], ACCEPT_NOTHING, id="half decides at last"
        ),
        pytest.param(
            [a_kind((0.9, 210, 1), (0.8, 489, 0))],
            0.8,
            id="what too few accepted answers could show is not tested",
        ),
        pytest.param(
            [a_kind((0.9, 400, 0)), a_kind((0.9, 20, 0), accuracy=0.9)],
            ACCEPT_NOTHING,
            id="a tier with too few photos",
        ),
        pytest.param(
            [
                a_kind((0.9, 2000, 0), (0.6, 1000, 0)),
                a_kind((0.95, 200, 0), (0.7, 100, 50), accuracy=0.9),
            ],
            0.9,
            id="the hardest promise decides",
        ),
        # Alone, the first would be content with 0.8, where the second is not.
        pytest.param(
            [
                a_kind((0.9, 1000, 0), (0.8, 500, 0), (0.7, 100, 100)),
                a_kind((0.9, 1000, 0), (0.8, 100, 50), (0.6, 500, 0)),
            ],
            0.9,
            id="above the hardest one's own the others are kept, too",
        ),
    ],
)
def test_the_threshold_keeps_every_promise(kinds: list[AnswerSet], threshold: float) -> None:
    assert confidence_threshold(kinds) == pytest.approx(threshold)


def test_unfamiliar_pictures_do_not_count_against_the_confidence_threshold() -> None:
    distances = np.array([1.0] * 992 + [9.0] * 8, np.float32)  # the wrong ones lie far away
    found = Scores.of_class(unmeasured((0.9, 1000)).of_label, distances)

    sure = confidences_of(found, 1.0, replace(fit_familiarity(distances), threshold=0.01))

    assert confidence_threshold([AnswerSet("pictures", sure, truth(992, 8) == 0, 0.99)]) == pytest.approx(0.9)


def test_the_answers_behind_a_threshold_are_reviewed_as_unfamiliar_where_serving_reviews_them() -> None:
    familiarity = Familiarity(quantiles=tuple(range(101)), threshold=0.25)
    at = Scores.of_class(unmeasured((0.9, 3)).of_label, np.array([74.5, 75.0, 75.5], np.float32))

    sure = confidences_of(at, 1.0, familiarity)

    served = [
        serve(0.9, familiarity_of(one, familiarity), least_confidence=0.5, least_familiarity=0.25)[0]
        for one in (74.5, 75.0, 75.5)
    ]
    assert np.isnan(sure).tolist() == [one == "review" for one in served] == [False, False, True]


def kinds_of(photos: Answers, least: float = ACCEPT_CONFIDENCE) -> tuple[AnswerSet, ...]:
    """The rows of photos, of which 95% of those accepted have to be right in the tiers A, B and C."""
    sure = confidences_of(scores_in(photos), 1.0, None)
    return photo_kinds(photos, sure, dict.fromkeys("ABC", 0.95), least)


def test_where_nothing_is_promised_of_photos_sources_have_no_row() -> None:
    (of_tier,) = photo_kinds(two_shops(400), np.full(2_000, 0.9, np.float32), {})

    assert of_tier.accuracy is None


def test_all_tiers_choose_one_threshold_together() -> None:
    """Of the first two tiers' 200 answers the surer half is right; of the last one's all are."""
    surest, mistaken = unmeasured((0.95, 100), (0.9, 100)).of_label, truth(130, 70)
    photos = undecided_answers(
        Scores.of_class(np.tile(surest, (3, 1)), None),
        np.concatenate([mistaken, mistaken, truth(200, 0)]),
        np.repeat([*"ABC"], 200),
    )

    assert confidence_threshold(kinds_of(photos)) == pytest.approx(0.95)


def two_shops(of_second: int) -> Answers:
    """2,000 photos of one tier, all but 60 of the second shop's less sure half right."""
    half, of_first = of_second // 2, 2_000 - of_second
    sure = unmeasured((0.95, 600), (0.9, of_first - 600), (0.95, half), (0.9, half))
    photos = undecided_answers(sure, truth(1_940, 60), ("B",) * 2_000)
    return replace(photos, sources=np.repeat(["first", "second"], [of_first, of_second]))


@pytest.mark.parametrize(
    ("of_second", "threshold"),
    [
        pytest.param(186, 0.95, id="half of these can show the promise: their errors keep it out"),
        pytest.param(184, 0.9, id="too few to promise anything of them"),
    ],
)
def test_a_threshold_keeps_the_promise_for_each_shop_though_both_are_of_one_tier(
    of_second: int, threshold: float
) -> None:
    kinds = kinds_of(two_shops(of_second))

    assert confidence_threshold(kinds) == pytest.approx(threshold)
    assert [kind.pictures for kind in kinds if kind.pictures.startswith("photos from")] == (
        ["photos from first", "photos from second"] if of_second == 186 else []
    )


def test_a_shop_keeps_the_promise_of_the_tiers_that_have_one_alone() -> None:
    shops = two_shops(186)
    others = replace(shops, sets=np.full(len(shops), "X"), truth=1 - shops.truth)

    of_both, of_one = ([kind.right.sum() for kind in kinds_of(one)] for one in (shops + others, shops))

    assert of_both[-2:] == of_one[-2:]


def test_a_shop_that_has_a_tier_to_itself_is_judged_as_that_tier() -> None:
    photos = replace(checked_by_tier(A=200, C=200), sources=np.repeat(["shop", "senders"], 200))

    assert [kind.pictures for kind in kinds_of(photos)] == ["photos of tier A", "photos of tier C"]


def test_what_shows_no_class_is_wrong_when_accepted_in_the_tier_that_it_was_drawn_with() -> None:
    labels = np.array([0] * 100 + [OOD] * 100 + [0] * 20)
    tiers = (*("A",) * 120, *("X",) * 80, *("studio",) * 20)

    found = kinds_of(undecided_answers(unmeasured((0.9, 220)), labels, tiers))

    assert [(one.pictures, len(one.right), int(one.right.sum()), one.accuracy) for one in found] == [
        ("photos of tier A", 120, 100, 0.95),
        ("photos of tier studio", 20, 20, None),
    ]


def checked_by_tier(**counts: int) -> Answers:
    """Photos with right answers, so many of each tier."""
    tiers = tuple(tier for tier, count in counts.items() for _ in range(count))
    return undecided_answers(unmeasured((0.9, len(tiers))), truth(len(tiers), 0), tiers)


@pytest.mark.parametrize(
    ("held_out", "photos", "sentences"),
    [
        pytest.param(40, None, ["Every answer will be `review`: 40 answers to held-out pictures"], id="few"),
        pytest.param(
            400,
            checked_by_tier(A=70, B=70, C=12),
            ["Every answer to photos will be `review`: 12 answers to photos of tier C"],
            id="few photos",
        ),
        pytest.param(
            40,
            checked_by_tier(A=70, B=12, C=70),
            [
                "Every answer will be `review`: 40 answers to held-out pictures",
                "Every answer to photos will be `review`: 12 answers to photos of tier B",
            ],
            id="few of both",
        ),
        pytest.param(400, checked_by_tier(A=59, B=59, C=59), [], id="enough"),
    ],
)
def test_a_promise_that_is_not_shown_is_named_by_what_it_is_about(
    held_out: int, photos: Answers | None, sentences: list[str]
) -> None:
    found = decide(undecided_answers(unmeasured((0.9, held_out)), truth(held_out, 0)), Target(right=0.99))
    said = broken_promises(promises(found.kinds, found.confidence))
    if photos is not None:
        kinds = kinds_of(photos)
        confidence = confidence_threshold(kinds)
        said += broken_promises(promises(kinds, confidence))

    assert [line.split(" do not show")[0] for line in said] == sentences


def test_a_promise_that_is_not_shown_says_how_many_answers_it_takes() -> None:
    found = decide(undecided_answers(unmeasured((0.9, 40)), truth(40, 0)), Target(right=0.99))

    assert found.confidence == ACCEPT_NOTHING
    assert broken_promises(promises(found.kinds, found.confidence)) == [
        "Every answer will be `review`: 40 answers to held-out pictures do not show that 99% of the accepted "
        "ones are right. That takes 299 without an error, or more with some."
    ]


def test_the_report_says_what_each_threshold_accepts_and_how_much_of_that_is_right_at_least() -> None:
    answers = unmeasured((0.99, 400), (0.8, 100))
    right = np.append(truth(400, 0), truth(60, 40))

    curve = acceptance_curves(decide(undecided_answers(answers, right), Target(right=0.99)).kinds)[HELD_OUT]

    assert [(point.accepted, point.right) for point in curve] == [(1.0, 0.92), (0.8, 1.0)]
    assert [point.lower_bound for point in curve] == pytest.approx(
        [
            binomtest(found, n, alternative="greater").proportion_ci(0.95).low
            for found, n in ((460, 500), (400, 400))
        ]
    )
    assert curve[0].threshold < curve[1].threshold


SEEDS = 300


def test_a_promise_is_broken_in_at_most_one_of_twenty_draws() -> None:
    """Confidence says nothing here: each answer is right by a chance just below what is promised."""
    accepting = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        right = rng.random(400) < 0.949
        drawn = AnswerSet("pictures", rng.random(400).astype(np.float32), right, 0.95)
        accepting += confidence_threshold([drawn]) <= 1

    assert accepting <= 0.05 * SEEDS + 2 * np.sqrt(0.05 * 0.95 * SEEDS)


def test_the_table_says_what_each_share_of_right_answers_would_accept_and_repeats_no_line() -> None:
    """The errors are among the least sure third."""
    lines = list(in_words(possible_promises(a_kind((0.9, 160, 0), (0.5, 60, 20), accuracy=0.95))))

    assert lines[:2] == [
        "If 90% must be right: 67% of the answers are accepted, those of confidence 90% or more. 100.0% of "
        "them were right here, so of all such answers at least 98.1% are (95% sure).",
        "If 95% must be right: the same answers are accepted as for 90%, since at least 98.1% of them are "
        "right.",
    ]
    shares = [line.partition(" must be right: ")[0] for line in lines]
    assert shares == ["If 90%", "If 95%", "If 98%", "If 99%"]


def test_no_answer_of_51_percent_is_accepted_though_enough_of_all_are_right() -> None:
    """As many answers as the promise takes are right: 98% of these, and 95% of the unsure ones alone."""
    answers, right = unmeasured((0.95, 500), (0.55, 100)), np.tile([0] * 49 + [1], 12).astype(np.uint8)
    photos = undecided_answers(
        Scores.of_class(np.tile(answers.of_label, (3, 1)), None),
        np.tile(right, 3),
        np.repeat([*"ABC"], 600),
    )

    found = decide(undecided_answers(answers, right), Target(right=0.95))
    without = decide(undecided_answers(answers, right), Target(right=0.95, confidence=0.0))
    of_photos, free = kinds_of(photos), kinds_of(photos, 0.0)

    assert without.confidence < 0.7
    assert confidence_threshold(free) == pytest.approx(0.55)
    assert found.confidence >= ACCEPT_CONFIDENCE
    assert confidence_threshold(of_photos) >= ACCEPT_CONFIDENCE
    # WARDROBE_ACCEPT_TARGET chooses among these.
    offered = acceptance_curves(found.kinds) | acceptance_curves(of_photos)
    assert min(point.threshold for curve in offered.values() for point in curve) >= ACCEPT_CONFIDENCE
    (said, *_) = in_words(possible_promises(found.kinds[0]))
    assert "83% of the answers are accepted, those of confidence 75% or more" in said


def test_each_tier_of_photos_has_a_curve_at_the_same_thresholds() -> None:
    checked = undecided_answers(
        unmeasured((0.8, 6)), np.array([0, 0, 1, 0, 0, OOD]), ("A", "A", "A", "C", "C", "X")
    )

    curves = acceptance_curves(kinds_of(checked))

    assert list(curves) == ["photos of tier A", "photos of tier C"]
    assert len({tuple(point.threshold for point in curves[f"photos of tier {tier}"]) for tier in "AC"}) == 1
    assert curves["photos of tier A"][0].right == pytest.approx(2 / 3)
