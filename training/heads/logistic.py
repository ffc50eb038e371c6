"""Fit a logistic head on feature vectors: the last layer of a network whose other layers are not trained.

It is a logistic regression with an L2 penalty, for the classes of a user or an attribute such as the colour.
Its weights are those of a usual dense layer, so that the head can be exported with the network.
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
from training.features.blocks import fit_scaling
from training.gradient.networks.registry import LOGITS_LAYER
from training.untyped import Network

STRENGTHS_COMPARED: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Values of C, the inverse of the L2 penalty, that are compared. A smaller value lets the head fit its
pictures less closely."""

DEFAULT_STRENGTH: Final = 0.01
"""Value of C that is used if a class has too few pictures, or groups, to compare several values."""

INNER_FOLDS: Final = 3
"""Number of parts into which the learnt pictures are divided to choose C. Each part is answered by a head
that learnt the others."""

MAX_ITERATIONS: Final = 1000

GRADIENT_TOLERANCE: Final = 0.001
"""Size of the gradient at which the fit ends. A tenth of it takes three times as long for the same
answers."""

FoldPositions = NDArray[np.int64]
"""Int64 (K,), the positions of the pictures of a fold, among all pictures."""


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

    def compute_logits(self, vectors: FeatureVectors) -> FeatureVectors:
        """Compute the logits, float32 (N, C), of feature vectors, float32 (N, D)."""
        return np.asarray(vectors @ self.kernel + self.bias, np.float32)

    def compute_probabilities(self, vectors: FeatureVectors) -> Probabilities:
        """Compute the probabilities, float32 (N, C), of feature vectors, float32 (N, D)."""
        return np.asarray(softmax(self.compute_logits(vectors), axis=1), np.float32)

    def attach_to(self, body: Network) -> Network:
        """Return a network from pictures to logits, float32 (N, C): a body with this head on top.

        Args:
            body: a network that ends with the vectors on which the head was fitted.
        """
        dense = layers.Dense(len(self.bias), name=LOGITS_LAYER, dtype="float32")
        model = keras.Model(body.input, dense(body.output), name=body.name)
        dense.set_weights([self.kernel, self.bias])
        return model


def fit_logistic_head(
    features: Features,
    labels: LabelCodes,
    groups: NDArray[np.str_],
    *,
    target_deviations: FeatureVectors | None = None,
    strengths: Sequence[float] = STRENGTHS_COMPARED,
) -> LogisticHead:
    """Fit a logistic head to labelled feature vectors, with the same total weight for all classes.

    The strength C (the inverse of the L2 penalty) is chosen by the lowest log loss in inner folds.

    Args:
        features: the features of N pictures.
        labels: (N,), the class index of each picture, 0 to C - 1; every class occurs.
        groups: str (N,), the group of each picture, such as its product; a group is in one fold.
        target_deviations: float32 (D,), the standard deviation to which each value of a vector is scaled
            before the penalty, so that 96 values of colours are not lost beside 768 other values; None for 1.
        strengths: the values of C that are compared; a single value is used without a comparison.
    """
    weights = (1 / np.bincount(labels))[labels]
    # Each picture is learnt twice, as it is and mirrored.
    vectors = np.concatenate([features.upright, features.mirrored])
    mean, deviations = fit_scaling(vectors)
    scale = (deviations if target_deviations is None else deviations / target_deviations).astype(np.float32)
    vectors -= mean.astype(np.float32)
    vectors /= scale
    arguments = {"max_iter": MAX_ITERATIONS, "tol": GRADIENT_TOLERANCE}
    inner_folds = _make_inner_folds(labels, groups, strengths)
    regression = (
        LogisticRegression(C=strengths[0] if len(strengths) == 1 else DEFAULT_STRENGTH, **arguments)
        if inner_folds is None
        else LogisticRegressionCV(
            Cs=strengths,
            cv=inner_folds,
            l1_ratios=(0.0,),
            scoring="neg_log_loss",
            use_legacy_attributes=False,
            **arguments,
        )
    )
    # One thread: the products are small, and waiting for a second thread costs more than it computes.
    with threadpool_limits(1):
        picture_weights = np.tile(weights * len(labels) / weights.sum(), 2)
        regression.fit(vectors, np.tile(labels, 2), picture_weights)
    kernel, bias = regression.coef_, regression.intercept_
    # For two classes scikit-learn keeps the difference of their logits alone. Half of it goes to each.
    if len(kernel) == 1:
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    kernel = (kernel / scale).T  # the scaling becomes part of the weights
    return LogisticHead(
        kernel.astype(np.float32),
        (bias - mean @ kernel).astype(np.float32),
        float(np.ravel(regression.C if inner_folds is None else regression.C_)[0]),
    )


def _make_inner_folds(
    labels: LabelCodes, groups: NDArray[np.str_], strengths: Sequence[float]
) -> list[tuple[FoldPositions, FoldPositions]] | None:
    """Split pictures and their mirror images into folds by which values of C are compared.

    Returns:
        For each fold, the positions to learn and those to answer; None if there is only one value of C to
        try, or a class has too few groups.
    """
    rarest = count_groups_of_rarest_class(labels, groups)
    if len(strengths) == 1 or rarest < MIN_FOLDS:
        return None
    folds = make_class_folds(labels, groups, min(INNER_FOLDS, rarest))
    # The mirrored pictures stand after the upright ones. Both are learnt, and only upright ones are answered.
    return [
        (np.flatnonzero(np.tile(folds != fold, 2)), np.flatnonzero(folds == fold))
        for fold in np.unique(folds)
    ]
