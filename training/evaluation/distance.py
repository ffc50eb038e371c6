"""How far a picture's features lie from what the network learnt: Mahalanobis, to the nearest class.

Lee et al. 2018 (arXiv 1807.03888): class means and one shared covariance of the layer below the last.
The covariance is shrunk (Ledoit and Wolf 2004), since some features hardly vary. Touches nothing.
Where it enters the serving graph: onnx_graph.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Whitening:
    """A change of coordinates in which the shared covariance is the identity.

    Attributes:
        matrix: float32 (D, D); whitened features are `features @ matrix + offset`.
        offset: float32 (D,).
        means: float32 (C, D), the classes' means in whitened coordinates.
    """

    matrix: Floats
    offset: Floats
    means: Floats

    def distances(self, features: Floats) -> Floats:
        """Distance to the nearest class mean, float32 (N,), of float32 (N, D) features."""
        whitened = features @ self.matrix + self.offset
        squared = np.square(whitened[:, None, :] - self.means[None]).sum(axis=2)
        nearest: Floats = np.sqrt(squared.min(axis=1))
        return nearest


def fit_whitening(features: Floats, labels: NDArray[np.uint8], classes: int) -> Whitening:
    """Fit means and covariance.

    Args:
        features: float32 (N, D), of training pictures.
        labels: uint8 (N,); every class must occur.
        classes: how many there are.
    """
    exact = features.astype(np.float64)
    means = np.stack([exact[labels == label].mean(axis=0) for label in range(classes)])
    covariance = LedoitWolf(assume_centered=True).fit(exact - means[labels]).covariance_
    values, vectors = np.linalg.eigh(covariance)
    # A feature that never fires has no variance at all: it is measured in steps of float32, not of zero.
    matrix = vectors / np.sqrt(np.maximum(values, np.finfo(np.float32).eps))
    centre = means.mean(axis=0)
    return Whitening(
        matrix=matrix.astype(np.float32),
        offset=(-centre @ matrix).astype(np.float32),
        means=((means - centre) @ matrix).astype(np.float32),
    )
