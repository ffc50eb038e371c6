"""A threshold keeps its promise: what is accepted, promised and said of answers, worked out by hand.

The bound by which a promise is shown: test_intervals.py. What else answers decide: test_decide.py.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import ACCEPT_NOTHING, Familiarity
from inference.decision import compute_familiarity
from inference.decision import decide_answer as serve
from inference.sessions.session import Scores
from reports.answers import Answers
from reports.page.advice import describe_unkept_promises
from reports.page.wording import ENGLISH_WORDING
from reports.promises import HELD_OUT_PICTURES
from tests.answers import truth, undecided_answers, unmeasured
from training.data.labels import OOD
from training.thresholds.acceptance import (
    choose_confidence_threshold,
    compute_acceptance_curves,
    make_promises,
)
from training.thresholds.answer_sets import (
    AnswerSet,
    compute_confidences,
    make_photo_answer_sets,
    make_scores,
)

UNFAMILIAR = float("nan")


def a_kind(
    *answers: tuple[float, int, int],
    accuracy: float = 0.99,
    least: float = 0.0,
    name: str = HELD_OUT_PICTURES,
) -> AnswerSet:
    """Answers of equal confidence: how sure, how many right, how many wrong."""
    confidences = np.concatenate([[sure] * (right + wrong) for sure, right, wrong in answers])
    right = np.concatenate([[True] * right + [False] * wrong for _, right, wrong in answers])
    return AnswerSet(
        name, confidences.astype(np.float32), right.astype(bool), accuracy, minimum_confidence=least
    )


THRESHOLDS: dict[str, tuple[float, list[AnswerSet]]] = {
    "the lowest that keeps it": (0.9, [a_kind((0.9, 2000, 0), (0.6, 900, 100))]),
    "exactly the promise is not enough": (ACCEPT_NOTHING, [a_kind((0.9, 990, 10))]),
    "too few answers to show it": (ACCEPT_NOTHING, [a_kind((0.9, 298, 0))]),
    "just enough answers to show it": (0.9, [a_kind((0.9, 299, 0))]),
    "the first failure ends the tests": (ACCEPT_NOTHING, [a_kind((0.9, 900, 20), (0.8, 1500, 0))]),
    "too few to allow four errors end nothing": (0.8, [a_kind((0.9, 96, 4), (0.8, 300, 0), accuracy=0.95)]),
    "half decides at last": (ACCEPT_NOTHING, [a_kind((0.9, 98, 2), (0.8, 100, 0), accuracy=0.95)]),
    "what too few could show is not tested": (0.8, [a_kind((0.9, 210, 1), (0.8, 489, 0))]),
    "a tier with too few photos": (
        ACCEPT_NOTHING,
        [a_kind((0.9, 400, 0)), a_kind((0.9, 20, 0), accuracy=0.9)],
    ),
    "the hardest promise decides": (
        0.9,
        [a_kind((0.9, 2000, 0), (0.6, 1000, 0)), a_kind((0.95, 200, 0), (0.7, 100, 50), accuracy=0.9)],
    ),
    # Alone, the first would be content with 0.8, where the second is not.
    "above the hardest one's own the others are kept, too": (
        0.9,
        [
            a_kind((0.9, 1000, 0), (0.8, 500, 0), (0.7, 100, 100)),
            a_kind((0.9, 1000, 0), (0.8, 100, 50), (0.6, 500, 0)),
        ],
    ),
    "unfamiliar ones do not count": (0.9, [a_kind((0.9, 992, 0), (UNFAMILIAR, 0, 8))]),
    "unsure ones are right, too": (0.55, [a_kind((0.9, 500, 0), (0.55, 99, 1))]),
    "each has to be sure": (0.75, [a_kind((0.9, 500, 0), (0.55, 99, 1), least=0.75)]),
}


@pytest.mark.parametrize(("threshold", "kinds"), THRESHOLDS.values(), ids=THRESHOLDS)
def test_the_threshold_keeps_every_promise(threshold: float, kinds: list[AnswerSet]) -> None:
    assert choose_confidence_threshold(kinds) == pytest.approx(threshold)


def test_the_answers_behind_a_threshold_are_reviewed_as_unfamiliar_where_serving_reviews_them() -> None:
    familiarity = Familiarity(quantiles=tuple(range(101)), threshold=0.25)
    at = Scores.make_class_scores(
        unmeasured((0.9, 3)).class_probabilities, np.array([74.5, 75.0, 75.5], np.float32)
    )

    sure = compute_confidences(at, 1.0, familiarity)

    served = [
        serve(0.9, compute_familiarity(one, familiarity), minimum_confidence=0.5, minimum_familiarity=0.25)[0]
        for one in (74.5, 75.0, 75.5)
    ]
    assert np.isnan(sure).tolist() == [one == "review" for one in served] == [False, False, True]


def kinds_of(photos: Answers) -> tuple[AnswerSet, ...]:
    """The rows of photos, of which 95% of those accepted have to be right in the tiers A, B and C."""
    sure = compute_confidences(make_scores(photos), 1.0, None)
    return make_photo_answer_sets(photos, sure, dict.fromkeys("ABC", 0.95))


def two_shops(of_second: int) -> Answers:
    """2,000 photos of one tier, all but 60 of the second shop's less sure half right."""
    half, of_first = of_second // 2, 2_000 - of_second
    sure = unmeasured((0.95, 600), (0.9, of_first - 600), (0.95, half), (0.9, half))
    photos = undecided_answers(sure, truth(1_940, 60), ("B",) * 2_000)
    return replace(photos, sources=np.repeat(["first", "second"], [of_first, of_second]))


