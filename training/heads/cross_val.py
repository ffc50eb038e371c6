"""Cross-validation: each picture is answered by a head that learnt nothing of its group.

Thresholds and familiarity need more answers than a small data set can hold out, and an answer to what was
learnt is too sure. So heads are fitted on all folds but one each, and answer their own fold. `fit` does it
for a question of own classes: the class is the first one, attributes are further ones on the same vectors and
folds. Pure. training/own_classes.py calls it; training/release/complete.py uses the answers; what is decided
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
from training.data.split import Folds
from training.data.vectors import Features, Vectors
from training.heads.logistic import LogisticHead, fit_head

LACKED: Final = -30.0
"""The logit of a label that a fold's head has not learnt."""

Indices = NDArray[np.int64]


def out_of_fold(
    learn: Callable[[Indices], Callable[[Vectors], Vectors]],
    vectors: Vectors,
    groups: NDArray[np.str_],
    folds: Folds,
    learnable: Indices | None = None,
) -> Vectors:
    """Answer each picture by a model that learnt no picture of its group.

    Args:
        learn: fits a model to the pictures at these positions, and gives what it answers to vectors: its
            `logits`, or `distances`.
        vectors: float32 (N, D), what a model answers.
        groups: str (N,).
        folds: the folds of N pictures.
        learnable: positions that can be learnt; None for all.

    Returns:
        float32 (N, ...); 0 for pictures of no fold.
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
    """Return the sentence on labels that a head of a fold has not learnt; empty if there are none."""
    few = ", ".join(map(repr, names))
    return f"{few} is of so few groups that a fold has not learnt it, and answers it wrongly." if few else ""


@dataclass(frozen=True)
class Fit:
    """A head for one question, and the answers of heads of folds.

    Attributes:
        head: learnt all pictures with a label.
        out_of_fold: float32 (N, C), before temperature, by heads that learnt none of the picture's group.
        lacking: labels that a head of a fold has not learnt, ascending.
    """

    head: LogisticHead
    out_of_fold: Probabilities
    lacking: tuple[int, ...]


def fit(  # noqa: PLR0913, PLR0917 - a question and what is seen of the pictures
    labels: Labels,
    seen: Features,
    groups: NDArray[np.str_],
    folds: Folds,
    spread: Vectors,
    fitted: Callable[[], None] = lambda: None,
) -> Fit:
    """Fit the head of a question, and heads of folds.

    Args:
        labels: the labels of N pictures, C different ones; a picture without a label is not learnt.
        seen: the features of the pictures.
        groups: str (N,).
        folds: the folds of all of them.
        spread: float32 (D,), as `fit_head` has it.
        fitted: called after each head.
    """
    main, classes, lacking = labels.main, len(labels.names), set[int]()
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
