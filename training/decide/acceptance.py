"""What a release promises of accepted answers: the thresholds that are tested, and the table of promises.

The rule itself, which services apply as well: reports/acceptance.py. The answers come from
answer_sets.py; why nothing is accepted: why_nothing.py. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING
from reports.acceptance import accepted_at, last_kept
from reports.intervals import needed
from reports.values import HELD_OUT, AcceptPoint, PossiblePromise, Promise, Report
from training.decide.answer_sets import AnswerSet

TARGETS: Final = (0.9, 0.95, 0.98, 0.99)
"""Shares of right answers that the table of promises has; the one that the release promises joins them."""

SHARES: Final = np.linspace(0.3, 1.0, 36)
"""Of the familiar answers, accepted by the thresholds that are tested, in this order."""


def confidence_threshold(kinds: Sequence[AnswerSet]) -> float:
    """The confidence at which the most is accepted and every promise is shown to be kept.

    Returns:
        One of the kinds' confidences, or ACCEPT_NOTHING when none keeps all. Kinds without a promise choose
        nothing; easy ones alone would let too much of the others pass, so all choose together.
    """
    targets = [(kind, kind.accuracy) for kind in kinds if kind.accuracy is not None]
    thresholds = _tested([kind for kind, _ in targets])
    if not thresholds.size:
        return ACCEPT_NOTHING
    shown = [(kind, kind.shown(thresholds), accuracy) for kind, accuracy in targets]
    place = last_kept(
        np.stack([kind.accepted(thresholds)[0] / len(kind.right) for kind, _, _ in shown], axis=1),
        np.stack([one.independent for _, one, _ in shown], axis=1),
        np.stack([one.show(accuracy) for _, one, accuracy in shown], axis=1),
        [accuracy for _, _, accuracy in shown],
        max(kind.sureness for kind, _, _ in shown),
    )
    return ACCEPT_NOTHING if place is None else float(thresholds[place])


def _tested(kinds: Sequence[AnswerSet]) -> NDArray[np.float32]:
    """The thresholds that are tested, ascending: each accepts one of SHARES, of each kind's answers alike.

    None is below what a single answer needs, so that neither a training nor a service chooses a lower one.
    """
    known = [kind.familiar for kind in kinds if kind.familiar.size]
    if not known:
        return np.zeros(0, np.float32)
    values = np.concatenate(known)
    weights = np.concatenate([np.full(len(one), 1 / len(one)) for one in known])
    found = np.quantile(values, 1 - SHARES, weights=weights, method="inverted_cdf")
    return np.unique(np.maximum(found, max(kind.least for kind in kinds))).astype(np.float32)


def _curves(
    kinds: Sequence[AnswerSet], thresholds: NDArray[np.float32]
) -> dict[str, tuple[AcceptPoint, ...]]:
    return {kind.pictures: tuple(_points(kind, thresholds)) for kind in kinds}


def _points(kind: AnswerSet, thresholds: NDArray[np.float32]) -> Iterator[AcceptPoint]:
    counts, rights = (some.tolist() for some in kind.accepted(thresholds))
    shown = kind.shown(thresholds)
    independent = shown.independent.astype(np.int64).tolist()
    rows = zip(thresholds, counts, rights, shown.lower_bounds(), independent, strict=True)
    for threshold, count, right, bound, answers in rows:
        yield AcceptPoint(
            threshold=float(threshold),
            answers=answers,
            accepted=count / len(kind.right),
            right=right / count if count else None,
            lower_bound=float(bound) if count else 0.0,
        )


def acceptance_curves(kinds: Sequence[AnswerSet]) -> dict[str, tuple[AcceptPoint, ...]]:
    """What each tested threshold accepts of each kind with a promise, and how much of that is right at least.

    A service that is asked for another share of right answers asks it of all that are here.

    Args:
        kinds: the table of one network.

    Returns:
        By kind, by rising threshold, at the same thresholds; empty where every answer is unfamiliar.
    """
    promised = [kind for kind in kinds if kind.accuracy is not None]
    thresholds = _tested(promised)
    return _curves(promised, thresholds) if thresholds.size else {}


def promises(kinds: Sequence[AnswerSet], confidence: float) -> tuple[Promise, ...]:
    """What the report says about each promise where answers of this confidence are accepted."""
    at = np.array([confidence], np.float32)
    return tuple(_promise(kind, kind.accuracy, at) for kind in kinds if kind.accuracy is not None)


def with_promises(
    report: Report, kinds: Sequence[AnswerSet], confidence: float, kept: str | None = HELD_OUT
) -> Report:
    """The report with the promises and curves of these kinds, in place of all others but the kept kind's."""
    earlier = (promise for promise in report.promises if promise.pictures == kept)
    curves = {kind: curve for kind, curve in report.acceptance.items() if kind == kept}
    return report.changed(
        promises=(*earlier, *promises(kinds, confidence)), acceptance=curves | acceptance_curves(kinds)
    )


def _promise(kind: AnswerSet, accuracy: float, at: NDArray[np.float32]) -> Promise:
    (count,), (right,) = kind.accepted(at)
    shown = kind.shown(at)
    return Promise(
        pictures=kind.pictures,
        accuracy=accuracy,
        needed=needed(accuracy, kind.sureness),
        n=len(kind.familiar),
        accepted=int(count),
        right=int(right),
        lower_bound=float(shown.lower_bounds()[0]),
    )


def possible_promises(kind: AnswerSet) -> tuple[PossiblePromise, ...]:
    """What could be promised of one kind of pictures alone, at each of TARGETS and at its own promise."""
    targets = sorted({*TARGETS, *([] if kind.accuracy is None else [kind.accuracy])})
    curves = _curves([kind], _tested([kind]))
    return tuple(_possible(kind, curves, target) for target in targets)


def _possible(kind: AnswerSet, curves: Mapping[str, Sequence[AcceptPoint]], target: float) -> PossiblePromise:
    found = (accepted_at(curves, {kind.pictures: target}) or {}).get(kind.pictures)
    if found is None:
        return PossiblePromise(accuracy=target, accepted=0.0)
    return PossiblePromise(
        accuracy=target,
        accepted=found.accepted,
        right=found.right,
        lower_bound=found.lower_bound,
        confidence=found.threshold,
    )
