"""What a model may get to see of one photo."""

from pathlib import Path

import numpy as np
import pytest

from inference.contract import PHOTOGRAPHS
from tests.drawn_garments import on_a_floor
from tests.fashion import striped_pictures
from tests.photos import a_garment_photo
from tests.uploads import png
from training.photos.variants import Task, is_cluttered, variants_of


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A garment on light ground."""
    path = tmp_path / "plain.png"
    path.write_bytes(png(a_garment_photo(1)))
    return path


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    """A shirt on boards."""
    path = tmp_path / "floor.png"
    path.write_bytes(png(on_a_floor()))
    return path


def a_task(source: Path, *grounds: Path | None, seed: int = 7) -> Task:
    return Task(source=source, seed=seed, grounds=grounds, paired=True, worn=False, imaging=PHOTOGRAPHS)


def test_the_same_photo_gives_the_same_variants_again(photo: Path, floor: Path) -> None:
    first, again = (variants_of(a_task(photo, floor, floor, floor)) for _ in range(2))

    assert np.array_equal(first, again)


def test_a_variant_does_not_depend_on_how_many_there_are(photo: Path, floor: Path) -> None:
    few, many = variants_of(a_task(photo, floor)), variants_of(a_task(photo, floor, floor, floor))

    assert np.array_equal(few[0], many[0])


def test_no_two_variants_are_alike(photo: Path, floor: Path) -> None:
    variants = variants_of(a_task(photo, *[floor] * 5))

    assert len(np.unique(variants, axis=0)) == 5


def test_another_seed_gives_other_variants(photo: Path) -> None:
    one, other = (variants_of(a_task(photo, None, seed=seed)) for seed in (1, 2))

    assert not np.array_equal(one, other)


def test_what_surrounds_a_garment_is_black_as_in_the_training_set(photo: Path) -> None:
    variants = variants_of(a_task(photo, *[None] * 20))

    assert variants.shape == (20, 28, 28)
    assert np.median(variants[:, :, 0]) == 0
    assert (variants == 0).mean() > 0.2
    assert (variants.max(axis=(1, 2)) > 60).all()


def test_a_garment_of_the_training_set_becomes_a_photo_with_and_without_a_ground(floor: Path) -> None:
    pixels = np.ascontiguousarray(striped_pictures(1).images[0])
    task = Task(
        source=pixels, seed=3, grounds=(None, floor, floor), paired=False, worn=False, imaging=PHOTOGRAPHS
    )

    variants = variants_of(task)

    assert variants.shape == (3, 28, 28)
    assert (variants.max(axis=(1, 2)) > 0).all()


def test_a_floor_is_cluttered_and_a_product_shot_is_not(photo: Path, floor: Path) -> None:
    assert is_cluttered(floor, PHOTOGRAPHS)
    assert not is_cluttered(photo, PHOTOGRAPHS)
