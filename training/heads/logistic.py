"""A regularised logistic head on feature vectors: the last layer of a network whose other layers are frozen.

Each picture is learnt twice, as it is and mirrored. Each block of a vector is scaled to a given spread before
the penalty, whatever its number of values, so that a palette of 96 values is not lost beside 768 means. The
scaling is folded into the weights, so that the head is exported like any last layer. Pure. The vectors:
features/blocks.py; decisions from the answers: thresholds/decide.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from threadpoolctl import threadpool_limits

from inference.arrays import Probabilities
from training.data.labels import LabelCodes
from training.data.split import MIN_FOLDS, count_groups_of_rarest_class, make_class_folds
from training.data.vectors import Features, FeatureVectors
from training.features.blocks import scaling
from training.gradient.networks.registry import LOGITS
from training.untyped import Network

STRENGTHS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Values of C, the inverse of the L2 penalty, that are compared."""

USUAL_STRENGTH: Final = 0.01
"""Value of C that is used if a class has too few pictures, or groups, to compare several values."""

INNER_FOLDS: Final = 3
"""Number of folds by which C is chosen, among the pictures that the head learns."""

ITERATIONS: Final = 1000

TOLERANCE: Final = 0.001
"""Size of the gradient at which the fit ends. A tenth of it takes three times as long for the same
answers."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class LogisticHead:
    """The weights of a last layer that turns feature vectors into logits.

    Attributes:
        kernel: float32 (D, C), the weights.
        bias: float32 (C,), the bias.
        strength: the chosen C, the inverse of the L2 penalty.
    """

    kernel: FeatureVectors
    bias: FeatureVectors
    strength: float

    def logits(self, vectors: FeatureVectors) -> FeatureVectors:
        """Compute the logits, float32 (N, C), of feature vectors, float32 (N, D)."""
        return np.asarray(vectors @ self.kernel + self.bias, np.float32)

    def probabilities(self, vectors: FeatureVectors) -> Probabilities:
        """Compute the probabilities, float32 (N, C), of feature vectors, float32 (N, D)."""
        return np.asarray(softmax(self.logits(vectors), axis=1), np.float32)

    def on(self, body: Network) -> Network:
        """Return a network from pictures to logits, float32 (N, C): a body with this head on top.

        Args:
            body: a network that ends with the vectors on which the head was fitted.
        """
        dense = layers.Dense(len(self.bias), name=LOGITS, dtype="float32")
        model = keras.Model(body.input, dense(body.output), name=body.name)
        dense.set_weights([self.kernel, self.bias])
        return model


def fit_head(
    seen: Features,
    labels: LabelCodes,
    groups: NDArray[np.str_],
    *,
    spread: FeatureVectors | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> LogisticHead:
    """Fit a logistic head to labelled feature vectors, with the same total weight for all classes.

    The strength C (the inverse of the L2 penalty) is chosen by the lowest log loss in inner folds.

    Args:
        seen: the features of N pictures.
        labels: (N,), the class index of each picture, 0 to C - 1; every class occurs.
        groups: str (N,), the group of each picture; a group is in one fold.
        spread: float32 (D,), the standard deviation to which each value is scaled; None for 1.
        strengths: the values of C that are compared; a single value is used without a comparison.
    """
    weights = (1 / np.bincount(labels))[labels]
    both = np.concatenate([seen.upright, seen.mirrored])
    mean, deviations = scaling(both)
    scale = (deviations if spread is None else deviations / spread).astype(np.float32)
    both -= mean.astype(np.float32)
    both /= scale
    usual = {"max_iter": ITERATIONS, "tol": TOLERANCE}
    compared = _compared(labels, groups, strengths)
    regression = (
        LogisticRegression(C=strengths[0] if len(strengths) == 1 else USUAL_STRENGTH, **usual)
        if compared is None
        else LogisticRegressionCV(
            Cs=strengths,
            cv=compared,
            l1_ratios=(0.0,),
            scoring="neg_log_loss",
            use_legacy_attributes=False,
            **usual,
        )
    )
    # One thread: the products are small, and waiting for a second thread costs more than it computes.
    with threadpool_limits(1):
        weighed = np.tile(weights * len(labels) / weights.sum(), 2)
        regression.fit(both, np.tile(labels, 2), weighed)
    kernel, bias = regression.coef_, regression.intercept_
    if len(kernel) == 1:  # of two classes scikit-learn keeps the difference
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    kernel = (kernel / scale).T
    return LogisticHead(
        kernel.astype(np.float32),
        (bias - mean @ kernel).astype(np.float32),
        float(np.ravel(regression.C if compared is None else regression.C_)[0]),
    )


def _compared(
    labels: LabelCodes, groups: NDArray[np.str_], strengths: Sequence[float]
) -> list[tuple[Indices, Indices]] | None:
    """Split pictures and their mirror images into folds by which values of C are compared.

    Returns:
        Pairs of positions to learn and to answer; None if there is only one value, or a class is too rare.
    """
    rarest = count_groups_of_rarest_class(labels, groups)
    if len(strengths) == 1 or rarest < MIN_FOLDS:
        return None
    folds = make_class_folds(labels, groups, min(INNER_FOLDS, rarest))
    return [
        (np.flatnonzero(np.tile(folds != fold, 2)), np.flatnonzero(folds == fold))
        for fold in np.unique(folds)
    ]
