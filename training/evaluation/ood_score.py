"""The OOD score: the log odds that a picture is out of distribution, of a model that learnt such pictures.

A logistic regression on the features of the layer below the last, and on their Mahalanobis distance to the
nearest class (distance.py). It separates better than the distance alone; the distance stays among its inputs
for pictures that are like neither kind, such as noise. Touches nothing. In the serving graph: onnx_graph.py.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from training.evaluation.distance import Floats, Whitening, fit_whitening
from training.photos.reading import OOD

SLACK: Final = 0.1
"""Inverse of the strength by which weights are held small; a tenth of it separated photos as well."""

STEPS: Final = 3000
"""More than the fit ever took."""

SAMPLE: Final = 11_000
"""Size of the sample of training pictures: about as many as there are variants of photos."""


@dataclass(frozen=True)
class OodScore:
    """The weights that turn features into the log odds of being out of distribution.

    Attributes:
        whitening: gives the distance to the nearest class.
        weights: float32 (D,), of the features.
        distance_weight: of the distance.
        offset: added to it all.
    """

    whitening: Whitening
    weights: Floats
    distance_weight: float
    offset: float

    def log_odds(self, features: Floats) -> Floats:
        """The log odds, float32 (N,), of float32 (N, D) features; above 0 more likely OOD than not."""
        distances = self.whitening.distances(features)
        odds: Floats = features @ self.weights + self.distance_weight * distances + np.float32(self.offset)
        return odds


def fit_ood_score(features: Floats, labels: NDArray[np.uint8], classes: int) -> OodScore:
    """Fit it.

    Args:
        features: float32 (N, D), of pictures that were learnt.
        labels: uint8 (N,), a class's index or OOD; every class must occur, and OOD.
        classes: how many there are.
    """
    ood = labels == OOD
    whitening = fit_whitening(features[~ood], labels[~ood], classes)
    measures = np.column_stack([features, whitening.distances(features)]).astype(np.float64)
    middle, spread = measures.mean(axis=0), measures.std(axis=0)
    spread[spread == 0] = 1  # a feature that never fires
    fitted = LogisticRegression(C=SLACK, max_iter=STEPS).fit((measures - middle) / spread, ood)
    # Standardising is folded into the weights, so that serving need not do it.
    weights = fitted.coef_[0] / spread
    return OodScore(
        whitening=whitening,
        weights=weights[:-1].astype(np.float32),
        distance_weight=float(weights[-1]),
        offset=float(fitted.intercept_[0] - weights @ middle),
    )


def sample_of(pictures: int) -> NDArray[np.int64]:
    """Ascending positions of SAMPLE of so many training pictures, evenly spaced; all if there are fewer."""
    return np.unique(np.linspace(0, pictures - 1, SAMPLE).astype(np.int64))
