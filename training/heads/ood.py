"""Measure how far pictures are from the learnt ones, so that a service notices pictures of other things.

There are two measures. A release has one of them, as the output `distance` of its network:

1. The Mahalanobis distance of the features to the nearest class (Lee et al. 2018, arXiv 1807.03888).
2. The log odds that the picture shows something else (out of distribution, OOD), such as 1.5. They come from
   a small network that learnt photos of other things. It reads the features and the distance.

The report says how well the second one finds things that it did not learn. Nothing is chosen by this figure.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from inference.arrays import Distances
from inference.contract import Familiarity
from inference.decision import compute_familiarity
from reports.network_figures import OutOfScope
from training.data.labels import OOD, LabelCodes

Float32Array = NDArray[np.float32]
"""Array of float32, of any shape."""

OOD_HIDDEN_UNITS: Final = 32
"""Number of units in the hidden layer. Of 16, 32 and 64 none was clearly better; a logistic regression, which
has no hidden layer, separated photos far worse."""

OOD_WEIGHT_DECAY: Final = 0.01
"""Weight decay of the hidden layer; a hundred times as much separated photos as well."""

MIN_ADAM_STEPS: Final = 500
"""Smallest number of Adam's steps, each on OOD_BATCH_SIZE pictures, for a fit against the photos of other
things that come with this package, some 2,000."""

OOD_BATCH_SIZE: Final = 200

RADIUS_QUANTILE: Final = 0.999
"""Share of the learnt pictures whose distance is within the radius. For pictures beyond it that are like
neither the classes nor the photos of other things, such as a chessboard, the network's answer means
nothing."""

LOG_ODDS_BEYOND_RADIUS: Final = 2.0
"""Log odds that are added for each unit of distance beyond the radius, so that the distance soon outweighs
the network's answer."""

OOD_SEED: Final = 0

UNSEEN_THINGS_ROW: Final = "photos of other kinds"
"""Name of the report's row about photos of things that the score did not learn, while it learnt others."""


@dataclass(frozen=True)
class ClassWhitening:
    """A linear change of coordinates after which the shared covariance of the classes is the identity.

    Attributes:
        matrix: float32 (D, D); whitened features are `features @ matrix + offset`.
        offset: float32 (D,), added to the product.
        means: float32 (C, D), the mean of each class in whitened coordinates.
    """

    matrix: Float32Array
    offset: Float32Array
    means: Float32Array

    def compute_distances(self, features: Float32Array) -> Float32Array:
        """Compute the distance of each picture to the nearest class mean, float32 (N,).

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        return np.asarray(self.compute_class_distances(features).min(axis=1), np.float32)

    def compute_class_distances(self, features: Float32Array) -> Float32Array:
        """Compute the distances of each picture to all class means, float32 (N, C).

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        return np.asarray(cdist(features @ self.matrix + self.offset, self.means), np.float32)


def fit_whitening(features: Float32Array, labels: LabelCodes, classes: int) -> ClassWhitening:
    """Fit the means of the classes and their shared covariance to training pictures.

    The covariance is shrunk towards equal variances (Ledoit and Wolf 2004), because some features hardly
    vary.

    Args:
        features: float32 (N, D), the features of the pictures.
        labels: (N,), the class index of each picture; every class must occur.
    """
    exact_features = features.astype(np.float64)
    means = np.stack([exact_features[labels == label].mean(axis=0) for label in range(classes)])
    # One thread: eigenvalues of some hundred features take several times as long with two.
    with threadpool_limits(1):
        estimate = LedoitWolf(assume_centered=True, store_precision=False).fit(exact_features - means[labels])
        values, vectors = np.linalg.eigh(estimate.covariance_)
    # A feature that is always 0 has no variance. The epsilon of float32 keeps the division below from
    # infinity.
    matrix = vectors / np.sqrt(np.maximum(values, np.finfo(np.float32).eps))
    centre = means.mean(axis=0)
    return ClassWhitening(
        matrix=matrix.astype(np.float32),
        offset=(-centre @ matrix).astype(np.float32),
        means=((means - centre) @ matrix).astype(np.float32),
    )


