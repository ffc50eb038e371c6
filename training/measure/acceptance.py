"""What a release promises of accepted answers: the thresholds that are tested, and the table of promises.

The rule itself, which services apply as well: reports/acceptance.py. The answers come from
kinds.py. Pure.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING, Thresholds
from reports.acceptance import accepted_at, last_kept
from reports.intervals import SURENESS, needed
from reports.page.sentences import ways_on
from reports.page.wording import ENGLISH
from reports.values import HELD_OUT, AcceptPoint, PossiblePromise, Promise, Report
from training.measure.kinds import Kind

TARGETS: Final = (0.9, 0.95, 0.98, 0.99)
"""Shares of right answers that the table of promises has; the one that the release promises joins them."""

SHARES: Final = np.linspace(0.3, 1.0, 36)
"""Of the familiar answers, accepted by the thresholds that are tested, in this order."""

TIMES: Final = (1.5, 2.0, 3.0, 5.0, 10.0)
"""So many times the senders are drawn, with replacement, to say whether more pictures would help."""

DRAWS: Final = 200
"""Of each of these; its seed is 0, so that a message repeats."""

ENOUGH: Final = 0.8
"""Share of the draws in which some answers are accepted where more pictures are said to help."""


def confidence_threshold(kinds: Sequence[Kind]) -> float:
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


def _tested(kinds: Sequence[Kind]) -> NDArray[np.float32]:
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


def _curves(kinds: Sequence[Kind], thresholds: NDArray[np.float32]) -> dict[str, tuple[AcceptPoint, ...]]:
    return {kind.pictures: tuple(_points(kind, thresholds)) for kind in kinds}


def _points(kind: Kind, thresholds: NDArray[np.float32]) -> Iterator[AcceptPoint]:
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


def acceptance_curves(kinds: Sequence[Kind]) -> dict[str, tuple[AcceptPoint, ...]]:
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


def promises(kinds: Sequence[Kind], thresholds: Thresholds) -> tuple[Promise, ...]:
    """What the report says about each promise at these thresholds."""
    at = np.array([thresholds.confidence], np.float32)
    return tuple(_promise(kind, kind.accuracy, at) for kind in kinds if kind.accuracy is not None)


def with_promises(
    report: Report, kinds: Sequence[Kind], thresholds: Thresholds, kept: str | None = HELD_OUT
) -> Report:
    """The report with the promises and curves of these kinds, in place of all others but the kept kind's."""
    earlier = (one for one in report.promises if one.pictures == kept)
    curves = {kind: curve for kind, curve in report.acceptance.items() if kind == kept}
    return report.model_copy(
        update={
            "promises": (*earlier, *promises(kinds, thresholds)),
            "acceptance": curves | acceptance_curves(kinds),
        }
    )


def _promise(kind: Kind, accuracy: float, at: NDArray[np.float32]) -> Promise:
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
        design_effect=float(count / shown.n[0]) if count else 1.0,
    )


def possible_promises(kind: Kind) -> tuple[PossiblePromise, ...]:
    """What could be promised of one kind of pictures alone, at each of TARGETS and at its own promise."""
    targets = sorted({*TARGETS, *([] if kind.accuracy is None else [kind.accuracy])})
    curves = [_curves([one], _tested([one])) for one in (kind, replace(kind, least=0.0))]
    return tuple(_possible(kind, curves, target) for target in targets)


def _possible(
    kind: Kind, curves: Sequence[Mapping[str, Sequence[AcceptPoint]]], target: float
) -> PossiblePromise:
    found, alone = ((accepted_at(one, {kind.pictures: target}) or {}).get(kind.pictures) for one in curves)
    before, now = (0.0 if one is None else one.accepted for one in (alone, found))
    without = before if before > now else None
    if found is None:
        more = more_pictures(kind, target)
        return PossiblePromise(accuracy=target, accepted=0.0, more=more, without_least=without)
    return PossiblePromise(
        accuracy=target,
        accepted=found.accepted,
        right=found.right,
        lower_bound=found.lower_bound,
        confidence=found.threshold,
        without_least=without,
    )


