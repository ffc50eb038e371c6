"""What the model reads of a picture: one crop, or two that are run together and answered as one.

Pure functions of arrays. convert.py makes the crops, session.py runs them, classifier.py calls both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.arrays import Pixels, PixelsBatch, Probabilities
from inference.contract import Shown
from inference.session import Scores


@dataclass(frozen=True)
class ModelInput:
    """What the model reads of one picture.

    Attributes:
        pixels: uint8, of the contract's `array_shape`, C-contiguous.
        worn: the same of the garment alone that a person on it wears; None where there is none, or it is not
            read.
        enlarged: whether the picture is smaller than the input, so that details may be missing.
        shown: what the pixels were made of.
    """

    pixels: Pixels
    worn: Pixels | None = None
    enlarged: bool = False
    shown: Shown = "pixels"


def stacked(pixels: PixelsBatch, worn: Sequence[Pixels | None]) -> tuple[PixelsBatch, list[int]]:
    """Put second crops behind the first ones, to be run together.

    Args:
        pixels: of N pictures.
        worn: the second crop of each, where it has one; empty where none has.

    Returns:
        (N + K) crops, and which K pictures have a second one.
    """
    places = [place for place, one in enumerate(worn) if one is not None]
    if not places:
        return pixels, []
    return np.concatenate([pixels, [one for one in worn if one is not None]]), places


def averaged(scores: Scores, places: Sequence[int]) -> Scores:
    """The scores of pictures out of those of their crops: the mean log probability, and the mean distance.

    Args:
        scores: of (N + K) crops, as `stacked` has them.
        places: of the K pictures.

    Returns:
        The scores of N pictures.
    """
    if not places:
        return scores
    n = len(scores.probabilities) - len(places)
    probabilities = scores.probabilities[:n].copy()
    probabilities[places] = _mean(probabilities[places], scores.probabilities[n:])
    if scores.distances is None:
        return Scores(probabilities, None)
    distances = scores.distances[:n].copy()
    distances[places] = (distances[places] + scores.distances[n:]) / 2
    return Scores(probabilities, distances)


def _mean(one: Probabilities, other: Probabilities) -> Probabilities:
    """The geometric mean, scaled to sum 1: two crops may be certain of two classes, so that none is left."""
    least = np.finfo(np.float32).tiny
    product = np.sqrt(np.maximum(one, least, dtype=np.float64) * np.maximum(other, least, dtype=np.float64))
    return np.asarray(product / product.sum(axis=1, keepdims=True), np.float32)
