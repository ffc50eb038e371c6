"""Drawn pairs of shoes: two of them, of many looks, and the same from the same seed."""

import cv2
import numpy as np
import pytest

from training.data.datasets import LABELS
from training.photos.compositions import CutOut
from training.photos.drawn_shoes import DRAWN, drawn_pair


def drawn(label: str, seed: int) -> CutOut:
    return drawn_pair(label, np.random.default_rng(seed))


@pytest.mark.parametrize("label", DRAWN)
def test_a_drawing_fills_its_own_box(label: str) -> None:
    cut = drawn(label, 1)

    _, _, width, height = cv2.boundingRect(np.where(cut[..., 3] > 127, 255, 0).astype(np.uint8))
    assert (height, width) == cut.shape[:2]


@pytest.mark.parametrize("label", DRAWN)
def test_most_drawings_show_two_shoes_of_like_size(label: str) -> None:
    like = 0
    for seed in range(20):
        _, _, stats, _ = cv2.connectedComponentsWithStats((drawn(label, seed)[..., 3] > 127).astype(np.uint8))
        areas = sorted(stats[1:, cv2.CC_STAT_AREA], reverse=True)
        like += len(areas) == 1 or areas[1] > 0.6 * areas[0]

    assert like >= 18


@pytest.mark.parametrize("label", DRAWN)
def test_the_same_seed_draws_the_same_and_another_another(label: str) -> None:
    first, again, other = drawn(label, 3), drawn(label, 3), drawn(label, 4)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_can_be_drawn_are_classes_of_the_data_set() -> None:
    assert set(DRAWN) <= set(LABELS)
