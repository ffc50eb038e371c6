"""What a release promises of products: answers to photos that were not learnt, product by product.

Photos are of one product where they share a group; who calls knows that groups are products. Pure.
"""

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL
from reports.answers import ACCEPT, CLASS, Answers
from reports.products import PRODUCTS, PhotoAnswer, ProductAnswer, answer_of_product
from reports.values import Promise
from training.measure.acceptance import promises
from training.measure.kinds import AnswerSet


def products_of(answers: Answers, right: float) -> dict[str, Promise]:
    """What accepted products keep, for `Report.products`: by attribute, the class under LABEL.

    Counts products of two or more photos whose truth is the same. One that shows none of the classes counts,
    too: to accept it is wrong. A group of several truths is no product.

    Args:
        answers: decided, to photos whose groups are products.
        right: 0..1, share of the accepted products that is promised to be right.

    Returns:
        without attributes of which no product is known.
    """
    found = {}
    for head in np.unique(answers.attributes[answers.decided]).tolist():
        mine = answers.of_head(head).take(answers.of_head(head).decided)
        asked = [rows for rows in _products(mine) if head == CLASS or mine.known[rows[0]]]
        if asked:
            found[head or LABEL] = _promise(
                [(_answer(mine, rows), mine.truth[rows[0]]) for rows in asked], right
            )
    return found


def _products(answers: Answers) -> list[NDArray[np.int64]]:
    """The rows of each product of several photos, int64 arrays."""
    rows = [np.flatnonzero(answers.groups == group) for group in np.unique(answers.groups) if group]
    return [some for some in rows if len(some) > 1 and len(np.unique(answers.truth[some])) == 1]


def _answer(answers: Answers, rows: NDArray[np.int64]) -> ProductAnswer:
    photos = [
        PhotoAnswer(shares, label, None if decision == ACCEPT else decision)
        for shares, label, decision in zip(
            answers.probabilities[rows].tolist(),
            answers.predicted[rows].tolist(),
            answers.decisions[rows].tolist(),
            strict=True,
        )
    ]
    return answer_of_product(photos, is_proven=True)


def _promise(judged: list[tuple[ProductAnswer, int]], right: float) -> Promise:
    accepted = np.array([answer.reason is None for answer, _ in judged], np.float32)
    is_right = np.array([answer.label == truth for answer, truth in judged])
    [found] = promises([AnswerSet(PRODUCTS, accepted, is_right, right)], 0.5)
    return found
