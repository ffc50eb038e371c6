"""What answers decide about the network that gave them, and what too few of them cannot show.

Two kinds of network: of own classes, by held-out answers, and of the ten classes, by photos. A promise that
both keep is asserted of each. The rule by which a threshold is chosen: test_acceptance.py.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import ACCEPT_NOTHING, GREY_28, LABEL, Familiarity, ModelContract
from inference.sessions.session import Scores
from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE
from reports.answers import NO_CLASS, Answers
from reports.values import AttributeFigures
from tests.answers import truth, undecided_answers, unmeasured
from training.data.labels import Labels
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.evaluation.attributes import describe_attribute, measure_attributes
from training.thresholds.attribute_thresholds import decide_attribute_thresholds
from training.thresholds.decide import Thresholds, decide_thresholds, fit_familiarity
from training.thresholds.requirements import (
    PHOTO_UNFAMILIAR_SHARE,
    ThresholdRequirements,
    get_default_accuracy,
    make_photo_requirements,
)

CLASSES = 10

SHOPS = {"A": 100, "B": 100, "C": 100}
"""Photos of three tiers."""

every_network = pytest.mark.parametrize("network", ["own classes", "ten classes"])


def photos(
    wrong: NDArray[np.bool_],
    tiers: Mapping[str, int],
    distances: NDArray[np.float32] | None = None,
    sure: float | NDArray[np.float64] = 0.94,
) -> Answers:
    """Answers to N photos, so many of each tier; `wrong`, bool (N,), says which are, and `sure` how sure."""
    place, confidences = np.arange(len(wrong)), np.broadcast_to(sure, len(wrong))
    shares = np.repeat((1 - confidences)[:, None] / (CLASSES - 1), CLASSES, axis=1).astype(np.float32)
    shares[place, (place + wrong) % CLASSES] = confidences
    return undecided_answers(
        Scores.make_class_scores(shares, distances), place % CLASSES, np.repeat([*tiers], [*tiers.values()])
    )


def checked_pictures(wrong: int) -> Answers:
    """400 of one tier with rising confidences, the least sure ones wrong."""
    place, distances = np.arange(400), np.linspace(0, 0.999, 400, dtype=np.float32)
    return photos(place < wrong, {OWN_TIER: 400}, distances, np.linspace(0.5, 0.999, 400))


def by_photos(
    answers: Answers, of_other_kinds: Scores | None = None, before: float = ACCEPT_NOTHING
) -> Thresholds:
    return decide_thresholds(answers, make_photo_requirements(answers, of_other_kinds, before))


def decided(network: str, answers: Answers) -> Thresholds:
    """What is accepted where 95% have to be right."""
    return (
        decide_thresholds(answers, ThresholdRequirements(accuracy=0.95))
        if network == "own classes"
        else by_photos(answers)
    )


@every_network
def test_the_accepted_answers_are_right_as_often_as_was_asked(network: str) -> None:
    found = decided(network, checked_pictures(60))

    (kind,) = found.answer_sets
    accepted = kind.confidences >= found.confidence
    assert 0.5 < accepted.mean() < 0.9
    assert kind.is_right[accepted].mean() >= 0.95


@every_network
def test_wrong_pictures_of_one_sender_are_no_independent_ones(network: str) -> None:
    """As independent answers, 390 right of 400 show that 95% are right."""
    some = photos(np.arange(400) < 10, {OWN_TIER: 400})
    alone, together = (replace(some, groups=(np.arange(400) // of).astype(np.str_)) for of in (1, 10))

    assert decided(network, alone).confidence < ACCEPT_NOTHING
    assert decided(network, together).confidence == ACCEPT_NOTHING


def test_a_single_answer_needs_its_own_confidence_however_many_are_right() -> None:
    found, without = (
        decide_thresholds(
            checked_pictures(120), ThresholdRequirements(accuracy=0.6, minimum_confidence=least)
        ).confidence
        for least in (0.9, 0.0)
    )

    assert found == pytest.approx(0.9)
    assert without < 0.75


# Own classes, and networks that read pixels.


def test_familiarity_keeps_the_distances_at_every_hundredth() -> None:
    familiarity = fit_familiarity(np.arange(1001, dtype=np.float32))

    assert familiarity.quantiles == pytest.approx([10 * rank for rank in range(101)])


def test_a_model_without_distances_has_no_familiarity() -> None:
    answers = undecided_answers(unmeasured((0.8, 100)), truth(80, 20))

    assert decide_thresholds(answers, ThresholdRequirements(accuracy=0.99)).familiarity is None


def test_classes_of_ones_own_promise_95_percent_and_others_99() -> None:
    assert [get_default_accuracy(has_own_classes=own) for own in (True, False)] == [0.95, 0.99]


# The ten classes, by photos.


def test_what_was_looked_at_for_the_models_doubts_takes_no_promise_away() -> None:
    corrected, own = (
        by_photos(photos(np.arange(400) >= 300, {**SHOPS, tier: 100})) for tier in (CORRECTED_TIER, OWN_TIER)
    )

    assert corrected.confidence < ACCEPT_NOTHING
    assert own.confidence == ACCEPT_NOTHING
    assert corrected.temperature < own.temperature


def own_sample(tier: str, n: int, wrong: int, before: float) -> Thresholds:
    """What photos decide: a fifth of shops' 300 are wrong, and so many of the user's n."""
    place = np.arange(300 + n)
    mistaken = np.where(place < 300, place % 5 == 0, place < 300 + wrong)
    return by_photos(photos(mistaken, {**SHOPS, tier: n}), before=before)


@pytest.mark.parametrize("before", [ACCEPT_NOTHING, 0.9])
def test_a_random_sample_of_ones_own_pictures_alone_decides_and_lowers_no_threshold(before: float) -> None:
    found = own_sample(OWN_TIER, 3000, wrong=0, before=before)

    least = before if before < ACCEPT_NOTHING else DEFAULT_ACCEPT_CONFIDENCE
    assert least <= found.confidence < 0.999
    assert [one.set_name for one in found.answer_sets if one.promised_accuracy is not None] == [
        "photos of tier own"
    ]


@pytest.mark.parametrize(
    ("tier", "n", "wrong", "before", "threshold"),
    [
        pytest.param(OWN_TIER, 58, 0, 0.9, 0.9, id="a sample of too few"),
        pytest.param(CORRECTED_TIER, 60, 0, 0.9, 0.9, id="corrections without a sample"),
        pytest.param(OWN_TIER, 0, 0, 0.9, ACCEPT_NOTHING, id="no picture of one's own"),
        pytest.param(OWN_TIER, 3000, 600, 0.1, ACCEPT_NOTHING, id="enough, with too many errors"),
    ],
)
def test_too_few_pictures_of_ones_own_leave_the_parents_threshold(
    tier: str, n: int, wrong: int, before: float, threshold: float
) -> None:
    assert own_sample(tier, n, wrong, before).confidence == threshold


# By hand: one photo in a hundred is of such a kind, and to accept it costs 20 reviews; to review a hundredth
# of the known photos costs .01. So .02, .04 and .07 cost .02 + .2 * .6, .04 + .2 * .1 and .07 first,
# and .02 + .2 * .6, .04 + .2 * .3 and .07 then.
@pytest.mark.parametrize(("beyond_93", "beyond_96", "chosen"), [(10, 50, 0.04), (30, 30, 0.07)])
def test_photos_of_kinds_that_were_not_learnt_choose_what_is_unfamiliar_by_what_it_costs(
    beyond_93: int, beyond_96: int, chosen: float
) -> None:
    answers = photos(np.zeros(1000, np.bool_), {"A": 1000}, np.linspace(0, 1, 1000, dtype=np.float32))
    far = np.repeat([0.935, 0.965, 5.0], [beyond_93, beyond_96, 40]).astype(np.float32)
    others = Scores.make_class_scores(answers.probabilities[:100].astype(np.float32), far)

    found, without = (by_photos(answers, one).familiarity for one in (others, None))

    assert found is not None
    assert without is not None
    assert (found.threshold, without.threshold) == (chosen, PHOTO_UNFAMILIAR_SHARE)


@pytest.mark.parametrize("of_doubts", [True, False], ids=["looked at for doubts", "of no class"])
def test_such_photos_say_nothing_of_what_is_familiar(of_doubts: bool) -> None:
    such = np.arange(600) >= 400
    distances = np.where(such, 9.0, np.linspace(1.0, 2.0, 600)).astype(np.float32)
    some = photos(np.arange(600) % 10 == 0, {"A": 300, "B": 300}, distances)
    of_tier = replace(some, sets=np.where(such, CORRECTED_TIER, some.sets))
    of_no_class = replace(some, truth=np.where(such, NO_CLASS, some.truth))

    familiarity = by_photos(of_tier if of_doubts else of_no_class).familiarity

    assert familiarity is not None
    assert max(familiarity.quantiles) <= 2.0


# Attributes, of pictures of bags all of which are familiar.


class Unasked:
    """A model with a contract's outputs, whose scores are there already."""

    def __init__(self, contract: ModelContract) -> None:
        self.outputs = {name: len(head.labels) for name, head in contract.heads.items()}

    def run(self, pixels: PixelsBatch) -> Scores:
        raise NotImplementedError


