"""Measure how far pictures are from the learnt ones, and how well this finds pictures of other things.

Without out-of-distribution (OOD) photos, the score is the Mahalanobis distance of the features to the nearest
class (Lee et al. 2018, arXiv 1807.03888). With them, it is the log odds from a network with one small hidden
layer, which reads features and distance. The report says how well the score finds things that it was not
fitted against; nothing is selected by this figure. Pure. In the serving graph: release/export.py.
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
from reports.values import OutOfScope
from training.data.labels import OOD, LabelCodes

Floats = NDArray[np.float32]

HIDDEN: Final = 32
"""Number of units in the hidden layer. Of 16, 32 and 64 none was clearly better; a logistic regression, which
has no hidden layer, separated photos far worse."""

WEIGHT_DECAY: Final = 0.01
"""Weight decay of the hidden layer; a hundred times as much separated photos as well."""

STEPS: Final = 500
"""Smallest number of Adam's steps, each on BATCH pictures, for a fit against the photos of other things that
come with this package, some 2,000."""

BATCH: Final = 200

RADIUS_QUANTILE: Final = 0.999
"""Share of the learnt pictures whose distance is within the radius. For pictures beyond it that are like
neither the classes nor the photos of other things, such as a chessboard, the network's answer means
nothing."""

BEYOND: Final = 2.0
"""Log odds that are added for each unit of distance beyond the radius, so that distance soon outweighs the
network."""

SEED: Final = 0

UNSEEN_THINGS: Final = "photos of other kinds"
"""Name of the report's row about things that a score was not fitted against, though it was fitted against
others."""


@dataclass(frozen=True)
class Whitening:
    """A linear change of coordinates after which the shared covariance of the classes is the identity.

    Attributes:
        matrix: float32 (D, D); whitened features are `features @ matrix + offset`.
        offset: float32 (D,), added to the product.
        means: float32 (C, D), the mean of each class in whitened coordinates.
    """

    matrix: Floats
    offset: Floats
    means: Floats

    def distances(self, features: Floats) -> Floats:
        """Compute the distance of each picture to the nearest class mean, float32 (N,).

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        return np.asarray(self.to_each(features).min(axis=1), np.float32)

    def to_each(self, features: Floats) -> Floats:
        """Compute the distances of each picture to all class means, float32 (N, C).

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        return np.asarray(cdist(features @ self.matrix + self.offset, self.means), np.float32)


def fit_whitening(features: Floats, labels: LabelCodes, classes: int) -> Whitening:
    """Fit the means of the classes and their shared covariance to training pictures.

    The covariance is shrunk (Ledoit and Wolf 2004), because some features hardly vary.

    Args:
        features: float32 (N, D), the features of the pictures.
        labels: (N,), the class index of each picture; every class must occur.
        classes: the number of classes.
    """
    exact = features.astype(np.float64)
    means = np.stack([exact[labels == label].mean(axis=0) for label in range(classes)])
    # One thread, as in logistic.py: eigenvalues of some hundred features take several times as long with two.
    with threadpool_limits(1):
        estimate = LedoitWolf(assume_centered=True, store_precision=False).fit(exact - means[labels])
        values, vectors = np.linalg.eigh(estimate.covariance_)
    # A feature that never fires has no variance at all: it is measured in steps of float32, not of zero.
    matrix = vectors / np.sqrt(np.maximum(values, np.finfo(np.float32).eps))
    centre = means.mean(axis=0)
    return Whitening(
        matrix=matrix.astype(np.float32),
        offset=(-centre @ matrix).astype(np.float32),
        means=((means - centre) @ matrix).astype(np.float32),
    )


@dataclass(frozen=True)
class OodScore:
    """The weights that turn features into the log odds that a picture is out of distribution.

    Attributes:
        whitening: the coordinates in which the distance to the nearest class is measured.
        hidden: float32 (D + 1, HIDDEN), the hidden layer's weights of the features and then of the distance.
        hidden_offset: float32 (HIDDEN,), the bias of the hidden layer, before its ReLU.
        weights: float32 (HIDDEN, 1), the weights of the output.
        offset: float32 (1,), the bias of the output.
        radius: the distance beyond which BEYOND is added for each unit.
    """

    whitening: Whitening
    hidden: Floats
    hidden_offset: Floats
    weights: Floats
    offset: Floats
    radius: float

    def distances(self, features: Floats) -> Floats:
        """Compute the log odds that each picture is out of distribution, float32 (N,).

        Above 0, this is more likely than not. A release calls these numbers distances, like the distances to
        classes.

        Args:
            features: float32 (N, D), the features of the pictures.
        """
        distances = self.whitening.distances(features)
        units = np.maximum(np.column_stack([features, distances]) @ self.hidden + self.hidden_offset, 0)
        far = np.maximum(distances - np.float32(self.radius), 0)
        return np.asarray((units @ self.weights + self.offset)[:, 0] + np.float32(BEYOND) * far, np.float32)


@dataclass(frozen=True)
class OodPhotos:
    """Features of photos of other things than the classes, at the layer where distances are measured.

    Attributes:
        features: float32 (M, D), of the photos against which a score is fitted.
        weights: float32 (M,), the weight of each of these photos in the fit.
        unseen: float32 (K, D), of photos of further things, on which a score is measured.
    """

    features: Floats
    weights: Floats
    unseen: Floats


def fit_measure(
    features: Floats, labels: LabelCodes, classes: int, photos: OodPhotos | None = None
) -> Whitening | OodScore:
    """Fit the measure of how unfamiliar a picture is: a distance, or a score against photos of other things.

    In the fit of a score, all photos of other things weigh as much as all pictures of the classes.

    Args:
        features: float32 (N, D), the features of learnt pictures.
        labels: (N,), the class index of each picture; every class must occur. Pictures with negative numbers
            are left out.
        classes: the number of classes.
        photos: the photos of other things; None for the distance.
    """
    features, labels = features[labels >= 0], labels[labels >= 0]
    if photos is None:
        return fit_whitening(features, labels, classes)
    weights = photos.weights * (len(labels) / photos.weights.sum())
    both = np.concatenate([features, photos.features])
    return fit_ood_score(
        both,
        np.concatenate([labels, np.full(len(weights), OOD)]),
        classes,
        np.concatenate([np.ones(len(labels)), weights]),
    )


def fit_ood_score(
    features: Floats,
    labels: LabelCodes,
    classes: int,
    weights: NDArray[np.float64],
) -> OodScore:
    """Fit a score that separates pictures of the classes from photos of other things.

    Args:
        features: float32 (N, D), the features of learnt pictures and of photos of other things.
        labels: (N,), the class index of each, or OOD; every class and OOD must occur.
        classes: the number of classes.
        weights: float64 (N,), the weight of each picture in the fit.
    """
    ood = labels == OOD
    whitening = fit_whitening(features[~ood], labels[~ood], classes)
    distances = whitening.distances(features)
    measures = np.column_stack([features, distances]).astype(np.float64)
    scaler = StandardScaler()
    standardised = scaler.fit_transform(measures)
    # With a number in place of the generator, each pass would shuffle the same way.
    random = np.random.RandomState(SEED)
    network = MLPClassifier(
        (HIDDEN,), alpha=WEIGHT_DECAY, batch_size=min(BATCH, len(ood)), random_state=random
    )
    # One thread, as in logistic.py: the products of a batch are small.
    with threadpool_limits(1):
        for _ in range(math.ceil(STEPS * BATCH / len(ood))):
            network.partial_fit(standardised, ood, sample_weight=weights, classes=[False, True])
    # Standardising is folded into the weights, so that serving need not do it.
    hidden = network.coefs_[0] / scaler.scale_[:, None]
    return OodScore(
        whitening=whitening,
        hidden=hidden.astype(np.float32),
        hidden_offset=(network.intercepts_[0] - scaler.mean_ @ hidden).astype(np.float32),
        weights=network.coefs_[1].astype(np.float32),
        offset=network.intercepts_[1].astype(np.float32),
        # Some hundred pictures lie nearer to their own means than further ones of their classes do.
        radius=float(np.quantile(distances, RADIUS_QUANTILE)),
    )


def separation(learnt: Distances, ood: Distances, familiarity: Familiarity) -> OutOfScope:
    """Measure how well a score separates photos of other things from pictures of the classes.

    Args:
        learnt: float32 (N,), the distances of pictures of the classes, from networks that did not learn them.
        ood: float32 (M,), the distances of photos of things that the score was not fitted against.
        familiarity: the release's familiarity, which says from which distance a picture is unfamiliar.
    """
    ranks = [compute_familiarity(distance, familiarity) for distance in ood.tolist()]
    return OutOfScope(
        n=len(ood),
        familiarity_auroc=float(
            roc_auc_score(np.repeat([0, 1], [len(learnt), len(ood)]), np.concatenate([learnt, ood]))
        ),
        unfamiliar=float(np.mean(np.less(ranks, familiarity.threshold))),
    )
