"""Fit a linear probe: logistic regression on the features of a network that stays as it is.

Each picture is learnt twice, as it is and mirrored. The probe becomes the network's last layer, with the
scaling of its features folded in, so that it is exported as any other network is. Pure, but for running the
network. Which network: starts.py; the choice between them: selection.py.
"""

from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from inference.arrays import PixelsBatch, Probabilities
from training.data.datasets import class_weights
from training.data.splitting import FEWEST_FOLDS, fold_indices, rarest_class
from training.export.onnx_graph import probabilities_of
from training.networks.layers import FEATURES
from training.networks.registry import LOGITS
from training.untyped import Network

STRENGTHS: Final = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Of the L2 penalty's inverse, C, that are tried."""

USUAL_STRENGTH: Final = 0.01
"""C where a class has too few pictures, or groups, to compare several."""

INNER_FOLDS: Final = 3
"""In which C is chosen, within what the probe learns."""

LEAST_SCALE: Final = 1e-3
"""Share of the largest feature's deviation that counts as the least: a feature that hardly ever fires would
else get a weight that float32 cannot carry."""

COMPONENTS: Final = 512
"""Principal components in which a longer row of features is learnt: in a third of the time, as right
(docs/explanation/experiments.md)."""

ITERATIONS: Final = 1000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """What a network sees of N pictures.

    Attributes:
        upright: float32 (N, D), what a probe is learnt on.
        mirrored: the same of the pictures flipped left to right.
        measured: float32 (N, M), of the upright pictures at the layer FEATURES, where distances are measured.
    """

    upright: Floats
    mirrored: Floats
    measured: Floats

    @classmethod
    def of(cls, body: Network, images: PixelsBatch) -> "Features":
        """Run a network whose output they are."""
        both = keras.Model(body.input, [body.output, body.get_layer(FEATURES).output])
        upright, measured = probabilities_of(both, images)
        return cls(upright, probabilities_of(body, np.ascontiguousarray(images[:, :, ::-1])), measured)

    def take(self, chosen: NDArray[np.int64]) -> "Features":
        """Those at these positions."""
        return Features(self.upright[chosen], self.mirrored[chosen], self.measured[chosen])


@dataclass(frozen=True)
class Probe:
    """The weights of a last layer.

    Attributes:
        kernel: float32 (D, C).
        bias: float32 (C,).
        strength: the C that was chosen.
    """

    kernel: Floats
    bias: Floats
    strength: float

    def probabilities(self, features: Floats) -> Probabilities:
        """float32 (N, C), of float32 (N, D)."""
        logits = features @ self.kernel + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Probabilities = raised / raised.sum(axis=1, keepdims=True)
        return shares


def fit_probe(features: Features, labels: NDArray[np.uint8], keys: NDArray[np.str_]) -> Probe:
    """Fit it, with the C that has the least log loss in folds of its own.

    Args:
        features: of N pictures.
        labels: uint8 (N,); each of the classes occurs.
        keys: str (N,); equal ones are in one fold.
    """
    both = np.concatenate([features.upright, features.mirrored])
    scaler = StandardScaler().fit(both)
    scale = np.maximum(scaler.scale_, LEAST_SCALE * scaler.scale_.max()).astype(np.float32)
    scaled = (both - scaler.mean_.astype(np.float32)) / scale
    components = _components(scaled)
    strengths, folds = _choices(labels, keys)
    regression = LogisticRegressionCV(
        Cs=strengths,
        cv=folds,
        l1_ratios=(0.0,),
        scoring="neg_log_loss",
        max_iter=ITERATIONS,
        class_weight=class_weights(labels, len(np.unique(labels))),
        use_legacy_attributes=False,
    )
    # One thread: the products are small, and waiting for a second thread costs more than it computes.
    with threadpool_limits(1):
        regression.fit(scaled if components is None else scaled @ components.T, np.tile(labels, 2))
    weights, bias = regression.coef_, regression.intercept_
    if len(weights) == 1:  # of two classes scikit-learn keeps the difference
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    if components is not None:
        weights = weights @ components
    kernel = (weights / scale).T
    return Probe(
        kernel.astype(np.float32),
        (bias - scaler.mean_ @ kernel).astype(np.float32),
        float(regression.C_),
    )


def _components(scaled: Floats) -> Floats | None:
    """The first principal components, float32 (K, D), of rows with a mean of 0; None where D is small."""
    if scaled.shape[1] <= COMPONENTS:
        return None
    fitted = PCA(min(COMPONENTS, *scaled.shape), svd_solver="randomized", random_state=0).fit(scaled)
    return np.asarray(fitted.components_, np.float32)


def _choices(
    labels: NDArray[np.uint8], keys: NDArray[np.str_]
) -> tuple[tuple[float, ...], list[tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """The values of C, and folds of pictures and mirrored ones that compare them by upright pictures."""
    count = len(labels)
    rarest = rarest_class(labels, keys)
    if rarest < FEWEST_FOLDS:
        everything = np.arange(count)
        return (USUAL_STRENGTH,), [(np.arange(2 * count), everything)]
    dealt = fold_indices(labels, keys, min(INNER_FOLDS, rarest))
    return STRENGTHS, [(np.concatenate([others, others + count]), mine) for others, mine in dealt]


def with_probe(body: Network, probe: Probe) -> Network:
    """A network that answers logits, float32 (N, C).

    Args:
        body: its output is what the probe was learnt on, float32 (N, D).
        probe: of these features.
    """
    logits = layers.Dense(len(probe.bias), name=LOGITS, dtype="float32")
    model = keras.Model(body.input, logits(body.output), name=body.name)
    logits.set_weights([probe.kernel, probe.bias])
    return model
