"""Cross-validation: each picture is answered by a head that learnt no picture of its group.

Thresholds and familiarity need more answers than a small data set can hold out, and the answer to a learnt
picture is too confident. So one head is fitted for each fold, on all other folds, and answers its own fold.
`fit` does this for one question about own classes: first the class, then each attribute, on the same vectors
and folds. Pure. training/own_classes.py calls it; training/release/complete.py uses the answers; decisions
from them: training/thresholds/.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.arrays import Probabilities
from training.data.labels import Labels
from training.data.split import FoldNumbers
from training.data.vectors import Features, FeatureVectors
from training.heads.logistic import LogisticHead, fit_head

LACKED: Final = -30.0
"""Logit of a label that the head of a fold has not learnt."""

Indices = NDArray[np.int64]


def out_of_fold(
    learn: Callable[[Indices], Callable[[FeatureVectors], FeatureVectors]],
    vectors: FeatureVectors,
    groups: NDArray[np.str_],
    folds: FoldNumbers,
    learnable: Indices | None = None,
) -> FeatureVectors:
    """Answer each picture by a model that learnt no picture of its group.

    Args:
        learn: a function that fits a model to the pictures at these positions, and returns a function from
            vectors to answers, such as logits or distances.
        vectors: float32 (N, D), the feature vectors of the pictures.
        groups: str (N,), the group of each picture, such as its sender or product.
        folds: int64 (N,), the fold of each picture, from 1; 0 for none.
        learnable: the positions of pictures that may be learnt; None for all.

    Returns:
        float32 (N, ...), the answers; 0 for pictures in no fold.
    """
    learnable = np.arange(len(groups)) if learnable is None else learnable
    answers = np.zeros((len(folds), 0), np.float32)
    for fold in np.unique(folds[folds > 0]):
        own = folds == fold
        given = learn(learnable[~np.isin(groups[learnable], groups[own])])(vectors[own])
        if not answers.size:
            answers = np.zeros((len(folds), *given.shape[1:]), np.float32)
        answers[own] = given
    return answers


def lacking_in_words(names: Sequence[str]) -> str:
    """Return a sentence on labels that the head of some fold has not learnt; empty if there are none.

    Args:
        names: the names of the labels.
    """
    few = ", ".join(map(repr, names))
    return f"{few} is of so few groups that a fold has not learnt it, and answers it wrongly." if few else ""


@dataclass(frozen=True)
class Fit:
    """A fitted head for one question, with cross-validated answers.

    Attributes:
        head: the head, fitted to all pictures with a label.
        out_of_fold: float32 (N, C), the probabilities before temperature, from heads that did not learn the
            picture's group.
        lacking: the indices of labels that the head of some fold has not learnt, ascending.
    """

    head: LogisticHead
    out_of_fold: Probabilities
    lacking: tuple[int, ...]


def fit(  # noqa: PLR0913, PLR0917 - a question and what is seen of the pictures
    labels: Labels,
    seen: Features,
    groups: NDArray[np.str_],
    folds: FoldNumbers,
    spread: FeatureVectors,
    fitted: Callable[[], None] = lambda: None,
) -> Fit:
    """Fit the head of one question to all labelled pictures, and a head for each fold that answers the fold.

    Args:
        labels: the labels of N pictures for the question, with C names; a picture without a label is not
            learnt.
        seen: the features of the pictures.
        groups: str (N,), the group of each picture, such as its sender or product.
        folds: int64 (N,), the fold of each picture, from 1; 0 for none.
        spread: float32 (D,), the standard deviation to which each value of a vector is scaled.
        fitted: a function that is called after each fitted head.
    """
    main, classes, lacking = labels.main_codes, len(labels.names), set[int]()
    labelled = np.flatnonzero(main >= 0)

    def learn(some: NDArray[np.int64]) -> LogisticHead:
        """Learn a head of all labels, also if some do not occur among these pictures."""
        there, places = np.unique(main[some], return_inverse=True)
        lacking.update(set(range(classes)) - set(there.tolist()))
        kernel = np.zeros((seen.upright.shape[1], classes), np.float32)
        bias, strength = np.full(classes, LACKED, np.float32), 0.0
        bias[there] = 0
        if len(there) > 1:
            head = fit_head(seen.take(some), places, groups[some], spread=spread)
            kernel[:, there], bias[there], strength = head.kernel, head.bias, head.strength
        fitted()
        return LogisticHead(kernel, bias, strength)

    logits = out_of_fold(lambda some: learn(some).logits, seen.upright, groups, folds, labelled)
    return Fit(learn(labelled), np.asarray(softmax(logits, axis=1), np.float32), tuple(sorted(lacking)))