@dataclass(frozen=True)
class OodScorer:
    """The weights that turn features into the log odds that a picture is out of distribution.

    Attributes:
        whitening: the coordinates in which the distance to the nearest class is measured.
        hidden_kernel: float32 (D + 1, OOD_HIDDEN_UNITS), the hidden layer's weights of the features and then
            of the distance.
        hidden_bias: float32 (OOD_HIDDEN_UNITS,), the bias of the hidden layer, before its ReLU.
        output_kernel: float32 (OOD_HIDDEN_UNITS, 1), the weights of the output.
        output_bias: float32 (1,), the bias of the output.
        radius: the distance beyond which LOG_ODDS_BEYOND_RADIUS is added for each unit. Nearly all learnt
            pictures, other things too, are nearer (RADIUS_QUANTILE).
    """

    whitening: ClassWhitening
    hidden_kernel: Float32Array
    hidden_bias: Float32Array
    output_kernel: Float32Array
    output_bias: Float32Array
    radius: float

    def compute_distances(self, features: Float32Array) -> Float32Array:
        """Compute the log odds that each picture is out of distribution, float32 (N,).

        Above 0, this is more likely than not. A release calls them distances, since the distances of
        ClassWhitening are used in the same way.

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        distances = self.whitening.compute_distances(features)
        units = np.maximum(np.column_stack([features, distances]) @ self.hidden_kernel + self.hidden_bias, 0)
        distance_beyond_radius = np.maximum(distances - np.float32(self.radius), 0)
        return np.asarray(
            (units @ self.output_kernel + self.output_bias)[:, 0]
            + np.float32(LOG_ODDS_BEYOND_RADIUS) * distance_beyond_radius,
            np.float32,
        )


@dataclass(frozen=True)
class OodFitData:
    """Features of photos that show other things than the classes, such as scarves.

    Attributes:
        features: float32 (M, D), of the photos against which a score is fitted.
        weights: float32 (M,), the weight of each of these photos in the fit.
        unseen_features: float32 (K, D), of photos of further things, on which a score is measured.
    """

    features: Float32Array
    weights: Float32Array
    unseen_features: Float32Array


def fit_ood_measure(
    features: Float32Array, labels: LabelCodes, classes: int, ood_data: OodFitData | None = None
) -> ClassWhitening | OodScorer:
    """Fit the measure of how unfamiliar a picture is.

    Without photos of other things it is the distance to the nearest class. With them it is a score that
    separates both sorts of pictures.

    Args:
        features: float32 (N, D), the features of learnt pictures.
        labels: (N,), the class index of each picture; every class must occur. Pictures with negative numbers
            are left out.
        ood_data: the photos of other things; None for the distance.
    """
    features, labels = features[labels >= 0], labels[labels >= 0]
    if ood_data is None:
        return fit_whitening(features, labels, classes)
    # All photos of other things together weigh as much as all pictures of the classes.
    weights = ood_data.weights * (len(labels) / ood_data.weights.sum())
    all_features = np.concatenate([features, ood_data.features])
    return fit_ood_scorer(
        all_features,
        np.concatenate([labels, np.full(len(weights), OOD)]),
        classes,
        np.concatenate([np.ones(len(labels)), weights]),
    )


def fit_ood_scorer(
    features: Float32Array,
    labels: LabelCodes,
    classes: int,
    weights: NDArray[np.float64],
) -> OodScorer:
    """Fit a score that separates pictures of the classes from photos of other things.

    Args:
        features: float32 (N, D), the features of learnt pictures and of photos of other things.
        labels: (N,), the class index of each, or OOD; every class and OOD must occur.
        weights: float64 (N,), the weight of each picture in the fit.
    """
    is_ood = labels == OOD
    whitening = fit_whitening(features[~is_ood], labels[~is_ood], classes)
    distances = whitening.compute_distances(features)
    measures = np.column_stack([features, distances]).astype(np.float64)
    scaler = StandardScaler()
    standardised = scaler.fit_transform(measures)
    # With a number in place of the generator, each pass would take the pictures in the same order.
    random = np.random.RandomState(OOD_SEED)
    network = MLPClassifier(
        (OOD_HIDDEN_UNITS,),
        alpha=OOD_WEIGHT_DECAY,
        batch_size=min(OOD_BATCH_SIZE, len(is_ood)),
        random_state=random,
    )
    # One thread: the products of a batch are small, and waiting for a second thread costs more than it saves.
    with threadpool_limits(1):
        for _ in range(math.ceil(MIN_ADAM_STEPS * OOD_BATCH_SIZE / len(is_ood))):
            network.partial_fit(standardised, is_ood, sample_weight=weights, classes=[False, True])
    # Standardising is folded into the weights, so that serving need not do it.
    hidden = network.coefs_[0] / scaler.scale_[:, None]
    return OodScorer(
        whitening=whitening,
        hidden_kernel=hidden.astype(np.float32),
        hidden_bias=(network.intercepts_[0] - scaler.mean_ @ hidden).astype(np.float32),
        output_kernel=network.coefs_[1].astype(np.float32),
        output_bias=network.intercepts_[1].astype(np.float32),
        # Over all photos, other things too: if there are a few hundred pictures of the classes, they lie
        # nearer to their means, which were fitted to them, than further pictures of the classes do.
        radius=float(np.quantile(distances, RADIUS_QUANTILE)),
    )


def measure_separation(
    class_distances: Distances, ood_distances: Distances, familiarity: Familiarity
) -> OutOfScope:
    """Measure how well a score separates photos of other things from pictures of the classes.

    Args:
        class_distances: float32 (N,), the distances of pictures of the classes, from networks that did not
            learn them.
        ood_distances: float32 (M,), the distances of photos of things that the score was not fitted against.
        familiarity: the release's familiarity, which says from which distance a picture is unfamiliar.
    """
    ranks = [compute_familiarity(distance, familiarity) for distance in ood_distances.tolist()]
    return OutOfScope(
        n=len(ood_distances),
        familiarity_auroc=float(
            roc_auc_score(
                np.repeat([0, 1], [len(class_distances), len(ood_distances)]),
                np.concatenate([class_distances, ood_distances]),
            )
        ),
        unfamiliar=float(np.mean(np.less(ranks, familiarity.threshold))),
    )