def decided_attributes(
    said: Labels,
    answered: NDArray[np.int64],
    right: float = 0.95,
    names: tuple[str, ...] = ("colour",),
    distances: NDArray[np.float64] | None = None,
) -> list[tuple[Thresholds, AttributeFigures]]:
    """What answers decide about attributes, each answered alike with 99%, and what is measured as served."""
    sure = np.eye(len(said.names))[answered]
    given = np.where(sure, 0.99, 0.01 / (len(said.names) - 1)).astype(np.float32)
    bags = Labels.make_from_codes(np.zeros(len(said), np.int64), ("Bag",))
    of_class = Answers.make_answers(
        "own", bags.main_codes, probabilities=np.ones((len(said), 1)), distances=distances
    )
    known = None if distances is None else Familiarity(quantiles=(0.0, 1.0), threshold=0.05)
    about_class = Thresholds(1.0, known, ACCEPT_NOTHING, ())
    labels, shares = dict.fromkeys(names, said), dict.fromkeys(names, given)

    decided = decide_attribute_thresholds(
        {LABEL: bags, **labels}, shares, of_class, about_class, ThresholdRequirements(accuracy=right)
    )
    heads = {name: one.make_head(said.names, said.applies_to) for name, one in decided.items()}
    contract = about_class.make_contract(bags.names, GREY_28).replace_heads(heads)
    classifier = Classifier(Unasked(contract), contract)
    figures, _, _ = measure_attributes(classifier, of_class, shares, labels, decided)
    return [(decided[name], figures[name]) for name in names]


