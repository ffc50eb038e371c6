"""What augmentation does, that a seed repeats it, and that no artifact holds it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.contract.training.conftest import RECIPE, Listener
from tests.fashion import CLASSES, striped_pictures
from training.data.splitting import Split
from training.export.onnx_graph import save_artifact
from training.fitting.augmentation import Augmentation
from training.fitting.checkpoints import Run
from training.fitting.fit import fit
from training.recipes import PLAIN, Recipe

NOTHING = replace(PLAIN, flip=False, shift=0, erase=0, rotate=0.0, zoom=0.0, shear=0.0, mixup=0.0)
EVERYTHING = replace(PLAIN, flip=True, shift=2, erase=8, rotate=10.0, zoom=0.1, shear=5.0, mixup=0.2)
MANY = 1000
SQUARE = np.zeros((MANY, 28, 28), np.uint8)
SQUARE[:, 9:19, 9:19] = 200
UPRIGHT = np.zeros((MANY, 28, 28), np.uint8)
UPRIGHT[:, 4:24, 12:16] = 200


def augmented(
    recipe: Recipe, images: NDArray[np.uint8], targets: NDArray[np.float32] | None = None, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    one_class = np.ones((len(images), 1), np.float32)
    mixed = Augmentation(replace(recipe, seed=seed))(images, one_class if targets is None else targets)
    return np.asarray(mixed[0]), np.asarray(mixed[1])


def centres(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The centre of mass of each picture, (N, 2): row and column."""
    rows, columns = images.sum(axis=2, dtype=float), images.sum(axis=1, dtype=float)
    return np.stack([part @ np.arange(part.shape[1]) / part.sum(axis=1) for part in (rows, columns)], axis=1)


def test_half_of_the_pictures_are_mirrored_and_the_others_left_alone() -> None:
    images = np.repeat(striped_pictures(1).images, MANY, axis=0)

    flipped, _ = augmented(replace(NOTHING, flip=True), images)

    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2))
    assert 400 < np.count_nonzero(mirrored) < 600
    assert ((flipped == images).all(axis=(1, 2)) == ~mirrored).all()


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
    white = np.full((MANY, 28, 28), 255, np.uint8)

    moved, _ = augmented(replace(NOTHING, **settings), white)

    assert (moved == 0).any()
    assert (moved[:, 9:19, 9:19] == 255).all()


def test_erasing_blanks_a_square_in_half_of_the_pictures() -> None:
    white = np.full((MANY, 28, 28), 255, np.uint8)

    erased, _ = augmented(replace(NOTHING, erase=8), white)

    blank = erased == 0
    assert 400 < np.count_nonzero(blank.any(axis=(1, 2))) < 600
    assert (blank.any(axis=1).sum(axis=1).max(), blank.any(axis=2).sum(axis=1).max()) == (8, 8)
    assert blank.sum(axis=(1, 2)).max() == 64


def test_a_turn_is_no_larger_than_its_bound() -> None:
    turned, _ = augmented(replace(NOTHING, rotate=10.0), UPRIGHT)

    # The middles of the bar's upper and lower part, 9 pixels apart while it stands upright.
    upper, lower = centres(turned[:, :14]), centres(turned[:, 14:])
    angles = np.degrees(np.arctan2(lower[:, 1] - upper[:, 1], lower[:, 0] + 14 - upper[:, 0]))
    assert 9 < angles.max() < 10.5
    assert -10.5 < angles.min() < -9


def test_a_zoom_makes_pictures_larger_and_smaller_by_its_share_at_most() -> None:
    zoomed, _ = augmented(replace(NOTHING, zoom=0.2), SQUARE)

    scale = np.sqrt(zoomed.sum(axis=(1, 2)) / SQUARE.sum(axis=(1, 2)))
    assert 0.78 < scale.min() < 0.84
    assert 1.18 < scale.max() < 1.3
    assert centres(zoomed) == pytest.approx(np.full((MANY, 2), 13.5), abs=0.02)


def test_a_sheared_picture_leans_and_keeps_its_height() -> None:
    sheared, _ = augmented(replace(NOTHING, shear=20.0), UPRIGHT)

    lean = centres(sheared[:, 4:9])[:, 1] - centres(sheared[:, 19:24])[:, 1]
    # Fifteen rows lie between the two: tan 20° times that.
    assert 4.5 < np.abs(lean).max() < 5.6
    assert (sheared[:, :4] == 0).all()
    assert (sheared[:, 5].sum(axis=1) > 0).all()


def test_mixup_mixes_pictures_and_targets_in_the_same_shares() -> None:
    images = np.repeat(20 * np.arange(10), 28 * 28).reshape(10, 28, 28).astype(np.uint8)

    pictures, targets = augmented(replace(NOTHING, mixup=1.0), images, np.eye(10, dtype=np.float32))

    assert targets.sum(axis=1) == pytest.approx(np.ones(10))
    assert targets.min() >= 0
    assert 5 < np.count_nonzero((targets > 0).sum(axis=1) == 2) <= 10
    assert pictures[:, 0, 0] == pytest.approx(targets @ (20 * np.arange(10)), abs=0.501)
    assert (pictures == pictures[:, :1, :1]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"flip": True},
        {"shift": 2},
        {"erase": 8},
        {"rotate": 10.0},
        {"zoom": 0.1},
        {"shear": 5.0},
        {"mixup": 1.0},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_seed_repeats_what_it_did_and_another_does_something_else(settings: dict[str, Any]) -> None:
    recipe, images = replace(NOTHING, **settings), striped_pictures(20).images

    first, again, other = (augmented(recipe, images, seed=seed)[0] for seed in (1, 1, 2))

    assert first.shape == (20, 28, 28)
    assert first.dtype == np.uint8
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_augmentation_that_is_switched_off_changes_nothing() -> None:
    images, targets = striped_pictures(20).images, np.eye(20, dtype=np.float32)

    pictures, same_targets = augmented(NOTHING, images, targets)

    assert pictures.tolist() == images.tolist()
    assert same_targets.tolist() == targets.tolist()


def test_a_network_is_trained_with_all_of_it_and_its_artifact_holds_none(
    parts: Split, tmp_path: Path
) -> None:
    recipe = replace(EVERYTHING, epochs=1, batch_size=120, validation=RECIPE.validation)

    fitted = fit(parts, CLASSES, recipe, Run(tmp_path / "run", "aa"), Listener())
    save_artifact(fitted.model, tmp_path / "model.keras")

    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.isfinite(fitted.history[0].loss)
    assert {type(layer).__module__.partition(".")[0] for layer in loaded.layers} == {"keras"}
    assert "Random" not in str(loaded.get_config())
    assert "mixup" not in str(loaded.get_config())
