"""Folds of pictures, and their answers put together."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.session import Scores
from scripts.train import folds_of
from tests.fashion import CLASSES, striped_pictures
from training.errors import BadRecipe
from training.export.out_of_fold import Fold, deal, gathered
from training.fitting.checkpoints import Run
from training.recipes import PLAIN
from training.split import Split, split, usual_folds

PARTS = split(striped_pictures(200), CLASSES)


def as_set(images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> set[bytes]:
    return {image.tobytes() for image in images}


def test_no_fold_learns_what_it_answers_and_each_is_answered_once() -> None:
    folds = deal(PARTS, 4)

    assert sorted(np.concatenate([fold.pictures for fold in folds])) == list(range(len(PARTS.train)))
    for fold in folds:
        learnt = fold.learnt(PARTS)
        assert as_set(learnt.train.images).isdisjoint(as_set(PARTS.train.images[fold.pictures]))
        assert np.array_equal(learnt.validation.images, PARTS.validation.images)


def test_pictures_of_one_group_are_in_one_fold() -> None:
    groups = np.array([f"sender {number // 2}" for number in range(len(PARTS.train))])
    pairs = np.repeat(np.arange(len(groups) // 2 + 1), 2)[: len(groups)] % CLASSES
    train = replace(PARTS.train, keys=groups, labels=pairs.astype(np.uint8))

    folds = deal(replace(PARTS, train=train), 4)

    answered_by = {(groups[place], fold.number) for fold in folds for place in fold.pictures}
    assert len(answered_by) == len(set(groups))


def test_folds_keep_the_shares_of_the_classes() -> None:
    counts = np.array([np.bincount(fold.learnt(PARTS).train.labels) for fold in deal(PARTS, 4)])

    assert (np.ptp(counts, axis=0) <= 1).all()


@pytest.mark.parametrize(
    ("count", "folds", "message"),
    [
        (200, 21, "17 training pictures or groups, which allow 2 to 17 folds"),
        (20, 2, "1 training pictures or groups, which allow no folds"),
    ],
)
def test_more_folds_than_pictures_of_a_class_are_refused(count: int, folds: int, message: str) -> None:
    parts = split(striped_pictures(200).take(np.arange(count)), CLASSES)

    with pytest.raises(BadRecipe, match=f"--folds {folds}: the rarest class has {message}"):
        deal(parts, folds)


def test_answers_come_in_the_order_of_the_pictures() -> None:
    folds = deal(PARTS, 3)
    places = [fold.pictures.astype(np.float32) for fold in folds]

    found = gathered(folds, [Scores(one[:, None], one) for one in places], PARTS.train)

    assert found.probabilities[:, 0].tolist() == list(range(len(PARTS.train)))
    assert found.distances.tolist() == list(range(len(PARTS.train)))
    assert [set(np.flatnonzero(found.folds == fold.number)) for fold in folds] == [
        set(fold.pictures) for fold in folds
    ]


def test_what_the_release_of_from_learnt_is_not_dealt() -> None:
    assert folds_of(argparse.Namespace(folds=None), PARTS, known=True) == ()
    with pytest.raises(BadRecipe, match="--folds 3: the release of --from learnt these pictures"):
        folds_of(argparse.Namespace(folds=3), PARTS, known=True)


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": np.arange(3)},
        {"pictures": np.arange(1, 5)},
        {"number": 2},
        {"of": 3},
    ],
)
def test_a_checkpoint_of_another_fold_is_not_continued(change: dict[str, object]) -> None:
    task = Run(Path("run"), "aa")
    fold = Fold(1, 2, np.arange(4))

    other = replace(fold, **change)  # type: ignore[arg-type]

    assert fold.run(task, PLAIN).fingerprint != other.run(task, PLAIN).fingerprint
    assert fold.run(task, PLAIN).fingerprint != fold.run(task, replace(PLAIN, epochs=8)).fingerprint
    assert fold.run(task, PLAIN).folder == Path("run/fold1of2")


def test_a_small_data_set_is_dealt_into_folds_and_a_large_one_is_not() -> None:
    small = split(striped_pictures(400), CLASSES)
    large = split(striped_pictures(4000), CLASSES)
    few, tiny = (Split(small.train.take(np.arange(n)), small.validation) for n in (3 * CLASSES, CLASSES))
    rarest = np.bincount(few.train.labels).min()

    assert rarest < 5
    assert [usual_folds(parts) for parts in (small, large, few, tiny)] == [5, 0, rarest, 0]