def test_of_several_right_labels_any_is_right() -> None:
    main = np.arange(200) % 2
    right = np.eye(2, dtype=bool)[main]
    right[:50] = True

    ((_, figures),) = decided_attributes(
        Labels(("blue", "white"), main, right), np.where(np.arange(200) < 50, 0, main)
    )

    assert figures.accuracy == 1


def test_a_label_of_an_attribute_that_was_hardly_checked_is_never_accepted() -> None:
    main = np.where(np.arange(200) < 2, 1, np.arange(200) % 2 * 2)

    ((decided, figures),) = decided_attributes(Labels.make_from_codes(main, ("black", "gold", "white")), main)

    assert decided.make_head(("black", "gold", "white")).withheld == ("gold",)
    assert figures.accepted_share == 0.99
    assert figures.labels["gold"].n == 2


def test_59_answers_without_an_error_show_95_percent_of_each_attribute_whatever_their_number() -> None:
    main = np.arange(59) % 2

    found = decided_attributes(Labels.make_from_codes(main, ("blue", "white")), main, names=tuple("abcd"))

    assert [figures.accepted_share for _, figures in found] == [1.0] * 4


@pytest.mark.parametrize(
    ("strange", "wrong", "bags_alone", "answers"),
    [
        (200, 0, False, True),
        (200, 12, False, False),  # 97% of all are right, 94% of these
        (40, 0, False, False),  # too few to show anything
        (200, 0, True, False),
    ],
    ids=["shown", "wrong", "few", "of one class"],
)
def test_an_attribute_answers_unfamiliar_pictures_only_where_such_answers_show_the_promise(
    strange: int, wrong: int, bags_alone: bool, answers: bool
) -> None:
    """Of 400 pictures, those that are farther than all whose class is known."""
    place = np.arange(400)
    main = place % 2
    answered = np.where(place >= 400 - wrong, 1 - main, main)
    kinds = replace(
        Labels.make_from_codes(main, ("belt", "skirt")), applies_to=("Bag",) if bags_alone else None
    )
    distances = np.where(place >= 400 - strange, 9.0, 0.5)

    ((decided, figures),) = decided_attributes(kinds, answered, distances=distances)

    familiarity = {"belt": 0.0, "skirt": 0.0} if answers else None
    assert decided.make_head(kinds.names).familiarity == familiarity
    assert figures.accepted_share == (1.0 if answers else (400 - strange) / 400)
    assert (figures.unfamiliar is not None) == answers
    sentence = describe_attribute("kind", figures, decided)
    assert ("class is unfamiliar are answered" in sentence) == answers


@pytest.mark.parametrize(
    ("wrong", "asked", "advice"),
    [
        (
            6,
            0.99,
            r"--accept-right 0.9, of the class as well, 100.0% of the answers \(.*\) would be accepted",
        ),
        (
            80,
            0.95,
            "none accepted. Held-out pictures: no threshold proves that 95% of the sure answers are right.* "
            "--accept-right 0.9, of the class as well, none would be .* A person has to look at every answer",
        ),
    ],
)
def test_an_attribute_of_which_nothing_is_accepted_says_what_to_do(
    wrong: int, asked: float, advice: str
) -> None:
    said = np.arange(200) % 2
    answered = np.where(np.arange(200) % (200 // wrong) == 0, 1 - said, said)

    ((decided, figures),) = decided_attributes(
        Labels.make_from_codes(said, ("black", "white")), answered, asked
    )

    sentence = describe_attribute("colour", figures, decided)
    assert sentence.lower().count("accepted.") == 1
    assert re.search(advice, sentence)
