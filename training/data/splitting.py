"""What a training learns: the training set without the held-out pictures, and auxiliary data.

Every choice (best weights, temperature, thresholds) is made on the held-out pictures; the test set is read
once, for the report. Auxiliary data are variants of photos: those of the classes are learnt with their
unchecked label, out-of-distribution (OOD) ones with all labels alike (outlier exposure, Hendrycks et al.
2019, arXiv 1812.04606); photos/making.py makes them. Pure; numpy only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from training.data.datasets import LabelledImages
from training.errors import BadRecipe
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


ENOUGH_HELD_OUT: Final = 299
"""Answers from which on no fold is needed: so many without an error show that 99% are right
(evaluation/calibration.py)."""

USUAL_FOLDS: Final = 5
"""Folds where fewer pictures are held out."""


FOLD_SEED: Final = 1234
"""Of the folds, whatever the recipe's seeds, so that a repeated command goes on with them."""

FEWEST_FOLDS: Final = 2
"""With one there would be nothing to learn from."""


def usual_share(images: LabelledImages) -> int:
    """How many pictures to hold out by default: one in USUAL_SHARE, at least one per class."""
    return max(len(images) // USUAL_SHARE, len(np.unique(images.labels)))


def split(images: LabelledImages, held_out: int, seed: int, classes: int) -> Split:
    """Hold out pictures: by their keys, or where they have none so that each class keeps its share.

    Args:
        images: the training set.
        held_out: how many to hold out, by keys on average; at least one per class that occurs, and fewer than
            there are.
        seed: the same seed holds out the same pictures.
        classes: how many there are; each must occur.

    Returns:
        Both parts in the data set's own order.

    Raises:
        BadRecipe: a class does not occur, or all its pictures are of one group, or `held_out` is too small or
            too large.
    """
    missing = np.setdiff1d(np.arange(classes), images.labels)
    if missing.size:
        raise BadRecipe(
            f"No picture of class {missing[0]} among the {len(images)} training pictures: "
            "each class must occur."
        )
    chosen = held_out_indices(images, held_out, seed)
    rest = np.setdiff1d(np.arange(len(images)), chosen, assume_unique=True)
    if lost := sorted(set(range(classes)) - set(images.labels[rest].tolist())):
        raise BadRecipe(
            f"All {np.sum(images.labels == lost[0])} training pictures of class {lost[0]} are in groups that "
            "are held out. Bring pictures of other groups."
        )
    return Split(train=images.take(rest), validation=images.take(chosen))


def held_out_share(images: LabelledImages, held_out: int) -> float:
    """The share of keys that is held out: by default the same for any number of pictures."""
    return 1 / USUAL_SHARE if held_out == usual_share(images) else held_out / len(images)


def held_out_indices(images: LabelledImages, held_out: int, seed: int) -> NDArray[np.int64]:
    """Ascending positions of the held-out pictures, int64; see `split`."""
    labels = images.labels
    classes, counts = np.unique(labels, return_counts=True)
    if not len(classes) <= held_out <= len(labels) - len(classes):
        raise BadRecipe(
            f"--validation {held_out}: {len(labels)} pictures of {len(classes)} classes allow "
            f"{len(classes)} to {len(labels) - len(classes)}."
        )
    if images.keys is not None:
        return drawn_indices(labels, images.keys, held_out_share(images, held_out), str(seed))
    generator = np.random.default_rng([seed, 0])
    quotas = _quotas(counts, held_out)
    picked = [
        generator.permutation(np.flatnonzero(labels == label))[:quota]
        for label, quota in zip(classes, quotas, strict=True)
    ]
    return np.sort(np.concatenate(picked)).astype(np.int64)


def drawn_indices(
    labels: NDArray[np.generic], keys: NDArray[np.str_], share: float, salt: str
) -> NDArray[np.int64]:
    """Ascending positions of the pictures whose keys' hashes are among the lowest `share` of all hashes.

    So a further picture moves no other one. A class of which none is drawn gives those of its lowest hash:
    that alone may change with further pictures, and then its old ones go back to be learnt.

    Args:
        labels: (N,), of each picture.
        keys: str (N,); equal ones are drawn together.
        share: 0..1.
        salt: another one makes another draw.
    """
    digests = [hashlib.sha256(f"{salt} {key}".encode()).digest() for key in keys.tolist()]
    draws = np.array([int.from_bytes(digest[:8]) for digest in digests]) / 2**64
    drawn = draws < share
    for label in np.unique(labels):
        of_class = labels == label
        if not drawn[of_class].any():
            drawn |= draws == draws[of_class].min()
    return np.flatnonzero(drawn)


def fold_indices(
    labels: NDArray[np.uint8], keys: NDArray[np.str_] | None, folds: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Deal pictures into folds in which each class keeps its share, as far as groups allow it.

    Args:
        labels: uint8 (N,), of each.
        keys: str (N,); equal ones are in one fold. None for pictures without groups.
        folds: FEWEST_FOLDS or more.

    Returns:
        For each fold the ascending positions of the others' pictures, and of its own.

    Raises:
        BadRecipe: a class has fewer pictures, or groups, than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # noqa: PLC0415 - --help needs none

    rarest = rarest_class(labels, keys)
    if not FEWEST_FOLDS <= folds <= rarest:
        allowed = f"{FEWEST_FOLDS} to {rarest} folds" if rarest >= FEWEST_FOLDS else "no folds"
        raise BadRecipe(
            f"--folds {folds}: the rarest class has {rarest} training pictures"
            f"{'' if keys is None else ' or groups'}, which allow {allowed}."
        )
    kind = StratifiedKFold if keys is None else StratifiedGroupKFold
    dealer = kind(folds, shuffle=True, random_state=FOLD_SEED)
    dealt = list(dealer.split(labels, labels, keys))
    if any(len(np.unique(labels[others])) < len(np.unique(labels)) for others, _ in dealt):
        raise BadRecipe(
            f"--folds {folds}: one class would be in one fold as a whole. Name other --folds, or 0 for none."
        )
    return dealt


def rarest_class(labels: NDArray[np.uint8], keys: NDArray[np.str_] | None) -> int:
    """How many pictures, or groups of them, the class with the fewest has."""
    units = np.unique(np.arange(len(labels)) if keys is None else keys, return_inverse=True)[1]
    _, classes = np.unique(np.stack([units, labels]), axis=1)
    return int(np.unique(classes, return_counts=True)[1].min())


def usual_folds(parts: Split) -> int:
    """How many folds there are by default: none with enough held-out pictures, or with too small a class."""
    rarest = rarest_class(parts.train.labels, parts.train.keys)
    enough = len(parts.validation) >= ENOUGH_HELD_OUT
    return 0 if enough or rarest < FEWEST_FOLDS else min(USUAL_FOLDS, rarest)


def doubt_of(answers: int, needed: int) -> str | None:
    """The warning before a training whose thresholds would come from too few answers, if any."""
    if answers >= needed:
        return None
    return (
        f"{answers} pictures can show how often accepted answers are right. With fewer than "
        f"{needed}, every decision by the thresholds that they choose will be `review`: bring more "
        "training pictures, or divide them with --folds."
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
