"""Folds: who learns from which picture, who answers it, and what the answers make together."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import PixelsBatch
from model_store.manifest import DataSet
from tests.fashion import CLASSES, striped_pictures
from training.data.splitting import held_out_indices
from training.errors import BadRecipe
from training.fitting.distillation import answers_of, cross_fitted, deal, join
from training.recipes import PLAIN, Recipe

PICTURES = striped_pictures(200)
RECIPE = replace(PLAIN, validation=40, seed=5)
DATA = DataSet(name="stripes", train_sha256="a" * 64, test_sha256="b" * 64)
HELD_OUT = held_out_indices(PICTURES, 40, seed=5)


def as_set(images: PixelsBatch) -> set[bytes]:
    """Each picture by its bytes; the noise makes them differ."""
    return {image.tobytes() for image in images}


class LeftIsZero:
    """Stands in for a network: surer of class 0 the brighter the left half is."""

    def predict(self, images: PixelsBatch, batch_size: int, verbose: int) -> NDArray[np.float32]:
        assert (images.flags.c_contiguous, batch_size > 0, verbose) == (True, True, 0)
        left = images[:, :, :14].mean(axis=(1, 2)) / 50
        return np.stack([left, np.zeros_like(left)], axis=1).astype(np.float32)


def test_no_network_answers_what_it_learnt_and_a_held_out_picture_is_answered_by_all() -> None:
    folds = deal(PICTURES, RECIPE, 3, CLASSES)

    asked = np.bincount(np.concatenate([fold.unseen for fold in folds]))
    assert np.flatnonzero(asked == 3).tolist() == HELD_OUT.tolist()
    assert np.flatnonzero(asked == 1).tolist() == cross_fitted(folds).tolist()
    for fold in folds:
        assert as_set(fold.parts.train.images).isdisjoint(as_set(PICTURES.images[fold.unseen]))
        assert as_set(fold.parts.validation.images) == as_set(PICTURES.images[HELD_OUT])
        assert len(fold.parts.train) + len(fold.unseen) == len(PICTURES)


def test_folds_keep_the_shares_of_the_classes_and_are_the_same_for_every_seed_of_a_split() -> None:
    folds = deal(PICTURES, replace(RECIPE, split_seed=5, seed=0), 4, CLASSES)
    again = deal(PICTURES, replace(RECIPE, split_seed=5, seed=1), 4, CLASSES)

    assert {tuple(np.bincount(fold.parts.train.labels)) for fold in folds} == {(12,) * CLASSES}
    assert all(np.array_equal(one.unseen, other.unseen) for one, other in zip(folds, again, strict=True))


def test_pictures_beyond_a_limit_are_answered_by_all() -> None:
    folds = deal(PICTURES, replace(RECIPE, limit=120, validation=20), 2, CLASSES)

    assert all(set(range(120, 200)) <= set(fold.unseen.tolist()) for fold in folds)
    assert len(cross_fitted(folds)) == 100


def test_every_fold_has_a_run_of_its_own_that_other_pictures_do_not_continue() -> None:
    folds = [*deal(PICTURES, RECIPE, 2, CLASSES), *deal(PICTURES, RECIPE, 3, CLASSES)]
    dealt_otherwise = replace(folds[0], unseen=folds[1].unseen)

    runs = [fold.run(RECIPE, DATA) for fold in (*folds, dealt_otherwise)]

    assert len({run.folder for run in runs}) == len({run.fingerprint for run in runs}) == 6
    assert [run.folder.name.rpartition("-")[2] for run in runs[:3]] == ["fold1of2", "fold2of2", "fold1of3"]


@pytest.mark.parametrize(
    ("recipe", "folds", "message"),
    [
        (RECIPE, 17, "16 training pictures, which allow 2 to 16 folds"),
        (replace(RECIPE, limit=20, validation=10), 2, "1 training pictures, which allow no folds"),
    ],
)
def test_more_folds_than_pictures_of_a_class_or_a_single_one_are_refused(
    recipe: Recipe, folds: int, message: str
) -> None:
    with pytest.raises(BadRecipe, match=f"--folds {folds}: the rarest class has {message}"):
        deal(PICTURES, recipe, folds, CLASSES)


def test_an_answer_is_the_mean_of_those_to_a_picture_and_to_its_mirror_image() -> None:
    images = PICTURES.images.copy()
    images[:, :, :14] = 200

    answers = answers_of(LeftIsZero(), images)

    sure = 1 / (1 + np.exp(-4))
    right = images[:, :, 14:].mean(axis=(1, 2)) / 50
    assert answers[:, 0] == pytest.approx((sure + 1 / (1 + np.exp(-right))) / 2, abs=1e-5)
    assert answers.sum(axis=1) == pytest.approx(1)


def test_held_out_pictures_get_the_mean_and_the_others_the_answer_of_their_fold() -> None:
    folds = deal(PICTURES, RECIPE, 2, CLASSES)
    first, second = folds
    says_zero, says_one = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    answers = [says_zero.repeat(len(first.unseen), axis=0), says_one.repeat(len(second.unseen), axis=0)]

    joined = join(folds, answers)

    assert joined.shape == (200, 2)
    assert (joined[HELD_OUT] == 0.5).all()
    assert (joined[np.setdiff1d(first.unseen, HELD_OUT)] == says_zero).all()
    assert (joined[np.setdiff1d(second.unseen, HELD_OUT)] == says_one).all()
