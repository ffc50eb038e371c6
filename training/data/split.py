"""Divide a training set into pictures that are learnt and pictures that are held out, or into folds.

Every choice of a training, such as the best weights or the thresholds, is made on the held-out pictures. The
test set is read once, for the report.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.data.fashion import LabelledData
from training.data.labels import LabelCodes
from training.data.learnt_hashes import PictureDigests
from training.data.pictures import Pictures
from training.errors import BadRecipe


@dataclass(frozen=True)
class Split:
    """A training set, divided into pictures that are learnt and pictures that are held out.

    Attributes:
        train: the pictures that are learnt.
        validation: the pictures that are held out; empty if all are learnt, and choices are made on
            cross-validated answers instead.
    """

    train: Pictures
    validation: Pictures


VALIDATION_SHARE: Final = 1 / 12
"""Share of the training pictures that is held out: about 5,000 of Fashion-MNIST's 60,000."""

VALIDATION_SALT: Final = "validation"
"""Salt of the hash by which held-out pictures are drawn. It is the same for all trainings, so that they can
be compared."""


PICTURES_PER_TEST_PICTURE: Final = 6
"""One picture of this many is drawn for the test set, unless the data has its own."""

TEST_SET_SALT: Final = "test"
"""Salt of the hash by which the test set is drawn, so that it does not depend on the draw of held-out
pictures."""


DEFAULT_FOLDS: Final = 5
"""Number of folds in which a user's own classes are cross-validated, if there are enough pictures."""

FOLD_SEED: Final = 1234
"""Seed of the random division into folds. It is the same in all trainings, so that a repeated command
continues with the same folds."""

FoldNumbers: TypeAlias = NDArray[np.int64]
"""Int64 (N,), the fold of each picture, counted from 1. The model of a fold learns the other folds and
answers this one. 0 for a picture in no fold."""

MIN_FOLDS: Final = 2
"""Fewest folds: with one there would be nothing to learn from."""


def sample_test_positions(labels: NDArray[np.generic], groups: PictureDigests) -> NDArray[np.int64]:
    """Return the positions of the pictures that are drawn as the test set.

    Args:
        labels: (N,), the label of each picture.
        groups: str (N,), the group of each picture; a group is drawn as a whole.
    """
    return sample_positions(labels, groups, 1 / PICTURES_PER_TEST_PICTURE, TEST_SET_SALT)


def split_train_validation(data: LabelledData, limit: int | None, share: float = VALIDATION_SHARE) -> Split:
    """Divide a training set into pictures that are learnt and a share that is held out.

    If the data has no test set, all its training pictures are learnt, `limit` is ignored, and nothing is held
    out.

    Args:
        limit: the number of training pictures, the first ones, that are used; None for all.
        share: the share of these that is held out, 0 to 1.

    Raises:
        BadRecipe: the limit does not fit the training set, or a class has too few pictures.
    """
    if not data.test:
        return Split(data.train, data.test)
    return hold_out_pictures(take_first_pictures(data.train, limit), len(data.labels), share)


def hold_out_pictures(pictures: Pictures, classes: int, share: float = VALIDATION_SHARE) -> Split:
    """Hold out a share of the pictures, chosen by a hash of each picture's group.

    Args:
        pictures: the training set.
        classes: the number of classes; each must occur.
        share: the share that is held out, 0 to 1.

    Returns:
        Both parts, in the order of the data set.

    Raises:
        BadRecipe: a class does not occur, or all its pictures are held out.
    """
    missing = np.setdiff1d(np.arange(classes), pictures.classes)
    if missing.size:
        raise BadRecipe(
            f"No picture of class {missing[0]} among the {len(pictures)} training pictures: "
            "each class must occur."
        )
    held_out_positions = sample_positions(pictures.classes, pictures.groups, share, VALIDATION_SALT)
    learnt_positions = np.setdiff1d(np.arange(len(pictures)), held_out_positions, assume_unique=True)
    if lost_classes := sorted(set(range(classes)) - set(pictures.classes[learnt_positions].tolist())):
        raise BadRecipe(
            f"All {np.sum(pictures.classes == lost_classes[0])} training pictures of class {lost_classes[0]} "
            "are in groups that are held out. Bring pictures of other groups."
        )
    return Split(train=pictures.take(learnt_positions), validation=pictures.take(held_out_positions))


def sample_positions(
    labels: NDArray[np.generic], keys: PictureDigests, share: float, salt: str
) -> NDArray[np.int64]:
    """Draw about a share of the pictures by hashes of their keys, and return the positions, ascending.

    The draw of a picture depends on its own key alone, so that a further picture moves no other one. The
    exception: if no picture of a class is drawn, those with the lowest hash of the class are, and a further
    picture may take their place.

    Args:
        labels: (N,), the label of each picture.
        keys: str (N,), the key of each picture; pictures with equal keys are drawn together.
        share: the share that is drawn, 0 to 1.
        salt: a text that makes this draw independent of draws with another text.
    """
    draws = _draw_numbers(keys, salt)
    is_drawn = draws < share
    for label in np.unique(labels):
        has_label = labels == label
        if not is_drawn[has_label].any():
            # All pictures of the key with the lowest number, so that no key is divided.
            is_drawn |= draws == draws[has_label].min()
    return np.flatnonzero(is_drawn)


