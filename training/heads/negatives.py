"""Choose photos of other things, so that a network for a user's own classes learns what is none of them.

The score that tells the classes from other things (out of distribution, OOD) is fitted against some 2,000
photos. Their features come with this package in negatives.npz, without any pixels. Two sorts of photos are
not learnt: things that are probably among the user's own classes, and some things on which the score is
measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.data.pictures import Pictures
from training.data.split import FoldNumbers, sample_positions
from training.data.vectors import Features
from training.errors import WeightsUnusable
from training.features.blocks import MEASURED_WIDTHS, BlockName, build_vector_network
from training.features.weights import NPZ_ERRORS, hash_weights, read_npz
from training.heads.cross_val import answer_out_of_fold
from training.heads.logistic import fit_logistic_head
from training.heads.ood import OodFitData, fit_whitening

SHIPPED_NEGATIVES_FILE: Final = Path(__file__).with_name("negatives.npz")
"""File with the features of the photos that come with this package, one array for each block of the
vector."""

USERS_TIER: Final = "C"
"""The tier of photos that users took themselves."""

THINGS_ARRAY: Final = "kinds"
TIERS_ARRAY: Final = "tiers"
"""Names of the arrays in the file besides the features, whose names are hashes."""

SURE_CONFIDENCE: Final = 0.9
"""Confidence above which a head counts as sure of a class."""

MIN_SHARE_OF_SURE_PHOTOS: Final = 0.5
"""Share of a thing's photos for which a head must be sure of one class. If the thing's photos also lie near
the class (see RADIUS_SHARE), the thing is taken for this class."""

RADIUS_SHARE: Final = 0.9
"""Share of a class's own pictures that lie within its radius. Half of a thing's photos must lie within the
radius before the thing is taken for the class. The head alone is not enough, because it is also sure of
things that it has never seen."""

UNSEEN_THINGS_SHARE: Final = 0.15
"""Share of the things that the score is not fitted against, so that it can be measured on them. They are
drawn by their names."""

UNSEEN_THINGS_SALT: Final = "unseen kinds"
"""Text that is hashed with each name. Another text would draw other things, and so change the report."""

PICTURES_CHECKED_FOR_CLUTTER: Final = 100
"""Number of the user's pictures by which the user's backgrounds are judged plain or cluttered."""

CLUTTERED_PHOTO_WEIGHT: Final = 0.5
"""Weight of a users' photo if the backgrounds of the user's own pictures are cluttered, too, and so look
alike."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class OodPhotoFeatures:
    """Features of M photos of other things than the classes, for one block of the feature vector.

    Attributes:
        features: float32 (M, D), the part of each vector in which distances are measured.
        objects: str (M,), the thing that each photo shows, such as "scarf".
        tiers: str (M,), C for a photo by a user; empty if it is not known.
    """

    features: FloatArray
    objects: NDArray[np.str_]
    tiers: NDArray[np.str_]

    @property
    def is_user_photo(self) -> NDArray[np.bool_]:
        """Whether each photo was taken by a user, bool (M,)."""
        return np.equal(self.tiers, USERS_TIER)

    def take(self, is_chosen: NDArray[np.bool_]) -> "OodPhotoFeatures":
        """Return the photos that a mask picks.

        Args:
            is_chosen: bool (M,), the mask.
        """
        return OodPhotoFeatures(self.features[is_chosen], self.objects[is_chosen], self.tiers[is_chosen])


def choose_ood_data(  # noqa: PLR0913, PLR0917 - what is known of a user's classes
    block: BlockName,
    train: Pictures,
    distance_features: FloatArray,
    folds: FoldNumbers,
    say: Callable[[str], None],
    path: Path = SHIPPED_NEGATIVES_FILE,
) -> OodFitData | None:
    """Choose the photos of other things against which the OOD score of own classes is fitted and measured.

    Args:
        block: the block of the feature vector in which distances are measured.
        distance_features: float32 (N, M), this part of the training pictures' vectors.
        folds: the folds of the training pictures.
        say: a function that receives a sentence if there are no such photos, and why.
        path: the file with the features of other photos.

    Returns:
        The photos, without things that look like own classes; None if the file was made for other weights, or
        fewer than two things remain. Then the distance alone is the score.

    Raises:
        WeightsUnusable: the file is missing or damaged.
    """
    other_things = load_ood_features(block, path)
    if other_things is None:
        say(f"{path.name} is of other weights: the distance alone says what is unfamiliar.")
        return None
    own_names = find_overlapping_things(other_things, train, distance_features, folds)
    other_things = other_things.take(~np.isin(other_things.objects, own_names))
    if len(np.unique(other_things.objects)) < 2:
        say("All things that are known look like the classes: the distance alone says what is unfamiliar.")
        return None
    is_unseen = np.zeros(len(other_things.objects), np.bool_)
    is_unseen[
        sample_positions(
            np.zeros(len(is_unseen)), other_things.objects, UNSEEN_THINGS_SHARE, UNSEEN_THINGS_SALT
        )
    ] = True
    learnt_things = other_things.take(~is_unseen)
    weight = CLUTTERED_PHOTO_WEIGHT if has_cluttered_borders(train.is_plain) else 1.0
    weights = np.where(learnt_things.is_user_photo, weight, 1.0).astype(np.float32)
    return OodFitData(learnt_things.features, weights, other_things.features[is_unseen])


