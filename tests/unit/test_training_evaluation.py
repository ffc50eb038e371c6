"""The report's figures against values worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from inference.classifier import Classifier, Prediction
from inference.contract import Familiarity, Head, InputContract, ModelContract, NetworkName
from inference.networks import Networks
from inference.pictures.convert import ModelInput
from inference.reasons import Reason
from inference.sessions.session import Scores
from reports import network_figures
from reports.answers import NO_CLASS, TEST_SET, Answers
from reports.answers_file import parse_answers, serialize_answers
from reports.stored_decisions import reapply_thresholds
from tests.releases import with_label
from training.data.pictures import Pictures
from training.evaluation.evaluate import (
    add_decisions,
    answer_pictures,
    choose_examples,
    compute_test_figures,
    join_scores,
    measure_log_loss,
    remove_calibration,
)
from training.evaluation.plots import draw_confusion_shares
from training.evaluation.statistics import (
    compute_expected_calibration_error,
    describe_differences,
    simulate_calibration_error_band,
)
from training.thresholds.answer_sets import make_scores

CONTRACT = ModelContract.make_class_contract(
    Head(labels=("a", "b", "c"), temperature=1.0, confidence=0.7),
    InputContract(),
    None,
)
TRUTH = np.array([0, 0, 0, 1, 1, 2], np.uint8)
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.8, 0.1, 0.1],
        [0.3, 0.6, 0.1],  # a taken for b
        [0.1, 0.8, 0.1],
        [0.05, 0.05, 0.9],  # b taken for c, and sure of it
        [0.2, 0.2, 0.6],
    ],
    np.float32,
)


class WrittenAnswers:
    """A session that answers the pictures by the number in their first pixel."""

    outputs: ClassVar = {"label": 3}

    def run(self, pixels: PixelsBatch) -> Scores:
        return Scores.make_class_scores(PROBABILITIES[pixels[:, 0, 0]], None)


def numbered_pictures() -> Pictures:
    images: NDArray[np.uint8] = np.zeros((6, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(6)
    return Pictures.make_from_pixels(images, TRUTH)


def figures(contract: ModelContract = CONTRACT) -> network_figures.TestFigures:
    answers = answer_pictures(WrittenAnswers(), contract, numbered_pictures())
    before = answer_pictures(WrittenAnswers(), remove_calibration(contract), numbered_pictures())
    return compute_test_figures(answers, before, contract)


def test_the_figures_are_those_of_the_textbook() -> None:
    found = figures()

    assert found.confusion_matrix == ((2, 1, 0), (0, 1, 1), (0, 0, 1))
    assert found.n == 6
    assert found.accuracy == pytest.approx(4 / 6)
    one = found.per_class["b"]
    assert (one.precision, one.recall, one.f1, one.support) == (0.5, 0.5, 0.5, 2)
    assert found.averages.macro.recall == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert found.averages.weighted.recall == pytest.approx((3 * 2 / 3 + 2 * 1 / 2 + 1) / 6)
    assert found.loss == pytest.approx(-np.log([0.8, 0.8, 0.3, 0.8, 0.05, 0.6]).mean(), rel=1e-6)
    assert found.nll_before == pytest.approx(found.loss)
    assert found.overconfidence == pytest.approx((0.8 + 0.8 + 0.6 + 0.8 + 0.9 + 0.6) / 6 - 4 / 6)
    assert found.decisions.coverage == pytest.approx(4 / 6)  # what needs no review
    assert found.decisions.accuracy == pytest.approx(3 / 4)


def test_the_surest_mistake_comes_first() -> None:
    answers = answer_pictures(WrittenAnswers(), CONTRACT, numbered_pictures())

    shown = choose_examples(answers, CONTRACT.labels)

    assert [(one.index, one.truth, one.predicted) for one in shown.wrong] == [(4, "b", "c"), (2, "a", "b")]
    assert [one.index for one in shown.right] == [0, 1, 3, 5]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidences = np.array([0.95] * 10 + [0.55] * 10, np.float32)
    right = np.array([True] * 8 + [False] * 2 + [True] * 6 + [False] * 4)

    # (10 * |0.95 - 0.8| + 10 * |0.55 - 0.6|) / 20: too sure and too unsure do not make up for each other
    assert compute_expected_calibration_error(confidences, right) == pytest.approx(0.1, abs=1e-6)


def test_a_truth_held_impossible_costs_much_but_not_infinity() -> None:
    answers = Answers.make_answers(TEST_SET, [1], probabilities=np.array([[1.0, 0.0]]))

    assert measure_log_loss(answers) == pytest.approx(-np.log(np.finfo(np.float32).eps), rel=1e-3)


def test_answers_that_a_network_rounds_to_halves_have_the_loss_of_their_shares() -> None:
    answers = Answers.make_answers(TEST_SET, [0], probabilities=np.array([[0.75, 0.252]]))

    assert measure_log_loss(answers) == pytest.approx(-np.log(0.75 / 1.002))


def test_distances_count_only_where_all_pictures_have_one() -> None:
    some = Scores.make_class_scores(PROBABILITIES, np.zeros(6, np.float32))
    none = Scores.make_class_scores(PROBABILITIES, None)
    partly = Answers.make_answers(
        TEST_SET, TRUTH, distances=[0.0] * 5 + [np.nan], probabilities=PROBABILITIES
    )

    assert join_scores([some, some]).distances is not None
    assert join_scores([some, none]).distances is None
    assert make_scores(partly).distances is None


def test_an_evaluation_that_differs_says_in_what() -> None:
    found = figures()
    changed = found.model_copy(
        update={"accuracy": 0.5, "confusion_matrix": ((3, 0, 0), (0, 1, 1), (0, 0, 1))}
    )

    assert describe_differences(found, figures()) == []
    assert describe_differences(found, found.model_copy(update={"n": 7})) == ["n: the report has 6, found 7."]
    assert describe_differences(found, changed) == [
        "accuracy: the report has 0.6667, found 0.5000.",
        "confusion matrix: 1 of 6 pictures have another answer.",
    ]
    no_number = found.model_copy(update={"loss": np.nan})
    assert describe_differences(found, no_number) == [f"loss: the report has {found.loss:.4f}, found nan."]


def test_each_row_of_the_confusion_matrix_is_drawn_as_shares_of_the_true_class() -> None:
    (matrix, _) = draw_confusion_shares(np.array([[8, 2], [0, 5]]), ("a", "b"), "").axes

    drawn = matrix.images[0].get_array()
    assert drawn is not None
    assert drawn.tolist() == [[0.8, 0.2], [0.0, 1.0]]


def test_the_confusion_matrix_of_many_classes_stays_small_enough_for_the_memory() -> None:
    labels = tuple(f"class {number}" for number in range(300))

    figure = draw_confusion_shares(np.eye(len(labels), dtype=np.int64), labels, "")

    assert max(figure.get_size_inches()) <= 41
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == list(labels)


def test_without_calibration_probabilities_stay_as_the_network_gave_them() -> None:
    given = Answers.make_answers(TEST_SET, TRUTH, networks="photos", probabilities=PROBABILITIES)
    contract = remove_calibration(with_label(CONTRACT, temperature=2.0))

    assert np.allclose(
        add_decisions(Classifier(WrittenAnswers(), contract), given).probabilities, PROBABILITIES
    )


def test_stored_answers_are_decided_as_the_network_would_decide_by_other_thresholds() -> None:
    ranks = Familiarity(quantiles=tuple(np.linspace(0, 1, 11).tolist()))
    before = with_label(replace(CONTRACT, familiarity=ranks), temperature=2.0)
    now = replace(before, familiarity=replace(ranks, threshold=0.2))
    now = with_label(now, confidence=0.5, stricter={"a": 0.7})
    session = WrittenAnswers()
    given = Answers.make_answers(
        "A", TRUTH, probabilities=PROBABILITIES, distances=[0, 0.3, 0.5, 0.7, 0.9, 1.0], networks="pixels"
    )
    stored = add_decisions(Classifier(session, before), given)

    again = reapply_thresholds(stored, {"pixels": now})

    expected = add_decisions(Classifier(session, now), given)
    assert again.decisions.tolist() == expected.decisions.tolist()
    assert set(again.decisions) == {"accept", "ambiguous", "unfamiliar"}
    assert again.decisions[0] == "ambiguous"  # it would be enough for another label


def test_an_answer_of_exactly_the_least_confidence_stays_accepted_in_the_file() -> None:
    least = float(np.float32(0.123456789))
    stored = Answers.make_answers("A", [0], networks="pixels", probabilities=np.array([[least, 0.1, 0.1]]))
    contract = with_label(CONTRACT, confidence=least)

    read = parse_answers(serialize_answers(stored))

    assert reapply_thresholds(read, {"pixels": contract}).decisions.tolist() == ["accept"]


def test_a_label_for_which_the_class_says_nothing_is_decided_about_where_no_class_is_known() -> None:
    ranked = replace(CONTRACT, familiarity=Familiarity(quantiles=(0.0, 1.0), threshold=0.5))
    kind = Head(labels=("skirt", "dress"), temperature=1.0, confidence=0.5, familiarity={"skirt": 0.0})
    shares = np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    of_kind = replace(
        Answers.make_answers(
            "X", [0, 1, 1], pictures=["b", "a", "b"], familiarity=0.1, networks="pixels", probabilities=shares
        ),
        attributes=np.array(["kind"] * 3),
    )
    of_class = Answers.make_answers(
        "X",
        [NO_CLASS],
        [0],
        pictures=["a"],
        familiarity=0.1,
        networks="pixels",
        probabilities=shares[:1],
    )

    found = reapply_thresholds(of_class + of_kind, {"pixels": ranked.replace_heads({"kind": kind})})

    assert found.decisions.tolist() == ["unfamiliar", "accept", "unfamiliar", ""]


def test_a_decision_stays_where_a_stored_answer_lacks_what_it_takes_or_another_release_gave_it() -> None:
    ranked = replace(CONTRACT, familiarity=Familiarity(quantiles=(0.0, 1.0)))
    shares = np.array([[0.9, 0.1, 0], [np.nan] * 3, [0.9, 0.1, 0], [0.9, 0.1, 0]])
    stored = Answers.make_answers(
        "A",
        [0] * 4,
        [0] * 4,
        familiarity=[1, 1, np.nan, 1],
        decisions="ambiguous",
        by=["", "", "", "its parent"],
        networks="pixels",
        probabilities=shares,
    )

    found = [reapply_thresholds(stored, {"pixels": one}).decisions.tolist() for one in (ranked, CONTRACT)]

    assert found[0] == ["accept", "ambiguous", "ambiguous", "ambiguous"]
    assert found[1] == ["accept", "ambiguous", "accept", "ambiguous"]


def test_a_stored_review_stays_if_its_reason_is_none_of_those_that_thresholds_give() -> None:
    shares = np.array([[0.9, 0.1, 0]] * 2)
    stored = Answers.make_answers(
        "A",
        [0] * 2,
        [0] * 2,
        decisions=[Reason.AMBIGUOUS, Reason.CONTRADICTING],
        networks="pixels",
        probabilities=shares,
    )

    found = reapply_thresholds(stored, {"pixels": CONTRACT})

    assert found.decisions.tolist() == ["accept", Reason.CONTRADICTING]


def test_the_interval_of_an_accuracy_knows_how_few_senders_there_are() -> None:
    shares = np.tile([[0.8, 0.1, 0.1]], (15, 1))
    senders = [f"sender {place // 5}" for place in range(15)]
    answers = Answers.make_answers(
        TEST_SET, [0] * 15, networks="pixels", groups=senders, probabilities=shares
    )

    low, _ = compute_test_figures(answers, answers, CONTRACT).accuracy_interval

    # Five of one sender count for 1.4, and t(2) is to t(14) at 97.5% as 4.303 to 2.145.
    effective = 15 / (1.4 * (4.303 / 2.145) ** 2)
    assert low == pytest.approx(effective / (effective + 1.96**2), rel=0.01)


# By hand: of two answers with .5 in one bin none, one or both are right, with 1/4, 1/2 and 1/4: .5, 0, .5.
def test_the_null_band_is_that_of_a_calibrated_network() -> None:
    assert simulate_calibration_error_band(np.array([0.5, 0.5])) == (0.0, 0.5)
    assert simulate_calibration_error_band(np.ones(100)) == (0.0, 0.0)


def test_a_rule_for_answering_requests_is_in_the_measured_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Networks.make_predictions

    def doubt_everything(
        networks: Networks, scores: Scores, names: Sequence[NetworkName]
    ) -> list[Prediction]:
        return [
            replace(one, answer=replace(one.answer, decision="review", reason=Reason.AMBIGUOUS))
            for one in answer(networks, scores, names)
        ]

    monkeypatch.setattr(Networks, "make_predictions", doubt_everything)

    served = Networks.wrap_classifier(Classifier(WrittenAnswers(), CONTRACT)).classify(
        [ModelInput(pixels) for pixels in numbered_pictures().images]
    )
    assert {one.answer.decision for one in served} == {"review"}
    assert figures().decisions.coverage == 0
