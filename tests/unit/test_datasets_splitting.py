"""Which pictures are held out, and in which order the others are learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fashion import striped_pictures
from training.data.datasets import LabelledImages
from training.data.splitting import held_out_indices, split, usual_share
from training.errors import BadRecipe
from training.recipes import BUNDLED


def test_every_class_keeps_its_share() -> None:
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10, np.uint8)

    chosen = held_out_indices(labels, 20, seed=0)

    assert np.bincount(labels[chosen]).tolist() == [12, 6, 2]


@given(st.integers(0, 5), st.integers(10, 90), st.integers(0, 1000))
def test_as_many_are_held_out_as_were_asked_for(extra: int, held_out: int, seed: int) -> None:
    labels = np.arange(100 + extra).astype(np.uint8) % 10

    chosen = held_out_indices(labels, held_out, seed)

    assert len(set(chosen.tolist())) == held_out


def test_no_picture_is_both_learnt_and_held_out_and_the_seed_decides_which() -> None:
    pictures = striped_pictures(100)

    parts, again, other = (split(pictures, 20, seed=seed, classes=10) for seed in (3, 3, 4))

    everything = [image.tobytes() for image in (*parts.train.images, *parts.validation.images)]
    assert sorted(everything) == sorted(image.tobytes() for image in pictures.images)
    assert len(parts.validation) == 20
    assert parts.validation.sha256() == again.validation.sha256() != other.validation.sha256()


@pytest.mark.parametrize("held_out", [0, 9, 91, 5000])
def test_too_few_or_too_many_held_out_is_refused_with_the_range(held_out: int) -> None:
    with pytest.raises(
        BadRecipe, match=f"--validation {held_out}: 100 pictures of 10 classes allow 10 to 90"
    ):
        split(striped_pictures(100), held_out, seed=0, classes=10)


def test_a_class_without_a_picture_is_refused() -> None:
    pictures = striped_pictures(100)
    without_bags = pictures.take(np.flatnonzero(pictures.labels != 8))

    with pytest.raises(BadRecipe, match="No picture of class 8 among the 90 training pictures"):
        split(without_bags, 20, seed=0, classes=10)


def test_one_in_twelve_is_held_out_unless_told_otherwise() -> None:
    pictures = LabelledImages(np.zeros((60000, 1, 1), np.uint8), np.zeros(60000, np.uint8))

    assert usual_share(pictures) == BUNDLED.validation == 5000
