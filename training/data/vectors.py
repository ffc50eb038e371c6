"""Feature vectors: numbers that a frozen network, which is not trained, computes from a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

FeatureVectors: TypeAlias = NDArray[np.float32]
"""float32 (N, D), one feature vector for each of N pictures."""


@dataclass(frozen=True)
class Features:
    """Feature vectors of N pictures, as they are and mirrored.

    Attributes:
        upright: float32 (N, D), the vectors of the pictures as they are.
        mirrored: float32 (N, D), the vectors of the pictures flipped left to right.
    """

    upright: FeatureVectors
    mirrored: FeatureVectors

    def __len__(self) -> int:
        return len(self.upright)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Features":
        """Return the features of the pictures at these positions, in this order, or of those in a mask."""
        return Features(self.upright[rows], self.mirrored[rows])


NO_FEATURES: Final = Features(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
"""Empty features, for pictures that no network has read."""


def join_features(parts: Sequence[Features]) -> Features:
    """Join the features of several batches of pictures, one or more, in their order."""
    return Features(
        np.concatenate([part.upright for part in parts]), np.concatenate([part.mirrored for part in parts])
    )
