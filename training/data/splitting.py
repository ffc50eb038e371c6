"""Hold pictures out of the training set for validation.

Every choice (best weights, temperature, thresholds) is made on the held-out pictures; the test set is read
once, for the report. Pure; numpy only.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.datasets import LabelledImages
from training.errors import BadRecipe
from training.fitting.auxiliary import AuxiliaryData


@dataclass(frozen=True)
class Split:
    """The training set in two disjoint parts.

    Attributes:
        train: what is learnt.
        validation: what is held out.
        auxiliary: what is learnt in addition; None for the training set alone.
    """

    train: LabelledImages
    validation: LabelledImages
    auxiliary: AuxiliaryData | None = None


USUAL_SHARE: Final = 12
"""One training picture in so many is held out by default: 5,000 of Fashion-MNIST's 60,000."""


ENOUGH_HELD_OUT: Final = 100
"""Held-out pictures that the thresholds of the decision need: one of them finds the rarest hundredth
(evaluation/calibration.py)."""


def usual_share(images: LabelledImages) -> int:
    """How many pictures to hold out by default: one in USUAL_SHARE, at least one per class."""
    return max(len(images) // USUAL_SHARE, len(np.unique(images.labels)))


def split(images: LabelledImages, held_out: int, seed: int, classes: int) -> Split:
    """Hold out pictures so that each class keeps its share, to within one picture.

    Args:
        images: the training set.
        held_out: how many to hold out; at least one per class that occurs, and fewer than there are.
        seed: the same seed holds out the same pictures.
        classes: how many there are; each must occur.

    Returns:
        Both parts in the data set's own order.

    Raises:
        BadRecipe: a class does not occur, or `held_out` is too small or too large.
    """
    missing = np.setdiff1d(np.arange(classes), images.labels)
    if missing.size:
        raise BadRecipe(
            f"No picture of class {missing[0]} among the {len(images)} training pictures: "
            "each class must occur."
        )
    chosen = held_out_indices(images.labels, held_out, seed)
    rest = np.setdiff1d(np.arange(len(images)), chosen, assume_unique=True)
    return Split(train=images.take(rest), validation=images.take(chosen))


def held_out_indices(labels: NDArray[np.uint8], held_out: int, seed: int) -> NDArray[np.int64]:
    """Ascending positions of the held-out pictures, int64 (held_out,); see `split`."""
    classes, counts = np.unique(labels, return_counts=True)
    if not len(classes) <= held_out <= len(labels) - len(classes):
        raise BadRecipe(
            f"--validation {held_out}: {len(labels)} pictures of {len(classes)} classes allow "
            f"{len(classes)} to {len(labels) - len(classes)}."
        )
    generator = np.random.default_rng([seed, 0])
    quotas = _quotas(counts, held_out)
    picked = [
        generator.permutation(np.flatnonzero(labels == label))[:quota]
        for label, quota in zip(classes, quotas, strict=True)
    ]
    return np.sort(np.concatenate(picked)).astype(np.int64)


def doubt_of(held_out: int) -> str | None:
    """The warning before a training whose thresholds would come from few held-out pictures, if any."""
    if held_out >= ENOUGH_HELD_OUT:
        return None
    return (
        f"{held_out} pictures are held out to choose the decision's thresholds. With fewer than "
        f"{ENOUGH_HELD_OUT} these are unreliable, and good answers go to review: bring "
        f"{ENOUGH_HELD_OUT * USUAL_SHARE:,} training pictures or more, or hold out more with --validation."
    )


def first(images: LabelledImages, count: int | None) -> LabelledImages:
    """The first `count` pictures, for quick tries; all of them for None.

    Raises:
        BadRecipe: there are fewer, or `count` is below 1.
    """
    if count is None:
        return images
    if not 1 <= count <= len(images):
        raise BadRecipe(f"--limit {count}: the training set allows 1 to {len(images)}.")
    return images.take(np.arange(count))


def _quotas(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Share `total` out over the classes by size; largest remainders get the last ones (Hamilton's rule)."""
    exact = counts * (total / counts.sum())
    quotas: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return quotas
