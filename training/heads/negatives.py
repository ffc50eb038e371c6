"""Photos of other things than the user's classes: features of some 2,000, which come with this package.

The out-of-distribution (OOD) score of own classes is fitted against them. The file has no pixels: of each
photo its kind, its tier, and the measured part of its vector for each block that measures
(features/blocks.py), under a hash of the block's weights. Reads the file; lab/negatives.py writes it. What is
fitted: other_things.py.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.errors import WeightsUnfit
from training.features.blocks import MEASURED, Block, network
from training.features.npz import UNREADABLE, read_npz

SHIPPED: Final = Path(__file__).with_name("negatives.npz")

OF_USERS: Final = "C"
"""The tier of users' own photos."""

KINDS: Final = "kinds"
TIERS: Final = "tiers"
"""The arrays of the file besides the features, whose names are hashes."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Negatives:
    """What one block sees of M photos.

    Attributes:
        features: float32 (M, D), the measured part of their vectors.
        kinds: str (M,), what each shows.
        tiers: str (M,); C for a user's photo, empty where it is not known.
    """

    features: Floats
    kinds: NDArray[np.str_]
    tiers: NDArray[np.str_]

    @property
    def of_users(self) -> NDArray[np.bool_]:
        """Which are users' photos, bool (M,)."""
        return np.equal(self.tiers, OF_USERS)

    def take(self, chosen: NDArray[np.bool_]) -> "Negatives":
        """Those that a mask, bool (M,), picks."""
        return Negatives(self.features[chosen], self.kinds[chosen], self.tiers[chosen])


def load_negatives(block: Block, path: Path = SHIPPED) -> Negatives | None:
    """Read what a block sees of them; None where the file is of other weights.

    Args:
        block: one that measures.
        path: of the file.

    Raises:
        WeightsUnfit: the file is missing or damaged.
    """
    try:
        stored: dict[str, NDArray[Any]] = read_npz(path)
        kinds, tiers = stored[KINDS].astype(np.str_), stored[TIERS].astype(np.str_)
        features = stored.get(weights_hash(block))
        if features is None:
            return None
        if features.shape != (len(kinds), MEASURED[block]):
            raise ValueError(f"features of {features.shape} for {len(kinds)} photos")
    except UNREADABLE as error:
        raise WeightsUnfit(
            f"{path}: no features of photos of other things ({error}). "
            "Restore the file: it comes with Wardrobe."
        ) from error
    return Negatives(features.astype(np.float32), kinds, tiers)


def weights_hash(block: Block) -> str:
    """The SHA-256 of a block's weights, as hex digits."""
    digest = hashlib.sha256()
    for weight in network((block,)).weights:
        digest.update(np.asarray(weight, np.float32).tobytes())
    return digest.hexdigest()
