"""Choose photos of other things, against which the out-of-distribution (OOD) score of own classes is fitted.

Features of some 2,000 photos come with this package in negatives.npz. The file has no pixels, only the
measured part of each photo's vector for each block (features/blocks.py), under a hash of the block's weights.
Photos of things that are probably the user's own classes are not chosen, and some things are kept to measure
the score on. Reads this file, and some of the user's pictures; lab/negatives.py writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.data.pictures import Pictures
from training.data.split import FoldNumbers, draw_positions
from training.data.vectors import Features
from training.errors import WeightsUnfit
from training.features.blocks import MEASURED, Block, network
from training.features.weights import UNREADABLE, read_npz, weights_hash
from training.heads.cross_val import out_of_fold
from training.heads.logistic import fit_head
from training.heads.ood import OodPhotos, fit_whitening

SHIPPED: Final = Path(__file__).with_name("negatives.npz")

OF_USERS: Final = "C"
"""The tier of photos that users took themselves."""

THINGS: Final = "kinds"
TIERS: Final = "tiers"
"""Names of the arrays in the file besides the features, whose names are hashes."""

SURE: Final = 0.9
"""Confidence above which a head counts as sure of a class."""

TAKEN: Final = 0.5
"""Share of a thing's photos for which the head must be sure of one class before the thing counts as the
class."""

WITHIN: Final = 0.9
"""Quantile of a class's own distances within which half of a thing's photos must lie before the thing counts
as this class. The head alone is not enough, because it is also sure of things that it has never seen."""

UNSEEN: Final = 0.15
"""Share of the things that the score is not fitted against, so that it can be measured on them; drawn by
their names."""

SALT: Final = "unseen kinds"

LOOKED_AT: Final = 100
"""Number of the user's pictures by which the user's backgrounds are judged plain or cluttered."""

CLUTTERED_WEIGHT: Final = 0.5
"""Weight of a users' photo if the backgrounds of the user's own pictures are cluttered, too, and so look
alike."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Negatives:
    """Features of M photos of other things than the classes, for one block of the feature vector.

    Attributes:
        features: float32 (M, D), the part of each vector in which distances are measured.
        things: str (M,), the thing that each photo shows.
        tiers: str (M,), C for a photo by a user; empty if it is not known.
    """

    features: Floats
    things: NDArray[np.str_]
    tiers: NDArray[np.str_]

    @property
    def of_users(self) -> NDArray[np.bool_]:
        """Whether each photo was taken by a user, bool (M,)."""
        return np.equal(self.tiers, OF_USERS)

    def take(self, chosen: NDArray[np.bool_]) -> "Negatives":
        """Return the photos that a mask picks.

        Args:
            chosen: bool (M,), the mask.
        """
        return Negatives(self.features[chosen], self.things[chosen], self.tiers[chosen])


def ood_negatives(  # noqa: PLR0913, PLR0917 - what is known of a user's classes
    block: Block,
    train: Pictures,
    measured: Floats,
    folds: FoldNumbers,
    say: Callable[[str], None],
    path: Path = SHIPPED,
) -> OodPhotos | None:
    """Choose the photos of other things against which the OOD score of own classes is fitted and measured.

    Args:
        block: the block of the feature vector in which distances are measured.
        train: the training pictures.
        measured: float32 (N, M), this part of the training pictures' vectors.
        folds: the folds of the training pictures.
        say: a function that receives a sentence if there are no such photos, and why.
        path: the file with the features of other photos.

    Returns:
        The photos, without things that look like own classes; None if the file was made for other weights, or
        fewer than two things remain. Then the distance alone is the score.

    Raises:
        WeightsUnfit: the file is missing or damaged.
    """
    negatives = load_negatives(block, path)
    if negatives is None:
        say(f"{path.name} is of other weights: the distance alone says what is unfamiliar.")
        return None
    own = own_things(negatives, train, measured, folds)
    negatives = negatives.take(~np.isin(negatives.things, own))
    if len(np.unique(negatives.things)) < 2:
        say("All things that are known look like the classes: the distance alone says what is unfamiliar.")
        return None
    unseen = np.zeros(len(negatives.things), np.bool_)
    unseen[draw_positions(np.zeros(len(unseen)), negatives.things, UNSEEN, SALT)] = True
    learnt = negatives.take(~unseen)
    weight = CLUTTERED_WEIGHT if are_cluttered(train.is_plain) else 1.0
    weights = np.where(learnt.of_users, weight, 1.0).astype(np.float32)
    return OodPhotos(learnt.features, weights, negatives.features[unseen])


