"""One answer to the photos of a product, and what a report says of products, against values by hand."""

import numpy as np
import pytest

from inference.reasons import Reason, ReasonPlace, find_reasons
from reports.answers import Answers
from reports.product_rule import (
    ScoredAnswer,
    combine_photo_answers,
    find_product_accept_point,
    is_accuracy_promise_proven,
)
from reports.promises import ProductPromise, Promise
from training.evaluation.products import measure_products


def photo(*probabilities: float, reason: Reason | None = None) -> ScoredAnswer:
    label = int(np.argmax(probabilities))
    return ScoredAnswer(probabilities, label, reason, is_unfamiliar=reason == Reason.UNFAMILIAR)


SHIRT, DRESS = photo(0.9, 0.1), photo(0.2, 0.8)
STRANGE_SHIRT = photo(0.9, 0.1, reason=Reason.UNFAMILIAR)
STRANGE_COAT = photo(0.01, 0.99, reason=Reason.UNFAMILIAR)
UNSURE = photo(0.6, 0.4, reason=Reason.AMBIGUOUS)


@pytest.mark.parametrize(
    ("photos", "label", "reason", "rests_on"),
    [
        pytest.param([SHIRT, UNSURE], 0, None, [0, 1], id="one accepted photo is enough"),
        pytest.param([SHIRT, DRESS], 0, "contradicting", [0, 1], id="two accepted photos that do not"),
        pytest.param([UNSURE, UNSURE], 0, "ambiguous", [0, 1], id="none is accepted"),
        pytest.param(
            [photo(0.7, 0.3), photo(0.01, 0.99, reason=Reason.AMBIGUOUS)], 1, "ambiguous", [0, 1],
            id="an accepted photo against all others",
        ),
        pytest.param([STRANGE_COAT, SHIRT], 0, None, [1], id="unfamiliar photos do not count"),
        pytest.param([STRANGE_SHIRT] * 2, 0, "unfamiliar", [0, 1], id="none familiar"),
    ],
)  # fmt: skip
def test_a_product_is_accepted_where_its_photos_agree(
    photos: list[ScoredAnswer], label: int, reason: Reason | None, rests_on: list[int]
) -> None:
    answer = combine_photo_answers(photos, is_proven=True)

    assert (answer.label, answer.reason, answer.photo_positions) == (label, reason, rests_on)


@pytest.mark.parametrize("reason", find_reasons([ReasonPlace.PICTURE]))
def test_an_unfamiliar_photo_has_no_vote_whatever_reason_it_shows(reason: Reason) -> None:
    noise = STRANGE_COAT._replace(reason=reason)

    found = combine_photo_answers([noise, SHIRT], is_proven=True)

    assert found == combine_photo_answers([STRANGE_COAT, SHIRT], is_proven=True)
    assert (found.label, found.reason, list(found.photo_positions)) == (0, None, [1])


@pytest.mark.parametrize(("share", "reason"), [(0.8, "contradicting"), (0.79, None)])
def test_a_colour_is_denied_by_a_photo_of_an_unfamiliar_class_that_surely_shows_another(
    share: float, reason: Reason | None
) -> None:
    photos = [SHIRT, photo(1 - share, share, reason=Reason.UNFAMILIAR)]

    of_colour = combine_photo_answers(photos, is_proven=True, is_colour=True)
    of_class = combine_photo_answers(photos, is_proven=True)

    assert (of_colour.label, of_colour.reason, of_class.reason) == (0, reason, None)


def test_the_promise_of_a_colour_is_measured_by_the_rule_that_photos_may_deny_it() -> None:
    answers = Answers.make_answers(
        "A",
        [0] * 4,
        probabilities=np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]]),
        decisions=["accept", "accept", "accept", "unfamiliar"],
        groups=["agreeing", "agreeing", "denied", "denied"],
        attributes="colour",
    )

    assert measure_products(answers, 0.95)["colour"].accepted == 1


def test_the_mean_of_log_probabilities_answers() -> None:
    answer = combine_photo_answers(
        [photo(0.8, 0.2), photo(0.5, 0.5, reason=Reason.AMBIGUOUS)], is_proven=True
    )

    assert answer.probabilities == pytest.approx([2 / 3, 1 / 3])  # roots of .8 * .5 and .2 * .5


