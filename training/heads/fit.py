"""Fit a logistic head for a question of own classes, and heads of folds that answer what they did not learn.

The class is the first question, attributes are further ones on the same vectors and folds: all answers to a
picture are by heads that learnt nothing of its group. Pure. What is decided from the answers:
measure/decide.py and measure/attributes.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.arrays import Probabilities
from training.data.labels import Codes, Labels
from training.data.vectors import Features, Vectors
from training.heads.logistic import Head, fit_head
from training.heads.out_of_fold import Fold, answers_out_of_fold

LACKED: Final = -30.0
"""The logit of a label that a fold's head has not learnt."""


@dataclass(frozen=True)
class Fit:
    """What is fitted for one question.

    Attributes:
        head: learnt all pictures with a label.
        out_of_fold: float32 (N, C), before temperature, by heads that learnt none of the picture's group.
        lacking: labels that a head of a fold has not learnt, ascending.
    """

    head: Head
    out_of_fold: Probabilities
    lacking: tuple[int, ...]


def fit(  # noqa: PLR0913, PLR0917 - a question and what is seen of the pictures
    labels: Labels,
    seen: Features,
    groups: NDArray[np.str_],
    folds: Sequence[Fold],
    spread: Vectors,
    fitted: Callable[[], None] = lambda: None,
) -> Fit:
    """Fit the head of a question, and heads of folds.

    Args:
        labels: of N pictures, C different ones; what has none is not learnt.
        seen: of the pictures.
        groups: str (N,).
        folds: of all of them.
        spread: float32 (D,), as `fit_head` has it.
        fitted: called after each head.
    """
    main, classes, lacking = labels.main, len(labels.names), set[int]()
    known = np.flatnonzero(main >= 0)

    def learn(some: NDArray[np.int64]) -> Head:
        lacking.update(set(range(classes)) - set(main[some].tolist()))
        head = _head_of(main, classes, some, seen, groups, spread)
        fitted()
        return head

    logits, asked = np.zeros((len(labels), classes), np.float32), [fold.pictures for fold in folds]
    answers = answers_out_of_fold(learn, seen.upright, groups, asked, known)
    for mine, given in zip(asked, answers, strict=True):
        logits[mine] = given
    return Fit(learn(known), np.asarray(softmax(logits, axis=1), np.float32), tuple(sorted(lacking)))


def _head_of(  # noqa: PLR0913, PLR0917 - as above
    labels: Codes,
    classes: int,
    some: NDArray[np.int64],
    seen: Features,
    groups: NDArray[np.str_],
    spread: Vectors,
) -> Head:
    """A head of all labels, also where some do not occur among these pictures."""
    there, places = np.unique(labels[some], return_inverse=True)
    if len(there) < 2:
        bias = np.full(classes, LACKED, np.float32)
        bias[there] = 0
        return Head(np.zeros((seen.upright.shape[1], classes), np.float32), bias, 0.0)
    head = fit_head(seen.take(some), places, groups[some], spread=spread)
    if len(there) == classes:
        return head
    kernel = np.zeros((len(head.kernel), classes), np.float32)
    bias = np.full(classes, LACKED, np.float32)
    kernel[:, there], bias[there] = head.kernel, head.bias
    return replace(head, kernel=kernel, bias=bias)