def find_overlapping_things(
    other_things: OodPhotoFeatures, train: Pictures, measured_features: FloatArray, folds: FoldNumbers
) -> list[str]:
    """Return the names of things that are probably among the user's own classes.

    Two conditions must hold for one of the classes:

    1. A head that learnt the classes is sure of this class for half of the thing's photos
       (MIN_SHARE_OF_SURE_PHOTOS).
    2. Half of the thing's photos lie as near to the class as its own pictures do (RADIUS_SHARE).

    Args:
        other_things: the photos of other things, for the same block as `measured_features`.
        measured_features: float32 (N, D), the part of their vectors in which distances are measured.
        folds: the folds of the training pictures.
    """
    labelled_positions = np.flatnonzero(train.classes >= 0)
    head = fit_logistic_head(
        Features(measured_features, measured_features).take(labelled_positions),
        train.classes[labelled_positions],
        train.groups[labelled_positions],
    )
    is_sure = head.compute_probabilities(other_things.features) > SURE_CONFIDENCE
    whitening = fit_whitening(
        measured_features[labelled_positions], train.classes[labelled_positions], int(train.classes.max()) + 1
    )
    distances = whitening.compute_class_distances(other_things.features)
    radius = _measure_class_radius(train, measured_features, folds)
    own_names = set[str]()
    # Users' photos of a thing look different from a shop's, so both sorts are judged separately. If one of
    # them lies among the classes, the thing is left out.
    for thing, is_of_users in product(np.unique(other_things.objects).tolist(), (False, True)):
        is_of_thing = np.equal(other_things.objects, thing) & (other_things.is_user_photo == is_of_users)
        label = int(is_sure[is_of_thing].sum(axis=0).argmax())
        if is_of_thing.any() and is_sure[is_of_thing, label].mean() >= MIN_SHARE_OF_SURE_PHOTOS:
            own_names |= {thing} if np.median(distances[is_of_thing, label]) <= radius[label] else set()
    return sorted(own_names)


def _measure_class_radius(
    train: Pictures, measured_features: FloatArray, folds: FoldNumbers
) -> NDArray[np.float64]:
    """Return the distance within which the share RADIUS_SHARE of each class's pictures lies, float64 (C,).

    The distances are to means of the classes that were fitted without these pictures.
    """
    labels = train.classes
    classes = int(train.classes.max()) + 1

    def learn(some: NDArray[np.int64]) -> Callable[[FloatArray], FloatArray]:
        return fit_whitening(measured_features[some], labels[some], classes).compute_class_distances

    distances_to_classes = answer_out_of_fold(
        learn, measured_features, train.groups, folds, np.flatnonzero(labels >= 0)
    )
    class_distances = (
        distances_to_classes[labels == label, label].astype(np.float64) for label in range(classes)
    )
    return np.array([np.quantile(distances, RADIUS_SHARE) for distances in class_distances])


def has_cluttered_borders(is_plain: NDArray[np.bool_]) -> bool:
    """Tell whether most pictures have a border of more than one colour.

    Args:
        is_plain: bool (N,), whether the border of each picture has one colour. About
            PICTURES_CHECKED_FOR_CLUTTER of the pictures decide.
    """
    has_plain_border = is_plain[:: -(-len(is_plain) // PICTURES_CHECKED_FOR_CLUTTER) or 1]
    return bool(len(has_plain_border)) and float(np.mean(~has_plain_border)) > 0.5


def load_ood_features(block: BlockName, path: Path = SHIPPED_NEGATIVES_FILE) -> OodPhotoFeatures | None:
    """Read the features of photos of other things for one block of the feature vector.

    Args:
        block: the block, one in which distances can be measured.
        path: the file with the features.

    Returns:
        The photos; None if the file was made for other weights of the block.

    Raises:
        WeightsUnusable: the file is missing or damaged.
    """
    try:
        stored_arrays: dict[str, NDArray[Any]] = read_npz(path)
        things = stored_arrays[THINGS_ARRAY].astype(np.str_)
        tiers = stored_arrays[TIERS_ARRAY].astype(np.str_)
        features = stored_arrays.get(hash_weights(build_vector_network((block,))))
        if features is None:
            return None
        if features.shape != (len(things), MEASURED_WIDTHS[block]):
            raise ValueError(f"features of {features.shape} for {len(things)} photos")
    except NPZ_ERRORS as error:
        raise WeightsUnusable(
            f"{path}: no features of photos of other things ({error}). "
            "Restore the file: it comes with Wardrobe."
        ) from error
    return OodPhotoFeatures(features.astype(np.float32), things, tiers)
