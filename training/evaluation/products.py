"""Promises about products: answers to photos that were not learnt, product by product.

Photos are of one product where they share a group; who calls knows that groups are products. Pure.
"""

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from reports.answers import ACCEPT, CLASS_HEAD, Answers
from reports.product_rule import COLOUR_ATTRIBUTES, PRODUCTS_SET, ProbableAnswer, combine_photo_answers
from reports.values import ProductPromise
from training.thresholds.acceptance import compute_acceptance_curves, make_promises
from training.thresholds.answer_sets import AnswerSet


def measure_products(answers: Answers, promised_share: float) -> dict[str, ProductPromise]:
    """Return, for each attribute, how often accepted answers about products are right, as `Report.products`.

    Only products of two or more photos with the same true label are counted. A product that shows none of
    the classes is counted, too: to accept it is wrong.

    Args:
        answers: decided answers to photos whose groups are products.
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
) -> tuple[ProbableAnswer, bool]:
    """Answer about a product, and tell whether that is right: a further right label of a photo is, too."""
    labels = answers.probabilities[rows].argmax(axis=1)
    answer = _answer_product(answers, rows, labels, is_colour=is_colour)
    is_further = (labels == answer.label) & answers.is_right[rows]
    return answer, bool(answer.label == answers.truth[rows[0]] or is_further.any())


def _answer_product(
    answers: Answers, rows: NDArray[np.int64], labels: NDArray[np.int64], *, is_colour: bool
) -> ProbableAnswer:
    photos = [
        ProbableAnswer(shares, label, None if decision == ACCEPT else decision)
        for shares, label, decision in zip(
            answers.probabilities[rows].tolist(),
            labels.tolist(),
            answers.decisions[rows].tolist(),
            strict=True,
        )
    ]
    return combine_photo_answers(photos, is_proven=True, is_colour=is_colour)


def _make_promise(judged_products: list[tuple[ProbableAnswer, bool]], right: float) -> ProductPromise:
    is_right = np.array([is_right for _, is_right in judged_products])
    is_accepted = np.array([answer.reason is None for answer, _ in judged_products])
    [promise] = make_promises([AnswerSet(PRODUCTS_SET, is_accepted.astype(np.float32), is_right, right)], 0.5)
    confidences = np.array([answer.probabilities[answer.label] for answer, _ in judged_products], np.float32)
    accepted = AnswerSet(
        PRODUCTS_SET, np.where(is_accepted, confidences, np.float32(np.nan)), is_right, right
    )
    points = compute_acceptance_curves([accepted]).get(PRODUCTS_SET, ())
    return ProductPromise(**promise.model_dump(), by_confidence=points)
