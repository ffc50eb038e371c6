"""Folds of pictures, and their answers put together."""

from dataclasses import replace

import numpy as np
import pytest

from inference.session import Scores
from tests.fashion import CLASSES, striped_pictures
from training.errors import BadRecipe
from training.heads.out_of_fold import folds_of, gathered
from training.pictures.split import split

PARTS = split(striped_pictures(200), CLASSES)


def as_set(images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> set[bytes]:
    return {image.tobytes() for image in images}


def test_no_fold_learns_what_it_answers_and_each_is_answered_once() -> None:
    folds = folds_of(PARTS, 4)

    assert sorted(np.concatenate([fold.pictures for fold in folds])) == list(range(len(PARTS.train)))
    for fold in folds:
        others = np.delete(PARTS.train.images, fold.pictures, axis=0)
        assert as_set(others).isdisjoint(as_set(PARTS.train.images[fold.pictures]))


def test_pictures_of_one_group_are_in_one_fold() -> None:
    groups = np.array([f"sender {number // 2}" for number in range(len(PARTS.train))])
    pairs = np.repeat(np.arange(len(groups) // 2 + 1), 2)[: len(groups)] % CLASSES
    train = replace(PARTS.train, groups=groups, labels=pairs.astype(np.uint8))

    folds = folds_of(replace(PARTS, train=train), 4)

    answered_by = {(groups[place], fold.number) for fold in folds for place in fold.pictures}
    assert len(answered_by) == len(set(groups))


def test_folds_keep_the_shares_of_the_classes() -> None:
    counts = np.array([np.bincount(PARTS.train.labels[fold.pictures]) for fold in folds_of(PARTS, 4)])

    assert (np.ptp(counts, axis=0) <= 1).all()


@pytest.mark.parametrize(
    ("count", "folds", "message"),
    [
        (200, 21, "17 training pictures or groups, and 21 are needed"),
        (20, 1, "1 training pictures or groups, and 2 are needed"),
    ],
)
def test_more_folds_than_pictures_of_a_class_are_refused(count: int, folds: int, message: str) -> None:
    parts = split(striped_pictures(200).take(np.arange(count)), CLASSES)

    with pytest.raises(BadRecipe, match=f"The rarest class has {message}"):
        folds_of(parts, folds)


def test_answers_come_in_the_order_of_the_pictures() -> None:
    folds = folds_of(PARTS, 3)
    places = [fold.pictures.astype(np.float32) for fold in folds]

    found = gathered(folds, [Scores.of_class(one[:, None], one) for one in places], PARTS.train)

    assert found.probabilities[:, 0].tolist() == list(range(len(PARTS.train)))
    assert found.distances.tolist() == list(range(len(PARTS.train)))
    assert [set(np.flatnonzero(found.folds == fold.number)) for fold in folds] == [
        set(fold.pictures) for fold in folds
    ]
