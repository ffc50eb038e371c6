"""Promises about accepted answers: choose the confidence threshold, and make the report's table of promises.

A promise is the share of accepted answers that has to be right, such as 0.95. The rule itself, which services
apply as well: reports/accept_threshold.py. The answers come from answer_sets.py. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING
from reports.accept_threshold import find_accept_points, find_lowest_threshold
from reports.intervals import count_needed_answers
from reports.values import HELD_OUT_PICTURES, AcceptPoint, PossiblePromise, Promise, Report
from training.thresholds.answer_sets import AnswerSet

TARGETS: Final = (0.9, 0.95, 0.98, 0.99)
"""Shares of right answers for which the report's table says what they would accept, besides the promised
share."""

SHARES: Final = np.linspace(0.3, 1.0, 36)
"""Shares of the familiar answers that the tested thresholds accept, in this order."""


def confidence_threshold(answer_sets: Sequence[AnswerSet]) -> float:
    """Return the confidence threshold that accepts the most answers while every promise is shown to hold.

    All sets of pictures with a promise choose together, because a threshold from easy pictures alone would
    accept too many wrong answers to others. Sets without a promise are ignored.

    Returns:
        A confidence, 0 to 1; ACCEPT_NOTHING if no threshold keeps all promises.
    """
    promising = [answers for answers in answer_sets if answers.accuracy is not None]
    thresholds = _tested(promising)
    if not thresholds.size:
        return ACCEPT_NOTHING
    accuracies = [answers.accuracy for answers in promising if answers.accuracy is not None]
    shown = [answers.shown(thresholds) for answers in promising]
    kept = [bounds.prove_accuracy(accuracy) for bounds, accuracy in zip(shown, accuracies, strict=True)]
    place = find_lowest_threshold(
        np.stack([answers.accepted(thresholds)[0] / len(answers.right) for answers in promising], axis=1),
        np.stack([bounds.max_independent_answers for bounds in shown], axis=1),
        np.stack(kept, axis=1),
        accuracies,
    )
    return ACCEPT_NOTHING if place is None else float(thresholds[place])


def _tested(answer_sets: Sequence[AnswerSet]) -> NDArray[np.float32]:
    """Return the thresholds that are tested, ascending: each accepts one of SHARES of the answers.

    No threshold is below the confidence that a single answer needs, so that neither a training nor a service
    chooses a lower one.
    """
    confidences = [answer_set.familiar for answer_set in answer_sets if answer_set.familiar.size]
    if not confidences:
        return np.zeros(0, np.float32)
    values = np.concatenate(confidences)
    weights = np.concatenate([np.full(len(of_set), 1 / len(of_set)) for of_set in confidences])
    quantiles = np.quantile(values, 1 - SHARES, weights=weights, method="inverted_cdf")
    return np.unique(np.maximum(quantiles, max(answer_set.least for answer_set in answer_sets))).astype(
        np.float32
    )


def _curves(
    answer_sets: Sequence[AnswerSet], thresholds: NDArray[np.float32]
) -> dict[str, tuple[AcceptPoint, ...]]:
    return {answer_set.pictures: tuple(_points(answer_set, thresholds)) for answer_set in answer_sets}


def _points(answer_set: AnswerSet, thresholds: NDArray[np.float32]) -> Iterator[AcceptPoint]:
    counts, rights = (some.tolist() for some in answer_set.accepted(thresholds))
    shown = answer_set.shown(thresholds)
    independent = shown.max_independent_answers.astype(np.int64).tolist()
    rows = zip(thresholds, counts, rights, shown.bound_right_shares(), independent, strict=True)
    for threshold, count, right, bound, answers in rows:
        yield AcceptPoint(
            threshold=float(threshold),
            answers=answers,
            accepted=count / len(answer_set.right),
            right=right / count if count else None,
            lower_bound=float(bound) if count else 0.0,
        )


def acceptance_curves(answer_sets: Sequence[AnswerSet]) -> dict[str, tuple[AcceptPoint, ...]]:
    """Return the share of each promised set that each tested threshold accepts, and how much is right.

    A service that is asked for another share of right answers chooses its threshold from these curves.

    Args:
        answer_sets: the answers of one network, by set of pictures.

    Returns:
        By set, the points by rising threshold, at the same thresholds for all sets; empty if every answer is
        unfamiliar.
    """
    promised = [answer_set for answer_set in answer_sets if answer_set.accuracy is not None]
    thresholds = _tested(promised)
    return _curves(promised, thresholds) if thresholds.size else {}


def promises(answer_sets: Sequence[AnswerSet], confidence: float) -> tuple[Promise, ...]:
    """Return the promises of the report, with their figures at a confidence threshold.

    Args:
        answer_sets: the answers of one network; sets without a promise are left out.
        confidence: the threshold, 0 to 1.
    """
    at = np.array([confidence], np.float32)
    return tuple(
        _promise(answer_set, answer_set.accuracy, at)
        for answer_set in answer_sets
        if answer_set.accuracy is not None
    )


def with_promises(
    report: Report, answer_sets: Sequence[AnswerSet], confidence: float, kept: str | None = HELD_OUT_PICTURES
) -> Report:
    """Return a report with the promises and curves of these sets of answers added.

    Args:
        report: the report.
        answer_sets: the answers of one network, by set of pictures.
        confidence: the confidence threshold, 0 to 1.
        kept: the set whose earlier promise and curve stay; None for none. All others are removed.
    """
    earlier = (promise for promise in report.promises if promise.pictures == kept)
    curves = {name: curve for name, curve in report.acceptance.items() if name == kept}
    return report.replace_fields(
        promises=(*earlier, *promises(answer_sets, confidence)),
        acceptance=curves | acceptance_curves(answer_sets),
    )


def _promise(answer_set: AnswerSet, accuracy: float, at: NDArray[np.float32]) -> Promise:
    (count,), (right,) = answer_set.accepted(at)
    shown = answer_set.shown(at)
    return Promise(
        pictures=answer_set.pictures,
        accuracy=accuracy,
        needed=count_needed_answers(accuracy),
        n=len(answer_set.familiar),
        accepted=int(count),
        right=int(right),
        lower_bound=float(shown.bound_right_shares()[0]),
    )


def possible_promises(answer_set: AnswerSet) -> tuple[PossiblePromise, ...]:
    """Return what one set of answers alone would accept for each share of TARGETS and for its own promise."""
    targets = sorted({*TARGETS, *([] if answer_set.accuracy is None else [answer_set.accuracy])})
    curves = _curves([answer_set], _tested([answer_set]))
    return tuple(_possible(answer_set, curves, target) for target in targets)


def _possible(
    answer_set: AnswerSet, curves: Mapping[str, Sequence[AcceptPoint]], target: float
) -> PossiblePromise:
    point = (find_accept_points(curves, {answer_set.pictures: target}) or {}).get(answer_set.pictures)
    if point is None:
        return PossiblePromise(accuracy=target, accepted=0.0)
    return PossiblePromise(
        accuracy=target,
        accepted=point.accepted,
        right=point.right,
        lower_bound=point.lower_bound,
        confidence=point.threshold,
    )
