"""Auxiliary data: variants of photos that are learnt together with the training set, and their targets.

Photos of the classes are learnt with their unchecked label, out-of-distribution (OOD) photos with all labels
alike (outlier exposure, Hendrycks et al. 2019, arXiv 1812.04606). Touches nothing. How the pictures are made:
photos/making.py; the fit: fit.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from training.photos.reading import OOD

UNCHECKED: Final = 0.05
"""Share of a labelled photo's target that is spread over all classes: about as many labels are wrong."""


@dataclass(frozen=True)
class AuxiliaryData:
    """M pictures that are learnt in addition to the training set; no figure is measured on them.

    Attributes:
        images: uint8 (M, 28, 28).
        labels: uint8 (M,), a class's index, or OOD.
        photos: how many photos of each tier they were made of.
    """

    images: PixelsBatch
    labels: NDArray[np.uint8]
    photos: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ood(self) -> NDArray[np.bool_]:
        """Which are out of distribution, bool (M,)."""
        return np.equal(self.labels, OOD)

    def targets(self, classes: int) -> NDArray[np.float32]:
        """The target of each, float32 (M, C), rows of sum 1."""
        equal = np.float32(1 / classes)
        targets = np.full((len(self), classes), equal, np.float32)
        known = np.flatnonzero(~self.ood)
        targets[known] *= np.float32(UNCHECKED)
        targets[known, self.labels[known]] += np.float32(1 - UNCHECKED)
        return targets

    def as_json(self) -> dict[str, JsonValue]:
        """What a release's manifest records of them."""
        return {
            "learnt_photos": dict(self.photos),
            "learnt_variants": {"known": int((~self.ood).sum()), "foreign": int(self.ood.sum())},
        }
