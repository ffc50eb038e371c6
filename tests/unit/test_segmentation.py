"""What stands out from the background becomes one garment: no holes, no specks."""

import numpy as np

from inference.arrays import Mask
from inference.segmentation import filled, without_specks


def a_ring() -> Mask:
    mask = np.zeros((20, 20), np.uint8)
    mask[4:16, 4:16] = 255
    mask[6:14, 6:14] = 0
    return mask


def test_what_is_closed_in_is_filled() -> None:
    ring = filled(a_ring())

    assert ring[4:16, 4:16].min() == 255
    assert np.count_nonzero(ring) == 12 * 12


def test_an_open_outline_is_left_as_it_is() -> None:
    opened = a_ring()
    opened[9:11, 4:6] = 0

    assert np.array_equal(filled(opened), opened)


def test_a_garment_at_the_picture_s_edge_is_no_lid() -> None:
    cup = np.zeros((9, 9), np.uint8)
    cup[:, 2] = cup[:, 6] = cup[8, 2:7] = 255

    assert np.array_equal(filled(cup), cup)


def test_small_parts_go_and_large_ones_stay() -> None:
    pair = np.zeros((40, 40), np.uint8)
    pair[2:22, 2:12] = pair[2:22, 25:35] = 255
    dusty = pair.copy()
    dusty[30, 30] = 255

    assert np.array_equal(without_specks(dusty, 0.02), pair)


def test_specks_that_are_all_there_is_stay() -> None:
    dust = np.zeros((9, 9), np.uint8)
    dust[2, 2] = dust[6, 6] = 255

    assert np.array_equal(without_specks(dust, 0.02), dust)


def test_nothing_stays_nothing() -> None:
    nothing = np.zeros((9, 9), np.uint8)

    assert not without_specks(filled(nothing), 0.02).any()
