"""Vectors that frozen networks make of pictures, in place of their pixels.

Touches nothing. features/blocks.py makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""float32 (N, D)."""


@dataclass(frozen=True)
class Features:
    """Features of N pictures.

    Attributes:
        upright: float32 (N, D).
        mirrored: the same of the pictures flipped left to right.
    """

    upright: Vectors
    mirrored: Vectors

    def __len__(self) -> int:
        return len(self.upright)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "Features":
        """Return the features that a mask picks, or those at these positions."""
        return Features(self.upright[chosen], self.mirrored[chosen])


NOT_SEEN: Final = Features(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
"""Features of pictures that no network has seen."""


def joined(parts: Sequence[Features]) -> Features:
    """Join the features of the pictures of all parts, one or more, in their order."""
    return Features(
        np.concatenate([part.upright for part in parts]), np.concatenate([part.mirrored for part in parts])
    )
