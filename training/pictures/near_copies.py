"""Test pictures that are nearly the same as one that was learnt: they say less about new pictures.

Fashion-MNIST has some between its parts (arXiv 1906.08255). Found by the perceptual hash that `wardrobe data`
uses (training/pictures/duplicates.py). Pure.
"""

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from training.pictures.duplicates import near_to, perceptual_hash


def near_copies(test: PixelsBatch, learnt: PixelsBatch) -> NDArray[np.bool_]:
    """Bool (N,): which test pictures are nearly the same as one that was learnt.

    Args:
        test: uint8 (N, H, W) or (N, H, W, 3).
        learnt: uint8 (M, H, W) or (M, H, W, 3), M >= 1.
    """
    known = np.unique(_hashes(learnt), axis=0)
    return np.array([len(near_to(one, known)) > 0 for one in _hashes(test)])


def _hashes(images: PixelsBatch) -> NDArray[np.uint64]:
    coloured = (one if one.ndim == 3 else np.stack([one] * 3, axis=-1) for one in images)
    return np.stack([perceptual_hash(one) for one in coloured])
