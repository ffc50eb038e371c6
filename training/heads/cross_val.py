"""Answer pictures by cross-validation: each by a head that learnt no picture of its group.

A head is the last layer of a network, which answers one question, such as the class. A release needs answers
to pictures that the network did not learn, because the answer to a learnt picture is too confident. A small
data set cannot hold out enough of them. So its pictures are divided into parts (folds), and for each fold a
head is fitted to the other folds and answers this one. A group, such as a product or a sender, is in one
fold.
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
from training.heads.logistic import LogisticHead, fit_logistic_head

UNLEARNT_LOGIT: Final = -30.0
"""Logit of a label that the head of a fold has not learnt. Its probability is then nearly 0."""

LearntPositions = NDArray[np.int64]
"""Int64 (K,), the positions of the pictures that a model learns, among all pictures."""


def answer_out_of_fold(
    fit_model: Callable[[LearntPositions], Callable[[FeatureVectors], FeatureVectors]],
    vectors: FeatureVectors,
    groups: NDArray[np.str_],
    folds: FoldNumbers,
    learnable_positions: LearntPositions | None = None,
) -> FeatureVectors:
    """Answer each picture by a model that learnt no picture of its group (cross-validation).

    Args:
        fit_model: a function that fits a model to the pictures at these positions, and returns a function
            from vectors to answers, such as logits or distances.
        vectors: float32 (N, D), the feature vectors of the pictures.
        groups: str (N,), the group of each picture, such as its sender or product.
        folds: int64 (N,), the fold of each picture, from 1; 0 for pictures that are learnt but not answered.
        learnable_positions: the positions of pictures that may be learnt, such as those with a label; None
            for all.

    Returns:
        float32 (N, ...), the answers; 0 for pictures in no fold.
    """
    learnable_positions = np.arange(len(groups)) if learnable_positions is None else learnable_positions
    answers = np.zeros((len(folds), 0), np.float32)
    for fold in np.unique(folds[folds > 0]):
        is_in_fold = folds == fold
        # By group, not by fold: a picture in no fold may be of a group that is in this fold.
        fold_answers = fit_model(
            learnable_positions[~np.isin(groups[learnable_positions], groups[is_in_fold])]
        )(vectors[is_in_fold])
        if not answers.size:
            answers = np.zeros((len(folds), *fold_answers.shape[1:]), np.float32)
        answers[is_in_fold] = fold_answers
    return answers


def describe_lacking_labels(names: Sequence[str]) -> str:
    """Return a sentence that warns of labels which the head of some fold has not learnt; "" for no labels."""
    label_names = ", ".join(map(repr, names))
    return (
        f"{label_names} is of so few groups that a fold has not learnt it, and answers it wrongly."
        if label_names
        else ""
    )


@dataclass(frozen=True)
class CrossFittedHead:
    """A fitted head for one question, with cross-validated answers.

    Attributes:
        head: the head, fitted to all pictures with a label.
        cross_fitted_probabilities: float32 (N, C), the probabilities before temperature, from heads that did
            not learn the picture's group.
        lacking_label_ids: the indices of labels that the head of some fold has not learnt, ascending.
    """

    head: LogisticHead
    cross_fitted_probabilities: Probabilities
    lacking_label_ids: tuple[int, ...]


def fit_head_with_folds(  # noqa: PLR0913, PLR0917 - a question and what is seen of the pictures
    labels: Labels,
    features: Features,
    groups: NDArray[np.str_],
    folds: FoldNumbers,
    target_deviations: FeatureVectors,
    report_fitted: Callable[[], None] = lambda: None,
) -> CrossFittedHead:
    """Fit the head of one question to all labelled pictures, and a head for each fold that answers the fold.

    Args:
        labels: the labels of N pictures for the question, with C names; a picture without a label is not
            learnt.
        groups: str (N,), the group of each picture, such as its sender or product.
        folds: int64 (N,), the fold of each picture, from 1; 0 for none.
        target_deviations: float32 (D,), the standard deviation to which each value of a vector is scaled.
        report_fitted: a function that is called after each fitted head.
    """
    label_codes = labels.main_codes
    classes = len(labels.names)
    lacking_ids = set[int]()
    labelled_positions = np.flatnonzero(label_codes >= 0)

    def learn(positions: NDArray[np.int64]) -> LogisticHead:
        """Fit a head with an output for each label, even if some labels do not occur there."""
        learnt_labels, label_numbers = np.unique(label_codes[positions], return_inverse=True)
        lacking_ids.update(set(range(classes)) - set(learnt_labels.tolist()))
        kernel = np.zeros((features.upright.shape[1], classes), np.float32)
        bias = np.full(classes, UNLEARNT_LOGIT, np.float32)
        strength = 0.0
        bias[learnt_labels] = 0  # stays if only one label is learnt, which is then always answered
        if len(learnt_labels) > 1:
            head = fit_logistic_head(
                features.take(positions),
                label_numbers,
                groups[positions],
                target_deviations=target_deviations,
            )
            kernel[:, learnt_labels] = head.kernel
            bias[learnt_labels] = head.bias
            strength = head.strength
        report_fitted()
        return LogisticHead(kernel, bias, strength)

    logits = answer_out_of_fold(
        lambda some: learn(some).compute_logits, features.upright, groups, folds, labelled_positions
    )
    return CrossFittedHead(
        learn(labelled_positions), np.asarray(softmax(logits, axis=1), np.float32), tuple(sorted(lacking_ids))
    )
