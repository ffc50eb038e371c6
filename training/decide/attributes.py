"""What out-of-fold answers decide and show about attributes.

`decide` chooses their thresholds as it does those of the class (decide.py). Each attribute has its own chance
of error of .05, as the class has: people read each answer by itself. Figures come from what serving answers
(`attribute_answers` of evaluate.py). Pure.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from inference.contract import LABEL
from reports.answers import NONE_OF_THESE, Answers
from reports.values import AllAccepted, AttributeFigures, LabelFigures, Promise
from training.data.labels import INAPPLICABLE, UNKNOWN, Labels
from training.decide.acceptance import promises
from training.decide.decide import Thresholds, decide
from training.decide.requirements import Requirements, of_attribute
from training.decide.why_nothing import attribute_accepts_nothing


def decide_attributes(
    labels: Mapping[str, Labels],
    probabilities: Mapping[str, Probabilities],
    of_class: Answers,
    thresholds: Thresholds,
    required: Requirements,
) -> dict[str, Thresholds]:
    """Decide each.

    Args:
        labels: of N pictures, those of the class among them.
        probabilities: by attribute, float32 (N, C), before temperature, by heads that learnt none of the
            picture's group.
        of_class: out-of-fold answers to the same pictures, in their order.
        thresholds: what these decided about the class.
        required: of the class.
    """
    classes = labels[LABEL].names
    return {
        name: decide(
            _answers_of(labels[name], shares, of_class, classes),
            of_attribute(labels[name], required, thresholds.familiarity),
        )
        for name, shares in probabilities.items()
    }


def _answers_of(
    labels: Labels, probabilities: Probabilities, of_class: Answers, classes: tuple[str, ...]
) -> Answers:
    """The answers that decide: to pictures of which something is known."""
    predicted = probabilities.argmax(axis=1)
    right = labels.right[np.arange(len(predicted)), predicted]
    # Any of several labels is right: where one of them was answered, it counts as the truth.
    truth = np.where(right, predicted, np.where(labels.main >= 0, labels.main, NONE_OF_THESE))
    has_it = np.isin(of_class.predicted, [classes.index(name) for name in labels.applies_to or classes])
    # Where the class was mistaken for one that has the attribute, its answer would be accepted, and be wrong.
    deciding = np.flatnonzero((labels.main >= 0) | ((labels.main == INAPPLICABLE) & has_it))
    return Answers.of(
        of_class.sets[deciding],
        truth[deciding],
        groups=of_class.groups[deciding],
        distances=of_class.distances[deciding],
        probabilities=probabilities[deciding],
    )


def attribute_figures(labels: Labels, thresholds: Thresholds, answers: Answers) -> AttributeFigures:
    """What the report says of an attribute.

    Args:
        labels: of N pictures.
        thresholds: about the attribute.
        answers: as served, to the same pictures, in their order.
    """
    of_labels, accepted = answers.take(answers.known), answers.accepted[answers.known]
    counts, hits = (
        _counts(truth, len(labels.names)) for truth in (of_labels.truth, of_labels.truth[of_labels.right])
    )
    promise, *of_unfamiliar = promises(thresholds.answer_sets, thresholds.confidence)
    return AttributeFigures(
        n=len(of_labels),
        unknown=int((labels.main == UNKNOWN).sum()),
        inapplicable=int((labels.main == INAPPLICABLE).sum()),
        accuracy=float(of_labels.right.mean()),
        most_frequent=float(counts.max() / len(of_labels)),
        accepted=float(accepted.sum() / len(of_labels)),
        right_of_accepted=float(of_labels.right[accepted].mean()) if accepted.any() else None,
        promise=promise,
        unfamiliar=next(iter(of_unfamiliar), None),
        labels={
            label: LabelFigures(n=int(count), recall=float(hit / max(count, 1)))
            for label, count, hit in zip(labels.names, counts, hits, strict=True)
        },
    )


def _counts(truth: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """How many pictures have each label, int64 (C,)."""
    return np.bincount(truth, minlength=labels)


def attribute_in_words(name: str, figures: AttributeFigures, thresholds: Thresholds) -> str:
    """A line on one of them, and what to do where none of its answers is accepted."""
    of_all, share = thresholds.answer_sets[0], figures.right_of_accepted
    these = "" if share is None else f", {share:.1%} of these right"
    accepted = (
        f"{figures.accepted:.0%} accepted{these}."
        if figures.accepted
        else f"none accepted: {attribute_accepts_nothing(of_all, figures.promise.accuracy)}"
    )
    return (
        f"{name}: {figures.accuracy:.1%} of {figures.n:,} answers right (the most frequent label: "
        f"{figures.most_frequent:.0%}); {accepted}{_unfamiliar_in_words(figures.unfamiliar)}"
    )


def _unfamiliar_in_words(promise: Promise | None) -> str:
    if promise is None:
        return ""
    return (
        f" Pictures whose class is unfamiliar are answered, too: of {promise.n:,} {promise.accepted:,} are "
        f"accepted, {promise.right:,} of them right."
    )


def all_accepted(
    of_class: Answers, of_attributes: Mapping[str, Answers], labels: Mapping[str, Labels]
) -> AllAccepted:
    """How often all accepted answers to a picture are right, of the pictures where the table knows them all.

    Args:
        of_class: as served, to N pictures.
        of_attributes: the same of each attribute, in the order of the pictures.
        labels: of the same pictures, by attribute.
    """
    is_known = ~of_class.accepted | of_class.known
    wrong, some = of_class.accepted & ~of_class.right, of_class.accepted
    for name, answers in of_attributes.items():
        is_known &= ~answers.accepted | (labels[name].main != UNKNOWN)
        wrong = wrong | (answers.accepted & ~answers.right)
        some = some | answers.accepted
    counted = is_known & some
    return AllAccepted(pictures=int(counted.sum()), right=int((counted & ~wrong).sum()))