def own_things(negatives: Negatives, train: Pictures, measured: Floats, folds: FoldNumbers) -> list[str]:
    """Return the names of things that are probably among the user's own classes.

    A thing is, if a head is sure of one class for the share TAKEN of its photos, and half of them lie near
    the class.

    Args:
        negatives: the photos of other things, for the same block as `measured`.
        train: the training pictures.
        measured: float32 (N, D), the part of their vectors in which distances are measured.
        folds: the folds of the training pictures.
    """
    labelled = np.flatnonzero(train.classes >= 0)
    head = fit_head(
        Features(measured, measured).take(labelled), train.classes[labelled], train.groups[labelled]
    )
    sure = head.probabilities(negatives.features) > SURE
    whitening = fit_whitening(measured[labelled], train.classes[labelled], int(train.classes.max()) + 1)
    distances, radius = whitening.to_each(negatives.features), _radius(train, measured, folds)
    own = set[str]()
    for thing, of_users in product(np.unique(negatives.things).tolist(), (False, True)):
        of_thing = np.equal(negatives.things, thing) & (negatives.of_users == of_users)
        label = int(sure[of_thing].sum(axis=0).argmax())
        if of_thing.any() and sure[of_thing, label].mean() >= TAKEN:
            own |= {thing} if np.median(distances[of_thing, label]) <= radius[label] else set()
    return sorted(own)


def _radius(train: Pictures, measured: Floats, folds: FoldNumbers) -> NDArray[np.float64]:
    """Return the distance within which the share WITHIN of each class's pictures lies, float64 (C,).

    The distances are to means of the classes that were fitted without these pictures.
    """
    labels, classes = train.classes, int(train.classes.max()) + 1

    def learn(some: NDArray[np.int64]) -> Callable[[Floats], Floats]:
        return fit_whitening(measured[some], labels[some], classes).to_each

    to_each = out_of_fold(learn, measured, train.groups, folds, np.flatnonzero(labels >= 0))
    own = (to_each[labels == label, label].astype(np.float64) for label in range(classes))
    return np.array([np.quantile(distances, WITHIN) for distances in own])


def are_cluttered(is_plain: NDArray[np.bool_]) -> bool:
    """Tell whether most pictures have a border of more than one colour.

    Args:
        is_plain: bool (N,), whether the border of each picture has one colour. About LOOKED_AT of the
            pictures decide.
    """
    chosen = is_plain[:: -(-len(is_plain) // LOOKED_AT) or 1]
    return bool(len(chosen)) and float(np.mean(~chosen)) > 0.5


def load_negatives(block: Block, path: Path = SHIPPED) -> Negatives | None:
    """Read the features of photos of other things for one block of the feature vector.

    Args:
        block: the block, one in which distances can be measured.
        path: the file with the features.

    Returns:
        The photos; None if the file was made for other weights of the block.

    Raises:
        WeightsUnfit: the file is missing or damaged.
    """
    try:
        stored: dict[str, NDArray[Any]] = read_npz(path)
        things, tiers = stored[THINGS].astype(np.str_), stored[TIERS].astype(np.str_)
        features = stored.get(weights_hash(network((block,))))
        if features is None:
            return None
        if features.shape != (len(things), MEASURED[block]):
            raise ValueError(f"features of {features.shape} for {len(things)} photos")
    except UNREADABLE as error:
        raise WeightsUnfit(
            f"{path}: no features of photos of other things ({error}). "
            "Restore the file: it comes with Wardrobe."
        ) from error
    return Negatives(features.astype(np.float32), things, tiers)
