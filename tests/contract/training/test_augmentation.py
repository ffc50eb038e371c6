"""What augmentation does, that a seed repeats it, and that no artifact holds it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.contract.training.conftest import Listener
from tests.fashion import CLASSES, striped_pictures
from training.data.split import Split
from training.gradient.fitting.augmentation import Augmentation, add_augmented_copies
from training.gradient.fitting.checkpoints import TrainingRun
from training.gradient.fitting.fit import fit_by_gradient
from training.gradient.recipes import PLAIN_RECIPE, Recipe
from training.release.export import save_artifact

NOTHING = replace(PLAIN_RECIPE, flip=False, shift=0, erase=0, rotate=0.0, zoom=0.0, shear=0.0, mixup=0.0)
EVERYTHING = replace(PLAIN_RECIPE, flip=True, shift=2, erase=8, rotate=10.0, zoom=0.1, shear=5.0, mixup=0.2)
MANY = 1000
WHITE = np.full((MANY, 28, 28), 255, np.uint8)
UPRIGHT = np.zeros((MANY, 28, 28), np.uint8)
UPRIGHT[:, 4:24, 12:16] = 200


def augmented(
    recipe: Recipe, images: NDArray[np.uint8], targets: NDArray[np.float32] | None = None, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    one_class = np.ones((len(images), 1), np.float32)
    mixed = Augmentation(replace(recipe, seed=seed))(images, one_class if targets is None else targets)
    return np.asarray(mixed[0]), np.asarray(mixed[1])


def columns_of_mass(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The column of the centre of mass of each picture, (N,)."""
    columns = images.sum(axis=1, dtype=float)
    return np.asarray(columns @ np.arange(28) / columns.sum(axis=1))


def test_a_shift_reaches_every_place_within_its_bounds_and_none_beyond() -> None:
    images = np.zeros((MANY, 28, 28), np.uint8)
    images[:, 14, 20] = 1 + np.arange(MANY) % 255

    shifted, _ = augmented(replace(NOTHING, shift=2), images)

    _, rows, columns = np.nonzero(shifted)
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == {
        (12 + y, 18 + x) for y in range(5) for x in range(5)
    }
    assert shifted.max(axis=(1, 2)).tolist() == images.max(axis=(1, 2)).tolist()


@pytest.mark.parametrize("settings", [{"shift": 2}, {"rotate": 30.0}, {"zoom": 0.2}, {"shear": 20.0}])
def test_what_comes_in_from_outside_is_background(settings: dict[str, Any]) -> None:
    moved, _ = augmented(replace(NOTHING, **settings), WHITE)

    assert (moved == 0).any()
    assert (moved[:, 9:19, 9:19] == 255).all()


def test_erasing_blanks_a_square_in_half_of_the_pictures() -> None:
    erased, _ = augmented(replace(NOTHING, erase=8), WHITE)

    blank = erased == 0
    assert 400 < np.count_nonzero(blank.any(axis=(1, 2))) < 600
    assert (blank.any(axis=1).sum(axis=1).max(), blank.any(axis=2).sum(axis=1).max()) == (8, 8)


@pytest.mark.parametrize(("settings", "degrees"), [({"rotate": 10.0}, 10), ({"shear": 20.0}, 20)])
def test_a_picture_leans_by_as_many_degrees_as_the_recipe_says(
    settings: dict[str, Any], degrees: int
) -> None:
    leaning, _ = augmented(replace(NOTHING, **settings), UPRIGHT)

    # Fifteen rows lie between the two bands of the bar.
    lean = columns_of_mass(leaning[:, 4:9]) - columns_of_mass(leaning[:, 19:24])
    assert np.abs(lean).max() == pytest.approx(15 * np.tan(np.radians(degrees)), rel=0.15)


def test_mixup_mixes_pictures_and_targets_in_the_same_shares() -> None:
    images = np.repeat(20 * np.arange(10), 28 * 28).reshape(10, 28, 28).astype(np.uint8)

    pictures, targets = augmented(replace(NOTHING, mixup=1.0), images, np.eye(10, dtype=np.float32))

    assert targets.sum(axis=1) == pytest.approx(np.ones(10))
    assert 5 < np.count_nonzero((targets > 0).sum(axis=1) == 2) <= 10
    assert pictures[:, 0, 0] == pytest.approx(targets @ (20 * np.arange(10)), abs=0.501)


def test_a_seed_repeats_what_it_did_and_another_does_something_else() -> None:
    images = striped_pictures(20).images

    first, again, other = (augmented(EVERYTHING, images, seed=seed)[0] for seed in (1, 1, 2))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_copies_stand_behind_the_unchanged_pictures_and_are_the_same_in_each_training() -> None:
    recipe = replace(NOTHING, augmented_copies=2, rotate=10.0, flip=True, seed=3)
    images, targets = striped_pictures(1200).images, np.eye(1200, dtype=np.float32)

    (pictures, answers), (again, _) = (add_augmented_copies(images, targets, recipe) for _ in range(2))

    assert pictures.dtype == np.uint8
    assert pictures.tolist() == again.tolist()
    assert pictures[:1200].tolist() == images.tolist()
    assert np.array_equal(answers, np.tile(targets, (3, 1)))
    first, second = pictures[1200:2400], pictures[2400:]
    assert [
        np.mean((one != other).any(axis=(1, 2))) > 0.9 for one, other in ((first, images), (first, second))
    ] == [True] * 2


def test_a_copy_continues_its_border_where_it_was_turned() -> None:
    recipe = replace(NOTHING, augmented_copies=1, rotate=30.0)

    pictures, _ = add_augmented_copies(WHITE, np.ones((MANY, 1), np.float32), recipe)

    assert (pictures == 255).all()


def test_colours_come_out_of_augmentation_as_they_went_in() -> None:
    pictures = np.full((8, 40, 40, 3), (200, 10, 90), np.uint8)

    changed, _ = augmented(replace(NOTHING, flip=True), pictures)

    assert np.array_equal(changed, pictures)


def test_a_network_is_trained_with_all_of_it_and_its_artifact_holds_none(
    parts: Split, tmp_path: Path
) -> None:
    recipe = replace(EVERYTHING, network="dense", epochs=1, batch_size=120)

    fitted = fit_by_gradient(parts, CLASSES, recipe, TrainingRun(tmp_path / "run", "aa"), Listener())
    save_artifact(fitted.model, tmp_path / "model.keras")

    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.isfinite(fitted.history[0].loss)
    assert "Random" not in str(loaded.get_config())
    assert "mixup" not in str(loaded.get_config())
