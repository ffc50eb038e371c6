"""Measure the answers about attributes, such as the colour, as a service would give them.

The caller gets the figures of each attribute, how often all accepted answers to a picture are right together,
and the answers themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Probabilities
from inference.classifier import Classifier, LabelAnswer, Prediction
from inference.decision import ACCEPT
from reports.answers import NO_ANSWERS, NO_CLASS, Answers
from reports.page.advice import describe_lower_share, explain_no_acceptance
from reports.page.wording import ENGLISH_WORDING
from reports.promises import Promise
from reports.values import AllAccepted, AttributeFigures, LabelFigures
from training.data.labels import INAPPLICABLE_LABEL, UNKNOWN_LABEL, Labels
from training.evaluation.evaluate import fill_in_predictions, predict_from_scores
from training.thresholds.acceptance import compute_acceptance_curves, make_possible_promises, make_promises
from training.thresholds.decide import Thresholds


def measure_attributes(
    classifier: Classifier,
    cross_fitted_answers: Answers,
    probabilities: Mapping[str, Probabilities],
    labels: Mapping[str, Labels],
    thresholds_by_attribute: Mapping[str, Thresholds],
) -> tuple[dict[str, AttributeFigures], AllAccepted, Answers]:
    """Measure the answers to attributes (further questions, such as colour) as the service would give them.

    Args:
        cross_fitted_answers: answers about the class of N pictures, from heads that did not learn the
            picture, before they are accepted or reviewed.
        probabilities: the probabilities of the same pictures by attribute, float32 (N, C), before
            temperature, from such heads as well.
        labels: the labels of the same pictures, by attribute.

    Returns:
        The figures of each attribute; the figures of class and attributes together; and the answers about
        attributes, without pictures of which the attribute is not known.
    """
    predictions = predict_from_scores(classifier, cross_fitted_answers, probabilities)
    class_answers = fill_in_predictions(predictions, cross_fitted_answers)
    answers = make_attribute_answers(predictions, class_answers, labels)
    figures = {
        name: compute_attribute_figures(labels[name], thresholds, answers[name])
        for name, thresholds in thresholds_by_attribute.items()
    }
    known_answers = NO_ANSWERS
    for name, rows in answers.items():
        known_answers += rows.select_rows(labels[name].main_codes != UNKNOWN_LABEL)
    return figures, measure_joint_accuracy(class_answers, answers, labels), known_answers


def make_attribute_answers(
    predictions: Sequence[Prediction], class_answers: Answers, attributes: Mapping[str, Labels]
) -> dict[str, Answers]:
    """Return the answers about each attribute, with the true labels, by attribute.

    A picture may have several right labels, such as two colours. An answer with any of them is stored as the
    main label, so that the truth of a picture is the same for every release.

    Args:
        predictions: the predictions of N pictures.
        class_answers: the answers to the same pictures, in their order.
        attributes: the labels of these pictures, by attribute.
    """
    return {
        name: _make_attribute_rows(
            name, [each.attributes[name] for each in predictions], class_answers, labels
        )
        for name, labels in attributes.items()
    }


def _make_attribute_rows(
    name: str, served_answers: Sequence[LabelAnswer], class_answers: Answers, labels: Labels
) -> Answers:
    predicted = np.array([answer.class_id for answer in served_answers], np.int64)
    is_right = labels.is_right[np.arange(len(served_answers)), predicted]
    return replace(
        class_answers,
        attributes=np.full(len(served_answers), name),
        truth=np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS),
        predicted=np.where(is_right, labels.main_codes, predicted),
        decisions=np.array([answer.reason or ACCEPT for answer in served_answers], np.str_),
        probabilities=np.array([answer.probabilities for answer in served_answers], np.float64),
    )


def compute_attribute_figures(labels: Labels, thresholds: Thresholds, answers: Answers) -> AttributeFigures:
    """Return the figures of an attribute for the report.

    Args:
        labels: the labels of N pictures.
        answers: the decided answers to the same pictures, in their order.
    """
    known_answers = answers.select_rows(answers.has_class)
    is_accepted = answers.is_accepted[answers.has_class]
    counts, hits = (
        _count_labels(truth, len(labels.names))
        for truth in (known_answers.truth, known_answers.truth[known_answers.is_right])
    )
    # The second promise is about unfamiliar pictures, if the thresholds accept answers about these.
    promise, *unfamiliar_promises = make_promises(thresholds.answer_sets, thresholds.confidence)
    return AttributeFigures(
        n=len(known_answers),
        unknown=int((labels.main_codes == UNKNOWN_LABEL).sum()),
        inapplicable=int((labels.main_codes == INAPPLICABLE_LABEL).sum()),
        accuracy=float(known_answers.is_right.mean()),
        most_frequent=float(counts.max() / len(known_answers)),
        accepted_share=float(is_accepted.sum() / len(known_answers)),
        right_of_accepted=float(known_answers.is_right[is_accepted].mean()) if is_accepted.any() else None,
        promise=promise,
        unfamiliar=next(iter(unfamiliar_promises), None),
        labels={
            label: LabelFigures(n=int(count), recall=float(hit / max(count, 1)))
            for label, count, hit in zip(labels.names, counts, hits, strict=True)
        },
    )


def _count_labels(truth: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """Count the pictures of each label, int64 (C,)."""
    return np.bincount(truth, minlength=labels)


def describe_attribute(name: str, figures: AttributeFigures, thresholds: Thresholds) -> str:
    """Return the figures of an attribute as a sentence, with advice if none of its answers is accepted."""
    share, promise = figures.right_of_accepted, figures.promise
    accepted_text = (
        f"{figures.accepted_share:.0%} accepted{'' if share is None else f', {share:.1%} of these right'}."
    )
    if not figures.accepted_share:
        possible = make_possible_promises(thresholds.answer_sets[0])
        points = compute_acceptance_curves(thresholds.answer_sets[:1]).get(promise.pictures, ())
        reasons = [] if promise.accepted else [explain_no_acceptance(promise, ENGLISH_WORDING, points)]
        accepted_text = " ".join(
            ["none accepted.", *reasons, *describe_lower_share(promise.promised, possible, ENGLISH_WORDING)]
        )
    return (
        f"{name}: {figures.accuracy:.1%} of {figures.n:,} answers right (the most frequent label: "
        f"{figures.most_frequent:.0%}); {accepted_text}{_describe_unfamiliar(figures.unfamiliar)}"
    )


def _describe_unfamiliar(promise: Promise | None) -> str:
    if promise is None:
        return ""
    return (
        f" Pictures whose class is unfamiliar are answered, too: of {promise.n:,} {promise.accepted:,} are "
        f"accepted, {promise.accepted_right:,} of them right."
    )


def measure_joint_accuracy(
    class_answers: Answers, attribute_answers: Mapping[str, Answers], labels: Mapping[str, Labels]
) -> AllAccepted:
    """Return how often all accepted answers to a picture are right together.

    A picture is counted if at least one of its answers is accepted, and the label of each accepted answer is
    known.

    Args:
        class_answers: the decided answers about the class of N pictures.
        attribute_answers: the decided answers to the same pictures, by attribute.
        labels: the labels of the same pictures, by attribute.
    """
    is_known = ~class_answers.is_accepted | class_answers.has_class
    is_wrong = class_answers.is_accepted & ~class_answers.is_right
    is_accepted = class_answers.is_accepted
    for name, answers in attribute_answers.items():
        is_known &= ~answers.is_accepted | (labels[name].main_codes != UNKNOWN_LABEL)
        is_wrong = is_wrong | (answers.is_accepted & ~answers.is_right)
        is_accepted = is_accepted | answers.is_accepted
    is_counted = is_known & is_accepted
    return AllAccepted(pictures=int(is_counted.sum()), right=int((is_counted & ~is_wrong).sum()))
