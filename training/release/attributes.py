"""What out-of-fold answers decide and show about attributes.

Each attribute has its own chance of error of .05, as the class has: people read each answer by itself. A
label of fewer than FEWEST pictures is never accepted. An answer to a picture whose class is unfamiliar is
accepted only where such answers show the promise by themselves. Pure. The rule itself: measure/decide.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from inference.contract import LABEL, Familiarity, Head
from inference.decision import calibrate, familiarity_of
from reports.answers import NONE_OF_THESE, Answers
from reports.intervals import needed
from reports.values import AllAccepted, AttributeFigures, LabelFigures, Promise
from training.data.labels import INAPPLICABLE, UNKNOWN, Codes, Labels
from training.data.rare import FEWEST
from training.measure.acceptance import confidence_threshold, promises
from training.measure.decide import Decided, Target, decide
from training.measure.kinds import AnswerSet
from training.measure.why_nothing import attribute_accepts_nothing

UNFAMILIAR: Final = "unfamiliar pictures"
"""Names those whose class is unfamiliar in a Promise."""


@dataclass(frozen=True)
class DecidedAttribute:
    """One of them.

    Attributes:
        head: what serving needs to know.
        figures: for the report.
        accepted: bool (N,), whether serving would accept the answer to each picture.
        right: bool (N,), whether that is right; False where it is not known.
        known: bool (N,), whether it is.
        kind: the answers behind the figures.
    """

    head: Head
    figures: AttributeFigures
    accepted: NDArray[np.bool_]
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    kind: AnswerSet


def decide_attributes(
    labels: Mapping[str, Labels],
    given: Mapping[str, Probabilities],
    of_class: Answers,
    found: Decided,
    target: Target,
) -> dict[str, DecidedAttribute]:
    """Decide and measure each.

    Args:
        labels: of N pictures, those of the class among them.
        given: by attribute, float32 (N, C), before temperature, by heads that learnt none of the group.
        of_class: out-of-fold answers to the same pictures, in their order.
        found: what these decided about the class.
        target: of the class; its share of right answers is that of the attributes, too.
    """
    classes = labels[LABEL].names
    return {
        name: _decided(labels[name], one, of_class, found, target, classes) for name, one in given.items()
    }


def _decided(  # noqa: PLR0913, PLR0917 - what is known, what was answered, and what is to be kept
    said: Labels,
    given: Probabilities,
    of_class: Answers,
    found: Decided,
    target: Target,
    classes: tuple[str, ...],
) -> DecidedAttribute:
    predicted = given.argmax(axis=1)
    right = said.right[np.arange(len(predicted)), predicted]
    # Any of several labels is right: where one of them was answered, it counts as the truth.
    truth = np.where(right, predicted, np.where(said.main >= 0, said.main, NONE_OF_THESE))
    has_it = np.isin(of_class.predicted, [classes.index(label) for label in said.applies_to or classes])
    # Where the class was mistaken for one that has the attribute, its answer would be accepted, and be wrong.
    asked = np.flatnonzero((said.main >= 0) | ((said.main == INAPPLICABLE) & has_it))
    answers = Answers.of(
        of_class.sets[asked],
        truth[asked],
        groups=of_class.groups[asked],
        distances=of_class.distances[asked],
        probabilities=given[asked],
    )
    unchecked = np.flatnonzero(_counts(said.main, len(said.names)) < FEWEST)
    own_target = Target(
        right=target.right,
        confidence=target.confidence,
        familiarity=found.familiarity,
        unfamiliar=(found.familiarity.threshold if found.familiarity else 0.0,),
        withheld=tuple(unchecked.tolist()),
    )
    usual = decide(answers, own_target)
    needs_class = said.applies_to is not None or found.familiarity is None
    of_every = None if needs_class else _also_of_unfamiliar(answers, usual, own_target)
    decided = of_every or usual
    confidences = [max(calibrate(row, decided.temperature)) for row in given.tolist()]
    # In float32, as serving compares them.
    sure = np.array(confidences, np.float32).astype(np.float64) >= decided.confidence
    accepted = sure & has_it & _familiar(of_class, decided.familiarity) & ~np.isin(predicted, unchecked)
    head = Head(
        labels=said.names,
        temperature=decided.temperature,
        confidence=decided.confidence,
        withheld=tuple(said.names[place] for place in unchecked),
        applies_to=said.applies_to,
        familiarity=None if of_every is None else dict.fromkeys(said.names, 0.0),
    )
    figures = _figures(said, decided, right, accepted)
    return DecidedAttribute(head, figures, accepted, right, said.main != UNKNOWN, decided.kinds[0])


def _also_of_unfamiliar(answers: Answers, usual: Decided, target: Target) -> Decided | None:
    """What is decided where the class's familiarity does not hold; None where it has to.

    Few pictures of one shop are unfamiliar, and many of another one's. So the accepted answers to these have
    to show the promise by themselves, as well as all together, and more have to be accepted than where it
    holds.

    Args:
        answers: out-of-fold ones to pictures whose label is known.
        usual: what they decide where it holds.
        target: of that.
    """
    [familiar] = usual.kinds
    is_unfamiliar = np.isnan(familiar.confidences)
    if is_unfamiliar.sum() < needed(target.right):
        return None
    every = decide(answers, replace(target, unfamiliar=(0.0,)))
    [all_pictures] = every.kinds
    unfamiliar = _part(all_pictures, UNFAMILIAR, is_unfamiliar)
    confidence = confidence_threshold([all_pictures, unfamiliar])
    if _accepted(all_pictures, confidence) <= _accepted(familiar, usual.confidence):
        return None
    return replace(every, confidence=confidence, kinds=(all_pictures, unfamiliar))


def _part(answers: AnswerSet, name: str, which: NDArray[np.bool_]) -> AnswerSet:
    groups = None if answers.groups is None else answers.groups[which]
    right, confidences = answers.right[which], answers.confidences[which]
    return replace(answers, pictures=name, confidences=confidences, right=right, groups=groups)


def _accepted(answers: AnswerSet, confidence: float) -> int:
    (count,), _ = answers.accepted(np.array([confidence], np.float32))
    return int(count)


def _counts(main: Codes, labels: int) -> NDArray[np.int64]:
    """How many pictures have each label as their main one, int64 (C,)."""
    return np.bincount(main[main >= 0], minlength=labels)


def _familiar(of_class: Answers, familiarity: Familiarity | None) -> NDArray[np.bool_]:
    if familiarity is None:
        return np.ones(len(of_class), np.bool_)
    ranks = np.array([familiarity_of(distance, familiarity) for distance in of_class.distances.tolist()])
    return np.asarray(ranks >= familiarity.threshold)


def _figures(
    said: Labels, decided: Decided, right: NDArray[np.bool_], accepted: NDArray[np.bool_]
) -> AttributeFigures:
    known = said.main >= 0
    counts = _counts(said.main, len(said.names))
    hits = _counts(said.main[right], len(said.names))
    of_known = known & accepted
    n = int(known.sum())
    promise, *of_unfamiliar = promises(decided.kinds, decided.confidence)
    return AttributeFigures(
        n=n,
        unknown=int((said.main == UNKNOWN).sum()),
        inapplicable=int((said.main == INAPPLICABLE).sum()),
        accuracy=float(right[known].mean()),
        most_frequent=float(counts.max() / n),
        accepted=float(of_known.sum() / n),
        right_of_accepted=float(right[of_known].mean()) if of_known.any() else None,
        promise=promise,
        unfamiliar=next(iter(of_unfamiliar), None),
        labels={
            label: LabelFigures(n=int(count), recall=float(hit / max(count, 1)))
            for label, count, hit in zip(said.names, counts, hits, strict=True)
        },
    )


def attribute_in_words(name: str, one: DecidedAttribute) -> str:
    """A line on one of them, and what to do where none of its answers is accepted."""
    found = one.figures
    these = "" if found.right_of_accepted is None else f", {found.right_of_accepted:.1%} of these right"
    accepted = (
        f"{found.accepted:.0%} accepted{these}."
        if found.accepted
        else f"none accepted: {attribute_accepts_nothing(one.kind, found.promise.accuracy)}"
    )
    return (
        f"{name}: {found.accuracy:.1%} of {found.n:,} answers right (the most frequent label: "
        f"{found.most_frequent:.0%}); {accepted}{_unfamiliar_in_words(found.unfamiliar)}"
    )


def _unfamiliar_in_words(promise: Promise | None) -> str:
    if promise is None:
        return ""
    return (
        f" Pictures whose class is unfamiliar are answered, too: of {promise.n:,} {promise.accepted:,} are "
        f"accepted, {promise.right:,} of them right."
    )


def all_accepted(
    of_class: Answers, class_accepted: NDArray[np.bool_], found: Mapping[str, DecidedAttribute]
) -> AllAccepted:
    """How often all accepted answers to a picture are right, of the pictures where the table knows them all.

    Args:
        of_class: to N pictures.
        class_accepted: bool (N,).
        found: the attributes.
    """
    known = ~class_accepted | of_class.known
    wrong, some = class_accepted & ~of_class.right, class_accepted
    for one in found.values():
        known &= ~one.accepted | one.known
        wrong = wrong | (one.accepted & ~one.right)
        some = some | one.accepted
    counted = known & some
    return AllAccepted(pictures=int(counted.sum()), right=int((counted & ~wrong).sum()))
