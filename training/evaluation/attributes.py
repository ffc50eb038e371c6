"""Measure attributes by the answers of serving, beside the class.

The rows of answers, the figures of each attribute, and how often all accepted answers to a picture are right.
Thresholds come from thresholds/decide.py. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from inference.classifier import Answer, Classifier, Prediction
from reports.answers import ACCEPT, NO_ANSWERS, NO_CLASS, Answers
from reports.page.advice import describe_lower_share, explain_no_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.values import AllAccepted, AttributeFigures, LabelFigures, Promise
from training.data.labels import INAPPLICABLE_LABEL, UNKNOWN_LABEL, Labels
from training.evaluation.evaluate import as_served, interpreted
from training.thresholds.acceptance import acceptance_curves, possible_promises, promises
from training.thresholds.decide import Thresholds


def measure_attributes(
    classifier: Classifier,
    out_of_fold: Answers,
    probabilities: Mapping[str, Probabilities],
    labels: Mapping[str, Labels],
    decided: Mapping[str, Thresholds],
) -> tuple[dict[str, AttributeFigures], AllAccepted, Answers]:
    """Measure the answers to attributes (further questions, such as colour) as the service would give them.

    Args:
        classifier: the classifier of the release.
        out_of_fold: answers to N pictures about the class, before anything is decided.
        probabilities: the probabilities of the same pictures by attribute, float32 (N, C), before
            temperature.
        labels: the labels of the same pictures, by attribute.
        decided: the thresholds of each attribute.

    Returns:
        The figures of each attribute, the figures of class and attributes together, and the answers to
        pictures of which something is known.
    """
    predictions = interpreted(classifier, out_of_fold, probabilities)
    of_class = as_served(predictions, out_of_fold)
    answers = attribute_answers(predictions, of_class, labels)
    figures = {
        name: attribute_figures(labels[name], thresholds, answers[name])
        for name, thresholds in decided.items()
    }
    kept = NO_ANSWERS
    for name, rows in answers.items():
        kept += rows.select_rows(labels[name].main_codes != UNKNOWN_LABEL)
    return figures, all_accepted(of_class, answers, labels), kept


def attribute_answers(
    predictions: Sequence[Prediction], of_class: Answers, attributes: Mapping[str, Labels]
) -> dict[str, Answers]:
    """Return the answers to each attribute that predictions contain, by attribute, beside the true labels.

    If a picture has several right labels, an answer with any of them is counted as the main label, so that
    the truth is the same for every release.

    Args:
        predictions: the predictions of N pictures.
        of_class: the answers to the same pictures, in their order.
        attributes: the labels of these pictures, by attribute.
    """
    return {
        name: _attribute_rows(name, [each.attributes[name] for each in predictions], of_class, labels)
        for name, labels in attributes.items()
    }


def _attribute_rows(name: str, served: Sequence[Answer], of_class: Answers, labels: Labels) -> Answers:
    predicted = np.array([answer.class_id for answer in served], np.int64)
    right = labels.is_right[np.arange(len(served)), predicted]
    return replace(
        of_class,
        attributes=np.full(len(served), name),
        truth=np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS),
        predicted=np.where(right, labels.main_codes, predicted),
        decisions=np.array([answer.reason or ACCEPT for answer in served], np.str_),
        probabilities=np.array([answer.probabilities for answer in served], np.float64),
    )


def attribute_figures(labels: Labels, thresholds: Thresholds, answers: Answers) -> AttributeFigures:
    """Return the figures of an attribute for the report.

    Args:
        labels: the labels of N pictures.
        thresholds: the thresholds of the attribute.
        answers: the served answers to the same pictures, in their order.
    """
    of_labels, accepted = answers.select_rows(answers.has_class), answers.is_accepted[answers.has_class]
    counts, hits = (
        _counts(truth, len(labels.names)) for truth in (of_labels.truth, of_labels.truth[of_labels.is_right])
    )
    promise, *of_unfamiliar = promises(thresholds.answer_sets, thresholds.confidence)
    return AttributeFigures(
        n=len(of_labels),
        unknown=int((labels.main_codes == UNKNOWN_LABEL).sum()),
        inapplicable=int((labels.main_codes == INAPPLICABLE_LABEL).sum()),
        accuracy=float(of_labels.is_right.mean()),
        most_frequent=float(counts.max() / len(of_labels)),
        accepted=float(accepted.sum() / len(of_labels)),
        right_of_accepted=float(of_labels.is_right[accepted].mean()) if accepted.any() else None,
        promise=promise,
        unfamiliar=next(iter(of_unfamiliar), None),
        labels={
            label: LabelFigures(n=int(count), recall=float(hit / max(count, 1)))
            for label, count, hit in zip(labels.names, counts, hits, strict=True)
        },
    )


def _counts(truth: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """Count the pictures of each label, int64 (C,)."""
    return np.bincount(truth, minlength=labels)


def attribute_in_words(name: str, figures: AttributeFigures, thresholds: Thresholds) -> str:
    """Return the figures of an attribute as a sentence, with advice if none of its answers is accepted."""
    share, promise = figures.right_of_accepted, figures.promise
    accepted = f"{figures.accepted:.0%} accepted{'' if share is None else f', {share:.1%} of these right'}."
    if not figures.accepted:
        possible = possible_promises(thresholds.answer_sets[0])
        points = acceptance_curves(thresholds.answer_sets[:1]).get(promise.pictures, ())
        why = [] if promise.accepted else [explain_no_acceptance(promise, ENGLISH_WORDING, points)]
        accepted = " ".join(
            ["none accepted.", *why, *describe_lower_share(promise.accuracy, possible, ENGLISH_WORDING)]
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
    """Return how often all accepted answers to a picture are right, for pictures whose labels are all known.

    Args:
        of_class: the served answers about the class of N pictures.
        of_attributes: the served answers to the same pictures, by attribute.
        labels: the labels of the same pictures, by attribute.
    """
    is_known = ~of_class.is_accepted | of_class.has_class
    wrong, some = of_class.is_accepted & ~of_class.is_right, of_class.is_accepted
    for name, answers in of_attributes.items():
        is_known &= ~answers.is_accepted | (labels[name].main_codes != UNKNOWN_LABEL)
        wrong = wrong | (answers.is_accepted & ~answers.is_right)
        some = some | answers.is_accepted
    counted = is_known & some
    return AllAccepted(pictures=int(counted.sum()), right=int((counted & ~wrong).sum()))
