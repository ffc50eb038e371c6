"""Choose the confidence from which answers are accepted, and make the report's table of promises.

A promise is the share of accepted answers that has to be right, such as 0.95. It is shown if the lower bound
of this share, at a confidence level of 95%, reaches the promise: 59 independent answers without an error show
0.95.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING
from reports.accept_threshold import find_accept_points, find_lowest_threshold_index
from reports.intervals import count_needed_answers
from reports.promises import HELD_OUT_PICTURES, AcceptPoint, PossiblePromise, Promise
from reports.values import Report
from training.thresholds.answer_sets import AnswerSet

PROMISED_SHARES_SHOWN: Final = (0.9, 0.95, 0.98, 0.99)
"""Promises for which the report's table says which share of the pictures each would accept. The promise that
the training made is in the table as well."""

TESTED_ACCEPTED_SHARES: Final = np.linspace(0.3, 1.0, 36)
"""Shares of the familiar answers that the tested thresholds accept: .30, .32, ... 1. They are fixed, so that
no threshold is tested because its answers happen to be right."""


def choose_confidence_threshold(answer_sets: Sequence[AnswerSet]) -> float:
    """Return the lowest confidence threshold at which every promise is shown to hold.

    Thresholds are tested from high to low, and the first one that fails ends the tests. All sets of
    pictures with a promise, such as two tiers of photos, choose one threshold together. A threshold from easy
    pictures alone would accept too many wrong answers to others. Sets without a promise are ignored.

    Args:
        answer_sets: the answers of one network, by set of pictures.

    Returns:
        A confidence, 0 to 1; ACCEPT_NOTHING if no threshold keeps all promises.
    """
    promised_sets = [answers for answers in answer_sets if answers.promised_accuracy is not None]
    thresholds = _choose_tested_thresholds(promised_sets)
    if not thresholds.size:
        return ACCEPT_NOTHING
    accuracies = [
        answers.promised_accuracy for answers in promised_sets if answers.promised_accuracy is not None
    ]
    estimates = [answers.estimate_wrong_share(thresholds) for answers in promised_sets]
    is_kept = [
        bounds.prove_accuracy(accuracy) for bounds, accuracy in zip(estimates, accuracies, strict=True)
    ]
    place = find_lowest_threshold_index(
        # The share of all answers: unfamiliar ones are in the number too, since they go to review.
        np.stack(
            [answers.count_accepted(thresholds)[0] / len(answers.is_right) for answers in promised_sets],
            axis=1,
        ),
        np.stack([bounds.max_independent_answers for bounds in estimates], axis=1),
        np.stack(is_kept, axis=1),
        accuracies,
    )
    return ACCEPT_NOTHING if place is None else float(thresholds[place])


def _choose_tested_thresholds(answer_sets: Sequence[AnswerSet]) -> NDArray[np.float32]:
    """Return the thresholds that are tested, ascending. Each accepts one of TESTED_ACCEPTED_SHARES.

    Which answers are right is not read. The statistical test needs thresholds whose order was fixed before
    any answer was judged; otherwise the best of many would look better than it is.
    """
    confidences = [
        answer_set.familiar_confidences for answer_set in answer_sets if answer_set.familiar_confidences.size
    ]
    if not confidences:
        return np.zeros(0, np.float32)
    values = np.concatenate(confidences)
    # Each set of pictures has the weight 1, so that the largest set does not place all thresholds.
    weights = np.concatenate(
        [np.full(len(set_confidences), 1 / len(set_confidences)) for set_confidences in confidences]
    )
    # "inverted_cdf" returns confidences that occur, and is the only method of numpy that takes weights.
    quantiles = np.quantile(values, 1 - TESTED_ACCEPTED_SHARES, weights=weights, method="inverted_cdf")
    # A lower threshold must not even stand in the curves, as a service would choose it from them.
    return np.unique(
        np.maximum(quantiles, max(answer_set.minimum_confidence for answer_set in answer_sets))
    ).astype(np.float32)


def _make_curves(
    answer_sets: Sequence[AnswerSet], thresholds: NDArray[np.float32]
) -> dict[str, tuple[AcceptPoint, ...]]:
    return {
        answer_set.set_name: tuple(_make_curve_points(answer_set, thresholds)) for answer_set in answer_sets
    }


def _make_curve_points(answer_set: AnswerSet, thresholds: NDArray[np.float32]) -> Iterator[AcceptPoint]:
    counts, rights = (
        counts_by_threshold.tolist() for counts_by_threshold in answer_set.count_accepted(thresholds)
    )
    estimate = answer_set.estimate_wrong_share(thresholds)
    independent = estimate.max_independent_answers.astype(np.int64).tolist()
    rows = zip(thresholds, counts, rights, estimate.bound_right_shares(), independent, strict=True)
    for threshold, count, right, bound, answers in rows:
        yield AcceptPoint(
            threshold=float(threshold),
            answers=answers,
            accepted_share=count / len(answer_set.is_right),
            right_share=right / count if count else None,
            lower_bound=float(bound) if count else 0.0,  # no answer shows nothing
        )


def compute_acceptance_curves(answer_sets: Sequence[AnswerSet]) -> dict[str, tuple[AcceptPoint, ...]]:
    """Return, for each promised set of pictures, what each tested threshold accepts and how much is right.

    The report stores these curves. A service that is asked for another share of right answers, such as 0.9,
    chooses its threshold from them.

    Args:
        answer_sets: the answers of one network, by set of pictures.

    Returns:
        By name of the set, its points by rising threshold. The thresholds are those of all sets together.
        Empty if every answer is unfamiliar.
    """
    promised_sets = [answer_set for answer_set in answer_sets if answer_set.promised_accuracy is not None]
    thresholds = _choose_tested_thresholds(promised_sets)
    return _make_curves(promised_sets, thresholds) if thresholds.size else {}


def make_promises(answer_sets: Sequence[AnswerSet], confidence: float) -> tuple[Promise, ...]:
    """Return the promises of the report: for each set, how many answers are accepted and how many are right.

    Args:
        answer_sets: the answers of one network; sets without a promise are left out.
        confidence: the threshold from which answers are accepted, 0 to 1.
    """
    thresholds = np.array([confidence], np.float32)
    return tuple(
        _make_promise(answer_set, answer_set.promised_accuracy, thresholds)
        for answer_set in answer_sets
        if answer_set.promised_accuracy is not None
    )


def add_promises(
    report: Report,
    answer_sets: Sequence[AnswerSet],
    confidence: float,
    kept_set: str | None = HELD_OUT_PICTURES,
) -> Report:
    """Return a report with the promises and curves of these sets of answers.

    Args:
        answer_sets: the answers of one network, by set of pictures.
        confidence: the threshold from which answers are accepted, 0 to 1.
        kept_set: the set whose earlier promise and curve stay; None for none. All others are removed.
    """
    # A release that gets a new network for photos keeps its network for pixels, and so the promise about
    # held-out pictures. Promises about photos were about the old network.
    kept_promises = (promise for promise in report.promises if promise.pictures == kept_set)
    curves = {name: curve for name, curve in report.acceptance.items() if name == kept_set}
    return report.replace_fields(
        promises=(*kept_promises, *make_promises(answer_sets, confidence)),
        acceptance=curves | compute_acceptance_curves(answer_sets),
    )


def _make_promise(answer_set: AnswerSet, accuracy: float, thresholds: NDArray[np.float32]) -> Promise:
    (count,), (right_count,) = answer_set.count_accepted(thresholds)
    estimate = answer_set.estimate_wrong_share(thresholds)
    return Promise(
        pictures=answer_set.set_name,
        promised=accuracy,
        needed=count_needed_answers(accuracy),
        n=len(answer_set.familiar_confidences),
        accepted=int(count),
        accepted_right=int(right_count),
        lower_bound=float(estimate.bound_right_shares()[0]),
    )


def make_possible_promises(answer_set: AnswerSet) -> tuple[PossiblePromise, ...]:
    """Return which share of one set of pictures would be accepted under each of several promises.

    These are PROMISED_SHARES_SHOWN and the set's own promise. A promise that no threshold keeps accepts 0.
    """
    targets = {*PROMISED_SHARES_SHOWN}
    if answer_set.promised_accuracy is not None:
        targets.add(answer_set.promised_accuracy)
    curves = _make_curves([answer_set], _choose_tested_thresholds([answer_set]))
    return tuple(_make_possible_promise(answer_set, curves, target) for target in sorted(targets))


def _make_possible_promise(
    answer_set: AnswerSet, curves: Mapping[str, Sequence[AcceptPoint]], target: float
) -> PossiblePromise:
    point = (find_accept_points(curves, {answer_set.set_name: target}) or {}).get(answer_set.set_name)
    if point is None:
        return PossiblePromise(promised=target, accepted_share=0.0)
    return PossiblePromise(
        promised=target,
        accepted_share=point.accepted_share,
        right_share=point.right_share,
        lower_bound=point.lower_bound,
        confidence=point.threshold,
    )
