"""A label that breaks the promise on a shop that nothing had learnt is never accepted."""

from functools import partial

import numpy as np

from inference.decision import decide_answer
from inference.sessions.session import Scores
from reports.answers import Answers
from tests.answers import undecided_answers
from training.thresholds.requirements import ThresholdRequirements
from training.thresholds.unproven import count_source_labels, decide_photo_thresholds

LABELS = ("Bag", "Coat", "Shirt")


def of_shop(
    source: str,
    label: int,
    right: int,
    wrong: int,
    *,
    tier: str = "A",
    learnt: bool = False,
    share: float = 0.96,
) -> Answers:
    """Sure answers of one label by one network, or by two, each of which learnt what the other answered."""
    n = right + wrong
    shares = np.full((n, 3), (1 - share) / 2, np.float32)
    shares[:, label] = share
    truth = np.where(np.arange(n) < right, label, (label + 1) % 3)
    folds = np.arange(n) % 2 + 1 if learnt else 1
    return undecided_answers(Scores.make_class_scores(shares, None), truth, tier, folds=folds, sources=source)


def rows(answers: Answers) -> list[tuple[str, str, int, int, bool]]:
    found = count_source_labels(answers, np.ones(len(answers), np.bool_), LABELS, 0.95)
    return [(row.source, row.label, row.accepted_count, row.right_count, row.is_unproven) for row in found]


# By hand: of 25 answers 95% right, 21 or fewer are right with .0341, 20 or fewer with .0072. Of two cells the
# first needs .025.
def test_a_label_is_unproven_where_too_few_right_answers_are_no_chance() -> None:
    bag = of_shop("new", 0, 94, 0)

    assert rows(bag + of_shop("new", 1, 20, 5))[1] == ("new", "Coat", 25, 20, True)
    assert rows(bag + of_shop("new", 1, 21, 4))[1][-1] is False
    assert rows(of_shop("new", 1, 21, 4))[0][-1] is True


def test_a_shop_of_which_something_was_learnt_withholds_nothing() -> None:
    assert rows(of_shop("known", 1, 14, 11, learnt=True)) == [("known", "Coat", 25, 14, False)]


def test_things_of_no_class_break_no_promise() -> None:
    """Sarees that are taken for dresses withhold no label: of tier X nothing is promised."""
    assert rows(of_shop("new", 1, 0, 25)) == [("new", "Coat", 25, 0, True)]
    assert rows(of_shop("new", 1, 0, 25, tier="X")) == []
    assert rows(of_shop("new", 1, 94, 0) + of_shop("new", 1, 0, 25, tier="X")) == [
        ("new", "Coat", 94, 94, False)
    ]


def test_the_promise_is_decided_again_without_the_label() -> None:
    known = of_shop("known", 0, 300, 0, learnt=True)
    answers = known + of_shop("new", 0, 94, 0) + of_shop("new", 1, 14, 11, share=0.99)
    target = ThresholdRequirements(accuracy=0.95, tiers=frozenset({"A"}))

    found = decide_photo_thresholds(answers, target, LABELS)

    assert found.withheld_label_ids == (1,)
    (kind,) = found.answer_sets
    assert int((kind.confidences >= found.confidence).sum()) == 394


def test_a_label_that_is_right_where_it_is_surer_needs_a_higher_confidence_alone() -> None:
    surer = of_shop("new", 1, 94, 0, share=0.98)
    known = of_shop("known", 0, 300, 0, learnt=True, share=0.93)
    answers = known + of_shop("new", 1, 14, 11, share=0.93) + surer

    found = decide_photo_thresholds(
        answers, ThresholdRequirements(accuracy=0.95, tiers=frozenset({"A"})), LABELS
    )

    assert not found.withheld_label_ids
    assert found.confidence < found.stricter_confidences[1]
    assert found.mark_sure_answers(answers).sum() == 394


def test_a_withheld_label_is_reviewed_as_unproven() -> None:
    withheld = partial(decide_answer, minimum_confidence=0.5, minimum_familiarity=0.1, is_withheld=True)

    assert withheld(0.99, 0.5) == ("review", "unproven")
    assert withheld(0.99, 0.05) == ("review", "unfamiliar")
