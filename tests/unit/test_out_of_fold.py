"""Folds of pictures and photos, and their answers put together."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.session import Scores
from scripts.train import folds_of
from scripts.training.photos import PhotoSets
from tests.fashion import CLASSES, ON_PLAIN, striped_pictures
from training.data.splitting import Split, split, usual_folds
from training.errors import BadRecipe
from training.export.out_of_fold import Fold, deal, gathered
from training.fitting.checkpoints import Run
from training.fitting.distillation import join, soften
from training.photos.reading import Photos
from training.recipes import PLAIN

PHOTOS = 60
PARTS = split(striped_pictures(200), CLASSES)


def some_photos() -> Photos:
    """Photos of twenty senders, three of each."""
    names = tuple(f"{number:064x}" for number in range(PHOTOS))
    senders = tuple(f"{number // 3 * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in range(PHOTOS))
    images = np.arange(PHOTOS, dtype=np.uint8)[:, None, None] + np.zeros((1, 28, 28), np.uint8)
    labels = np.zeros(PHOTOS, np.uint8)
    return Photos(
        *(images, labels, ("A",) * PHOTOS, (Path("a"),) * PHOTOS, names, senders, names),
        worn=(None,) * PHOTOS,
        shown=(ON_PLAIN,) * PHOTOS,
    )


def as_set(images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> set[bytes]:
    return {image.tobytes() for image in images}


def test_no_fold_learns_what_it_answers_and_each_is_answered_once() -> None:
    photos = some_photos()

    folds = deal(PARTS, photos, 4, pictures=True)

    assert sorted(np.concatenate([fold.pictures for fold in folds])) == list(range(len(PARTS.train)))
    assert sorted(np.concatenate([fold.photos for fold in folds])) == list(range(PHOTOS))
    for fold in folds:
        learnt, others = fold.learnt(PARTS, photos)
        assert others is not None
        assert as_set(learnt.train.images).isdisjoint(as_set(PARTS.train.images[fold.pictures]))
        assert as_set(others.images).isdisjoint(as_set(photos.images[fold.photos]))
        assert set(others.keys).isdisjoint(photos.take(fold.photos).keys)
        assert np.array_equal(learnt.validation.images, PARTS.validation.images)


def test_answers_come_in_the_order_of_the_pictures_and_of_the_photos() -> None:
    photos = some_photos()
    folds = deal(PARTS, photos, 3, pictures=True)
    places = [np.concatenate([fold.pictures, 1000 + fold.photos]).astype(np.float32) for fold in folds]

    found = gathered(folds, [Scores(one[:, None], one) for one in places], epochs=3)

    assert found.pictures is not None
    assert found.photos is not None
    assert found.pictures.probabilities[:, 0].tolist() == list(range(len(PARTS.train)))
    assert found.photos.distances is not None
    assert found.photos.distances.tolist() == list(range(1000, 1000 + PHOTOS))


def test_photos_alone_leave_the_training_pictures_to_the_held_out_ones() -> None:
    folds = deal(PARTS, some_photos(), 3, pictures=False)

    answers = [Scores(np.zeros((len(fold.photos), CLASSES), np.float32), None) for fold in folds]

    assert gathered(folds, answers, epochs=3).pictures is None


def test_photos_that_are_not_dealt_are_learnt_by_every_fold_that_answers_none_of_their_group() -> None:
    photos = some_photos()
    dealt = photos.take(np.arange(40, PHOTOS))  # photo 39 is of the sender of 40 and 41

    folds = deal(PARTS, dealt, 2, pictures=False, before=40)

    assert sorted(np.concatenate([fold.photos for fold in folds])) == list(range(40, PHOTOS))
    for fold in folds:
        _, learnt = fold.learnt(PARTS, photos)
        assert learnt is not None
        assert as_set(photos.images[:39]) <= as_set(learnt.images)
        assert set(learnt.keys).isdisjoint(photos.take(fold.photos).keys)
    assert sum(photos.keys[39] in fold.learnt(PARTS, photos)[1].keys for fold in folds) == 1  # type: ignore[union-attr]


def test_what_the_release_of_from_learnt_is_not_dealt_and_photos_that_are_new_to_it_are() -> None:
    asked, photos = argparse.Namespace(folds=3), some_photos()

    folds = folds_of(asked, PARTS, PhotoSets(photos, photos, dealt=True), known=True)

    assert sorted(np.concatenate([fold.photos for fold in folds])) == list(range(PHOTOS))
    assert [len(fold.pictures) for fold in folds] == [0, 0, 0]
    with pytest.raises(BadRecipe, match="--folds 3: the release of --from learnt these pictures"):
        folds_of(asked, PARTS, None, known=True)


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": np.arange(3)},
        {"photos": np.arange(3)},
        {"photo_sha256": ("b",)},
        {"number": 2},
        {"of": 3},
    ],
)
def test_a_checkpoint_of_another_fold_is_not_continued(change: dict[str, object]) -> None:
    task = Run(Path("run"), "aa")
    fold = Fold(1, 2, np.arange(4), np.arange(5), ("a",))

    other = replace(fold, **change)  # type: ignore[arg-type]

    assert fold.run(task, PLAIN).fingerprint != other.run(task, PLAIN).fingerprint
    assert fold.run(task, PLAIN).fingerprint != fold.run(task, replace(PLAIN, epochs=8)).fingerprint
    assert fold.run(task, PLAIN).folder == Path("run/fold1of2")


def test_a_checkpoint_is_not_continued_with_other_photos_in_the_same_places() -> None:
    task, photos = Run(Path("run"), "aa"), some_photos()
    others = replace(photos, sha256=photos.sha256[::-1])

    marks = [
        [fold.run(task, PLAIN).fingerprint for fold in deal(PARTS, one, 2, pictures=False, before=3)]
        for one in (photos, photos, others)
    ]

    assert marks[0] == marks[1]
    assert set(marks[0]).isdisjoint(marks[2])


def test_a_small_data_set_is_dealt_into_folds_and_a_large_one_is_not() -> None:
    small = split(striped_pictures(400), CLASSES)
    large = split(striped_pictures(4000), CLASSES)
    tiny = Split(small.train.take(np.arange(10)), small.validation)

    assert [usual_folds(parts) for parts in (small, large, tiny)] == [5, 0, 0]


def test_a_teacher_is_the_mean_of_the_networks_that_answered_made_softer() -> None:
    first, second = np.array([[1.0, 0.0], [0.9, 0.1]]), np.array([[0.7, 0.3], [0.2, 0.8]])

    mean, alone = join([np.array([0, 1]), np.array([1, 2])], [first, second])

    assert mean.tolist() == [[1.0, 0.0], pytest.approx([0.8, 0.2]), [0.2, 0.8]]
    assert alone.tolist() == [True, False, True]
    assert soften(mean[1:2], 2.0)[0].tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-3)
