"""What is learnt beside the training set: pictures of photos, each with what is to be learnt of it.

Known photos are learnt under their label, which nobody checked; FOREIGN ones under all labels alike, so that
the network is taught to doubt (outlier exposure, Hendrycks et al. 2019, arXiv 1812.04606). Touches nothing.
How the pictures are made: photo_making.py; who learns them: fitting.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from training.photos.reading import FOREIGN

UNCHECKED: Final = 0.05
"""Share of a known photo's target that all classes get alike: about as many labels are wrong."""


@dataclass(frozen=True)
class Beside:
    """M pictures that are learnt beside the training set, and are in no way measured on.

    Attributes:
        images: uint8 (M, 28, 28).
        labels: uint8 (M,), a class's index, or FOREIGN.
        photos: how many photos of each tier they were made of.
    """

    images: PixelsBatch
    labels: NDArray[np.uint8]
    photos: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def foreign(self) -> NDArray[np.bool_]:
        """Which show none of the classes, bool (M,)."""
        return np.equal(self.labels, FOREIGN)

    def targets(self, classes: int) -> NDArray[np.float32]:
        """What is to be learnt of each, float32 (M, C), rows of sum 1."""
        equal = np.float32(1 / classes)
        targets = np.full((len(self), classes), equal, np.float32)
        known = np.flatnonzero(~self.foreign)
        targets[known] *= np.float32(UNCHECKED)
        targets[known, self.labels[known]] += np.float32(1 - UNCHECKED)
        return targets

    def as_json(self) -> dict[str, JsonValue]:
        """What a release tells of them."""
        return {
            "learnt_photos": dict(self.photos),
            "learnt_variants": {"known": int((~self.foreign).sum()), "foreign": int(self.foreign.sum())},
        }
