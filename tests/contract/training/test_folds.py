"""Folds: who learns from which picture, who answers it, and what the answers make together."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from tests.fashion import CLASSES, striped_pictures
from training.data.splitting import Split, first, held_out_indices, split
from training.errors import BadRecipe
from training.export.out_of_fold import deal
from training.fitting.distillation import answers_of, join, unseen
from training.recipes import PLAIN, Recipe

PICTURES = striped_pictures(200)
RECIPE = PLAIN
HELD_OUT = held_out_indices(PICTURES.labels, PICTURES.groups, PICTURES.contents)


def as_set(images: PixelsBatch) -> set[bytes]:
    """Each picture by its bytes; the noise makes them differ."""
    return {image.tobytes() for image in images}


class LeftIsZero:
    """Stands in for a network: surer of class 0 the brighter the left half is."""

    def predict(self, images: PixelsBatch, batch_size: int, verbose: int) -> NDArray[np.float32]:
        assert (images.flags.c_contiguous, batch_size > 0, verbose) == (True, True, 0)
        left = images[:, :, :14].mean(axis=(1, 2)) / 50
        return np.stack([left, np.zeros_like(left)], axis=1).astype(np.float32)


def dealt(recipe: Recipe, folds: int) -> tuple[list[Split], list[NDArray[np.int64]]]:
    """What the network of each fold learns, and what it answers."""
    used = first(PICTURES, recipe.limit)
    parts = split(used, CLASSES)
    found = deal(parts, folds)
    return (
        [fold.learnt(parts) for fold in found],
        [unseen(PICTURES, fold.learnt(parts).train) for fold in found],
    )


def test_no_network_answers_what_it_learnt_and_a_held_out_picture_is_answered_by_all() -> None:
    learnt, asked = dealt(RECIPE, 3)

    networks = np.bincount(np.concatenate(asked))
    assert np.flatnonzero(networks == 3).tolist() == HELD_OUT.tolist()
    assert np.sum(networks == 1) == len(PICTURES) - len(HELD_OUT)
    for parts, places in zip(learnt, asked, strict=True):
        assert as_set(parts.train.images).isdisjoint(as_set(PICTURES.images[places]))
        assert as_set(parts.validation.images) == as_set(PICTURES.images[HELD_OUT])
        assert len(parts.train) + len(places) == len(PICTURES)


def test_folds_keep_the_shares_of_the_classes_and_are_the_same_for_every_seed() -> None:
    learnt, asked = dealt(replace(RECIPE, seed=0), 4)
    _, again = dealt(replace(RECIPE, seed=1), 4)

    counts = np.array([np.bincount(parts.train.labels) for parts in learnt])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert all(np.array_equal(one, other) for one, other in zip(asked, again, strict=True))


@pytest.mark.parametrize(
    ("recipe", "folds", "message"),
    [
        (RECIPE, 21, "17 training pictures or groups, which allow 2 to 17 folds"),
        (replace(RECIPE, limit=20), 2, "1 training pictures or groups, which allow no folds"),
    ],
)
def test_more_folds_than_pictures_of_a_class_or_a_single_one_are_refused(
    recipe: Recipe, folds: int, message: str
) -> None:
    with pytest.raises(BadRecipe, match=f"--folds {folds}: the rarest class has {message}"):
        dealt(recipe, folds)


def test_pictures_beyond_a_limit_are_answered_by_all() -> None:
    _, asked = dealt(replace(RECIPE, limit=120), 2)

    assert all(set(range(120, 200)) <= set(places.tolist()) for places in asked)
    assert np.sum(np.bincount(np.concatenate(asked)) == 1) == len(split(first(PICTURES, 120), CLASSES).train)


def test_an_answer_is_the_mean_of_those_to_a_picture_and_to_its_mirror_image() -> None:
    images = PICTURES.images.copy()
    images[:, :, :14] = 200

    answers = answers_of(LeftIsZero(), images, flip=True)

    sure = 1 / (1 + np.exp(-4))
    right = images[:, :, 14:].mean(axis=(1, 2)) / 50
    assert answers[:, 0] == pytest.approx((sure + 1 / (1 + np.exp(-right))) / 2, abs=1e-5)
    assert answers.sum(axis=1) == pytest.approx(1)


def test_a_network_that_learnt_no_mirrored_pictures_is_not_asked_about_them() -> None:
    images = PICTURES.images.copy()
    images[:, :, :14] = 200

    answers = answers_of(LeftIsZero(), images, flip=False)

    assert answers[:, 0] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-5)


def test_held_out_pictures_get_the_mean_and_the_others_the_answer_of_their_fold() -> None:
    _, (first_asked, second_asked) = dealt(RECIPE, 2)
    says_zero, says_one = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    answers = [says_zero.repeat(len(first_asked), axis=0), says_one.repeat(len(second_asked), axis=0)]

    joined, by_one = join([first_asked, second_asked], answers)

    assert joined.shape == (200, 2)
    assert (joined[HELD_OUT] == 0.5).all()
    assert (joined[np.setdiff1d(first_asked, HELD_OUT)] == says_zero).all()
    assert (joined[np.setdiff1d(second_asked, HELD_OUT)] == says_one).all()
    assert np.flatnonzero(~by_one).tolist() == HELD_OUT.tolist()
