"""What the model reads of a picture: one crop, or two that are run together and answered as one.

Pure functions of arrays. convert.py makes the crops, session.py runs them, classifier.py calls both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from inference.arrays import Pixels, PixelsBatch, Probabilities
from inference.contract import Network, Shown
from inference.session import Scores


@dataclass(frozen=True)
class ModelInput:
    """What the model reads of one picture.

    Attributes:
        pixels: uint8, of the network's `array_shape`, C-contiguous.
        worn: the same of the garment alone that a person on it wears; None where there is none, or it is not
            read.
        enlarged: whether the picture is smaller than the input, so that details may be missing.
        shown: what the pixels were made of.
        network: that reads them.
    """

    pixels: Pixels
    worn: Pixels | None = None
    enlarged: bool = False
    shown: Shown = "pixels"
    network: Network = "pixels"


Pairs: TypeAlias = Sequence[tuple[int, int]]
"""Pictures that have a second crop, each with the place of this among all crops."""


def stacked(pixels: PixelsBatch, worn: Sequence[Pixels | None]) -> tuple[PixelsBatch, Pairs]:
    """Put second crops behind the first ones, to be run together.

    Args:
        pixels: of N pictures.
        worn: the second crop of each, where it has one; empty where none has. An array that several pictures
            share is run once.

    Returns:
        The crops, and which belong together.
    """
    behind: list[Pixels] = []
    pairs, place_of = [], dict[int, int]()
    for picture, one in enumerate(worn):
        if one is None:
            continue
        if id(one) not in place_of:
            place_of[id(one)] = len(pixels) + len(behind)
            behind.append(one)
        pairs.append((picture, place_of[id(one)]))
    return (np.concatenate([pixels, behind]) if behind else pixels), pairs


def averaged(scores: Scores, pairs: Pairs) -> Scores:
    """The scores of pictures out of those of their crops: the mean log probability, and the mean distance.

    Args:
        scores: of all crops, as `stacked` has them.
        pairs: from `stacked`.

    Returns:
        The scores of N pictures.
    """
    if not pairs:
        return scores
    pictures, seconds = (list(places) for places in zip(*pairs, strict=True))
    n = seconds[0]  # the first crop behind those of the pictures
    probabilities = scores.probabilities[:n].copy()
    probabilities[pictures] = _mean(probabilities[pictures], scores.probabilities[seconds])
    if scores.distances is None:
        return Scores(probabilities, None)
    distances = scores.distances[:n].copy()
    distances[pictures] = (distances[pictures] + scores.distances[seconds]) / 2
    return Scores(probabilities, distances)


def _mean(one: Probabilities, other: Probabilities) -> Probabilities:
    """The geometric mean, scaled to sum 1: two crops may be certain of two classes, so that none is left."""
    least = np.finfo(np.float32).tiny
    product = np.sqrt(np.maximum(one, least, dtype=np.float64) * np.maximum(other, least, dtype=np.float64))
    return np.asarray(product / product.sum(axis=1, keepdims=True), np.float32)