def more_pictures(kind: Kind, target: float) -> int | None:
    """How many more pictures like these, of further senders, would allow a promise.

    Senders are drawn with replacement, and the rule that decides is asked each time.

    Returns:
        So many at the first of TIMES at which ENOUGH of the draws accept some; None if none does.
    """
    units = np.arange(len(kind.right)) if kind.groups is None else kind.groups
    order, sizes = np.argsort(units, kind="stable"), np.bincount(units)
    pictures = np.split(order, np.cumsum(sizes[sizes > 0])[:-1])
    for times in TIMES:
        random, refused = np.random.default_rng(0), 0
        for _ in range(DRAWS):
            drawn = [pictures[one] for one in random.integers(0, len(pictures), round(times * len(pictures)))]
            refused += confidence_threshold([_drawn(kind, drawn, target)]) == ACCEPT_NOTHING
            if refused > (1 - ENOUGH) * DRAWS:
                break
        else:
            return math.ceil((times - 1) * len(kind.right))
    return None


def _drawn(kind: Kind, senders: Sequence[NDArray[np.int64]], target: float) -> Kind:
    which = np.concatenate(senders)
    groups = None if kind.groups is None else np.repeat(np.arange(len(senders)), list(map(len, senders)))
    return replace(
        kind, confidences=kind.confidences[which], right=kind.right[which], groups=groups, accuracy=target
    )


def in_words(possible: Sequence[PossiblePromise]) -> Iterator[str]:
    """The table, a line for each share that must be right: what is accepted, or what it takes.

    A line that would repeat the one before says why.
    """
    before = None
    for one in possible:
        said = _accepted(one, before) or _lacking(one)
        yield f"If {100 * one.accuracy:g}% must be right: {said}{_without_least(one)}"
        before = one


def _accepted(one: PossiblePromise, before: PossiblePromise | None) -> str | None:
    """What is accepted; None where nothing is."""
    if one.right is None or one.lower_bound is None or one.confidence is None:
        return None
    if before is not None and before.confidence == one.confidence:
        return (
            f"the same answers are accepted as for {100 * before.accuracy:g}%, since at least "
            f"{one.lower_bound:.1%} of them are right."
        )
    return (
        f"{one.accepted:.0%} of the answers are accepted, those of confidence {one.confidence:.0%} or more. "
        f"{one.right:.1%} of them were right here, so of all such answers at least {one.lower_bound:.1%} are "
        f"({SURENESS:.0%} sure)."
    )


def _lacking(one: PossiblePromise) -> str:
    takes = f"It takes {needed(one.accuracy):,} accepted answers without an error, or more with some"
    if one.more is None:
        return f"none is accepted. {takes}; {TIMES[-1]:g} times as many like these would allow none."
    return f"none is accepted. {takes}; about {one.more:,} more pictures like these would allow some."


def _without_least(one: PossiblePromise) -> str:
    """What the confidence that a single answer needs takes away."""
    if one.without_least is None:
        return ""
    return (
        f" {one.without_least:.0%} would be, were answers accepted of which the network itself is less sure."
    )


def promised_in_words(report: Report) -> list[str]:
    """What a release accepts at which promise, or why nothing is and what would help, a sentence each."""
    stuck = list(ways_on(report, ENGLISH))
    return stuck or [*broken_promises(report.promises), *in_words(report.possible_promises)]


def broken_promises(promised: Sequence[Promise]) -> list[str]:
    """Why nothing is accepted, a sentence for each promise with too few answers, or else for all.

    Where something is, by the parent's threshold, that it is not shown for these pictures.

    Args:
        promised: from `promises`, of one network: its kinds share a threshold, so they are reported together.
    """
    said = [
        f"Not shown for your pictures: {one.accepted:,} accepted {one.pictures} do not show that "
        f"{100 * one.accuracy:g}% of them are right. That takes {one.needed:,} without an error, or more "
        "with some. The parent's threshold stays."
        for one in promised
        if one.accepted and one.lower_bound < one.accuracy
    ]
    if not any(one.lower_bound < one.accuracy and not one.accepted for one in promised):
        return said
    return said + [
        f"{_every(one)} will be `review`: {one.n:,} answers to {one.pictures} do not show that "
        f"{100 * one.accuracy:g}% of the accepted ones are right. That takes {one.needed:,} without an error"
        ", or more with some."
        for one in [one for one in promised if one.n < one.needed] or promised
    ]


def _every(promise: Promise) -> str:
    return "Every answer" if promise.pictures == HELD_OUT else "Every answer to photos"
