"""Folds of pictures, and their answers put together."""

from dataclasses import replace

import numpy as np
import pytest

from inference.contract import LABEL
from tests.fashion import CLASSES, striped_pictures
from training.errors import BadRecipe
from training.heads.out_of_fold import answers_out_of_fold, folds_of
from training.pictures.labels import Labels
from training.pictures.split import split
from training.pictures.vectors import Vectors

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
    train = replace(
        PARTS.train, groups=groups, labels={LABEL: Labels.of(pairs, PARTS.train.labels[LABEL].names)}
    )

    folds = folds_of(replace(PARTS, train=train), 4)

    answered_by = {(groups[place], fold.number) for fold in folds for place in fold.pictures}
    assert len(answered_by) == len(set(groups))


class Unchanged:
    """A head whose logits are the vectors."""

    def logits(self, vectors: Vectors) -> Vectors:
        return vectors


def test_no_head_learns_a_picture_of_a_group_that_it_answers() -> None:
    groups, learnt = np.array(["ann", "ann", "bob", "eve", "eve", "joe"]), list[list[int]]()
    vectors = np.arange(6, dtype=np.float32)[:, np.newaxis]

    def fit(some: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> Unchanged:
        learnt.append(some.tolist())
        return Unchanged()

    answered = list(answers_out_of_fold(fit, vectors, groups, [np.array([0, 2]), np.array([4])]))

    assert learnt == [[3, 4, 5], [0, 1, 2, 5]]
    assert [one.ravel().tolist() for one in answered] == [[0, 2], [4]]


def test_folds_keep_the_shares_of_the_classes() -> None:
    counts = np.array([np.bincount(PARTS.train.classes[fold.pictures]) for fold in folds_of(PARTS, 4)])

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
