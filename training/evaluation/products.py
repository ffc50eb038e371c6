"""Measure how often accepted answers about products are right.

A product has several photos, and their answers are combined into one. All photos of one group are taken for
photos of one product, so the caller has to know that groups are products. A promise is the share of accepted
products that has to be right, such as 0.95.
"""

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from inference.decision import ACCEPT
from inference.reasons import Reason
from reports.answers import CLASS_HEAD, Answers
from reports.product_rule import COLOUR_ATTRIBUTES, PRODUCTS_SET, ScoredAnswer, combine_photo_answers
from reports.promises import ProductPromise
from training.thresholds.acceptance import compute_acceptance_curves, make_promises
from training.thresholds.answer_sets import AnswerSet


def measure_products(answers: Answers, promised_share: float) -> dict[str, ProductPromise]:
    """Return, for the class and each attribute, how often accepted answers about products are right.

    Only products with at least two photos, and with the same true label for each, are counted. A product that
    shows none of the classes is counted: if it is accepted, it is wrong.

    Args:
        answers: decided answers to photos whose groups are products, from networks that did not learn them.
        promised_share: the share of accepted products that is promised to be right, 0..1.

    Returns:
        The promises by attribute, the class under LABEL. Attributes of which no product is known are left
        out.
    """
    promises_by_head = {}
    for head in np.unique(answers.attributes[answers.has_decision]).tolist():
        head_answers = answers.select_head(head).select_rows(answers.select_head(head).has_decision)
        counted_products = [
            rows
            for rows in _find_product_rows(head_answers)
            if head == CLASS_HEAD or head_answers.has_class[rows[0]]
        ]
        if counted_products:
            judged_products = [
                _judge_product(head_answers, rows, is_colour=head in COLOUR_ATTRIBUTES)
                for rows in counted_products
            ]
            promises_by_head[head or LABEL] = _make_promise(judged_products, promised_share)
    return promises_by_head


def _find_product_rows(answers: Answers) -> list[NDArray[np.int64]]:
    """Return the rows of each product of several photos, int64 arrays."""
    rows = [np.flatnonzero(answers.groups == group) for group in np.unique(answers.groups) if group]
    return [some for some in rows if len(some) > 1 and len(np.unique(answers.truth[some])) == 1]


def _judge_product(
    answers: Answers, rows: NDArray[np.int64], *, is_colour: bool
) -> tuple[ScoredAnswer, bool]:
    """Answer about a product, and tell whether the answer is right.

    A photo may have further right labels, such as a second colour. An answer with one of them is right.
    """
    labels = answers.probabilities[rows].argmax(axis=1)
    answer = _answer_product(answers, rows, labels, is_colour=is_colour)
    is_further = (labels == answer.label) & answers.is_right[rows]
    return answer, bool(answer.label == answers.truth[rows[0]] or is_further.any())


def _answer_product(
    answers: Answers, rows: NDArray[np.int64], labels: NDArray[np.int64], *, is_colour: bool
) -> ScoredAnswer:
    photos = [
        ScoredAnswer(
            shares,
            label,
            None if decision == ACCEPT else decision,
            is_unfamiliar=decision == Reason.UNFAMILIAR,
        )
        for shares, label, decision in zip(
            answers.probabilities[rows].tolist(),
            labels.tolist(),
            answers.decisions[rows].tolist(),
            strict=True,
        )
    ]
    return combine_photo_answers(photos, is_proven=True, is_colour=is_colour)


def _make_promise(judged_products: list[tuple[ScoredAnswer, bool]], right: float) -> ProductPromise:
    is_right = np.array([is_right for _, is_right in judged_products])
    is_accepted = np.array([answer.reason is None for answer, _ in judged_products])
    # Confidence 1 for accepted products and 0 for others: the threshold .5 counts the decisions as they are.
    [promise] = make_promises([AnswerSet(PRODUCTS_SET, is_accepted.astype(np.float32), is_right, right)], 0.5)
    confidences = np.array([answer.probabilities[answer.label] for answer, _ in judged_products], np.float32)
    # The curve says which of the accepted products a higher confidence would still accept.
    accepted = AnswerSet(
        PRODUCTS_SET, np.where(is_accepted, confidences, np.float32(np.nan)), is_right, right
    )
    points = compute_acceptance_curves([accepted]).get(PRODUCTS_SET, ())
    return ProductPromise(**promise.model_dump(), by_confidence=points)