@pytest.mark.parametrize(
    ("of_second", "threshold", "shops"),
    [
        pytest.param(186, 0.95, ["photos from first", "photos from second"], id="half of these can show it"),
        pytest.param(184, 0.9, [], id="too few to promise anything of them"),
    ],
)
def test_a_threshold_keeps_the_promise_for_each_shop_though_both_are_of_one_tier(
    of_second: int, threshold: float, shops: list[str]
) -> None:
    kinds = kinds_of(two_shops(of_second))

    assert [kind.set_name for kind in kinds] == ["photos of tier B", *shops]
    assert choose_confidence_threshold(kinds) == pytest.approx(threshold)


def test_a_shop_keeps_the_promise_of_the_tiers_that_have_one_alone() -> None:
    shops = two_shops(186)
    others = replace(shops, sets=np.full(len(shops), "X"), truth=1 - shops.truth)

    of_both, of_one = ([kind.is_right.sum() for kind in kinds_of(one)] for one in (shops + others, shops))

    assert of_both[-2:] == of_one[-2:]
    (unpromised,) = make_photo_answer_sets(shops, np.full(2_000, 0.9, np.float32), {})
    assert unpromised.promised_accuracy is None


def test_a_shop_that_has_a_tier_to_itself_is_judged_as_that_tier() -> None:
    photos = undecided_answers(unmeasured((0.9, 400)), truth(400, 0), np.repeat(["A", "C"], 200))
    photos = replace(photos, sources=np.repeat(["shop", "senders"], 200))

    assert [kind.set_name for kind in kinds_of(photos)] == ["photos of tier A", "photos of tier C"]


def test_what_shows_no_class_is_wrong_when_accepted_in_the_tier_that_it_was_drawn_with() -> None:
    labels = np.array([0] * 100 + [OOD] * 100 + [0] * 20)
    tiers = (*("A",) * 120, *("X",) * 80, *("studio",) * 20)

    found = kinds_of(undecided_answers(unmeasured((0.9, 220)), labels, tiers))

    assert [
        (one.set_name, len(one.is_right), int(one.is_right.sum()), one.promised_accuracy) for one in found
    ] == [
        ("photos of tier A", 120, 100, 0.95),
        ("photos of tier studio", 20, 20, None),
    ]


def a_tier(name: str, photos: int) -> AnswerSet:
    return a_kind((0.9, photos, 0), accuracy=0.95, name=f"photos of tier {name}")


def test_a_promise_that_is_not_shown_is_named_with_what_it_takes() -> None:
    kinds = [a_tier("A", 70), a_tier("B", 12)]

    others, few = describe_unkept_promises(
        make_promises(kinds, choose_confidence_threshold(kinds)), ENGLISH_WORDING, {}
    )

    assert others.startswith("Product shots: no threshold proves that 95% of the sure answers are right")
    assert few == (
        "Worn garments: 12 answers cannot show that 95% are right: that takes 59 answers without an error, "
        "or more with some. None is accepted."
    )


def test_the_report_says_what_each_threshold_accepts_and_how_much_of_that_is_right_at_least() -> None:
    of_pictures = a_kind((0.99, 400, 0), (0.8, 60, 40))

    curve = compute_acceptance_curves([of_pictures])[HELD_OUT_PICTURES]

    assert [(point.accepted_share, point.right_share) for point in curve] == [(1.0, 0.92), (0.8, 1.0)]
    assert [point.threshold for point in curve] == pytest.approx([0.8, 0.99])
    assert [point.lower_bound for point in curve] == pytest.approx(
        [
            binomtest(found, n, alternative="greater").proportion_ci(0.95).low
            for found, n in ((460, 500), (400, 400))
        ]
    )
    # WARDROBE_ACCEPT_TARGET chooses among these.
    surer = compute_acceptance_curves([replace(of_pictures, minimum_confidence=0.9)])[HELD_OUT_PICTURES]
    assert [point.threshold for point in surer] == pytest.approx([0.9, 0.99])


def test_each_tier_of_photos_has_a_curve_at_the_same_thresholds() -> None:
    tiers = ("A", "A", "A", "C", "C", "X")
    checked = undecided_answers(unmeasured((0.8, 6)), np.array([0, 0, 1, 0, 0, OOD]), tiers)

    curves = compute_acceptance_curves(kinds_of(checked))

    assert list(curves) == ["photos of tier A", "photos of tier C"]
    assert len({tuple(point.threshold for point in curve) for curve in curves.values()}) == 1
    assert curves["photos of tier A"][0].right_share == pytest.approx(2 / 3)