def test_one_photo_that_rules_a_label_out_does_not_decide_alone() -> None:
    photos = [photo(0.0, 1.0, reason=Reason.AMBIGUOUS), *[photo(0.999, 0.001)] * 3]

    assert combine_photo_answers(photos, is_proven=True).label == 0


def test_several_photos_need_a_release_that_showed_its_promise_and_one_does_not() -> None:
    assert combine_photo_answers([SHIRT, SHIRT], is_proven=False).reason == "unproven"
    assert combine_photo_answers([SHIRT], is_proven=False).reason is None


def answers(groups: list[str], right: list[bool], decisions: list[str], **columns: object) -> Answers:
    shares = np.array([[0.9, 0.1] if one else [0.2, 0.8] for one in right])
    columns = {"probabilities": shares, "groups": groups, "decisions": decisions} | columns
    return Answers.make_answers("B", [0] * len(groups), **columns)  # type: ignore[arg-type]


def test_a_report_counts_products_of_several_photos() -> None:
    groups = ["a", "a", "b", "b", "c", ""]
    decisions = ["accept", "ambiguous", "ambiguous", "ambiguous", "accept", "accept"]

    found = measure_products(answers(groups, [True] * 6, decisions), 0.95)["label"]

    assert (found.pictures, found.n, found.accepted, found.accepted_right) == ("products", 2, 1, 1)
    assert found.needed == 59
    assert not is_accuracy_promise_proven(found)


def sixty_one(wrong: int) -> ProductPromise:
    """Of 61 products of two photos that are accepted, the least sure ones are wrong."""
    shares = np.array([[sure, 1 - sure] for sure in np.repeat(np.linspace(0.8, 0.99, 61), 2)])
    groups = [f"{number // 2}" for number in range(122)]
    truth = np.repeat(np.arange(61) < wrong, 2).astype(int)
    of_colour = Answers.make_answers(
        "B",
        truth,
        np.zeros(122, int),
        probabilities=shares,
        groups=groups,
        decisions="accept",
        attributes="colour",
    )
    return measure_products(of_colour, 0.95)["colour"]


def test_a_report_keeps_what_products_show_from_each_confidence() -> None:
    promise = sixty_one(3)

    assert not is_accuracy_promise_proven(promise)
    assert (promise.accepted, promise.accepted_right, round(promise.lower_bound, 2)) == (61, 58, 0.88)
    of_all = find_product_accept_point(promise, 0.85)
    assert of_all is not None
    assert (of_all.accepted_share, round(of_all.lower_bound, 2)) == (1.0, 0.88)
    assert find_product_accept_point(promise, 0.95) is None
    assert find_product_accept_point(sixty_one(50), 0.85) is None
    stricter = find_product_accept_point(sixty_one(12), 0.85)
    assert stricter is not None
    assert 0.8 < stricter.threshold < 0.95
    assert stricter.lower_bound >= 0.85


def test_a_product_has_a_further_right_label_of_one_of_its_photos() -> None:
    of_colour = answers(["a", "a"], [True, True], ["accept", "accept"], attributes="colour")
    of_colour.truth[:] = 1
    of_colour.predicted[:] = 1  # as answers count a further right label: the photos say 0

    assert measure_products(of_colour, 0.95)["colour"].accepted_right == 1


def test_a_group_of_several_truths_is_no_product() -> None:
    found = answers(["a", "a"], [True, True], ["accept", "accept"])
    found.truth[1] = 1

    assert measure_products(found, 0.95) == {}


def test_attributes_are_counted_beside_the_class() -> None:
    of_class = answers(["a", "a"], [True, True], ["accept", "accept"])
    of_colour = answers(["a", "a"], [True, False], ["accept", "accept"], attributes="colour")

    found = measure_products(of_class + of_colour, 0.95)

    assert {head: one.accepted for head, one in found.items()} == {"label": 1, "colour": 0}


def test_a_release_without_the_figure_shows_nothing() -> None:
    assert not is_accuracy_promise_proven(None)
    exact = {
        "pictures": "products",
        "promised": 0.95,
        "needed": 59,
        "n": 60,
        "accepted": 59,
        "accepted_right": 59,
    }
    assert is_accuracy_promise_proven(Promise(**exact, lower_bound=0.95))  # type: ignore[arg-type]