def _draw_numbers(keys: PictureDigests, salt: str) -> NDArray[np.float64]:
    """Return a number from 0 to 1 for each key, float64 (N,): its hash, as a share of the largest hash."""
    digests = [hashlib.sha256(f"{salt} {key}".encode()).digest() for key in keys.tolist()]
    return np.array([int.from_bytes(digest[:8]) for digest in digests]) / 2**64


def make_default_folds(pictures: Pictures) -> FoldNumbers:
    """Split pictures into DEFAULT_FOLDS folds, or as many as the rarest class has groups, if these are fewer.

    Raises:
        BadRecipe: a class has too few groups; see `make_class_folds`.
    """
    number = min(DEFAULT_FOLDS, count_groups_of_rarest_class(pictures.classes, pictures.groups))
    return make_class_folds(pictures.classes, pictures.groups, number)


def make_class_folds(labels: LabelCodes, groups: PictureDigests, folds: int) -> FoldNumbers:
    """Split pictures into folds in which each class keeps its share, as far as groups allow it.

    If all groups of a class would be in one fold, its smallest group is moved to the fold with the fewest
    pictures.

    Args:
        labels: (N,), the class index of each picture. A negative number is no class, and may be missing in a
            fold.
        groups: str (N,), the group of each picture; a group is never divided.
        folds: the number of folds, MIN_FOLDS or more.

    Raises:
        BadRecipe: a class has fewer pictures, or groups, than there are folds.
    """
    rarest = count_groups_of_rarest_class(labels, groups)
    if not MIN_FOLDS <= folds <= rarest:
        raise BadRecipe(
            f"The rarest class has {rarest} training pictures or groups, and {max(folds, MIN_FOLDS)} are "
            "needed. Bring more of it, of other groups."
        )
    fold_numbers = make_stratified_folds(labels, groups, folds)
    class_ids = np.unique(labels[labels >= 0])
    # A moved group may leave another class in one fold only, so classes are checked again after each move.
    for _ in range(2 * len(class_ids)):
        lone_classes = [label for label in class_ids if len(np.unique(fold_numbers[labels == label])) == 1]
        if not lone_classes:
            return fold_numbers
        is_of_lone_class = labels == lone_classes[0]
        lone_groups, counts = np.unique(groups[is_of_lone_class], return_counts=True)
        fold_sizes = np.bincount(fold_numbers, minlength=folds + 1)[1:]
        # The fold that has the whole class now counts as full, so that it is not chosen again.
        fold_sizes[fold_numbers[is_of_lone_class][0] - 1] = len(labels)
        fold_numbers[groups == lone_groups[counts.argmin()]] = fold_sizes.argmin() + 1
    raise BadRecipe("A class would be in one fold as a whole. Bring pictures of it of other groups.")


def make_stratified_folds(strata: NDArray[np.generic], groups: PictureDigests, folds: int) -> FoldNumbers:
    """Split pictures into folds in which each stratum keeps its share, as far as its groups allow it.

    Args:
        strata: (N,), the stratum of each picture, such as its tier and label. Rare strata may be missing in a
            fold.
        groups: str (N,), the group of each picture; a group is never divided.
        folds: the number of folds, MIN_FOLDS or more.

    Raises:
        BadRecipe: there are fewer groups than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - --help needs none

    if (group_count := len(np.unique(groups))) < folds:
        raise BadRecipe(
            f"{len(groups)} pictures of {group_count} groups cannot be split into {folds} folds. "
            "Bring pictures of other groups."
        )
    _, stratum_codes, counts = np.unique(strata, return_inverse=True, return_counts=True)
    # scikit-learn warns of strata with fewer members than folds. They are merged with the largest stratum.
    stratum_codes = np.where(counts[stratum_codes] < folds, np.argmax(counts), stratum_codes)
    fold_numbers = np.zeros(len(groups), np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=FOLD_SEED)
    for number, (_, fold_positions) in enumerate(
        splitter.split(stratum_codes, stratum_codes, groups), start=1
    ):
        fold_numbers[fold_positions] = number
    return fold_numbers


def count_groups_of_rarest_class(labels: LabelCodes, groups: PictureDigests) -> int:
    """Return the number of groups of the class that has the fewest groups.

    Args:
        labels: (N,), the class index of each picture; negative numbers are ignored.
        groups: str (N,), the group of each picture.
    """
    has_class = labels >= 0
    # One column for each pair of a group and a class, so that a group counts once for a class.
    units = np.unique(groups[has_class], return_inverse=True)[1]
    _, classes = np.unique(np.stack([units, labels[has_class]]), axis=1)
    return int(np.unique(classes, return_counts=True)[1].min())


def take_first_pictures(pictures: Pictures, count: int | None) -> Pictures:
    """Return the first `count` pictures, for quick tries; all pictures if `count` is None.

    Raises:
        BadRecipe: there are fewer pictures, or `count` is below 1.
    """
    if count is None:
        return pictures
    check_picture_limit(count, len(pictures))
    return pictures.take(np.arange(count))


def check_picture_limit(limit: int, count: int) -> None:
    """Refuse a `--limit` that is below 1 or above the number of training pictures.

    Args:
        limit: the number of pictures to learn.
        count: the number of training pictures.

    Raises:
        BadRecipe: the limit is out of range.
    """
    if not 1 <= limit <= count:
        raise BadRecipe(f"--limit {limit}: the training set allows 1 to {count}.")
